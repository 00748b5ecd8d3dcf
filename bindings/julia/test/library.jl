# Which library is loaded is decided once, when the package is: by other processes here.

const LOADED = realpath(only(filter(path -> occursin("libplattli", path), Plattli.API.Libdl.dllist())))

function loaded_with(; environment = Dict(), project = Base.active_project())
    command = `$(Base.julia_cmd()) --startup-file=no --project=$project -e "using Plattli; print(Plattli.API.library())"`
    out, err = IOBuffer(), IOBuffer()
    ended = run(pipeline(ignorestatus(setenv(command, merge(Dict(ENV), Dict("PLATTLI_LIB" => ""), environment))); stdout = out, stderr = err))
    return ended.exitcode == 0 ? String(take!(out)) : "failed: " * String(take!(err))
end

@testset "the library is that of PLATTLI_LIB, then that of the preference" begin
    folder = mktempdir()
    here, there = joinpath(folder, "here.so"), joinpath(folder, "it's there.so")
    cp(LOADED, here)
    cp(LOADED, there)
    @test loaded_with(environment = Dict("PLATTLI_LIB" => here)) == here

    package = dirname(dirname(pathof(Plattli)))
    project = joinpath(folder, "environment")
    mkpath(project)
    write(joinpath(project, "Project.toml"), "[deps]\nPlattli = \"4b0e2461-87d8-4217-824c-72dddd1fc205\"\n")
    write(joinpath(project, "Manifest.toml"), """
        [[Libdl]]
        uuid = "8f399da3-3557-5675-b5ff-fb832c97cbdb"
        [[Logging]]
        uuid = "56ddb016-857b-54e1-b83d-db4d58db5568"
        [[Plattli]]
        deps = ["Libdl", "Logging"]
        path = $(repr(package))
        uuid = "4b0e2461-87d8-4217-824c-72dddd1fc205"
        version = "0.1.0"
        """)
    preferences = joinpath(project, "LocalPreferences.toml")
    write(preferences, "[Other]\nlibrary = \"/wrong\"\n\n[Plattli] # ours\nother = 1\nlibrary = \"$there\"\n[Third]\nlibrary = \"/wrong\"\n")
    @test loaded_with(project = project) == there
    @test loaded_with(project = project, environment = Dict("PLATTLI_LIB" => here)) == here
    rm(preferences)
    open(f -> write(f, "\n[preferences.Plattli]\nlibrary = '$here'\n"), joinpath(project, "Project.toml"), "a")
    @test loaded_with(project = project) == here
end

@testset "an installed package finds the library of its prefix, and still does when the prefix is moved" begin
    prefix = joinpath(mktempdir(), "prefix")
    package = joinpath(prefix, "share", "plattli", "julia")
    mkpath(package)
    for part in ("Project.toml", "src")
        cp(joinpath(dirname(dirname(pathof(Plattli))), part), joinpath(package, part))
    end
    mkpath(joinpath(prefix, "lib"))
    cp(LOADED, joinpath(prefix, "lib", API.NAME))
    @test loaded_with(project = package) == joinpath(prefix, "lib", API.NAME)
    mv(prefix, prefix * " moved")
    @test loaded_with(project = replace(package, prefix => prefix * " moved")) == joinpath(prefix * " moved", "lib", API.NAME)
end

@testset "a library that is none is an error that says how to name another" begin
    nothing_there = loaded_with(environment = Dict("PLATTLI_LIB" => "/nowhere/libplattli.so"))
    @test startswith(nothing_there, "failed") && occursin("/nowhere/libplattli.so", nothing_there) && occursin("LocalPreferences.toml", nothing_there)
    other = first(filter(path -> occursin("libjulia", path), Plattli.API.Libdl.dllist()))
    @test occursin("has no plattli_version", loaded_with(environment = Dict("PLATTLI_LIB" => other)))
end
