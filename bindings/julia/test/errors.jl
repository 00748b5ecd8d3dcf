struct Limit
    soft::UInt64
    hard::UInt64
end

"Runs `body` while files cannot grow beyond `bytes`."
function with_small_files(body, bytes)
    was = Ref{Limit}()
    ignored = ccall(:signal, Ptr{Cvoid}, (Cint, Ptr{Cvoid}), 25, Ptr{Cvoid}(1)) # SIGXFSZ, SIG_IGN
    ccall(:getrlimit, Cint, (Cint, Ref{Limit}), 1, was) # RLIMIT_FSIZE
    ccall(:setrlimit, Cint, (Cint, Ref{Limit}), 1, Limit(bytes, was[].hard))
    try
        return body()
    finally
        ccall(:setrlimit, Cint, (Cint, Ref{Limit}), 1, was)
        ccall(:signal, Ptr{Cvoid}, (Cint, Ptr{Cvoid}), 25, ignored)
    end
end

@testset "refusals say what was tried" begin
    dir = fresh("refusals")
    Plattli.Writer(dir) do run
        @test refused(() -> write(run, "../x", 1.0), Plattli.ERR_ARGUMENT, "../x")
        @test refused(() -> end_step(run), Plattli.ERR_ARGUMENT, "../x")
        write(run, "n", 1)
        @test refused(() -> write(run, "n", 2), Plattli.ERR_STATE, "n")
        @test refused(() -> end_step(run), Plattli.ERR_STATE)
        @test refused(() -> write(run, "n", 0.5), Plattli.ERR_TYPE, "n")
        @test refused(() -> write(run, Plattli.Metric(99), 1.0), Plattli.ERR_ARGUMENT)
        @test refused(() -> metric(run, "n", Float64), Plattli.ERR_TYPE, "n")
        @test_throws ArgumentError metric(run, "m", Complex{Float64})
        @test_throws ArgumentError write(run, "nul\0", 1.0) # C would see another name
        @test refused(() -> Plattli.Writer(dir), Plattli.ERR_BUSY)
        @test refused(() -> set_config(run, "{"), Plattli.ERR_ARGUMENT)
        refused(() -> end_step(run), Plattli.ERR_ARGUMENT)
        finish(run)
        @test refused(() -> write(run, "n", 3), Plattli.ERR_STATE)
    end
    @test refused(() -> Plattli.Writer(dir), Plattli.ERR_EXISTS)
    Plattli.Writer(run -> (@test step(run) == 2), dir; reopen_finished = true) # steps without a value leave no row
    @test refused(() -> Plattli.Reader(fresh("nothing")), Plattli.ERR_NOT_FOUND)
    Plattli.Reader(dir) do reader
        @test refused(() -> reader["y"], Plattli.ERR_NOT_FOUND, "y")
        @test refused(() -> Plattli.rows(reader, "y"), Plattli.ERR_NOT_FOUND, "y")
        @test refused(() -> Plattli.info(reader, "y"), Plattli.ERR_NOT_FOUND, "y")
        @test refused(() -> table(reader, ["n", "y"]), Plattli.ERR_NOT_FOUND, "y")
    end
    e = Plattli.PlattliError(Plattli.ERR_IO, "no space")
    @test sprint(showerror, e) == "PLATTLI_ERR_IO: no space"
    long = "x" ^ 2000 # longer than any name may be, and told whole
    @test refused(() -> Plattli.Reader(long), Plattli.ERR_IO, long)
end

@testset "what is broken on disk is corrupt" begin
    dir = fresh("corrupt")
    Plattli.Writer(run -> (write(run, "x", 1.0); end_step(run)), dir)
    open(f -> write(f, "nonsense\n{\"step\":5,\"x\":2.0}\n"), joinpath(dir, "plattli", "hot.jsonl"), "a")
    @test refused(() -> Plattli.Reader(dir; strict = true), Plattli.ERR_CORRUPT, "hot.jsonl")
    @test refused(() -> Plattli.Writer(dir; strict = true), Plattli.ERR_CORRUPT, "hot.jsonl")
    @test length(Plattli.Reader(Plattli.warnings, dir)) == 1
    @test length(Plattli.Writer(Plattli.warnings, dir)) == 1
