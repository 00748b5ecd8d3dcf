times(range) = collect(Int64, range)

"A store of which nothing is written by the clock."
quiet(body, dir = fresh("stream"); keywords...) = Plattli.Stream(body, dir; checkpoint = 0, sync = false, overload_wait = 600_000, keywords...)

@testset "every keyword of a stream reaches the library, with and without a do block" begin
    for name in (:roll_rows, :roll_bytes, :roll_age, :checkpoint, :partition_bytes, :partition_segments, :store_bytes,
                 :max_age, :min_free_bytes, :open_topics, :active_bytes, :overload_wait, :threads)
        @test_throws ArgumentError Plattli.Stream(fresh("x"); (name => -1,)...)
        @test_throws ArgumentError Plattli.Stream(identity, fresh("x"); (name => -1,)...)
    end
    for name in (:roll_rows, :roll_bytes, :partition_bytes, :partition_segments, :store_bytes, :open_topics, :active_bytes)
        @test refused(() -> Plattli.Stream(fresh("x"); (name => 0,)...), Plattli.ERR_ARGUMENT, String(name))
    end
    @test_throws ArgumentError Plattli.Stream(fresh("x"); format = :csv)
    @test_throws ArgumentError Plattli.Stream(fresh("x"); replicate = "memory://x", replicate_milliseconds = -1)
    @test refused(() -> Plattli.Stream(identity, fresh("x"); replicate = "ftp://x"), Plattli.ERR_ARGUMENT, "ftp")
    @test_throws MethodError Plattli.Stream(identity, fresh("x"); rolls = 1)
    @test Plattli.Stream(isopen, fresh("x"); format = :arrow, roll_bytes = 1000, roll_age = 0, min_free_bytes = 0, active_bytes = 1 << 30,
                         overload_wait = 1, threads = 0, open_topics = 1, partition_bytes = 1 << 20)
    Plattli.has_feature("parquet") || @test refused(() -> Plattli.Stream(fresh("x"); format = :parquet), Plattli.ERR_UNSUPPORTED, "parquet")

    dir, copies = fresh("options"), fresh("copies")
    quiet(dir; roll_rows = 1, manifest = dir * ".sqlite", replicate = copies, replicate_milliseconds = 0, partition_segments = 2, drop_waiting = true) do stream
        for i in 1:6
            append!(stream, "t", "p", (time = [i, i],))
        end
        Plattli.checkpoint(stream)
        Plattli.retain(stream)
        told = Plattli.stats(stream)
        @test told.rolls == 5 && told.segments == 2 && told.dropped_segments == 3 && told.rows == 12 && told.waiting == 2 && !told.read_only
        @test Plattli.replicate(stream) == 2 && Plattli.stats(stream).replicated == 2 && isdir(copies)
        @test refused(() -> Plattli.Stream(dir; manifest = dir * ".sqlite"), Plattli.ERR_BUSY)
    end
    @test isfile(dir * ".sqlite")
    quiet(stream -> (@test refused(() -> Plattli.replicate(stream), Plattli.ERR_STATE)))
    # Without threads, so that no writer is busy with the segment that is still open.
    quiet(; max_age = 1, roll_rows = 1, threads = 0) do stream
        append!(stream, "t", "p", (time = [0, 0],)) # in 1970
        append!(stream, "t", "p", (time = [0],))
        Plattli.checkpoint(stream)
        Plattli.retain(stream)
        @test Plattli.stats(stream).dropped_segments == 2 && Plattli.stats(stream).dropped_rows == 3
    end
end

