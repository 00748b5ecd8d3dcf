# Which library is loaded, and how its functions are found.

const NAME = "libplattli." * Libdl.dlext

"""
The file that is loaded, by the first of these that says so: the environment variable `PLATTLI_LIB`; the preference
`library` of the package, in `LocalPreferences.toml` or `Project.toml` of the active environment; the installation
or source tree that this package is a part of; the system's loader.
"""
function library()
    configured = get(ENV, "PLATTLI_LIB", "")
    isempty(configured) || return configured
    preferred = preference("library")
    preferred === nothing || return preferred
    package = joinpath(@__DIR__, "..", "..")
    for place in ("../../../lib", "../../../lib64", "../../build/lib") # of PREFIX/share/plattli/julia, of bindings/julia
        file = normpath(joinpath(package, place, NAME))
        isfile(file) && return file
    end
    return NAME
end

"""
The text of a preference of this package. The line `library = "…"` is looked for in the table `[Plattli]` of
`LocalPreferences.toml` and in `[preferences.Plattli]` of `Project.toml`, where Preferences.jl would write it; Julia 1.5
has neither that package nor a parser of TOML in its standard library.
"""
function preference(key)
    for environment in Base.load_path()
        folder = isdir(environment) ? environment : dirname(environment)
        for (file, table) in (("LocalPreferences.toml", "[Plattli]"), ("JuliaLocalPreferences.toml", "[Plattli]"),
                              ("Project.toml", "[preferences.Plattli]"), ("JuliaProject.toml", "[preferences.Plattli]"))
            path = joinpath(folder, file)
            isfile(path) || continue
            value = table_entry(eachline(path), table, key)
            value === nothing || return value
        end
    end
    return nothing
end

function table_entry(lines, table, key)
    inside = false
    for line in lines
        line = strip(line)
        if startswith(line, '[')
            inside = strip(first(split(line, '#'))) == table
        elseif inside
            m = match(r"^\"?(\w+)\"?\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)')", line)
            m === nothing || m[1] != key && continue
            m === nothing && continue
            return m[2] === nothing ? String(m[3]) : unescape_string(m[2])
        end
    end
    return nothing
end

"Loads the library and finds every function in it; an error says which library was tried and how to name another."
function load()
    path = library()
    handle = try
        dlopen(path)
    catch e
        error("Plattli cannot load the library $path: $(sprint(showerror, e))\n",
              "Name another by the environment variable PLATTLI_LIB, or in LocalPreferences.toml beside your Project.toml:\n\n",
              "    [Plattli]\n    library = \"/path/to/$NAME\"\n")
    end
    for (name, address) in FUNCTIONS
        found = dlsym(handle, name; throw_error = false)
        found === nothing && error("Plattli: the library $path has no $name; it is older than this package or something else")
        address[] = found
    end
    theirs = plattli_version()
    theirs >> 16 == PLATTLI_VERSION >> 16 && theirs >= PLATTLI_VERSION || error(
        "Plattli: the library $path is version $(unsafe_string(plattli_version_string())); this package needs ",
        VersionNumber(PLATTLI_VERSION >> 16, PLATTLI_VERSION >> 8 & 0xff, PLATTLI_VERSION & 0xff), " or a later one of the same major version")
    return path
end
