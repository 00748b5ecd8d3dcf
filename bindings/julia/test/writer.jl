@testset "every keyword reaches the library, with and without a do block" begin
    # An illegal value of each proves that it arrives; a legal one of each opens a run.
    for wrong in ((step = -1,), (step = 2^32,), (layout = :heap,), (durability = :forever,), (overload = :panic,), (on_io_error = :ignore,),
                  (kind = :tape,), (errors = :hide,), (threads = -1,), (nice = -1,))
        opener = haskey(wrong, :kind) ? Plattli.Reader : Plattli.Writer
        @test_throws ArgumentError opener(fresh("x"); wrong...)
        @test_throws ArgumentError opener(identity, fresh("x"); wrong...)
    end
    for wrong in ((hotsize = 0,), (config = "{",), (config_path = "",), (sync_steps = 0, sync_milliseconds = 0))
        @test refused(() -> Plattli.Writer(fresh("x"); wrong...), Plattli.ERR_ARGUMENT)
        @test refused(() -> Plattli.Writer(identity, fresh("x"); wrong...), Plattli.ERR_ARGUMENT)
    end
    @test refused(() -> Plattli.Writer(fresh("x"); affinity = [1023]), Plattli.ERR_ARGUMENT, "1023")
    @test_throws MethodError Plattli.Writer(identity, fresh("x"); hotsise = 1)

    @test Plattli.Writer(fresh("all"); step = 3, config = (a = 1,), layout = :compacting, hotsize = 5, reopen_finished = true,
                         durability = :system, sync_steps = 2, sync_milliseconds = 10, overload = :shed, threads = 0, nice = 2, affinity = 0:0, on_io_error = :fail,
                         lock = false, strict = true, errors = :throw) do run
        step(run)
    end == 3
    written = fresh("elsewhere")
    mkpath(written)
    write(joinpath(written, "setup.json"), "{\"b\": 2}")
    Plattli.Writer(run -> (write(run, "x", 1.0); end_step(run)), written; config_path = "setup.json")
    @test Plattli.Reader(Plattli.config, written) == Dict("b" => 2)
end

"Three steps of an integer metric, and what `look` finds before the run is closed."
function three_steps(look, dir = fresh("three"); keywords...)
    Plattli.Writer(dir; keywords...) do run
        for i in 1:3
            write(run, "n", i)
            end_step(run)
        end
        look(run, dir)
    end
end

@testset "every option does what it says" begin
    inside(dir, names...) = joinpath(dir, "plattli", names...)
    compactions(run, dir) = Plattli.stats(run).compactions
    @test three_steps((run, dir) -> isfile(inside(dir, "hot.jsonl")))
    @test three_steps((run, dir) -> !ispath(inside(dir, "hot.jsonl")) && isfile(inside(dir, "n.i64")); layout = :direct)
    @test three_steps((run, dir) -> !ispath(inside(dir)); layout = :bulk)
    @test three_steps(compactions; hotsize = 2, threads = 0) == 1 && three_steps(compactions; hotsize = 3000, threads = 0) == 0
    @test three_steps((run, dir) -> Plattli.stats(run).sync_count) == 0
    @test three_steps((run, dir) -> Plattli.stats(run).sync_count; durability = :system) >= 3
    @test three_steps((run, dir) -> Plattli.stats(run).sync_count; durability = :system, sync_steps = 2) in 1:2
    @test three_steps((run, dir) -> Plattli.stats(run).sync_count; durability = :system, sync_milliseconds = 3_600_000) == 0
    before = settled_threads()
    @test three_steps((run, dir) -> threads_of_process() - before; hotsize = 1, threads = 0) == 0
    @test three_steps((run, dir) -> Plattli.Writer(second -> isopen(second), dir; lock = false); lock = false)

    finished(; keywords...) = three_steps((run, dir) -> (finish(run; keywords...); dir))
    @test isfile(joinpath(finished(), "metrics.plattli"))
    folder = finished(archive = false)
    @test !isfile(joinpath(folder, "metrics.plattli")) && isfile(inside(folder, "n.u8"))
    @test isfile(inside(finished(archive = false, optimize = false), "n.i64"))
    whole = three_steps((run, dir) -> (finish(run); dir); layout = :bulk)
    @test refused(() -> Plattli.Writer(whole; layout = :bulk), Plattli.ERR_EXISTS)
    three_steps((run, dir) -> finish(run), whole; layout = :bulk, overwrite = true)
    @test Plattli.Reader(reader -> reader["n"], whole) == 1:3
end

