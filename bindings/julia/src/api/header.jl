# Generated from include/plattli.h by gen/generate.jl. Do not edit.

"""
The version of this header, as `major << 16 | minor << 8 | patch`.
"""
const PLATTLI_VERSION = UInt32(256)

"""
Success.
"""
const PLATTLI_OK = Int32(0)

"""
NULL, an illegal name, bad UTF-8, bad JSON, an unknown option or enum value.
"""
const PLATTLI_ERR_ARGUMENT = Int32(1)

"""
The value does not fit the metric: dtype conflict, overflow, inexact integer.
"""
const PLATTLI_ERR_TYPE = Int32(2)

"""
Metric written twice in a step, handle finished, step out of order.
"""
const PLATTLI_ERR_STATE = Int32(3)

"""
No run here; unknown metric, key or topic.
"""
const PLATTLI_ERR_NOT_FOUND = Int32(4)

"""
Finished run without the reopen option; output exists without overwrite.
"""
const PLATTLI_ERR_EXISTS = Int32(5)

"""
Another writer holds the run, or a live run kept changing while it was read: try again.
"""
const PLATTLI_ERR_BUSY = Int32(6)

"""
Data on disk breaks the format in a way that recovery must not paper over.
"""
const PLATTLI_ERR_CORRUPT = Int32(7)

"""
The operating system refused: no space, no quota, no permission, a broken disk.
"""
const PLATTLI_ERR_IO = Int32(8)

"""
Shed under the chosen overload policy; nothing of this call was kept.
"""
const PLATTLI_ERR_OVERLOADED = Int32(9)

"""
The caller's buffer is too small; the needed length was returned.
"""
const PLATTLI_ERR_BUFFER = Int32(10)

"""
The handle belongs to a parent process.
"""
const PLATTLI_ERR_FORKED = Int32(11)

"""
This build lacks the feature.
"""
const PLATTLI_ERR_UNSUPPORTED = Int32(12)

"""
A bug in the library. The handle is unusable from now on; others are not affected.
"""
const PLATTLI_ERR_INTERNAL = Int32(13)

"""
32-bit float.
"""
const PLATTLI_F32 = Int32(1)

"""
64-bit float.
"""
const PLATTLI_F64 = Int32(2)

"""
Signed 8-bit integer.
"""
const PLATTLI_I8 = Int32(3)

"""
Signed 16-bit integer.
"""
const PLATTLI_I16 = Int32(4)

"""
Signed 32-bit integer.
"""
const PLATTLI_I32 = Int32(5)

"""
Signed 64-bit integer.
"""
const PLATTLI_I64 = Int32(6)

"""
Unsigned 8-bit integer.
"""
const PLATTLI_U8 = Int32(7)

"""
Unsigned 16-bit integer.
"""
const PLATTLI_U16 = Int32(8)

"""
Unsigned 32-bit integer.
"""
const PLATTLI_U32 = Int32(9)

"""
Unsigned 64-bit integer.
"""
const PLATTLI_U64 = Int32(10)

"""
Any JSON value: text, booleans, lists, objects.
"""
const PLATTLI_JSON = Int32(11)

"""
Rows go to a log and are compacted into columns in the background. The default.
"""
const PLATTLI_COMPACTING = Int32(0)

"""
Each row goes straight to the columns; there is no log.
"""
const PLATTLI_DIRECT = Int32(1)

"""
Everything is staged, and published whole by `plattli_finish`.
"""
const PLATTLI_BULK = Int32(2)

"""
An acknowledged step survives the death of the process. The default.
"""
const PLATTLI_DURABLE_PROCESS = Int32(0)

"""
An acknowledged step also survives power loss, once its sync interval has passed.
"""
const PLATTLI_DURABLE_SYSTEM = Int32(1)

"""
`plattli_end_step` waits while compaction is too far behind. The default.
"""
const PLATTLI_OVERLOAD_WAIT = Int32(0)

"""
A step that would have to wait is dropped whole and counted: `PLATTLI_ERR_OVERLOADED`.
"""
const PLATTLI_OVERLOAD_SHED = Int32(1)

"""
Rows that the disk refused stay in memory within a bound; every step reports and tries again. The default.
"""
const PLATTLI_IO_RETRY = Int32(0)

"""
The first error of the disk is latched: every later call returns it.
"""
const PLATTLI_IO_FAIL = Int32(1)

"""
Whatever is found first. The default.
"""
const PLATTLI_KIND_AUTO = Int32(0)

"""
A run folder.
"""
const PLATTLI_KIND_FOLDER = Int32(1)

"""
An archive.
"""
const PLATTLI_KIND_ARCHIVE = Int32(2)

"""
Every row.
"""
const PLATTLI_ALL = Int32(0)

"""
Rows by their step, both ends inclusive.
"""
const PLATTLI_STEPS = Int32(1)

"""
Rows by their value, both ends inclusive; NaN lies in no range, and JSON metrics have none.
"""
const PLATTLI_VALUES = Int32(2)

"""
Rows by their position, from `start` up to but without `stop`; negative ones count from the end.
"""
const PLATTLI_POSITIONS = Int32(3)

"""
Integers as `PLATTLI_I64`, whatever their stored width; floats and JSON as stored.
"""
const PLATTLI_STANDARD = Int32(0)

"""
As stored.
"""
const PLATTLI_STORAGE = Int32(-1)

"""
Rows of one metric. Does not change, and outlives the reader.
"""
mutable struct plattli_column end

"""
How a run is finished. Used by one thread at a time.
"""
mutable struct plattli_finish_options end

"""
How a log is imported. Used by one thread at a time.
"""
mutable struct plattli_import_options end

"""
A run that is being read, as it was when it was opened or last refreshed. May be used from any thread; calls
wait for each other inside.
"""
mutable struct plattli_reader end

"""
How a run is opened for reading. Used by one thread at a time; `plattli_reader_open` copies what it needs.
"""
mutable struct plattli_reader_options end

"""
Text made by the library: UTF-8, terminated, with its length, as it may hold NUL. Plain memory: it outlives the
object it came from and may be read by any thread.
"""
mutable struct plattli_string end

"""
Rows of several metrics side by side. Does not change, and outlives the reader.
"""
mutable struct plattli_table end

"""
A run that is being written. May be used from any thread; calls wait for each other inside.
"""
mutable struct plattli_writer end

"""
How a run is opened for writing. Used by one thread at a time; `plattli_writer_open` copies what it needs.
"""
mutable struct plattli_writer_options end

"""
What a writer has done so far. Set `size` to `sizeof(plattli_writer_stats)` before it is filled.
"""
struct plattli_writer_stats
    size::Csize_t
    steps::UInt64
    rows::UInt64
    pending_rows::UInt64
    dropped_rows::UInt64
    shed_steps::UInt64
    io_errors::UInt64
    retries::UInt64
    compactions::UInt64
    warnings::UInt64
    bytes_written::UInt64
    sync_count::UInt64
    caller_ns_total::UInt64
    caller_ns_max::UInt64