@testset "columns of every type are appended and read again" begin
    n = 9
    plain = (time = times(1:n), f64 = rand(n), f32 = rand(Float32, n), f16 = Float16.(1:n), i8 = Int8.(1:n), i16 = Int16.(1:n), i32 = Int32.(1:n), i64 = 1:n,
             u8 = UInt8.(1:n), u16 = UInt16.(1:n), u32 = UInt32.(1:n), u64 = UInt64.(1:n), flag = isodd.(1:n), text = ["grün $i" for i in 1:n],
             part = [SubString("abc", 1, i % 4) for i in 1:n])
    nulls = map(column -> Union{eltype(column),Missing}[i % 3 == 0 ? missing : column[i] for i in 1:n], plain)
    some = merge(NamedTuple{keys(plain)}(nulls), (time = plain.time,))
    quiet() do stream
        @test append!(stream, "plain", "p", plain) == 0:8
        @test append!(stream, :nulls, :p, pairs(some)) == 0:8
        read_again = table(Plattli.query(stream, "plain"))
        @test keys(read_again) == keys(plain)
        for name in keys(plain)
            @test read_again[name] == plain[name] && eltype(read_again[name]) == (eltype(plain[name]) <: AbstractString ? String : eltype(plain[name]))
        end
        @test isequal(table(Plattli.query(stream, "nulls")), some)
        @test append!(stream, "copy", "p", Plattli.query(stream, "plain")) == 0:8
        @test append!(stream, "copy", "p", Plattli.query(stream, "plain").stream) == 9:17
        @test table(Plattli.query(stream, "copy")).text == [plain.text; plain.text]
        @test append!(stream, "copy", "p", Plattli.query(stream, "plain"; time = (100, 200))) == 0:-1 # no rows

        @test append!(stream, "doubles", "p", Int32[5, 6], Dict("x" => [1.0, 2.0])) == 0:1 # the way of doubles
        @test append!(stream, "doubles", "p", 7:8, ["x" => view([0.0, 3.0, 4.0], 2:3)]) == 2:3
        @test table(Plattli.query(stream, "doubles")) == (time = 5:8, x = 1:4)
        @test append!(stream, "empty", "p", (time = Int64[], a = Int32[], b = Bool[], c = String[])) == 0:-1
        @test append!(stream, "empty", "p", (time = Int64[], a = Float64[])) == 0:-1
    end
end

@testset "rows that are wrong are refused whole" begin
    quiet() do stream
        @test_throws ArgumentError append!(stream, "t", "p", (x = [1.0],))
        @test_throws ArgumentError append!(stream, "t", "p", NamedTuple())
        @test_throws DimensionMismatch append!(stream, "t", "p", (time = [1], x = [1.0, 2.0]))
        @test_throws ArgumentError append!(stream, "t", "p", (time = [1], x = [1im]))
        @test_throws ArgumentError append!(stream, "t", "p", (time = [1], x = Any[1]))
        @test refused(() -> append!(stream, "t", "p", (time = [0.5], x = [1.0])), Plattli.ERR_TYPE, "time")
        @test refused(() -> append!(stream, "t", "p", (time = [1, missing],)), Plattli.ERR_TYPE, "time")
        @test refused(() -> append!(stream, "t", "p", ("time" => [1], "x" => [1.0], "x" => [1.0])), Plattli.ERR_ARGUMENT, "x")
        @test refused(() -> append!(stream, "", "p", (time = [1], x = Int32[1])), Plattli.ERR_ARGUMENT)
        @test_throws ArgumentError append!(stream, "nul\0", "p", (time = [1],)) # C would see another name
        @test Plattli.topics(stream) == [] && refused(() -> Plattli.query(stream, "t"), Plattli.ERR_NOT_FOUND, "t")
        append!(stream, "t", "p", (time = [1], x = [1.0]))
        rows = Plattli.query(stream, "t").stream
        @test refused(() -> append!(stream, "", "p", rows), Plattli.ERR_ARGUMENT)
        close(rows)
        @test refused(() -> append!(stream, "t", "p", rows), Plattli.ERR_STATE, "closed")
    end
    quiet(; min_free_bytes = typemax(Int64)) do stream
        @test refused(() -> append!(stream, "t", "p", (time = [1],)), Plattli.ERR_IO, "free")
        @test Plattli.stats(stream).read_only
    end
end

