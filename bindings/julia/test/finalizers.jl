# Everything is collected at every step, and everything that is dropped is dropped while it has work to do.

@testset "a collection at every step takes nothing that is in use" begin
    dir = fresh("gc")
    Plattli.Writer(dir; hotsize = 3, config = (name = "n" ^ 1000,)) do run
        ids = [metric(run, "id/$i") for i in 1:5]
        for s in 1:60
            GC.gc()
            write(run, string("name/", s % 3), string("value ", s))
            write(run, ids[1:3], Float64[s, 2s, 3s])
            write(run, ids[4], s / 2)
            log!(run; energy = Float64(s), list = [s, s])
            GC.gc()
            end_step(run)
            GC.gc(false)
            if s % 20 == 0
                reader = Plattli.Reader(dir)
                kept = column(reader, "id/4")
                tabled = table(reader, ["id/1", "energy", "list"])
                reader = nothing
                GC.gc()
                @test kept.value == (1:s) ./ 2 && tabled.list == [[i, i] for i in 1:s]
            end
        end
    end
end

@testset "a collection at every step takes nothing of a state, a journal or a stream that is in use" begin
    dir = fresh("gc")
    Plattli.State(dir, "s"; snapshot = true) do state
        Plattli.Journal(joinpath(dir, "events"); threshold = 2) do journal
            Plattli.Stream(joinpath(dir, "probes"); roll_rows = 20, checkpoint = 1, sync = false, overload_wait = 600_000) do stream
                for s in 1:30
                    GC.gc()
                    state["key $(s % 3)"] = (step = s, text = "value $s")
                    push!(journal, (step = s, list = [s, s]))
                    append!(stream, "t", "doubles", (time = [s], x = [Float64(s)]))
                    GC.gc(false)
                    append!(stream, "t", "texts", (time = [s, s], text = ["row $s", missing], n = Int32[s, -s]))
                    s % 10 == 0 || continue
                    events = collect(journal)
                    doubles = table(Plattli.query(stream, "t"; partitions = "doubles"))
                    page = Plattli.query(stream, "t"; partitions = "texts", max_rows = 2s)
                    GC.gc()
                    texts = table(page)
                    GC.gc()
                    @test state["key 1"]["step"] == s - (s - 1) % 3 && length(events) == s
                    @test doubles.x == 1:s && isequal(texts.text[end-1:end], ["row $s", missing]) && texts.n[1:2] == [1, -1]
                end
            end
        end
    end
end

# In a function of their own, so that nothing keeps them.
@noinline function abandoned_writer(dir, s)
    run = Plattli.Writer(dir; hotsize = 1)
    write(run, "x", Float64(s))
    end_step(run)
    write(run, "x", -1.0)
    return nothing
end
@noinline abandoned_reader(dir) = (Plattli.Reader(dir)["x"]; nothing)

"Opens the run as soon as whoever has it lets it go."
function open_eventually(dir)
    for _ in 1:1000
        try
            return Plattli.Writer(dir)
        catch e
            e isa Plattli.PlattliError && e.status == Plattli.ERR_BUSY || rethrow()
            GC.gc()
            sleep(0.01)
        end
    end
    error("$dir was never released")
end

files_of_process() = length(readdir("/proc/self/fd"))

@testset "a writer that is dropped is closed by a collection that does not wait for it, and finishes nothing" begin
    dir = fresh("dropped")
    abandoned_writer(dir, 1)
    GC.gc()
    close(open_eventually(dir))
    @test !isfile(joinpath(dir, "metrics.plattli"))
    @test Plattli.Reader(reader -> reader["x"], dir) == [1.0, -1.0]
    abandoned_reader(dir)
    GC.gc()
end

# sleep(3) in the place of the function that closes, with the seconds in the place of the handle.
@noinline function abandon_sleeping(open_one, seconds)
    object = open_one()
    kept, object.handle = object.handle, typeof(object.handle)(seconds)
    return kept
end

