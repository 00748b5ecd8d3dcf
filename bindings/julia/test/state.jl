@testset "every keyword of a state reaches the library, with and without a do block" begin
    for wrong in ((sync = :sometimes,), (sync_milliseconds = -1,), (threshold = -1,), (backups = -1,))
        @test_throws ArgumentError Plattli.State(fresh("x"), "s"; wrong...)
        @test_throws ArgumentError Plattli.State(identity, fresh("x"), "s"; wrong...)
    end
    @test refused(() -> Plattli.State(fresh("x"), "s"; sync_milliseconds = 0), Plattli.ERR_ARGUMENT)
    @test refused(() -> Plattli.State(identity, fresh("x"), "s"; sync_milliseconds = 0), Plattli.ERR_ARGUMENT)
    @test refused(() -> Plattli.State(fresh("x"), "a/b"), Plattli.ERR_ARGUMENT, "a/b")
    @test_throws MethodError Plattli.State(identity, fresh("x"), "s"; threshhold = 1)

    small = fresh("small")
    Plattli.State(small, "s"; sync = :none, threshold = 10, backups = 1, snapshot = true) do state
        for i in 1:3
            state["a"] = i
            @test Plattli.needs_compaction(state) && !Plattli.needs_compaction(state, 1_000_000)
            Plattli.compact(state)
        end
        @test refused(() -> Plattli.State(small, "s"), Plattli.ERR_BUSY)
        @test Plattli.State(second -> second["a"], small, "s"; lock = false, read_only = true) == 3
    end
    @test count(name -> occursin("backup", name), readdir(small)) == 1
    @test Plattli.json_value(read(joinpath(small, "s.json"), String)) == Dict("a" => 3)
    @test Plattli.State(length, small, "s"; sync = :interval, sync_milliseconds = 5) == 1
end

@testset "a state is a dictionary that is there again" begin
    dir = fresh("state")
    values = Dict("real" => 0.1, "integer" => -3, "large" => big"123456789012345678901234567890", "flag" => true, "text" => "grün\0\"x",
                  "none" => nothing, "list" => [1, 2], "table" => Dict{String,Any}("k" => 1.5))
    Plattli.State(dir, "restart") do state
        @test isempty(state) && keys(state) == [] && collect(state) == []
        for (key, value) in values
            state[key] = value
        end
        state[:symbol] = (a = 1, b = "x")
        state["spelled"] = Plattli.JSON("1.50e0")
        state["gone"] = 1
        @test delete!(state, "gone") === state && delete!(state, "never") === state
        @test occursin("10 keys", sprint(show, state)) && occursin("10 keys", sprint(show, MIME("text/plain"), state))
    end
    Plattli.State(dir, "restart") do state
        for (key, value) in values
            @test isequal(state[key], value) && typeof(state[key]) == typeof(value)
        end
        @test state["symbol"] == Dict("a" => 1, "b" => "x")
        @test read(state, "spelled", Plattli.JSON) == Plattli.JSON("1.50e0") && state["spelled"] === 1.5
        @test read(state, "integer", Float64) === -3.0 && read(state, "real", Float64) === 0.1 && read(state, "flag", Bool)
        @test read(state, "text", String) == "grün\0\"x" && read(state, "large", BigInt) == values["large"]
        @test_throws InexactError read(state, "real", Int)
        @test refused(() -> state["gone"], Plattli.ERR_NOT_FOUND, "gone")
        @test refused(() -> read(state, "gone", Plattli.JSON), Plattli.ERR_NOT_FOUND, "gone")
        @test get(state, "gone", 7) == 7 && get(() -> 8, state, "gone") == 8 && get(state, "integer", 7) == -3 && get(state, "none", 7) === nothing
        @test haskey(state, "flag") && !haskey(state, "gone") && length(state) == 10
        @test keys(state) == sort([collect(keys(values)); "symbol"; "spelled"])
        @test first.(collect(state)) == keys(state) && Dict(state) == Plattli.snapshot(state) && state == Dict(state)
        @test get!(state, "new", 1) == 1 && get!(state, "new", 2) == 1 && pop!(state, "new") == 1 && pop!(state, "new", 9) == 9
        @test Plattli.replace(state, (b = 2, a = 1)) === state && Plattli.snapshot_json(state) == "{\"a\":1,\"b\":2}"
        @test merge!(state, Dict("c" => 3)) === state && collect(Base.values(state)) == [1, 2, 3]
        @test isempty(empty!(state))
    end
end

@testset "the log of a state is told, compacted, and followed by readers" begin
    dir = fresh("log")
    Plattli.State(dir, "s") do state
        state["a"] = 1
        delete!(state, "a")
        entries = Plattli.entries(state)
        @test Plattli.entry_count(state) == length(entries) == 2
        @test Plattli.json_value(entries[1])["op"] == "SET" && Plattli.json_value(entries[2])["op"] == "DELETE"
        @test Plattli.log_size(state) == filesize(joinpath(dir, "s.log"))
        Plattli.State(dir, "s"; read_only = true) do reader
            state["b"] = 2
            @test !haskey(reader, "b") && refresh(reader)["b"] == 2
            @test refused(() -> reader["c"] = 1, Plattli.ERR_STATE)
        end
        Plattli.compact(state)
        @test Plattli.entry_count(state) == 1 && Plattli.lost(state) == 0
    end
    @test refused(() -> Plattli.State(fresh("none"), "s"; read_only = true), Plattli.ERR_NOT_FOUND)