@testset "values keep their type, by name and by number" begin
    dir = fresh("types")
    numbers = (1.5, 2.5f0, Int8(-8), Int16(-16), Int32(-32), Int64(-64), 0x08, 0x0010, 0x00000020, 0x0000000000000040)
    others = (true, "grün\0x", SubString("abc", 2), 's' * "", :symbol, [1, 2], (a = nothing,), Dict("k" => 1.5), Plattli.JSON("[ 1 ]"), nothing)
    Plattli.Writer(dir) do run
        for (i, value) in enumerate((numbers..., others..., Float16(0.5), π))
            write(run, "name/$i", value)
            T = value isa Union{Float16} ? Float32 : value isa Irrational ? Float64 : value isa Real && !(value isa Bool) ? typeof(value) : String
            write(run, metric(run, "id/$i", T), value)
        end
        rows = [metric(run, "row/$i", i < 3 ? Float64 : Float32) for i in 1:5]
        write(run, rows[1:2], [1.0, 2.0])
        write(run, rows[3:3], [3.0f0])
        write(run, rows[4:4], view([3.0f0, 4.0f0], 2:2))
        write(run, rows[5:5], 5:5)
        @test_throws DimensionMismatch write(run, rows, [1.0])
        @test_throws ArgumentError write(run, "complex", 1im)
        @test_throws ArgumentError write(run, 7, 1.0)
        end_step(run)
    end
    Plattli.Reader(dir) do reader
        for (i, value) in enumerate(numbers), way in ("name", "id")
            stored = column(reader, "$way/$i"; as = :stored).value
            @test stored == [value] && eltype(stored) == typeof(value)
        end
        expected = [true, "grün\0x", "bc", "s", "symbol", [1, 2], Dict("a" => nothing), Dict("k" => 1.5), [1], nothing]
        for (i, value) in enumerate(expected), way in ("name", "id")
            @test reader["$way/$(i + length(numbers))"] == [value]
        end
        @test reader["name/21"] == [0.5] && reader["id/22"] == [Float64(π)]
        @test [only(reader["row/$i"]) for i in 1:5] == 1:5
    end
end

@testset "log! takes keywords and pairs" begin
    dir = fresh("log")
    Plattli.Writer(dir) do run
        log!(run, "heat/total" => 2.0, "note" => "n"; energy = 1.0, n = 3)
        log!(run)
        end_step(run)
    end
    Plattli.Reader(dir) do reader
        @test metrics(reader) == ["energy", "heat/total", "n", "note"]
        @test reader["n"] == [3] && reader["heat/total"] == [2.0]
    end
end

@testset "steps, configuration, statistics and the end of a run" begin
    dir = fresh("life")
    Plattli.Writer(dir; config = Dict("a" => 1)) do run
        @test isopen(run) && step(run) == 0
        set_step(run, 10)
        write(run, "x", 1.0)
        flush(run)
        @test Plattli.Reader(reader -> column(reader, "x"), dir) == (step = UInt32[10], value = [1.0])
        end_step(run)
        sync(run)
        set_config(run, (a = 2, c = "z"))
        @test step(run) == 11 && Plattli.stats(run).rows == 1 && Plattli.warnings(run) == []
        finish(run; config_overrides = (b = 3,))
        @test Plattli.stats(run).steps == 1
        @test occursin("Writer at", sprint(show, run))
        close(run)
        close(run)
        @test !isopen(run) && occursin("closed", sprint(show, run))
    end
    @test Plattli.Reader(Plattli.config, dir) == Dict("a" => 2, "b" => 3, "c" => "z")
end

@testset "closing finishes nothing, and the error of a do block is the one that is seen" begin
    dir = fresh("open")
    @test_throws DomainError Plattli.Writer(dir) do run
        write(run, "x", 1.0)
        end_step(run)
        write(run, "x", 2.0)
        throw(DomainError(1))
    end
    @test !isfile(joinpath(dir, "metrics.plattli"))
    @test Plattli.Reader(reader -> reader["x"], dir) == [1.0, 2.0] # the unfinished step too
    Plattli.Writer(run -> (@test step(run) == 2), dir)
    Plattli.Writer(run -> (@test step(run) == 1), dir; step = 1)
    @test Plattli.Reader(reader -> reader["x"], dir) == [1.0]
end

@testset "with errors = :warn no metric ends the simulation" begin
    dir = fresh("warn")
    Plattli.Writer(dir; errors = :warn) do run
        for i in 1:5
            write(run, "x", 1.0)
            write(run, "x", 2.0) # twice
            write(run, "..", 1.0)
            if ispow2(i)
                @test_logs (:warn, r"x") end_step(run)
            else
                @test_logs end_step(run)
            end
        end
        @test refused(() -> set_step(run, 0), Plattli.ERR_STATE) # only writes are forgiven
        close(run)
        @test refused(() -> write(run, "x", 1.0), Plattli.ERR_STATE, "closed")
    end
    @test Plattli.Reader(reader -> reader["x"], dir) == ones(5)
end

@testset "many threads and tasks may write one step" begin
    dir = fresh("threads")
    Plattli.Writer(dir) do run
        for s in 1:50
            Threads.@threads for i in 1:8
                write(run, "m/$i", Float64(s * i))
            end
            end_step(run)
        end
    end
    @test Plattli.Reader(reader -> all(reader["m/$i"] == i .* (1:50) for i in 1:8), dir)
end