@testset "a collection does not wait for a close that takes seconds" begin
    opened = (writer = () -> Plattli.Writer(fresh("sleeping")), state = () -> Plattli.State(fresh("sleeping"), "s"),
              journal = () -> Plattli.Journal(fresh("sleeping")), stream = () -> Plattli.Stream(fresh("sleeping")),
              state_scheduler = () -> Plattli.Scheduler())
    for (kind, open_one) in pairs(opened)
        closes = Symbol(:plattli_, kind, kind == :state_scheduler ? :_free : :_close)
        close_function = getfield(API, Symbol(:address_of_, closes))
        address = close_function[]
        threads = settled_threads()
        close_function[] = API.Libdl.dlsym(API.Libdl.dlopen("libc.so.6"), :sleep)
        kept = Ptr{Cvoid}(0)
        took = try
            kept = abandon_sleeping(open_one, 5)
            @elapsed GC.gc()
        finally
            close_function[] = address
        end
        @test threads_of_process() > threads # it has begun, and
        @test took < 4
        call(closes, kept)
        while threads_of_process() > threads
            sleep(0.1)
        end
    end
end

# In a function of their own, as above.
@noinline function abandoned_others(dir)
    state = Plattli.State(dir, "s"; sync = :interval, snapshot = true)
    state["x"] = 1
    Plattli.start(Plattli.Scheduler(state; interval_milliseconds = 1))
    push!(Plattli.Journal(joinpath(dir, "events")), "waits")
    stream = Plattli.Stream(joinpath(dir, "probes"); checkpoint = 0)
    append!(stream, "t", "p", (time = [1], x = [1.0]))
    iterate(Plattli.query(stream, "t"))
    return nothing
end

@testset "states, journals and streams that are dropped are closed, and leave no thread and no file" begin
    folder = mktempdir()
    GC.gc()
    threads, files = settled_threads(), files_of_process()
    for i in 1:50
        abandoned_others(joinpath(folder, string(i)))
        i % 10 == 0 && GC.gc()
    end
    GC.gc()
    for _ in 1:3000
        threads_of_process() <= threads && files_of_process() <= files && break
        sleep(0.01)
    end
    @test threads_of_process() <= threads && files_of_process() <= files
    for i in 1:50
        dir = joinpath(folder, string(i))
        @test isfile(joinpath(dir, "s.json")) && Plattli.State(state -> state["x"], dir, "s") == 1
        @test Plattli.Journal(read, joinpath(dir, "events")) == ["waits"]
        @test Plattli.Stream(stream -> table(Plattli.query(stream, "t")).x, joinpath(dir, "probes")) == [1.0]
    end
end

@testset "a thousand dropped writers and readers leave no thread and no file" begin
    folder = mktempdir()
    close(open_eventually(joinpath(folder, "first")))
    GC.gc()
    threads, files = settled_threads(), files_of_process()
    for i in 1:1000
        dir = joinpath(folder, string(i % 50))
        close(open_eventually(dir))
        abandoned_writer(joinpath(folder, "own $i"), i)
        i % 10 == 0 && (abandoned_reader(joinpath(folder, "own $i")); GC.gc())
    end
    GC.gc()
    for _ in 1:1000
        threads_of_process() <= threads && files_of_process() <= files && break
        sleep(0.01)
    end
    @test threads_of_process() <= threads
    @test files_of_process() <= files
end

@testset "a program that ends with open handles loses nothing" begin
    dir = fresh("ending")
    program = """
        using Plattli
        state = Plattli.State($(repr(dir)), "s"; snapshot = true)
        state["x"] = 1
        scheduler = Plattli.Scheduler(state)
        Plattli.start(scheduler)
        journal = Plattli.Journal($(repr(joinpath(dir, "events"))))
        push!(journal, "waits")
        stream = Plattli.Stream($(repr(joinpath(dir, "probes"))); checkpoint = 0)
        append!(stream, "t", "p", (time = [1], x = [1.0]))
        rows = Plattli.query(stream, "t")
        run = Plattli.Writer($(repr(dir)); hotsize = 2)
        for s in 1:5
            write(run, "x", Float64(s))
            end_step(run)
        end
        write(run, "x", 6.0)
        """
    @test success(`$(Base.julia_cmd()) --project=$(Base.active_project()) -e $program`)
    @test Plattli.Reader(reader -> reader["x"], dir) == 1:6
    @test Plattli.json_value(read(joinpath(dir, "s.json"), String)) == Dict("x" => 1)
    @test Plattli.Journal(read, joinpath(dir, "events")) == ["waits"]
    @test Plattli.Stream(stream -> table(Plattli.query(stream, "t")).x, joinpath(dir, "probes")) == [1.0]
end
