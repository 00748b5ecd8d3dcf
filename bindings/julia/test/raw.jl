# The C functions as they are, every one of them, with a collection before each: what ccall does not keep alive is gone.

const CALLED = Set{Symbol}()

function call(name, arguments...)
    push!(CALLED, name)
    GC.gc(false)
    return getfield(API, name)(arguments...)
end
ok(name, arguments...) = call(name, arguments...) == API.PLATTLI_OK

function made(T, name, arguments...)
    out = Ref{Ptr{T}}(C_NULL)
    @test ok(name, arguments..., out)
    return out[]
end

text(pointer) = unsafe_string(pointer)
text(pointer, len) = unsafe_string(pointer, len)

"The text of a string of the library, which is freed."
function text_and_free(string)
    made = text(call(:plattli_string_data, string), call(:plattli_string_len, string))
    call(:plattli_string_free, string)
    return made
end

const KINDS_OF_NUMBERS = (f32 = Float32, f64 = Float64, i8 = Int8, i16 = Int16, i32 = Int32, i64 = Int64, u8 = UInt8, u16 = UInt16,
                          u32 = UInt32, u64 = UInt64)

function raw_run(dir)
    options = call(:plattli_writer_options_new)
    @test options != C_NULL
    for (setter, values) in (:layout => (API.PLATTLI_COMPACTING,), :step => (5,), :hotsize => (2,), :config_json => ("{\"a\": 1}", 8),
                             :config_path => ("setup.json",), :reopen_finished => (true,), :overwrite => (false,),
                             :durability => (API.PLATTLI_DURABLE_SYSTEM,), :sync_interval => (1, 0), :overload => (API.PLATTLI_OVERLOAD_WAIT,),
                             :threads => (1,), :nice => (3,), :affinity => (UInt32[0], 1), :on_io_error => (API.PLATTLI_IO_RETRY,), :lock => (true,), :strict => (false,))
        @test ok(Symbol(:plattli_writer_options_set_, setter), options, values...)
    end
    @test ok(:plattli_writer_options_set_config_json, options, "{\"a\": 1}", 8) # the later one wins
    writer = made(API.plattli_writer, :plattli_writer_open, dir, options)
    call(:plattli_writer_options_free, options)

    step = Ref{UInt32}(0)
    @test ok(:plattli_writer_step, writer, step) && step[] == 5
    ids = Dict{Symbol,UInt32}()
    for name in (keys(KINDS_OF_NUMBERS)..., :bool, :str, :json)
        id = Ref{UInt32}(0)
        code = get(KINDS_OF_NUMBERS, name, String)
        @test ok(:plattli_writer_metric, writer, "id/$name", Plattli.dtype(code), id)
        ids[name] = id[]
    end
    for (name, T) in pairs(KINDS_OF_NUMBERS)
        @test ok(Symbol(:plattli_write_, name), writer, "name/$name", T(7))
        @test ok(Symbol(:plattli_put_, name), writer, ids[name], T(8))
    end
    @test ok(:plattli_write_bool, writer, "name/bool", true) && ok(:plattli_put_bool, writer, ids[:bool], false)
    @test ok(:plattli_write_str, writer, "name/str", "grün\0", 6) && ok(:plattli_put_str, writer, ids[:str], C_NULL, 0)
    @test ok(:plattli_write_json, writer, "name/json", "[1]", 3) && ok(:plattli_put_json, writer, ids[:json], "{}", 2)
    @test ok(:plattli_flush, writer) && ok(:plattli_end_step, writer)
    @test ok(:plattli_writer_set_step, writer, 9)
    @test ok(:plattli_put_row_f64, writer, [ids[:f64]], [1.5], 1) && ok(:plattli_put_row_f32, writer, [ids[:f32]], [2.5f0], 1)
    @test ok(:plattli_end_step, writer) && ok(:plattli_sync, writer)
    @test ok(:plattli_writer_set_config, writer, "{\"a\": 2}", 8)
    stats = Ref(API.plattli_writer_stats())
    @test ok(:plattli_writer_get_stats, writer, stats) && stats[].rows == 2 && stats[].size == sizeof(API.plattli_writer_stats)
    string = Ref{Ptr{API.plattli_string}}(C_NULL)
    @test call(:plattli_writer_warnings, writer, 0, string) == API.PLATTLI_ERR_NOT_FOUND

    finish = call(:plattli_finish_options_new)
    @test ok(:plattli_finish_options_set_optimize, finish, true) && ok(:plattli_finish_options_set_archive, finish, true)
    @test ok(:plattli_finish_options_set_config_overrides, finish, "{\"b\": 3}", 8)
    @test ok(:plattli_finish, writer, finish)
    call(:plattli_finish_options_free, finish)
    @test ok(:plattli_writer_close, writer)
end