end
plattli_writer_stats() = plattli_writer_stats(sizeof(plattli_writer_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

"""
What there is to know about a metric. Set `size` to `sizeof(plattli_metric_info)` before it is filled.
"""
struct plattli_metric_info
    size::Csize_t
    dtype::Int32
    monotonic::Int32
    rows::UInt64
    first_step::UInt32
    last_step::UInt32
end
plattli_metric_info() = plattli_metric_info(sizeof(plattli_metric_info), 0, 0, 0, 0, 0)

"""
Which rows are wanted. Zeroed it selects all. A reversed range is empty, not an error.
"""
struct plattli_selection
    kind::Int32
    bounds::Int32
    start::Int64
    stop::Int64
    vstart::Float64
    vstop::Float64
end
plattli_selection() = plattli_selection(0, 0, 0, 0, 0, 0)

"""
What was imported. Set `size` to `sizeof(plattli_import_report)` before it is filled.
"""
struct plattli_import_report
    size::Csize_t
    rows::UInt64
    rewound_rows::UInt64
    metrics::UInt64
    torn_tail::UInt64
end
plattli_import_report() = plattli_import_report(sizeof(plattli_import_report), 0, 0, 0, 0)

const address_of_plattli_version = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_version() -> UInt32

The version of the library, as `major << 16 | minor << 8 | patch`; equals `PLATTLI_VERSION` of the header
that belongs to it.
"""
plattli_version() =
    ccall(address_of_plattli_version[], UInt32, ())

const address_of_plattli_version_string = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_version_string() -> Ptr{UInt8}

The version of the library as text, `\"major.minor.patch\"`. Valid for as long as the library is loaded.
"""
plattli_version_string() =
    ccall(address_of_plattli_version_string[], Ptr{UInt8}, ())

const address_of_plattli_has_feature = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_has_feature(name) -> Bool

Whether this build has a feature: `\"run\"`, or `\"patterns\"` (columns to skip in an import). False for NULL and for names it does not know.
"""
plattli_has_feature(name) =
    ccall(address_of_plattli_has_feature[], Bool, (Cstring,), name)

const address_of_plattli_last_error = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_last_error() -> Ptr{UInt8}

The text of the last failure on the calling thread: what was tried, on which path or metric, and what the
operating system said.

Never NULL; empty before the first failure. Valid until the next failing call on the same thread; calls that
succeed leave it alone.
"""
plattli_last_error() =
    ccall(address_of_plattli_last_error[], Ptr{UInt8}, ())

const address_of_plattli_last_error_copy = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_last_error_copy(buf, cap) -> Csize_t

Copies the text of the last failure on the calling thread into `buf`, always terminated, cut between
characters where it does not fit into `cap` bytes.

Returns the length of the whole text without its terminator: the copy is complete if that is below `cap`.
`buf` may be NULL, and `cap` 0, to ask for the length.
"""
plattli_last_error_copy(buf, cap) =
    ccall(address_of_plattli_last_error_copy[], Csize_t, (Ptr{UInt8}, Csize_t), buf, cap)

const address_of_plattli_status_name = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_status_name(status) -> Ptr{UInt8}

The name of a status code, such as `\"PLATTLI_ERR_IO\"`; `\"PLATTLI_ERR_UNKNOWN\"` for any other number.
Never NULL; valid for as long as the library is loaded.
"""
plattli_status_name(status) =
    ccall(address_of_plattli_status_name[], Ptr{UInt8}, (Int32,), status)

const address_of_plattli_string_data = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_string_data(string) -> Ptr{UInt8}

The text, terminated. Valid until `plattli_string_free`. NULL for NULL.
"""
plattli_string_data(string) =
    ccall(address_of_plattli_string_data[], Ptr{UInt8}, (Ptr{plattli_string},), string)

const address_of_plattli_string_len = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_string_len(string) -> Csize_t

The length of the text in bytes, without the terminator. 0 for NULL.
"""
plattli_string_len(string) =
    ccall(address_of_plattli_string_len[], Csize_t, (Ptr{plattli_string},), string)

const address_of_plattli_string_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_string_free(string) -> nothing

Releases a string. NULL is fine.
"""
plattli_string_free(string) =
    ccall(address_of_plattli_string_free[], Cvoid, (Ptr{plattli_string},), string)

const address_of_plattli_writer_options_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_new() -> Ptr{plattli_writer_options}

New options with the defaults. Never NULL unless memory is exhausted; release them with
`plattli_writer_options_free`.
"""
plattli_writer_options_new() =
    ccall(address_of_plattli_writer_options_new[], Ptr{plattli_writer_options}, ())

const address_of_plattli_writer_options_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_free(options) -> nothing

Releases options. NULL is fine. Writers opened with them are not affected.
"""
plattli_writer_options_free(options) =
    ccall(address_of_plattli_writer_options_free[], Cvoid, (Ptr{plattli_writer_options},), options)

const address_of_plattli_writer_options_set_layout = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_layout(options, layout) -> Int32

How rows reach the disk: `PLATTLI_COMPACTING`, `PLATTLI_DIRECT` or `PLATTLI_BULK`.
"""
plattli_writer_options_set_layout(options, layout) =
    ccall(address_of_plattli_writer_options_set_layout[], Int32, (Ptr{plattli_writer_options}, Int32), options, layout)

const address_of_plattli_writer_options_set_step = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_step(options, step) -> Int32

The step to continue from. Rows at or beyond it are dropped everywhere. Not set: the run continues after its
last recorded step and nothing is dropped.
"""
plattli_writer_options_set_step(options, step) =
    ccall(address_of_plattli_writer_options_set_step[], Int32, (Ptr{plattli_writer_options}, UInt32), options, step)

const address_of_plattli_writer_options_set_hotsize = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_hotsize(options, rows) -> Int32

How many rows the log holds before it is compacted: at least 1; 200 unless set.
"""
plattli_writer_options_set_hotsize(options, rows) =
    ccall(address_of_plattli_writer_options_set_hotsize[], Int32, (Ptr{plattli_writer_options}, UInt64), options, rows)

const address_of_plattli_writer_options_set_config_json = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_config_json(options, json, len) -> Int32

The configuration of the run, as JSON text of `len` bytes; copied.
"""
plattli_writer_options_set_config_json(options, json, len) =
    ccall(address_of_plattli_writer_options_set_config_json[], Int32, (Ptr{plattli_writer_options}, Ptr{UInt8}, Csize_t), options, json, len)

const address_of_plattli_writer_options_set_config_path = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_config_path(options, path) -> Int32

The file that holds the configuration, relative to the run directory: `config.json` of the run becomes a link
to it if it exists when the run is opened. `\"config.json\"` unless set.
"""
plattli_writer_options_set_config_path(options, path) =
    ccall(address_of_plattli_writer_options_set_config_path[], Int32, (Ptr{plattli_writer_options}, Cstring), options, path)

const address_of_plattli_writer_options_set_reopen_finished = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_reopen_finished(options, reopen) -> Int32

Allows an archived run to be unpacked and continued; false unless set. Without it, opening one is
`PLATTLI_ERR_EXISTS`.
"""
plattli_writer_options_set_reopen_finished(options, reopen) =
    ccall(address_of_plattli_writer_options_set_reopen_finished[], Int32, (Ptr{plattli_writer_options}, Bool), options, reopen)

const address_of_plattli_writer_options_set_overwrite = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_overwrite(options, overwrite) -> Int32

Bulk layout: an existing run may be replaced; false unless set. Without it that is `PLATTLI_ERR_EXISTS`.
"""
plattli_writer_options_set_overwrite(options, overwrite) =
    ccall(address_of_plattli_writer_options_set_overwrite[], Int32, (Ptr{plattli_writer_options}, Bool), options, overwrite)

const address_of_plattli_writer_options_set_durability = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_durability(options, durability) -> Int32

What an acknowledged step survives: `PLATTLI_DURABLE_PROCESS` or `PLATTLI_DURABLE_SYSTEM`.
"""
plattli_writer_options_set_durability(options, durability) =
    ccall(address_of_plattli_writer_options_set_durability[], Int32, (Ptr{plattli_writer_options}, Int32), options, durability)

const address_of_plattli_writer_options_set_sync_interval = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_sync_interval(options, steps, milliseconds) -> Int32

System durability: how often to sync, after so many steps or so many milliseconds, whichever is first. 0
leaves that measure out; one of the two must be given. 1 step and 0 milliseconds unless set.
"""
plattli_writer_options_set_sync_interval(options, steps, milliseconds) =
    ccall(address_of_plattli_writer_options_set_sync_interval[], Int32, (Ptr{plattli_writer_options}, UInt32, UInt64), options, steps, milliseconds)

const address_of_plattli_writer_options_set_overload = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_overload(options, overload) -> Int32

What happens when compaction cannot keep up: `PLATTLI_OVERLOAD_WAIT` or `PLATTLI_OVERLOAD_SHED`.
"""
plattli_writer_options_set_overload(options, overload) =
    ccall(address_of_plattli_writer_options_set_overload[], Int32, (Ptr{plattli_writer_options}, Int32), options, overload)

const address_of_plattli_writer_options_set_threads = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_threads(options, threads) -> Int32

How many background threads a writer may have: 0 for none, so that compaction runs inside `plattli_end_step`.
1 unless set; more are allowed and not used.
"""
plattli_writer_options_set_threads(options, threads) =
    ccall(address_of_plattli_writer_options_set_threads[], Int32, (Ptr{plattli_writer_options}, UInt32), options, threads)

const address_of_plattli_writer_options_set_nice = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_nice(options, nice) -> Int32

How far the background thread stands back behind the threads of the program, 0 to 19, added to the `nice` of the
process. 0 unset. A solver on the same processor then loses less time, and rows stay in the log for longer.
"""
plattli_writer_options_set_nice(options, nice) =
    ccall(address_of_plattli_writer_options_set_nice[], Int32, (Ptr{plattli_writer_options}, UInt32), options, nice)

const address_of_plattli_writer_options_set_affinity = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_affinity(options, processors, n) -> Int32

The `n` processors on which the background thread may run, as `taskset` counts them: another than that of a solver
that is bound to one. With `n` 0, the default, those of the thread that opens the run. `plattli_writer_open`
returns `PLATTLI_ERR_ARGUMENT` where the system does not let the process run there.
"""
plattli_writer_options_set_affinity(options, processors, n) =
    ccall(address_of_plattli_writer_options_set_affinity[], Int32, (Ptr{plattli_writer_options}, Ptr{UInt32}, Csize_t), options, processors, n)

const address_of_plattli_writer_options_set_on_io_error = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_on_io_error(options, policy) -> Int32

What happens when the disk refuses: `PLATTLI_IO_RETRY` or `PLATTLI_IO_FAIL`.
"""
plattli_writer_options_set_on_io_error(options, policy) =
    ccall(address_of_plattli_writer_options_set_on_io_error[], Int32, (Ptr{plattli_writer_options}, Int32), options, policy)

const address_of_plattli_writer_options_set_lock = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_lock(options, lock) -> Int32

Whether a second writer of the run is refused with `PLATTLI_ERR_BUSY`; true unless set.
"""
plattli_writer_options_set_lock(options, lock) =
    ccall(address_of_plattli_writer_options_set_lock[], Int32, (Ptr{plattli_writer_options}, Bool), options, lock)

const address_of_plattli_writer_options_set_strict = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_options_set_strict(options, strict) -> Int32

Whether a broken line in the middle of a log is `PLATTLI_ERR_CORRUPT`; false unless set. Otherwise the line is
moved to `plattli.rejected.jsonl` in the run directory and counted as a warning.
"""
plattli_writer_options_set_strict(options, strict) =
    ccall(address_of_plattli_writer_options_set_strict[], Int32, (Ptr{plattli_writer_options}, Bool), options, strict)

const address_of_plattli_finish_options_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_finish_options_new() -> Ptr{plattli_finish_options}

New options with the defaults. Never NULL unless memory is exhausted; release them with
`plattli_finish_options_free`.
"""
plattli_finish_options_new() =
    ccall(address_of_plattli_finish_options_new[], Ptr{plattli_finish_options}, ())

const address_of_plattli_finish_options_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_finish_options_free(options) -> nothing

Releases options. NULL is fine.
"""
plattli_finish_options_free(options) =
    ccall(address_of_plattli_finish_options_free[], Cvoid, (Ptr{plattli_finish_options},), options)

const address_of_plattli_finish_options_set_optimize = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_finish_options_set_optimize(options, optimize) -> Int32

Whether integers are stored in the narrowest type that holds them, and index files become segments where that
pays; true unless set.
"""
plattli_finish_options_set_optimize(options, optimize) =
    ccall(address_of_plattli_finish_options_set_optimize[], Int32, (Ptr{plattli_finish_options}, Bool), options, optimize)

const address_of_plattli_finish_options_set_archive = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_finish_options_set_archive(options, archive) -> Int32

Whether the folder is packed into `metrics.plattli`; true unless set.
"""
plattli_finish_options_set_archive(options, archive) =
    ccall(address_of_plattli_finish_options_set_archive[], Int32, (Ptr{plattli_finish_options}, Bool), options, archive)

const address_of_plattli_finish_options_set_config_overrides = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_finish_options_set_config_overrides(options, json, len) -> Int32

Keys that replace those of the configuration: a JSON object as text of `len` bytes; copied.
"""
plattli_finish_options_set_config_overrides(options, json, len) =
    ccall(address_of_plattli_finish_options_set_config_overrides[], Int32, (Ptr{plattli_finish_options}, Ptr{UInt8}, Csize_t), options, json, len)

const address_of_plattli_writer_open = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_open(run_dir, options, out) -> Int32

Opens the run in the directory `run_dir` for writing, or begins one; the directory is made if it is missing.
What a crash left behind is put in order first.

`options` may be NULL for the defaults. On success `*out` is a writer, to be released with
`plattli_writer_close`. Errors: `PLATTLI_ERR_EXISTS` for a finished run without `set_reopen_finished`,
`PLATTLI_ERR_BUSY` if another writer has it, `PLATTLI_ERR_CORRUPT`, `PLATTLI_ERR_IO`.
"""
plattli_writer_open(run_dir, options, out) =
    ccall(address_of_plattli_writer_open[], Int32, (Cstring, Ptr{plattli_writer_options}, Ptr{Ptr{plattli_writer}}), run_dir, options, out)

const address_of_plattli_writer_metric = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_metric(writer, name, dtype, out_id) -> Int32

Makes a metric known under a number, `*out_id`, for the `plattli_put_…` functions; the same number for the same
name as long as the writer is open. `dtype` is one of `PLATTLI_F32` … `PLATTLI_JSON`. It is the type of a metric
that has no values yet; one that has values keeps its type, which must agree in kind. The metric appears in the
run with its first value.

Errors: `PLATTLI_ERR_ARGUMENT` for a name that cannot be stored or an unknown type, `PLATTLI_ERR_TYPE` if the
metric has values that such a type does not go with.
"""
plattli_writer_metric(writer, name, dtype, out_id) =
    ccall(address_of_plattli_writer_metric[], Int32, (Ptr{plattli_writer}, Cstring, Int32, Ptr{UInt32}), writer, name, dtype, out_id)

const address_of_plattli_writer_step = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_step(writer, out_step) -> Int32

The current step: the one that values go to and that `plattli_end_step` will end. `PLATTLI_ERR_STATE` once
step 4294967295 has been ended.
"""
plattli_writer_step(writer, out_step) =
    ccall(address_of_plattli_writer_step[], Int32, (Ptr{plattli_writer}, Ptr{UInt32}), writer, out_step)

const address_of_plattli_writer_set_step = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_set_step(writer, step) -> Int32

Moves the current step forward, to `step`. Only between steps: `PLATTLI_ERR_STATE` if values of the current
step were written, or if `step` lies behind.
"""
plattli_writer_set_step(writer, step) =
    ccall(address_of_plattli_writer_set_step[], Int32, (Ptr{plattli_writer}, UInt32), writer, step)

const address_of_plattli_end_step = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_end_step(writer) -> Int32

Ends the current step, and moves on to the next in any case.

`PLATTLI_OK` means that this step, and every one before it, is never lost by the death of the process, at any
later instant. The first error of any write of this step is returned here again; what was valid is recorded
and acknowledged all the same. After `PLATTLI_ERR_IO` the row waits in memory and is written by a later call:
the next `plattli_end_step`, `plattli_flush` or `plattli_sync` that succeeds acknowledges it too. Nothing ever
has to be repeated.
"""
plattli_end_step(writer) =
    ccall(address_of_plattli_end_step[], Int32, (Ptr{plattli_writer},), writer)

const address_of_plattli_flush = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_flush(writer) -> Int32

Hands the values written so far in the current step to the operating system, where readers see them. The step
goes on.
"""
plattli_flush(writer) =
    ccall(address_of_plattli_flush[], Int32, (Ptr{plattli_writer},), writer)

const address_of_plattli_sync = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_sync(writer) -> Int32

Returns once everything acknowledged so far is on stable storage.
"""
plattli_sync(writer) =
    ccall(address_of_plattli_sync[], Int32, (Ptr{plattli_writer},), writer)

const address_of_plattli_writer_set_config = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_set_config(writer, json, len) -> Int32

Replaces the configuration of the run by JSON text of `len` bytes.
"""
plattli_writer_set_config(writer, json, len) =
    ccall(address_of_plattli_writer_set_config[], Int32, (Ptr{plattli_writer}, Ptr{UInt8}, Csize_t), writer, json, len)

const address_of_plattli_writer_get_stats = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_get_stats(writer, out) -> Int32

What the writer has done so far. Legal after `plattli_finish` as well.
"""
plattli_writer_get_stats(writer, out) =
    ccall(address_of_plattli_writer_get_stats[], Int32, (Ptr{plattli_writer}, Ptr{plattli_writer_stats}), writer, out)

const address_of_plattli_writer_warnings = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_warnings(writer, i, out) -> Int32

What was found broken when the run was opened, and how it was mended, one text for each `i` from 0 on;
`PLATTLI_ERR_NOT_FOUND` past the last. On success `*out` is released with `plattli_string_free`.
"""
plattli_writer_warnings(writer, i, out) =
    ccall(address_of_plattli_writer_warnings[], Int32, (Ptr{plattli_writer}, Csize_t, Ptr{Ptr{plattli_string}}), writer, i, out)

const address_of_plattli_finish = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_finish(writer, options) -> Int32

Finishes the run: everything written, the unfinished current step included, is brought into its final form and
onto stable storage. `options` may be NULL for the defaults, which pack the run into `metrics.plattli`.

Releases the lock. Afterwards only `plattli_writer_get_stats` and `plattli_writer_close` are legal; other
calls return `PLATTLI_ERR_STATE`.
"""
plattli_finish(writer, options) =
    ccall(address_of_plattli_finish[], Int32, (Ptr{plattli_writer}, Ptr{plattli_finish_options}), writer, options)

const address_of_plattli_writer_close = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_writer_close(writer) -> Int32

Flushes the current step, waits for the background work and releases the writer, whatever it returns. Never
finishes the run: it can be opened again and continued. NULL is fine.

In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
"""
plattli_writer_close(writer) =
    ccall(address_of_plattli_writer_close[], Int32, (Ptr{plattli_writer},), writer)

const address_of_plattli_write_f32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_f32(writer, name, value) -> Int32

Writes a value of the metric `name` in the current step. A new name makes a new metric of the value's type; the
type of an existing one is widened where that loses nothing.

Errors, each of which leaves the step as it was and is returned again by `plattli_end_step`:
`PLATTLI_ERR_ARGUMENT` for a name that cannot be stored, `PLATTLI_ERR_TYPE` for a value that does not fit the
metric, `PLATTLI_ERR_STATE` for a second value in one step.
"""
plattli_write_f32(writer, name, value) =
    ccall(address_of_plattli_write_f32[], Int32, (Ptr{plattli_writer}, Cstring, Float32), writer, name, value)

const address_of_plattli_write_f64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_f64(writer, name, value) -> Int32

As `plattli_write_f32`, for a 64-bit float.
"""
plattli_write_f64(writer, name, value) =
    ccall(address_of_plattli_write_f64[], Int32, (Ptr{plattli_writer}, Cstring, Float64), writer, name, value)

const address_of_plattli_write_i8 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_i8(writer, name, value) -> Int32

As `plattli_write_f32`, for a signed 8-bit integer.
"""
plattli_write_i8(writer, name, value) =
    ccall(address_of_plattli_write_i8[], Int32, (Ptr{plattli_writer}, Cstring, Int8), writer, name, value)

const address_of_plattli_write_i16 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_i16(writer, name, value) -> Int32

As `plattli_write_f32`, for a signed 16-bit integer.
"""
plattli_write_i16(writer, name, value) =
    ccall(address_of_plattli_write_i16[], Int32, (Ptr{plattli_writer}, Cstring, Int16), writer, name, value)

const address_of_plattli_write_i32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_i32(writer, name, value) -> Int32

As `plattli_write_f32`, for a signed 32-bit integer.
"""
plattli_write_i32(writer, name, value) =
    ccall(address_of_plattli_write_i32[], Int32, (Ptr{plattli_writer}, Cstring, Int32), writer, name, value)

const address_of_plattli_write_i64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_i64(writer, name, value) -> Int32

As `plattli_write_f32`, for a signed 64-bit integer.
"""
plattli_write_i64(writer, name, value) =
    ccall(address_of_plattli_write_i64[], Int32, (Ptr{plattli_writer}, Cstring, Int64), writer, name, value)

const address_of_plattli_write_u8 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_u8(writer, name, value) -> Int32

As `plattli_write_f32`, for an unsigned 8-bit integer.
"""
plattli_write_u8(writer, name, value) =
    ccall(address_of_plattli_write_u8[], Int32, (Ptr{plattli_writer}, Cstring, UInt8), writer, name, value)

const address_of_plattli_write_u16 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_u16(writer, name, value) -> Int32

As `plattli_write_f32`, for an unsigned 16-bit integer.
"""
plattli_write_u16(writer, name, value) =
    ccall(address_of_plattli_write_u16[], Int32, (Ptr{plattli_writer}, Cstring, UInt16), writer, name, value)

const address_of_plattli_write_u32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_u32(writer, name, value) -> Int32

As `plattli_write_f32`, for an unsigned 32-bit integer.
"""
plattli_write_u32(writer, name, value) =
    ccall(address_of_plattli_write_u32[], Int32, (Ptr{plattli_writer}, Cstring, UInt32), writer, name, value)

const address_of_plattli_write_u64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_u64(writer, name, value) -> Int32

As `plattli_write_f32`, for an unsigned 64-bit integer.
"""
plattli_write_u64(writer, name, value) =
    ccall(address_of_plattli_write_u64[], Int32, (Ptr{plattli_writer}, Cstring, UInt64), writer, name, value)

const address_of_plattli_write_bool = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_bool(writer, name, value) -> Int32

As `plattli_write_f32`, for a boolean, kept as JSON.
"""
plattli_write_bool(writer, name, value) =
    ccall(address_of_plattli_write_bool[], Int32, (Ptr{plattli_writer}, Cstring, Bool), writer, name, value)

const address_of_plattli_write_str = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_str(writer, name, data, len) -> Int32

As `plattli_write_f32`, for UTF-8 text of `len` bytes, kept as a JSON string. It may hold NUL; `data` may be NULL
if `len` is 0.
"""
plattli_write_str(writer, name, data, len) =
    ccall(address_of_plattli_write_str[], Int32, (Ptr{plattli_writer}, Cstring, Ptr{UInt8}, Csize_t), writer, name, data, len)

const address_of_plattli_write_json = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_write_json(writer, name, json, len) -> Int32

As `plattli_write_f32`, for one JSON value as text of `len` bytes.
"""
plattli_write_json(writer, name, json, len) =
    ccall(address_of_plattli_write_json[], Int32, (Ptr{plattli_writer}, Cstring, Ptr{UInt8}, Csize_t), writer, name, json, len)

const address_of_plattli_put_f32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_f32(writer, id, value) -> Int32

Writes a value of the metric with the number `id`, from `plattli_writer_metric`, in the current step. The value
is stored in the metric's type, which is widened where that loses nothing.

Errors, each of which leaves the step as it was and is returned again by `plattli_end_step`:
`PLATTLI_ERR_ARGUMENT` for a number that was never given out, `PLATTLI_ERR_TYPE` for a value that does not fit
the metric, `PLATTLI_ERR_STATE` for a second value in one step.
"""
plattli_put_f32(writer, id, value) =
    ccall(address_of_plattli_put_f32[], Int32, (Ptr{plattli_writer}, UInt32, Float32), writer, id, value)

const address_of_plattli_put_f64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_f64(writer, id, value) -> Int32

As `plattli_put_f32`, for a 64-bit float.
"""
plattli_put_f64(writer, id, value) =
    ccall(address_of_plattli_put_f64[], Int32, (Ptr{plattli_writer}, UInt32, Float64), writer, id, value)

const address_of_plattli_put_i8 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_i8(writer, id, value) -> Int32

As `plattli_put_f32`, for a signed 8-bit integer.
"""
plattli_put_i8(writer, id, value) =
    ccall(address_of_plattli_put_i8[], Int32, (Ptr{plattli_writer}, UInt32, Int8), writer, id, value)

const address_of_plattli_put_i16 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_i16(writer, id, value) -> Int32

As `plattli_put_f32`, for a signed 16-bit integer.
"""
plattli_put_i16(writer, id, value) =
    ccall(address_of_plattli_put_i16[], Int32, (Ptr{plattli_writer}, UInt32, Int16), writer, id, value)

const address_of_plattli_put_i32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_i32(writer, id, value) -> Int32

As `plattli_put_f32`, for a signed 32-bit integer.
"""
plattli_put_i32(writer, id, value) =
    ccall(address_of_plattli_put_i32[], Int32, (Ptr{plattli_writer}, UInt32, Int32), writer, id, value)

const address_of_plattli_put_i64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_i64(writer, id, value) -> Int32

As `plattli_put_f32`, for a signed 64-bit integer.
"""
plattli_put_i64(writer, id, value) =
    ccall(address_of_plattli_put_i64[], Int32, (Ptr{plattli_writer}, UInt32, Int64), writer, id, value)

const address_of_plattli_put_u8 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_u8(writer, id, value) -> Int32

As `plattli_put_f32`, for an unsigned 8-bit integer.
"""
plattli_put_u8(writer, id, value) =
    ccall(address_of_plattli_put_u8[], Int32, (Ptr{plattli_writer}, UInt32, UInt8), writer, id, value)

const address_of_plattli_put_u16 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_u16(writer, id, value) -> Int32

As `plattli_put_f32`, for an unsigned 16-bit integer.
"""
plattli_put_u16(writer, id, value) =
    ccall(address_of_plattli_put_u16[], Int32, (Ptr{plattli_writer}, UInt32, UInt16), writer, id, value)

const address_of_plattli_put_u32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_u32(writer, id, value) -> Int32

As `plattli_put_f32`, for an unsigned 32-bit integer.
"""
plattli_put_u32(writer, id, value) =
    ccall(address_of_plattli_put_u32[], Int32, (Ptr{plattli_writer}, UInt32, UInt32), writer, id, value)

const address_of_plattli_put_u64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_u64(writer, id, value) -> Int32

As `plattli_put_f32`, for an unsigned 64-bit integer.
"""
plattli_put_u64(writer, id, value) =
    ccall(address_of_plattli_put_u64[], Int32, (Ptr{plattli_writer}, UInt32, UInt64), writer, id, value)

const address_of_plattli_put_bool = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_bool(writer, id, value) -> Int32

As `plattli_put_f32`, for a boolean, kept as JSON.
"""
plattli_put_bool(writer, id, value) =
    ccall(address_of_plattli_put_bool[], Int32, (Ptr{plattli_writer}, UInt32, Bool), writer, id, value)

const address_of_plattli_put_str = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_str(writer, id, data, len) -> Int32

As `plattli_put_f32`, for UTF-8 text of `len` bytes, kept as a JSON string. It may hold NUL; `data` may be NULL
if `len` is 0.
"""
plattli_put_str(writer, id, data, len) =
    ccall(address_of_plattli_put_str[], Int32, (Ptr{plattli_writer}, UInt32, Ptr{UInt8}, Csize_t), writer, id, data, len)

const address_of_plattli_put_json = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_json(writer, id, json, len) -> Int32

As `plattli_put_f32`, for one JSON value as text of `len` bytes.
"""
plattli_put_json(writer, id, json, len) =
    ccall(address_of_plattli_put_json[], Int32, (Ptr{plattli_writer}, UInt32, Ptr{UInt8}, Csize_t), writer, id, json, len)

const address_of_plattli_put_row_f64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_row_f64(writer, ids, values, n) -> Int32

Writes `n` values at once: `values[i]` goes to the metric `ids[i]`. All are checked before any is written; on an
error none is. The arrays may be NULL if `n` is 0.
"""
plattli_put_row_f64(writer, ids, values, n) =
    ccall(address_of_plattli_put_row_f64[], Int32, (Ptr{plattli_writer}, Ptr{UInt32}, Ptr{Float64}, Csize_t), writer, ids, values, n)

const address_of_plattli_put_row_f32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_put_row_f32(writer, ids, values, n) -> Int32

As `plattli_put_row_f64`, for 32-bit floats.
"""
plattli_put_row_f32(writer, ids, values, n) =
    ccall(address_of_plattli_put_row_f32[], Int32, (Ptr{plattli_writer}, Ptr{UInt32}, Ptr{Float32}, Csize_t), writer, ids, values, n)

const address_of_plattli_reader_options_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_options_new() -> Ptr{plattli_reader_options}

New options with the defaults. Never NULL unless memory is exhausted; release them with
`plattli_reader_options_free`.
"""
plattli_reader_options_new() =
    ccall(address_of_plattli_reader_options_new[], Ptr{plattli_reader_options}, ())

const address_of_plattli_reader_options_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_options_free(options) -> nothing

Releases options. NULL is fine. Readers opened with them are not affected.
"""
plattli_reader_options_free(options) =
    ccall(address_of_plattli_reader_options_free[], Cvoid, (Ptr{plattli_reader_options},), options)

const address_of_plattli_reader_options_set_kind = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_options_set_kind(options, kind) -> Int32

What to look for: `PLATTLI_KIND_AUTO`, `PLATTLI_KIND_FOLDER` or `PLATTLI_KIND_ARCHIVE`.
"""
plattli_reader_options_set_kind(options, kind) =
    ccall(address_of_plattli_reader_options_set_kind[], Int32, (Ptr{plattli_reader_options}, Int32), options, kind)

const address_of_plattli_reader_options_set_exclude_hot = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_options_set_exclude_hot(options, exclude) -> Int32

Whether the newest rows of a live run, those still in its log, are left out; false unless set.
"""
plattli_reader_options_set_exclude_hot(options, exclude) =
    ccall(address_of_plattli_reader_options_set_exclude_hot[], Int32, (Ptr{plattli_reader_options}, Bool), options, exclude)

const address_of_plattli_reader_options_set_strict = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_options_set_strict(options, strict) -> Int32

Whether a broken line in the middle of a log is `PLATTLI_ERR_CORRUPT`; false unless set. Otherwise the line is
skipped and is a warning.
"""
plattli_reader_options_set_strict(options, strict) =
    ccall(address_of_plattli_reader_options_set_strict[], Int32, (Ptr{plattli_reader_options}, Bool), options, strict)

const address_of_plattli_reader_open = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_open(path, options, out) -> Int32

Opens a run for reading: `path` is the run directory, the run folder in it, or an archive. A run that is being
written may be opened at any time; what is read of it is a consistent prefix that holds every step acknowledged
before the call, and stays the same until `plattli_reader_refresh`.

`options` may be NULL for the defaults. On success `*out` is a reader, to be released with
`plattli_reader_close`. Errors: `PLATTLI_ERR_NOT_FOUND` if there is no run, `PLATTLI_ERR_CORRUPT`,
`PLATTLI_ERR_BUSY` if the run kept changing (try again), `PLATTLI_ERR_IO`.
"""
plattli_reader_open(path, options, out) =
    ccall(address_of_plattli_reader_open[], Int32, (Cstring, Ptr{plattli_reader_options}, Ptr{Ptr{plattli_reader}}), path, options, out)

const address_of_plattli_reader_close = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_close(reader) -> nothing

Releases a reader, and all text borrowed from it. NULL is fine. Columns and tables read through it stay.
"""
plattli_reader_close(reader) =
    ccall(address_of_plattli_reader_close[], Cvoid, (Ptr{plattli_reader},), reader)

const address_of_plattli_reader_refresh = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_refresh(reader) -> Int32

Looks at the run anew, and ends the life of all text borrowed from the reader. After an error the reader, and
the text, stay as they were.
"""
plattli_reader_refresh(reader) =
    ccall(address_of_plattli_reader_refresh[], Int32, (Ptr{plattli_reader},), reader)

const address_of_plattli_reader_metric_count = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_metric_count(reader, out_count) -> Int32

How many metrics there are.
"""
plattli_reader_metric_count(reader, out_count) =
    ccall(address_of_plattli_reader_metric_count[], Int32, (Ptr{plattli_reader}, Ptr{Csize_t}), reader, out_count)

const address_of_plattli_reader_metric_name = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_metric_name(reader, i, out_name) -> Int32

The name of metric `i`, in sorted order; borrowed until refresh or close. `PLATTLI_ERR_NOT_FOUND` past the last.
"""
plattli_reader_metric_name(reader, i, out_name) =
    ccall(address_of_plattli_reader_metric_name[], Int32, (Ptr{plattli_reader}, Csize_t, Ptr{Ptr{UInt8}}), reader, i, out_name)

const address_of_plattli_reader_metric_info = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_metric_info(reader, name, out) -> Int32

Type, rows, first and last step of a metric. `PLATTLI_ERR_NOT_FOUND` if there is none of that name.
"""
plattli_reader_metric_info(reader, name, out) =
    ccall(address_of_plattli_reader_metric_info[], Int32, (Ptr{plattli_reader}, Cstring, Ptr{plattli_metric_info}), reader, name, out)

const address_of_plattli_reader_config = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_config(reader, json, len) -> Int32

The configuration of the run as JSON text of `*len` bytes, not terminated; borrowed until refresh or close.
`PLATTLI_ERR_NOT_FOUND` if the run has none.
"""
plattli_reader_config(reader, json, len) =
    ccall(address_of_plattli_reader_config[], Int32, (Ptr{plattli_reader}, Ptr{Ptr{UInt8}}, Ptr{Csize_t}), reader, json, len)

const address_of_plattli_reader_when_exported = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_when_exported(reader, out_time) -> Int32

When the run was last described, as `YYYY-MM-DDTHH:MM:SSZ`; borrowed until refresh or close.
`PLATTLI_ERR_NOT_FOUND` if the run does not say.
"""
plattli_reader_when_exported(reader, out_time) =
    ccall(address_of_plattli_reader_when_exported[], Int32, (Ptr{plattli_reader}, Ptr{Ptr{UInt8}}), reader, out_time)

const address_of_plattli_reader_rows = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_rows(reader, name, out_rows) -> Int32

How many rows a metric has.
"""
plattli_reader_rows(reader, name, out_rows) =
    ccall(address_of_plattli_reader_rows[], Int32, (Ptr{plattli_reader}, Cstring, Ptr{UInt64}), reader, name, out_rows)

const address_of_plattli_reader_approx_max_rows = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_approx_max_rows(reader, probes, out_rows) -> Int32

An estimate of the rows of the longest metric that looks at no more than `probes` files (12 is a good number),
and at none if the run is finished. Rows that are still in the log are not counted.
"""
plattli_reader_approx_max_rows(reader, probes, out_rows) =
    ccall(address_of_plattli_reader_approx_max_rows[], Int32, (Ptr{plattli_reader}, UInt32, Ptr{UInt64}), reader, probes, out_rows)

const address_of_plattli_reader_warnings = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_warnings(reader, i, out_text) -> Int32

Warning `i`: something that was skipped or looks wrong, though it was no error, such as a broken line of a log.
Borrowed until refresh or close. `PLATTLI_ERR_NOT_FOUND` past the last.
"""
plattli_reader_warnings(reader, i, out_text) =
    ccall(address_of_plattli_reader_warnings[], Int32, (Ptr{plattli_reader}, Csize_t, Ptr{Ptr{UInt8}}), reader, i, out_text)

const address_of_plattli_reader_column = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_column(reader, name, selection, as, out_column) -> Int32

Reads selected rows of a metric. `selection` may be NULL for all rows; `as` is `PLATTLI_STANDARD`,
`PLATTLI_STORAGE` or a type. On success `*out` is a column, to be released with `plattli_column_free`.

Errors: `PLATTLI_ERR_NOT_FOUND` for an unknown metric; `PLATTLI_ERR_TYPE` for a value that is not exactly one of
the integer type asked for (floats are rounded), or for values of a JSON metric asked for by range;
`PLATTLI_ERR_CORRUPT`; `PLATTLI_ERR_BUSY` if the run kept changing (try again); `PLATTLI_ERR_IO`.
"""
plattli_reader_column(reader, name, selection, as, out_column) =
    ccall(address_of_plattli_reader_column[], Int32, (Ptr{plattli_reader}, Cstring, Ptr{plattli_selection}, Int32, Ptr{Ptr{plattli_column}}), reader, name, selection, as, out_column)

const address_of_plattli_reader_table = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_table(reader, names, n, on, selection, as, out_table) -> Int32

Reads `n` metrics side by side, at the steps at which each of them has a value. Without `on` (NULL) the
selection names rows of this table, by step or position; with it, rows of the metric `on`, of which those remain
that all have. On success `*out` is a table, to be released with `plattli_table_free`. Errors as
`plattli_reader_column`.
"""
plattli_reader_table(reader, names, n, on, selection, as, out_table) =
    ccall(address_of_plattli_reader_table[], Int32, (Ptr{plattli_reader}, Ptr{Cstring}, Csize_t, Cstring, Ptr{plattli_selection}, Int32, Ptr{Ptr{plattli_table}}), reader, names, n, on, selection, as, out_table)

const address_of_plattli_read_f64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_read_f64(reader, name, selection, steps, values, cap, out_len) -> Int32

Reads selected rows of a metric straight into the caller's memory: their values into `values` and, unless NULL,
their steps into `steps`, each with room for `cap`. `*out_len` is how many there are.

If there are more than `cap`, nothing is filled and `PLATTLI_ERR_BUFFER` returned: with `cap` 0 (where `values`
may be NULL) that is the way to ask for the number. After another error the memory holds anything. Errors as
`plattli_reader_column`.
"""
plattli_read_f64(reader, name, selection, steps, values, cap, out_len) =
    ccall(address_of_plattli_read_f64[], Int32, (Ptr{plattli_reader}, Cstring, Ptr{plattli_selection}, Ptr{UInt32}, Ptr{Float64}, Csize_t, Ptr{Csize_t}), reader, name, selection, steps, values, cap, out_len)

const address_of_plattli_read_f32 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_read_f32(reader, name, selection, steps, values, cap, out_len) -> Int32

As `plattli_read_f64`. What is stored as f64 is rounded.
"""
plattli_read_f32(reader, name, selection, steps, values, cap, out_len) =
    ccall(address_of_plattli_read_f32[], Int32, (Ptr{plattli_reader}, Cstring, Ptr{plattli_selection}, Ptr{UInt32}, Ptr{Float32}, Csize_t, Ptr{Csize_t}), reader, name, selection, steps, values, cap, out_len)

const address_of_plattli_read_i64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_read_i64(reader, name, selection, steps, values, cap, out_len) -> Int32

As `plattli_read_f64`. A value that is no such integer is `PLATTLI_ERR_TYPE`.
"""
plattli_read_i64(reader, name, selection, steps, values, cap, out_len) =
    ccall(address_of_plattli_read_i64[], Int32, (Ptr{plattli_reader}, Cstring, Ptr{plattli_selection}, Ptr{UInt32}, Ptr{Int64}, Csize_t, Ptr{Csize_t}), reader, name, selection, steps, values, cap, out_len)

const address_of_plattli_read_u64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_read_u64(reader, name, selection, steps, values, cap, out_len) -> Int32

As `plattli_read_f64`. A value that is no such integer is `PLATTLI_ERR_TYPE`.
"""
plattli_read_u64(reader, name, selection, steps, values, cap, out_len) =
    ccall(address_of_plattli_read_u64[], Int32, (Ptr{plattli_reader}, Cstring, Ptr{plattli_selection}, Ptr{UInt32}, Ptr{UInt64}, Csize_t, Ptr{Csize_t}), reader, name, selection, steps, values, cap, out_len)

const address_of_plattli_column_len = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_column_len(column) -> Csize_t

How many rows; 0 for NULL.
"""
plattli_column_len(column) =
    ccall(address_of_plattli_column_len[], Csize_t, (Ptr{plattli_column},), column)

const address_of_plattli_column_dtype = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_column_dtype(column) -> Int32

The type of the values, `PLATTLI_F32` … `PLATTLI_JSON`; 0 for NULL.
"""
plattli_column_dtype(column) =
    ccall(address_of_plattli_column_dtype[], Int32, (Ptr{plattli_column},), column)

const address_of_plattli_column_steps = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_column_steps(column) -> Ptr{UInt32}

The steps, strictly increasing; borrowed until the column is freed.
"""
plattli_column_steps(column) =
    ccall(address_of_plattli_column_steps[], Ptr{UInt32}, (Ptr{plattli_column},), column)

const address_of_plattli_column_values = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_column_values(column) -> Ptr{Cvoid}

The values, an array of the type that `plattli_column_dtype` says; borrowed until the column is freed. NULL for
JSON.
"""
plattli_column_values(column) =
    ccall(address_of_plattli_column_values[], Ptr{Cvoid}, (Ptr{plattli_column},), column)

const address_of_plattli_column_json = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_column_json(column, row, out_text, len) -> Int32

The value of a row of a JSON column as text of `*len` bytes, not terminated; borrowed until the column is freed.
`PLATTLI_ERR_TYPE` for a column of numbers, `PLATTLI_ERR_NOT_FOUND` past the last row.
"""
plattli_column_json(column, row, out_text, len) =
    ccall(address_of_plattli_column_json[], Int32, (Ptr{plattli_column}, Csize_t, Ptr{Ptr{UInt8}}, Ptr{Csize_t}), column, row, out_text, len)

const address_of_plattli_column_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_column_free(column) -> nothing

Releases a column. NULL is fine.
"""
plattli_column_free(column) =
    ccall(address_of_plattli_column_free[], Cvoid, (Ptr{plattli_column},), column)

const address_of_plattli_table_len = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_table_len(table) -> Csize_t

How many rows; 0 for NULL.
"""
plattli_table_len(table) =
    ccall(address_of_plattli_table_len[], Csize_t, (Ptr{plattli_table},), table)

const address_of_plattli_table_steps = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_table_steps(table) -> Ptr{UInt32}

The steps, strictly increasing; borrowed until the table is freed.
"""
plattli_table_steps(table) =
    ccall(address_of_plattli_table_steps[], Ptr{UInt32}, (Ptr{plattli_table},), table)

const address_of_plattli_table_column = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_table_column(table, i, out_column) -> Int32

The column of metric `i`, in the order asked for; borrowed until the table is freed, not to be freed itself.
`PLATTLI_ERR_NOT_FOUND` past the last.
"""
plattli_table_column(table, i, out_column) =
    ccall(address_of_plattli_table_column[], Int32, (Ptr{plattli_table}, Csize_t, Ptr{Ptr{plattli_column}}), table, i, out_column)

const address_of_plattli_table_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_table_free(table) -> nothing

Releases a table and its columns. NULL is fine.
"""
plattli_table_free(table) =
    ccall(address_of_plattli_table_free[], Cvoid, (Ptr{plattli_table},), table)

const address_of_plattli_import_options_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_options_new() -> Ptr{plattli_import_options}

New options with the defaults. Never NULL unless memory is exhausted; release them with
`plattli_import_options_free`.
"""
plattli_import_options_new() =
    ccall(address_of_plattli_import_options_new[], Ptr{plattli_import_options}, ())

const address_of_plattli_import_options_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_options_free(options) -> nothing

Releases options. NULL is fine.
"""
plattli_import_options_free(options) =
    ccall(address_of_plattli_import_options_free[], Cvoid, (Ptr{plattli_import_options},), options)

const address_of_plattli_import_options_set_skip_columns = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_options_set_skip_columns(options, patterns, n) -> Int32

Metrics to leave out: `n` regular expressions, each of which must match the whole name; `\"DEFAULT\"` stands for
`[pg]norm.*`. Copied; replaces what was set before. None unless set.
"""
plattli_import_options_set_skip_columns(options, patterns, n) =
    ccall(address_of_plattli_import_options_set_skip_columns[], Int32, (Ptr{plattli_import_options}, Ptr{Cstring}, Csize_t), options, patterns, n)

const address_of_plattli_import_options_set_allow_rewinds = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_options_set_allow_rewinds(options, allow) -> Int32

Whether a step may be smaller than the one before it: the job went back, and rows from there on are dropped.
False unless set.
"""
plattli_import_options_set_allow_rewinds(options, allow) =
    ccall(address_of_plattli_import_options_set_allow_rewinds[], Int32, (Ptr{plattli_import_options}, Bool), options, allow)

const address_of_plattli_import_options_set_overwrite = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_options_set_overwrite(options, overwrite) -> Int32

Whether an existing run in the place of the output is replaced; false unless set.
"""
plattli_import_options_set_overwrite(options, overwrite) =
    ccall(address_of_plattli_import_options_set_overwrite[], Int32, (Ptr{plattli_import_options}, Bool), options, overwrite)

const address_of_plattli_import_options_set_double = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_options_set_double(options, double_precision) -> Int32

Whether floats are kept as 64-bit floats rather than rounded to 32 bits; false unless set.
"""
plattli_import_options_set_double(options, double_precision) =
    ccall(address_of_plattli_import_options_set_double[], Int32, (Ptr{plattli_import_options}, Bool), options, double_precision)

const address_of_plattli_import_options_set_skip_torn_tail = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_options_set_skip_torn_tail(options, skip) -> Int32

Whether a last line that lacks its newline and does not parse, because the job was killed, is left out rather
than an error; false unless set.
"""
plattli_import_options_set_skip_torn_tail(options, skip) =
    ccall(address_of_plattli_import_options_set_skip_torn_tail[], Int32, (Ptr{plattli_import_options}, Bool), options, skip)

const address_of_plattli_import_jsonl = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_import_jsonl(log, run_dir, options, out) -> Int32

Turns the JSON-lines file `log` into the finished run `run_dir/metrics.plattli`, with `config.json` from beside the
log if there is one.

`options` may be NULL for the defaults, `out` may be NULL if the report is not wanted. Errors name the file and
the line: `PLATTLI_ERR_CORRUPT` for a line that is no JSON object and for steps that are missing in some lines, out
of range or not increasing; `PLATTLI_ERR_TYPE` for a value that does not fit its metric; `PLATTLI_ERR_ARGUMENT` for
names that cannot be stored and patterns that are none; `PLATTLI_ERR_UNSUPPORTED` for any pattern in a build without
them; `PLATTLI_ERR_EXISTS` for an existing run. After an error nothing is left of the new run.
"""
plattli_import_jsonl(log, run_dir, options, out) =
    ccall(address_of_plattli_import_jsonl[], Int32, (Cstring, Cstring, Ptr{plattli_import_options}, Ptr{plattli_import_report}), log, run_dir, options, out)

# Every function, for the loader to find and the tests to count.
const FUNCTIONS = [
    :plattli_version => address_of_plattli_version,
    :plattli_version_string => address_of_plattli_version_string,
    :plattli_has_feature => address_of_plattli_has_feature,
    :plattli_last_error => address_of_plattli_last_error,
    :plattli_last_error_copy => address_of_plattli_last_error_copy,
    :plattli_status_name => address_of_plattli_status_name,
    :plattli_string_data => address_of_plattli_string_data,
    :plattli_string_len => address_of_plattli_string_len,
    :plattli_string_free => address_of_plattli_string_free,
    :plattli_writer_options_new => address_of_plattli_writer_options_new,
    :plattli_writer_options_free => address_of_plattli_writer_options_free,
    :plattli_writer_options_set_layout => address_of_plattli_writer_options_set_layout,
    :plattli_writer_options_set_step => address_of_plattli_writer_options_set_step,
    :plattli_writer_options_set_hotsize => address_of_plattli_writer_options_set_hotsize,
    :plattli_writer_options_set_config_json => address_of_plattli_writer_options_set_config_json,
    :plattli_writer_options_set_config_path => address_of_plattli_writer_options_set_config_path,
    :plattli_writer_options_set_reopen_finished => address_of_plattli_writer_options_set_reopen_finished,
    :plattli_writer_options_set_overwrite => address_of_plattli_writer_options_set_overwrite,
    :plattli_writer_options_set_durability => address_of_plattli_writer_options_set_durability,
    :plattli_writer_options_set_sync_interval => address_of_plattli_writer_options_set_sync_interval,
    :plattli_writer_options_set_overload => address_of_plattli_writer_options_set_overload,
    :plattli_writer_options_set_threads => address_of_plattli_writer_options_set_threads,
    :plattli_writer_options_set_nice => address_of_plattli_writer_options_set_nice,
    :plattli_writer_options_set_affinity => address_of_plattli_writer_options_set_affinity,
    :plattli_writer_options_set_on_io_error => address_of_plattli_writer_options_set_on_io_error,
    :plattli_writer_options_set_lock => address_of_plattli_writer_options_set_lock,
    :plattli_writer_options_set_strict => address_of_plattli_writer_options_set_strict,
    :plattli_finish_options_new => address_of_plattli_finish_options_new,
    :plattli_finish_options_free => address_of_plattli_finish_options_free,
    :plattli_finish_options_set_optimize => address_of_plattli_finish_options_set_optimize,
    :plattli_finish_options_set_archive => address_of_plattli_finish_options_set_archive,
    :plattli_finish_options_set_config_overrides => address_of_plattli_finish_options_set_config_overrides,
    :plattli_writer_open => address_of_plattli_writer_open,
    :plattli_writer_metric => address_of_plattli_writer_metric,
    :plattli_writer_step => address_of_plattli_writer_step,
    :plattli_writer_set_step => address_of_plattli_writer_set_step,
    :plattli_end_step => address_of_plattli_end_step,
    :plattli_flush => address_of_plattli_flush,
    :plattli_sync => address_of_plattli_sync,
    :plattli_writer_set_config => address_of_plattli_writer_set_config,
    :plattli_writer_get_stats => address_of_plattli_writer_get_stats,
    :plattli_writer_warnings => address_of_plattli_writer_warnings,
    :plattli_finish => address_of_plattli_finish,
    :plattli_writer_close => address_of_plattli_writer_close,
    :plattli_write_f32 => address_of_plattli_write_f32,
    :plattli_write_f64 => address_of_plattli_write_f64,
    :plattli_write_i8 => address_of_plattli_write_i8,
    :plattli_write_i16 => address_of_plattli_write_i16,
    :plattli_write_i32 => address_of_plattli_write_i32,
    :plattli_write_i64 => address_of_plattli_write_i64,
    :plattli_write_u8 => address_of_plattli_write_u8,
    :plattli_write_u16 => address_of_plattli_write_u16,
    :plattli_write_u32 => address_of_plattli_write_u32,
    :plattli_write_u64 => address_of_plattli_write_u64,
    :plattli_write_bool => address_of_plattli_write_bool,
    :plattli_write_str => address_of_plattli_write_str,
    :plattli_write_json => address_of_plattli_write_json,
    :plattli_put_f32 => address_of_plattli_put_f32,
    :plattli_put_f64 => address_of_plattli_put_f64,
    :plattli_put_i8 => address_of_plattli_put_i8,
    :plattli_put_i16 => address_of_plattli_put_i16,
    :plattli_put_i32 => address_of_plattli_put_i32,
    :plattli_put_i64 => address_of_plattli_put_i64,
    :plattli_put_u8 => address_of_plattli_put_u8,
    :plattli_put_u16 => address_of_plattli_put_u16,
    :plattli_put_u32 => address_of_plattli_put_u32,
    :plattli_put_u64 => address_of_plattli_put_u64,
    :plattli_put_bool => address_of_plattli_put_bool,
    :plattli_put_str => address_of_plattli_put_str,
    :plattli_put_json => address_of_plattli_put_json,
    :plattli_put_row_f64 => address_of_plattli_put_row_f64,
    :plattli_put_row_f32 => address_of_plattli_put_row_f32,
    :plattli_reader_options_new => address_of_plattli_reader_options_new,
    :plattli_reader_options_free => address_of_plattli_reader_options_free,
    :plattli_reader_options_set_kind => address_of_plattli_reader_options_set_kind,
    :plattli_reader_options_set_exclude_hot => address_of_plattli_reader_options_set_exclude_hot,
    :plattli_reader_options_set_strict => address_of_plattli_reader_options_set_strict,
    :plattli_reader_open => address_of_plattli_reader_open,
    :plattli_reader_close => address_of_plattli_reader_close,
    :plattli_reader_refresh => address_of_plattli_reader_refresh,
    :plattli_reader_metric_count => address_of_plattli_reader_metric_count,
    :plattli_reader_metric_name => address_of_plattli_reader_metric_name,
    :plattli_reader_metric_info => address_of_plattli_reader_metric_info,
    :plattli_reader_config => address_of_plattli_reader_config,
    :plattli_reader_when_exported => address_of_plattli_reader_when_exported,
    :plattli_reader_rows => address_of_plattli_reader_rows,
    :plattli_reader_approx_max_rows => address_of_plattli_reader_approx_max_rows,
    :plattli_reader_warnings => address_of_plattli_reader_warnings,
    :plattli_reader_column => address_of_plattli_reader_column,
    :plattli_reader_table => address_of_plattli_reader_table,
    :plattli_read_f64 => address_of_plattli_read_f64,
    :plattli_read_f32 => address_of_plattli_read_f32,
    :plattli_read_i64 => address_of_plattli_read_i64,
    :plattli_read_u64 => address_of_plattli_read_u64,
    :plattli_column_len => address_of_plattli_column_len,
    :plattli_column_dtype => address_of_plattli_column_dtype,
    :plattli_column_steps => address_of_plattli_column_steps,
    :plattli_column_values => address_of_plattli_column_values,
    :plattli_column_json => address_of_plattli_column_json,
    :plattli_column_free => address_of_plattli_column_free,
    :plattli_table_len => address_of_plattli_table_len,
    :plattli_table_steps => address_of_plattli_table_steps,
    :plattli_table_column => address_of_plattli_table_column,
    :plattli_table_free => address_of_plattli_table_free,
    :plattli_import_options_new => address_of_plattli_import_options_new,
    :plattli_import_options_free => address_of_plattli_import_options_free,
    :plattli_import_options_set_skip_columns => address_of_plattli_import_options_set_skip_columns,
    :plattli_import_options_set_allow_rewinds => address_of_plattli_import_options_set_allow_rewinds,
    :plattli_import_options_set_overwrite => address_of_plattli_import_options_set_overwrite,
    :plattli_import_options_set_double => address_of_plattli_import_options_set_double,
    :plattli_import_options_set_skip_torn_tail => address_of_plattli_import_options_set_skip_torn_tail,
    :plattli_import_jsonl => address_of_plattli_import_jsonl,
]