end

@testset "a full disk costs nothing that is not told, and what waited is written" begin
    dir = fresh("full")
    Plattli.Writer(dir) do run
        write(run, "x", 1.0)
        end_step(run)
        with_small_files(10) do
            write(run, "x", 2.0)
            @test refused(() -> end_step(run), Plattli.ERR_IO, "hot.jsonl")
            @test refused(() -> flush(run), Plattli.ERR_IO)
        end
        @test Plattli.stats(run).pending_rows == 1
        flush(run)
    end
    @test Plattli.Reader(reader -> reader["x"], dir) == [1.0, 2.0]
end

@testset "with on_io_error = :fail the first error of the disk is the last word" begin
    run = Plattli.Writer(fresh("latched"); on_io_error = :fail)
    with_small_files(0) do
        write(run, "x", 1.0)
        @test refused(() -> end_step(run), Plattli.ERR_IO)
    end
    @test refused(() -> flush(run), Plattli.ERR_IO)
    @test refused(() -> close(run), Plattli.ERR_IO) && !isopen(run)
    close(run)
end

@testset "an overloaded writer sheds whole steps and says so" begin
    Plattli.Writer(fresh("shed"); overload = :shed, hotsize = 1) do run
        at, shed = 0, false
        while !shed && at < 2_000_000
            set_step(run, at)
            write(run, "x", Float64(at))
            try
                end_step(run)
            catch e
                push!(SEEN, e.status)
                shed = e.status == Plattli.ERR_OVERLOADED
                shed || rethrow()
            end
            at += 1 + at % 7
        end
        @test shed && Plattli.stats(run).shed_steps == 1
    end
end

"Whether functions of one handle say in a forked child that it is of its parent; the last one closes it."
function forked_child_is_told(handle, functions...)
    addresses = Ptr{Cvoid}[getfield(API, Symbol(:address_of_, name))[] for name in functions] # nothing is compiled in the child
    child = ccall(:fork, Cint, ())
    if child == 0
        # Only calls of C: this process has but one of Julia's threads.
        told = true
        for address in addresses
            told &= ccall(address, Int32, (Ptr{Cvoid},), handle) == API.PLATTLI_ERR_FORKED
        end
        ccall(:_exit, Cvoid, (Cint,), told ? API.PLATTLI_ERR_FORKED : 99)
    end
    told = Ref{Cint}(0)
    @test ccall(:waitpid, Cint, (Cint, Ref{Cint}, Cint), child, told, 0) == child
    push!(SEEN, told[] >> 8)
    return told[] == Plattli.ERR_FORKED << 8
end

@testset "a forked child can do nothing to what its parent has open" begin
    dir = fresh("forked")
    Plattli.Writer(dir) do run
        write(run, "x", 1.0)
        @test forked_child_is_told(run.handle, :plattli_flush, :plattli_end_step, :plattli_writer_close)
        end_step(run)
    end
    @test Plattli.Reader(reader -> reader["x"], dir) == [1.0]
    Plattli.State(dir, "s") do state
        @test forked_child_is_told(state.handle, :plattli_state_compact, :plattli_state_close)
        @test Plattli.entry_count(state) == 0
    end
    Plattli.Journal(joinpath(dir, "events")) do journal
        push!(journal, "of the parent")
        @test forked_child_is_told(journal.handle, :plattli_journal_flush, :plattli_journal_close)
        @test Plattli.file_count(journal) == 0
    end
    Plattli.Stream(joinpath(dir, "probes")) do stream
        append!(stream, "t", "p", (time = [1], x = [1.0]))
        @test forked_child_is_told(stream.handle, :plattli_stream_checkpoint, :plattli_stream_close)
        @test table(Plattli.query(stream, "t")).x == [1.0]
    end
end
