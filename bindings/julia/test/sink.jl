struct Strange end

@testset "what is logged becomes metrics" begin
    dir = fresh("sink")
    elsewhere = Test.TestLogger()
    Plattli.Writer(dir) do run
        sink = Plattli.Sink(run; also = elsewhere)
        with_logger(sink) do
            for s in 1:3
                @info "solver" iterations = s residual = 0.5 * s
                @info "" energy = 2.0
                @info "text" list = [1, 2] thing = 1 // 2 error = ErrorException("broken")
                s == 2 && @warn "restarted"
                @debug "not seen" hidden = 1
                s == 3 && @info "solver" iterations = 7 # a second time in the step
                @info "once" x = s maxlog = 1
                end_step(run)
            end
            @info "solver" iterations = "text" # not a number
        end
        @test sink.left_out == 2
        @test refused(() -> end_step(run), Plattli.ERR_TYPE) # the last, which the library refused
        close(run)
        with_logger(() -> @info("late", x = 1), sink)
        @test sink.left_out == 3
    end
    Plattli.Reader(dir) do reader
        @test metrics(reader) == ["energy", "log/warn", "once/x", "solver/iterations", "solver/residual", "text/error", "text/list", "text/thing"]
        @test reader["solver/iterations"] == 1:3 && reader["energy"] == [2, 2, 2] && reader["once/x"] == [1]
        @test reader["log/warn"] == ["restarted"] && reader["text/list"] == [[1, 2], [1, 2], [1, 2]]
        @test reader["text/thing"][1] == "1//2" && reader["text/error"][1] == "broken"
    end
    @test count(record -> record.message == "solver", elsewhere.logs) == 5
    @test Logging.min_enabled_level(Plattli.Sink(Plattli.Writer(fresh("quiet")); min_level = Logging.Warn)) == Logging.Warn
end