end

@testset "what a state refuses leaves it as it was" begin
    Plattli.State(fresh("refused"), "s") do state
        state["a"] = 1
        @test refused(() -> state["a"] = NaN, Plattli.ERR_ARGUMENT)
        @test refused(() -> state[""] = 1, Plattli.ERR_ARGUMENT)
        @test refused(() -> Plattli.replace(state, [1]), Plattli.ERR_ARGUMENT)
        @test_throws ArgumentError state["a"] = 1im
        @test_throws ArgumentError state["nul\0"] = 1 # C would see another key
        with_small_files(0) do
            @test refused(() -> state["a"] = 2, Plattli.ERR_IO, "s.log")
        end
        @test state["a"] == 1
        state["a"] = 3
        @test state["a"] == 3
    end
end

@testset "a damaged state is refused, or salvaged and its losses told" begin
    dir = fresh("damaged")
    Plattli.State(state -> (state["a"] = 1; Plattli.compact(state); state["b"] = 2; state["c"] = 3), dir, "s")
    log = joinpath(dir, "s.log")
    lines = readlines(log)
    write(log, join([lines[1], "nonsense", lines[3]], '\n'), '\n')
    @test refused(() -> Plattli.State(dir, "s"), Plattli.ERR_CORRUPT, "s.log")
    Plattli.State(dir, "s"; salvage = true) do state
        @test Plattli.lost(state) == 1 && state["a"] == 1 && state["c"] == 3 && !haskey(state, "b")
    end
    rm(log)
    Plattli.State(dir, "s"; salvage = true) do state
        @test Plattli.lost(state) === nothing
    end
end

@testset "a closed state says that it is closed" begin
    state = Plattli.State(fresh("closed"), "s")
    close(state)
    close(state)
    @test !isopen(state) && occursin("closed", sprint(show, state))
    for use in (s -> s["a"], s -> s["a"] = 1, s -> delete!(s, "a"), length, keys, collect, Plattli.snapshot, Plattli.entries, Plattli.entry_count,
                Plattli.log_size, Plattli.needs_compaction, Plattli.compact, refresh, Plattli.lost, s -> haskey(s, "a"), s -> get(s, "a", 1),
                s -> Plattli.replace(s, (;)), s -> Plattli.Scheduler(s))
        @test refused(() -> use(state), Plattli.ERR_STATE, "closed")
    end
    @test_throws DomainError Plattli.State(s -> throw(DomainError(1)), fresh("thrown"), "s")
end

@testset "a scheduler compacts its states by the clock and on demand" begin
    dir = fresh("scheduled")
    Plattli.State(dir, "a"; threshold = 1) do a
        Plattli.State(dir, "b") do b
            for state in (a, b), i in 1:5
                state["k"] = i
            end
            Plattli.Scheduler(a, a; interval_milliseconds = 1) do scheduler
                @test occursin("1 states", sprint(show, scheduler)) && push!(scheduler, b) === scheduler
                Plattli.start(scheduler)
                Plattli.start(scheduler)
                for _ in 1:3000
                    Plattli.entry_count(a) == 1 && break
                    sleep(0.01)
                end
                @test Plattli.entry_count(a) == 1
                Plattli.stop(scheduler)
                Plattli.stop(scheduler)
                @test Plattli.entry_count(b) == 5 # below its threshold
                @test delete!(scheduler, b) === scheduler
                Plattli.compact_all(scheduler)
                @test Plattli.entry_count(b) == 5
                push!(scheduler, b)
                Plattli.compact_all(scheduler)
                @test Plattli.entry_count(b) == 1
                close(scheduler)
                close(scheduler)
                @test !isopen(scheduler) && occursin("closed", sprint(show, scheduler))
                @test refused(() -> push!(scheduler, a), Plattli.ERR_STATE, "closed")
                @test refused(() -> Plattli.compact_all(scheduler), Plattli.ERR_STATE, "closed")
            end
        end
    end
    @test_throws ArgumentError Plattli.Scheduler(; interval_milliseconds = 0)
    Plattli.State(dir, "a"; read_only = true) do reader
        @test refused(() -> Plattli.Scheduler(reader), Plattli.ERR_STATE)
    end
end

@testset "a scheduler keeps its states, and forgets those that are closed" begin
    Plattli.Scheduler() do scheduler
        dir = fresh("kept")
        (() -> push!(scheduler, Plattli.State(dir, "s")))()
        GC.gc()
        @test isopen(only(scheduler.states)) && refused(() -> Plattli.State(dir, "s"), Plattli.ERR_BUSY)
        close(only(scheduler.states))
        Plattli.compact_all(scheduler)
        Plattli.State(state -> push!(scheduler, state), fresh("next"), "s")
        @test length(scheduler.states) == 1
    end
end