function raw_read(dir)
    options = call(:plattli_reader_options_new)
    @test ok(:plattli_reader_options_set_kind, options, API.PLATTLI_KIND_ARCHIVE) && ok(:plattli_reader_options_set_exclude_hot, options, false)
    @test ok(:plattli_reader_options_set_strict, options, true)
    reader = made(API.plattli_reader, :plattli_reader_open, dir, options)
    call(:plattli_reader_options_free, options)
    @test ok(:plattli_reader_refresh, reader)

    count, name, len, rows = Ref{Csize_t}(0), Ref{Ptr{UInt8}}(C_NULL), Ref{Csize_t}(0), Ref{UInt64}(0)
    @test ok(:plattli_reader_metric_count, reader, count) && count[] == 26
    @test ok(:plattli_reader_metric_name, reader, 0, name) && text(name[]) == "id/bool"
    info = Ref(API.plattli_metric_info())
    @test ok(:plattli_reader_metric_info, reader, "id/f64", info)
    @test (info[].rows, info[].first_step, info[].last_step, info[].dtype) == (2, 5, 9, API.PLATTLI_F64)
    @test ok(:plattli_reader_config, reader, name, len) && Plattli.json_value(text(name[], len[])) == Dict("a" => 2, "b" => 3)
    @test ok(:plattli_reader_when_exported, reader, name) && length(text(name[])) == 20
    @test ok(:plattli_reader_rows, reader, "id/f32", rows) && rows[] == 2
    @test ok(:plattli_reader_approx_max_rows, reader, 12, rows) && rows[] == 2
    @test call(:plattli_reader_warnings, reader, 0, name) == API.PLATTLI_ERR_NOT_FOUND

    for (suffix, T) in (:f64 => Float64, :f32 => Float32, :i64 => Int64, :u64 => UInt64)
        read, needed, steps, values = Symbol(:plattli_read_, suffix), Ref{Csize_t}(0), UInt32[0], T[0]
        selection = Ref(API.plattli_selection(API.PLATTLI_STEPS, 3, 5, 5, 0, 0))
        @test call(read, reader, "name/u8", selection, C_NULL, C_NULL, 0, needed) == API.PLATTLI_ERR_BUFFER && needed[] == 1
        push!(SEEN, API.PLATTLI_ERR_BUFFER)
        @test ok(read, reader, "name/u8", selection, steps, values, 1, needed) && (steps, values) == ([5], [7])
    end

    column = made(API.plattli_column, :plattli_reader_column, reader, "id/f64", C_NULL, API.PLATTLI_STANDARD)
    @test call(:plattli_column_len, column) == 2 && call(:plattli_column_dtype, column) == API.PLATTLI_F64
    @test unsafe_wrap(Array, call(:plattli_column_steps, column), 2) == [5, 9]
    @test unsafe_wrap(Array, Ptr{Float64}(call(:plattli_column_values, column)), 2) == [8, 1.5]
    texts = made(API.plattli_column, :plattli_reader_column, reader, "name/str", C_NULL, API.PLATTLI_STANDARD)
    table = made(API.plattli_table, :plattli_reader_table, reader, ["id/f32", "id/f64"], 2, "id/f64", C_NULL, API.PLATTLI_STANDARD)
    call(:plattli_reader_close, reader) # what was read outlives it
    @test ok(:plattli_column_json, texts, 0, name, len) && text(name[], len[]) == "\"grün\\u0000\""
    @test call(:plattli_table_len, table) == 2 && unsafe_load(call(:plattli_table_steps, table), 2) == 9
    borrowed = made(API.plattli_column, :plattli_table_column, table, 1)
    @test unsafe_load(Ptr{Float64}(API.plattli_column_values(borrowed)), 2) == 1.5
    call(:plattli_column_free, column)
    call(:plattli_column_free, texts)
    call(:plattli_table_free, table)
end

@testset "raw: a run is written and read by the functions of C" begin
    dir = fresh("raw")
    raw_run(dir)
    raw_read(dir)
end

@testset "raw: what was broken is told as text of the library" begin
    dir = fresh("broken")
    Plattli.Writer(dir) do run
        write(run, "x", 1.0)
        end_step(run)
    end
    open(f -> write(f, "nonsense\n{\"step\":5,\"x\":2.0}\n"), joinpath(dir, "plattli", "hot.jsonl"), "a")
    writer = made(API.plattli_writer, :plattli_writer_open, dir, C_NULL)
    string = made(API.plattli_string, :plattli_writer_warnings, writer, 0)
    @test occursin("hot.jsonl", text_and_free(string))
    @test ok(:plattli_writer_close, writer)
end

@testset "raw: a log is imported" begin
    log = fresh("log.jsonl")
    write(log, "{\"step\": 0, \"x\": 1.5, \"y\": 1}\n{\"step\": 1, \"x\": 2.5, \"y\": 1}\n{\"st")
    options = call(:plattli_import_options_new)
    @test ok(:plattli_import_options_set_skip_columns, options, ["y.*", "z"], 2)
    for (setter, value) in (:allow_rewinds => true, :overwrite => true, :double => true, :skip_torn_tail => true)
        @test ok(Symbol(:plattli_import_options_set_, setter), options, value)
    end
    report = Ref(API.plattli_import_report())
    @test ok(:plattli_import_jsonl, log, fresh("imported"), options, report)
    @test (report[].rows, report[].metrics, report[].torn_tail) == (2, 1, 1)
    call(:plattli_import_options_free, options)
end

@testset "raw: versions, features and the last error" begin
    @test call(:plattli_version) >= API.PLATTLI_VERSION
    @test VersionNumber(text(call(:plattli_version_string))) == Plattli.version()
    @test call(:plattli_has_feature, "run") && !call(:plattli_has_feature, "flight")
    @test text(call(:plattli_status_name, API.PLATTLI_ERR_IO)) == "PLATTLI_ERR_IO"
    @test call(:plattli_flush, C_NULL) == API.PLATTLI_ERR_ARGUMENT
    @test occursin("NULL", text(call(:plattli_last_error)))
    room = zeros(UInt8, 5)
    @test call(:plattli_last_error_copy, room, 5) == length(text(API.plattli_last_error())) && room[5] == 0
end