@testset "queries by index, by time, of partitions, in both orders, page by page" begin
    quiet(; roll_rows = 10) do stream
        for part in 0:9, name in ("a", "b", "c1")
            at = (10part + 1):(10part + 10)
            append!(stream, "t", name, times(at), (x = Float64.(at), y = -Float64.(at)))
        end
        one(; keywords...) = table(Plattli.query(stream, "t"; partitions = "a", keywords...)).x
        @test one() == 1:100 && one(start = 90) == 91:100 && one(order = :descending) == 100:-1:1 && one(order = :descending, start = 10) == 10:-1:1
        @test one(time = (5, 15)) == 5:15 && one(time = 5:15) == 5:15 && one(max_rows = 3) == 1:3 && one(max_bytes = 1) != []
        @test Plattli.query(stream, "t"; partitions = "a", max_bytes = 1).cursor.status == :byte_limit
        rows(; keywords...) = table(Plattli.query(stream, "t"; labels = true, time = (1, 2), keywords...))
        @test rows()._partition == ["a", "b", "c1", "a", "b", "c1"] && rows()._index == [0, 0, 0, 1, 1, 1]
        @test rows(partitions = ["b", "c1"])._partition == ["b", "c1", "b", "c1"] == rows(partitions = (:b, :c1))._partition
        @test unique(rows(pattern = r"^c")._partition) == ["c1"] == unique(rows(pattern = "[0-9]\$")._partition)
        @test keys(rows(pick = ["y", "time"])) == (:y, :time, :_partition, :_index) && keys(rows(exclude = :x)) == (:time, :y, :_partition, :_index)
        @test keys(rows(flatten = ".", max_value_bytes = 10)) == (:time, :x, :y, :_partition, :_index)

        page = Plattli.query(stream, "t"; partitions = "a", max_rows = 60)
        @test page.cursor.status == :row_limit && page.cursor.rows == 60 && page.cursor.positions == ["a" => 60]
        @test occursin("60 rows", sprint(show, page)) && sum(length(batch.x) for batch in page) == 60
        rest = Plattli.query(stream, "t"; partitions = "a", cursor = page.cursor)
        @test table(rest).x == 61:100 && rest.cursor.status == :all
        @test table(Plattli.query(stream, "t"; partitions = "a", cursor = page.cursor.text)).x == 61:100
        @test [page.cursor.rows for page in Plattli.pages(stream, "t"; partitions = "a", max_rows = 40)] == [40, 40, 20]
        @test reduce(vcat, table(page).x for page in Plattli.pages(stream, "t"; partitions = "a", max_rows = 7, order = :descending)) == 100:-1:1
        @test [page.cursor.rows for page in Plattli.pages(stream, "t"; partitions = "a", max_rows = 40, cursor = page.cursor)] == [40]

        append!(stream, "t", "a", (time = [200], z = [1]))
        @test [page.cursor.status for page in Plattli.pages(stream, "t"; partitions = "a")] == [:schema_change, :all]
        @test Plattli.topics(stream) == ["t"] && Plattli.partitions(stream, "t") == ["a", "b", "c1"] && Plattli.partitions(stream, "u") == []

        for wrong in ((start = -1,), (max_rows = -1,), (max_bytes = -1,), (max_value_bytes = -1,), (time = (0, big(2)^63),), (order = :sideways,))
            @test_throws ArgumentError Plattli.query(stream, "t"; wrong...)
        end
        for wrong in ((max_rows = 0,), (max_bytes = 0,), (time = (2, 1),), (cursor = "nonsense",), (pattern = "(",))
            @test refused(() -> Plattli.query(stream, "t"; wrong...), Plattli.ERR_ARGUMENT)
        end
        @test refused(() -> Plattli.query(stream, "t"; pick = ["nothing"]), Plattli.ERR_NOT_FOUND)
    end
end

@testset "rows are there again, and a broken store says how it was mended" begin
    dir = fresh("again")
    quiet(dir) do stream
        append!(stream, "t", "p", (time = 1:3, x = [1.0, 2.0, 3.0]))
        Plattli.checkpoint(stream)
        @test Plattli.warnings(stream) == [] && Plattli.stats(stream).bytes > 0
    end
    page = quiet(stream -> (append!(stream, "t", "p", (time = [4], x = [4.0])); Plattli.query(stream, "t")), dir)
    GC.gc()
    @test table(page).x == 1:4 # it outlives the stream
    write(joinpath(dir, "manifest.sqlite"), "nonsense")
    quiet(dir) do stream
        @test any(text -> occursin("manifest", text), Plattli.warnings(stream))
        @test table(Plattli.query(stream, "t")).x == 1:4
    end
end

@testset "the oldest rows go when the quota is reached" begin
    quiet(; store_bytes = 300_000, roll_rows = 1000) do stream
        for i in 0:99
            append!(stream, "t", "p", times((1:500) .+ 500i), (x = ones(500),))
        end
        Plattli.checkpoint(stream)
        Plattli.retain(stream)
        told = Plattli.stats(stream)
        @test told.dropped_rows > 0 && told.bytes < 400_000
        @test first(table(Plattli.query(stream, "t")).time) == told.dropped_rows + 1
    end
end

@testset "a closed stream says that it is closed" begin
    stream = Plattli.Stream(fresh("closed"))
    append!(stream, "t", "p", (time = [1], x = [1.0]))
    close(stream)
    close(stream)
    @test !isopen(stream) && occursin("closed", sprint(show, stream))
    for use in (s -> append!(s, "t", "p", (time = [1],)), s -> append!(s, "t", "p", (time = [1], x = [1])), s -> Plattli.query(s, "t"), s -> collect(Plattli.pages(s, "t")), Plattli.checkpoint,
                Plattli.retain, Plattli.replicate, Plattli.stats, Plattli.topics, s -> Plattli.partitions(s, "t"), Plattli.warnings)
        @test refused(() -> use(stream), Plattli.ERR_STATE, "closed")
    end
    @test_throws DomainError Plattli.Stream(s -> throw(DomainError(1)), fresh("thrown"))
end
