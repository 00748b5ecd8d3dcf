function written(dir; finished)
    Plattli.Writer(dir; hotsize = 7, config = (case = "plate", sizes = [1, 2])) do run
        for i in 0:99
            write(run, "x", i / 10)
            write(run, "n", Int32(i))
            i % 10 == 0 && write(run, "rare/f32", Float32(i))
            i % 25 == 0 && write(run, "note", "at $i")
            i % 50 == 0 && write(run, "mixed", i == 0 ? true : "text")
            end_step(run)
        end
        finished && finish(run)
    end
    return dir
end

@testset "a run is read, $(finished ? "finished" : "live")" for finished in (true, false)
    Plattli.Reader(written(fresh("read"); finished = finished)) do reader
        @test length(reader) == 5 && keys(reader) == metrics(reader) == ["mixed", "n", "note", "rare/f32", "x"]
        @test haskey(reader, "x") && haskey(reader, :n) && !haskey(reader, "y")
        @test Plattli.rows(reader, "x") == 100 && Plattli.approx_max_rows(reader) in 0:100
        @test Plattli.info(reader, "n") == (type = finished ? UInt8 : Int32, monotonic = 1, rows = 100, first_step = 0, last_step = 99)
        @test Plattli.info(reader, "note").type == String
        @test Plattli.config(reader) == Dict("case" => "plate", "sizes" => [1, 2])
        @test occursin("plate", Plattli.config_json(reader))
        @test Plattli.when_exported(reader) isa (finished ? String : Union{String,Nothing})
        @test Plattli.warnings(reader) == [] && refresh(reader) === reader
        @test occursin("5 metrics", sprint(show, reader))

        @test reader["x"] isa Vector{Float64} && reader["n"] isa Vector{Int64} && reader["rare/f32"] isa Vector{Float32}
        @test reader["note"] isa Vector{String} && reader["note"] == ["at 0", "at 25", "at 50", "at 75"]
        @test reader["mixed"] == [true, "text"]
        @test column(reader, "note"; as = Plattli.JSON).value[2].text == "\"at 25\""
        @test column(reader, "n"; as = Float32).value isa Vector{Float32}
        @test column(reader, "n"; as = :stored).value isa Vector{finished ? UInt8 : Int32}

        steps, values = column(reader, "rare/f32")
        @test steps isa Vector{UInt32} && steps == values == 0:10:90
        @test column(reader, "n"; steps = 10:12).value == 10:12
        @test column(reader, "n"; steps = (98, nothing)).step == 98:99
        @test column(reader, "n"; steps = (nothing, 1)).step == 0:1
        @test column(reader, "x"; values = (0.35, 0.6)).value == [0.4, 0.5, 0.6]
        @test column(reader, "x"; values = (9.75, nothing)).value == [9.8, 9.9]
        @test column(reader, "n"; rows = 1:3).value == 0:2
        @test column(reader, "n"; rows = 99:1000).value == 98:99
        @test column(reader, "n"; last = 2).value == 98:99
        @test column(reader, "n"; last = 0).value == Int64[] && column(reader, "n"; steps = 5:4).value == Int64[]
        @test column(reader, "note"; steps = 5:4).value == []
        @test_throws ArgumentError column(reader, "n"; last = 1, rows = 1:2)
        @test_throws ArgumentError column(reader, "n"; rows = 0:2)
        @test_throws ArgumentError column(reader, "n"; last = -1)
        @test_throws ArgumentError column(reader, "n"; as = Complex{Float64})
        @test_throws ArgumentError column(reader, "n"; as = :raw)

        both = table(reader, ["x", "rare/f32"])
        @test both isa NamedTuple && keys(both) == (:step, :x, Symbol("rare/f32")) && both.step == 0:10:90 && both.x == 0:9
        @test table(reader, ("n", "x"); on = "x", values = (1.0, 1.1)).n == [10, 11]
        @test table(reader, [:n]; last = 3).n == 97:99
        @test table(reader).note == ["at 0", "at 50"] # all metrics, at the steps that all have
        @test all(column -> column isa Vector, table(reader))

        @test read(reader, "n") isa Vector{Float64} && read(reader, "n", Int64; steps = 3:4) == [3, 4]
        @test read(reader, "n", UInt64; last = 1) == [99] && read(reader, "x", Float32; rows = 11:11) == [1.0f0]
        at, into = UInt32[], zeros(3)
        @test read!(reader, "rare/f32", into, at) === into && into == at == 0:10:90
        @test read!(reader, "rare/f32", into, at; steps = 0:10) == [0, 10] && at == [0, 10]
        @test read!(reader, "rare/f32", into; steps = 1:9) == []
        @test_throws ArgumentError read(reader, "x", Int16)
    end
end

@testset "what was read outlives the reader, and a closed reader says that it is closed" begin
    reader = Plattli.Reader(written(fresh("closed"); finished = true); kind = :archive, strict = true)
    kept = table(reader, ["x", "n"])
    close(reader)
    close(reader)
    GC.gc()
    @test kept.n == 0:99 && !isopen(reader) && occursin("closed", sprint(show, reader))
    for use in (length, metrics, refresh, Plattli.config, Plattli.warnings, r -> r["x"], r -> table(r, ["x"]), r -> read(r, "x"), r -> haskey(r, "x"))
        @test refused(() -> use(reader), Plattli.ERR_STATE, "closed")
    end
end

@testset "a live run is seen to grow when it is refreshed, and its log can be left out" begin
    dir = fresh("live")
    Plattli.Writer(dir) do run
        write(run, "x", 1.0)
        end_step(run)
        Plattli.Reader(dir) do reader
            write(run, "x", 2.0)
            end_step(run)
            @test reader["x"] == [1.0]
            @test refresh(reader)["x"] == [1.0, 2.0]
        end
        @test Plattli.Reader(reader -> "x" in metrics(reader) ? length(reader["x"]) : 0, dir; exclude_hot = true) == 0
    end
end

@testset "a log of another program becomes a run" begin
    log = fresh("log.jsonl")
    write(log, "{\"step\":0,\"x\":0.1,\"gnorm\":1}\n{\"step\":1,\"x\":0.2,\"gnorm\":1}\n")
    dir = fresh("imported")
    @test Plattli.import_jsonl(log, dir; skip_columns = ["DEFAULT"], double = true) == (rows = 2, rewound_rows = 0, metrics = 1, torn_tail = false)
    @test Plattli.Reader(reader -> reader["x"], dir) == [0.1, 0.2]
    @test refused(() -> Plattli.import_jsonl(log, dir), Plattli.ERR_EXISTS)
    @test Plattli.import_jsonl(log, dir; overwrite = true, allow_rewinds = true, skip_torn_tail = true).metrics == 2
end
