function raw_options(dir)
    options = call(:plattli_stream_options_new)
    for (setter, value) in (:format => API.PLATTLI_SEGMENT_ARROW, :roll_rows => 4, :roll_bytes => 1 << 20, :roll_age => 0, :checkpoint => 0,
                            :sync => false, :partition_bytes => 1 << 30, :partition_segments => 100, :store_bytes => 1 << 30, :max_age => 0,
                            :min_free_bytes => 0, :open_topics => 3, :active_bytes => 1 << 30, :overload_wait => 10, :threads => 1,
                            :manifest => joinpath(mkpath(dir), "m.sqlite"), :drop_waiting => true)
        @test ok(Symbol(:plattli_stream_options_set_, setter), options, value)
    end
    @test ok(:plattli_stream_options_set_replicate, options, joinpath(dir, "copies"), 0)
    return options
end

function raw_append(stream)
    time, span = Int64[1, 2, 3, 4, 5], zeros(UInt64, 2)
    a, b = rand(5), rand(5)
    GC.@preserve a b begin
        @test ok(:plattli_stream_append_f64, stream, "t", "p", time, ["a", "b"], [pointer(a), pointer(b)], 2, 5, span) && span == [0, 5]
        @test ok(:plattli_stream_append_f64, stream, "t", "p", time .+ 5, ["a", "b"], [pointer(a), pointer(b)], 2, 5, span) && span == [5, 10]
    end
    return [a; a]
end

function raw_query(stream)
    query = call(:plattli_query_new)
    for (setter, values) in (:topic => ("t",), :partitions => (["p"], 1), :pattern => ("^p",), :order => (API.PLATTLI_ASCENDING,), :start => (1,), :time => (0, 100),
                             :max_rows => (6,), :max_bytes => (1000,), :pick => (["time", "a", "b"], 3), :exclude => (["b"], 1), :flatten => (".",),
                             :max_value_bytes => (10,), :labels => (false,), :cursor => (C_NULL, 0))
        @test ok(Symbol(:plattli_query_set_, setter), query, values...)
    end
    return query
end

"The numbers of column `at` of the one batch there is, and its schema and array, for the caller to release."
function one_batch(rows, at)
    schema, batch = schema_of(rows), batch_of(rows)
    column = unsafe_load(unsafe_load(batch[].children, at))
    numbers = copy(unsafe_wrap(Array, Ptr{Float64}(unsafe_load(column.buffers, 2)) + 8 * (column.offset + batch[].offset), batch[].length))
    let_go(rows)
    return numbers, schema, batch
end

@testset "raw: rows are appended, queried page by page, copied as Arrow and replicated" begin
    dir = fresh("stream")
    options = raw_options(dir)
    stream = made(API.plattli_stream, :plattli_stream_open, dir, options)
    call(:plattli_stream_options_free, options)
    a = raw_append(stream)

    query, rows, cursor = raw_query(stream), Ref(API.ArrowArrayStream()), Ref{Ptr{API.plattli_cursor}}(C_NULL)
    @test ok(:plattli_stream_query, stream, query, rows, cursor)
    status, number, count, name = Ref{Int32}(-1), Ref{UInt64}(0), Ref{Csize_t}(0), Ref{Ptr{UInt8}}(C_NULL)
    @test ok(:plattli_cursor_status, cursor[], status) && status[] == API.PLATTLI_PAGE_ROW_LIMIT
    @test ok(:plattli_cursor_rows, cursor[], number) && number[] == 6
    @test ok(:plattli_cursor_partition_count, cursor[], count) && count[] == 1
    @test ok(:plattli_cursor_partition, cursor[], 0, name, number) && text(name[]) == "p" && number[] == 7
    @test occursin("\"p\"", text_and_free(made(API.plattli_string, :plattli_cursor_text, cursor[])))
    let_go(rows)
    @test ok(:plattli_query_resume, query, cursor[])
    call(:plattli_cursor_free, cursor[])
    @test ok(:plattli_stream_query, stream, query, rows, C_NULL)
    call(:plattli_query_free, query)

    numbers, schema, batch = one_batch(rows, 2)
    @test numbers == a[8:10]
    span = zeros(UInt64, 2)
    @test call(:plattli_stream_append, stream, "", "p", batch, schema, span) == API.PLATTLI_ERR_ARGUMENT && batch[].release != C_NULL
    @test ok(:plattli_stream_append, stream, "copy", "p", batch, schema, span) && span == [0, 3]
    @test batch[].release == C_NULL == schema[].release # taken

    stats, copied = Ref(API.plattli_stream_stats()), Ref{UInt64}(0)
    @test ok(:plattli_stream_checkpoint, stream) && ok(:plattli_stream_retain, stream)
    @test ok(:plattli_stream_replicate, stream, copied)
    @test ok(:plattli_stream_get_stats, stream, stats) && stats[].rows == 13 && stats[].replicated == copied[] == stats[].segments
    for (listing, given, expected) in ((:plattli_stream_topics, (), 2), (:plattli_stream_partitions, ("t",), 1), (:plattli_stream_warnings, (), 0))
        list = made(API.plattli_strings, listing, stream, given...)
        @test call(:plattli_strings_len, list) == expected
        call(:plattli_strings_free, list)
    end
    @test ok(:plattli_stream_close, stream)
    @test isfile(joinpath(dir, "m.sqlite"))
end
