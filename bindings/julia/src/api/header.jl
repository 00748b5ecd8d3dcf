# Generated from include/plattli.h by gen/generate.jl. Do not edit.

"""
As in the Arrow C data interface.
"""
const ARROW_FLAG_DICTIONARY_ORDERED = Int64(1)

"""
As in the Arrow C data interface.
"""
const ARROW_FLAG_NULLABLE = Int64(2)

"""
As in the Arrow C data interface.
"""
const ARROW_FLAG_MAP_KEYS_SORTED = Int64(4)

"""
As in the Arrow C data interface.
"""
struct ArrowSchema
    format::Ptr{UInt8}
    name::Ptr{UInt8}
    metadata::Ptr{UInt8}
    flags::Int64
    n_children::Int64
    children::Ptr{Ptr{ArrowSchema}}
    dictionary::Ptr{ArrowSchema}
    release::Ptr{Cvoid}
    private_data::Ptr{Cvoid}
end
ArrowSchema() = ArrowSchema(C_NULL, C_NULL, C_NULL, 0, 0, C_NULL, C_NULL, C_NULL, C_NULL)

"""
As in the Arrow C data interface.
"""
struct ArrowArray
    length::Int64
    null_count::Int64
    offset::Int64
    n_buffers::Int64
    n_children::Int64
    buffers::Ptr{Ptr{Cvoid}}
    children::Ptr{Ptr{ArrowArray}}
    dictionary::Ptr{ArrowArray}
    release::Ptr{Cvoid}
    private_data::Ptr{Cvoid}
end
ArrowArray() = ArrowArray(0, 0, 0, 0, 0, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

"""
As in the Arrow C data interface.
"""
struct ArrowArrayStream
    get_schema::Ptr{Cvoid}
    get_next::Ptr{Cvoid}
    get_last_error::Ptr{Cvoid}
    release::Ptr{Cvoid}
    private_data::Ptr{Cvoid}
end
ArrowArrayStream() = ArrowArrayStream(C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)

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
Each entry is on stable storage before its call returns. The default.
"""
const PLATTLI_SYNC_EVERY = Int32(0)

"""
Entries are forced to stable storage by a thread of the state, on an interval.
"""
const PLATTLI_SYNC_INTERVAL = Int32(1)

"""
Entries survive the death of the process; the operating system writes them back when it sees fit.
"""
const PLATTLI_SYNC_NONE = Int32(2)

"""
What `plattli_state_lost` says where nothing is left to count by.
"""
const PLATTLI_LOST_UNKNOWN = UInt64(18446744073709551615)

"""
Segments are Arrow IPC files, `N.arrow`. The default.
"""
const PLATTLI_SEGMENT_ARROW = Int32(0)

"""
Segments are Parquet files, `N.parquet`, once they are closed.
"""
const PLATTLI_SEGMENT_PARQUET = Int32(1)

"""
Oldest first. The default.
"""
const PLATTLI_ASCENDING = Int32(0)

"""
Newest first.
"""
const PLATTLI_DESCENDING = Int32(1)

"""
There is nothing more at the moment.
"""
const PLATTLI_PAGE_ALL = Int32(0)

"""
What follows has other columns: it is on a page of its own.
"""
const PLATTLI_PAGE_SCHEMA_CHANGE = Int32(1)

"""
The page has as many rows as it may have, and there are more.
"""
const PLATTLI_PAGE_ROW_LIMIT = Int32(2)

"""
The page has as many bytes as it may have, and there are more.
"""
const PLATTLI_PAGE_BYTE_LIMIT = Int32(3)

"""
Rows of one metric. Does not change, and outlives the reader.
"""
mutable struct plattli_column end

"""
Where a page ended, and why. Plain memory: it outlives the stream and may be read by any thread.
"""
mutable struct plattli_cursor end

"""
How a run is finished. Used by one thread at a time.
"""
mutable struct plattli_finish_options end

"""
How a log is imported. Used by one thread at a time.
"""
mutable struct plattli_import_options end

"""
A journal: events of any number of writers, each in a process of its own, in a place that they share. May be used
from any thread; calls wait for each other inside where they must.
"""
mutable struct plattli_journal end

"""
Events that were read, in order. Does not change, and outlives the journal.
"""
mutable struct plattli_journal_events end

"""
How a journal is opened. Used by one thread at a time; `plattli_journal_open` copies what it needs.
"""
mutable struct plattli_journal_options end

"""
What is wanted of a stream. Used by one thread at a time; `plattli_stream_query` copies what it needs.
"""
mutable struct plattli_query end

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
A state that is being written or read. May be used from any thread; calls wait for each other inside.
"""
mutable struct plattli_state end

"""
How a state is opened. Used by one thread at a time; `plattli_state_open` copies what it needs.
"""
mutable struct plattli_state_options end

"""
Compacts many states on one timer. May be used from any thread.
"""
mutable struct plattli_state_scheduler end

"""
Tables under a quota, open for writing and reading. May be used from any thread, by several at once.
"""
mutable struct plattli_stream end

"""
How a stream is opened. Used by one thread at a time; `plattli_stream_open` copies what it needs.
"""
mutable struct plattli_stream_options end

"""
Text made by the library: UTF-8, terminated, with its length, as it may hold NUL. Plain memory: it outlives the
object it came from and may be read by any thread.
"""
mutable struct plattli_string end

"""
A list of texts made by the library. Plain memory: it outlives the object it came from and may be read by any
thread.
"""
mutable struct plattli_strings end

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

"""
What a stream has done so far and has at the moment. Set `size` to `sizeof(plattli_stream_stats)` before it is
filled.
"""
struct plattli_stream_stats
    size::Csize_t
    rows::UInt64
    batches::UInt64
    shed_batches::UInt64
    shed_rows::UInt64
    refused_batches::UInt64
    checkpoints::UInt64
    rolls::UInt64
    dropped_segments::UInt64
    dropped_rows::UInt64
    io_errors::UInt64
    bytes::UInt64
    active_bytes::UInt64
    open_topics::UInt64
    segments::UInt64
    waiting::UInt64
    replicated::UInt64
    replication_errors::UInt64
    read_only::UInt64
end
plattli_stream_stats() = plattli_stream_stats(sizeof(plattli_stream_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

"""
What a compaction did. Set `size` to `sizeof(plattli_compact_stats)` before it is filled.
"""
struct plattli_compact_stats
    size::Csize_t
    merged::UInt64
    events::UInt64
    failed_deletes::UInt64
    objects::UInt64
    key::NTuple{64,UInt8}
end
plattli_compact_stats() = plattli_compact_stats(sizeof(plattli_compact_stats), 0, 0, 0, 0, ntuple(_ -> UInt8(0), 64))

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

Whether this build has a feature: `\"run\"`, `\"state\"` and `\"journal\"`, which all have; `\"patterns\"` (regular expressions);
`\"stream\"` (streams, and runs as Arrow tables); `\"parquet\"` (segments of streams); `\"object-store\"`, `\"s3\"`, `\"gcs\"`,
`\"azure\"` (buckets). False for NULL and for names it does not know.
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

const address_of_plattli_strings_len = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_strings_len(strings) -> Csize_t

How many texts there are. 0 for NULL.
"""
plattli_strings_len(strings) =
    ccall(address_of_plattli_strings_len[], Csize_t, (Ptr{plattli_strings},), strings)

const address_of_plattli_strings_get = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_strings_get(strings, i, text, len) -> Int32

Text `i`, terminated, and its length in bytes without the terminator; `len` may be NULL. Valid until
`plattli_strings_free`. `PLATTLI_ERR_NOT_FOUND` past the last.
"""
plattli_strings_get(strings, i, text, len) =
    ccall(address_of_plattli_strings_get[], Int32, (Ptr{plattli_strings}, Csize_t, Ptr{Ptr{UInt8}}, Ptr{Csize_t}), strings, i, text, len)

const address_of_plattli_strings_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_strings_free(strings) -> nothing

Releases a list. NULL is fine.
"""
plattli_strings_free(strings) =
    ccall(address_of_plattli_strings_free[], Cvoid, (Ptr{plattli_strings},), strings)

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
1 unless set; more are allowed and not used. Only with 0 are no others started either, which look at many files while
a run is opened or finished and end before that call returns.
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

const address_of_plattli_reader_arrow = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_arrow(reader, names, n, selection, out) -> Int32

Reads `n` metrics as an Arrow table: a column `step` (uint32) and one column per metric, under its name and in the
order asked for, at the steps at which each of them has a value, as `plattli_reader_table` joins them. With `n` 0,
where `names` may be NULL, all metrics.

Integers are int64 (those of a `PLATTLI_U64` metric beyond it uint64), floats are as stored, JSON is utf8. The
selection, which may be NULL, names rows of the table by step or position; a range of values is for one metric
alone, or for `plattli_reader_arrow_long`.

On success `*out` is a stream of batches of at most 65536 rows, all read already, so that it outlives the reader,
and handed over without a copy. Its consumer releases it, as the Arrow C stream interface says. Errors as
`plattli_reader_column`; `PLATTLI_ERR_UNSUPPORTED` without the feature `\"stream\"`.
"""
plattli_reader_arrow(reader, names, n, selection, out) =
    ccall(address_of_plattli_reader_arrow[], Int32, (Ptr{plattli_reader}, Ptr{Cstring}, Csize_t, Ptr{plattli_selection}, Ptr{ArrowArrayStream}), reader, names, n, selection, out)

const address_of_plattli_reader_arrow_outer = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_arrow_outer(reader, names, n, selection, out) -> Int32

As `plattli_reader_arrow`, but at the steps at which any of the metrics has a value: null where one has none.
"""
plattli_reader_arrow_outer(reader, names, n, selection, out) =
    ccall(address_of_plattli_reader_arrow_outer[], Int32, (Ptr{plattli_reader}, Ptr{Cstring}, Csize_t, Ptr{plattli_selection}, Ptr{ArrowArrayStream}), reader, names, n, selection, out)

const address_of_plattli_reader_arrow_long = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_reader_arrow_long(reader, names, n, selection, out) -> Int32

As `plattli_reader_arrow`, but one row per value, metric after metric: `step` (uint32), `metric` (a dictionary of
utf8), `value` (float64, null for JSON) and `text` (utf8): the exact text of what `value` cannot say, JSON and
integers that a float64 rounds, null for the rest. The selection applies to each metric.
"""
plattli_reader_arrow_long(reader, names, n, selection, out) =
    ccall(address_of_plattli_reader_arrow_long[], Int32, (Ptr{plattli_reader}, Ptr{Cstring}, Csize_t, Ptr{plattli_selection}, Ptr{ArrowArrayStream}), reader, names, n, selection, out)

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

const address_of_plattli_state_options_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_new() -> Ptr{plattli_state_options}

New options with the defaults. Never NULL unless memory is exhausted; release them with
`plattli_state_options_free`.
"""
plattli_state_options_new() =
    ccall(address_of_plattli_state_options_new[], Ptr{plattli_state_options}, ())

const address_of_plattli_state_options_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_free(options) -> nothing

Releases options. NULL is fine. States opened with them are not affected.
"""
plattli_state_options_free(options) =
    ccall(address_of_plattli_state_options_free[], Cvoid, (Ptr{plattli_state_options},), options)

const address_of_plattli_state_options_set_sync = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_sync(options, sync) -> Int32

When entries are forced to stable storage: `PLATTLI_SYNC_EVERY`, `PLATTLI_SYNC_INTERVAL` (every second, unless set
otherwise by `plattli_state_options_set_sync_interval`) or `PLATTLI_SYNC_NONE`.
"""
plattli_state_options_set_sync(options, sync) =
    ccall(address_of_plattli_state_options_set_sync[], Int32, (Ptr{plattli_state_options}, Int32), options, sync)

const address_of_plattli_state_options_set_sync_interval = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_sync_interval(options, milliseconds) -> Int32

Chooses `PLATTLI_SYNC_INTERVAL` with so many milliseconds, at least 1.
"""
plattli_state_options_set_sync_interval(options, milliseconds) =
    ccall(address_of_plattli_state_options_set_sync_interval[], Int32, (Ptr{plattli_state_options}, UInt64), options, milliseconds)

const address_of_plattli_state_options_set_threshold = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_threshold(options, threshold) -> Int32

The size of the log, in bytes, above which it needs compaction; 1048576 unless set.
"""
plattli_state_options_set_threshold(options, threshold) =
    ccall(address_of_plattli_state_options_set_threshold[], Int32, (Ptr{plattli_state_options}, UInt64), options, threshold)

const address_of_plattli_state_options_set_backups = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_backups(options, backups) -> Int32

How many compacted logs are kept; 3 unless set. With 0 there is nothing to fall back to when the log is damaged.
"""
plattli_state_options_set_backups(options, backups) =
    ccall(address_of_plattli_state_options_set_backups[], Int32, (Ptr{plattli_state_options}, UInt32), options, backups)

const address_of_plattli_state_options_set_snapshot = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_snapshot(options, snapshot) -> Int32

Whether `NAME.json`, the whole state for people, is written at each compaction and at close; false unless set.
"""
plattli_state_options_set_snapshot(options, snapshot) =
    ccall(address_of_plattli_state_options_set_snapshot[], Int32, (Ptr{plattli_state_options}, Bool), options, snapshot)

const address_of_plattli_state_options_set_salvage = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_salvage(options, salvage) -> Int32

Whether a log that is damaged or missing is taken for what still parses, together with the newest backup, rather
than refused with `PLATTLI_ERR_CORRUPT`; false unless set. `plattli_state_lost` says what was lost.
"""
plattli_state_options_set_salvage(options, salvage) =
    ccall(address_of_plattli_state_options_set_salvage[], Int32, (Ptr{plattli_state_options}, Bool), options, salvage)

const address_of_plattli_state_options_set_read_only = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_read_only(options, read_only) -> Int32

Whether the state is only read, beside whoever writes it: no lock is taken and nothing ever written; false unless
set.
"""
plattli_state_options_set_read_only(options, read_only) =
    ccall(address_of_plattli_state_options_set_read_only[], Int32, (Ptr{plattli_state_options}, Bool), options, read_only)

const address_of_plattli_state_options_set_lock = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_options_set_lock(options, lock) -> Int32

Whether a second writer is kept out by a lock file, `.NAME.plattli.lock`; true unless set.
"""
plattli_state_options_set_lock(options, lock) =
    ccall(address_of_plattli_state_options_set_lock[], Int32, (Ptr{plattli_state_options}, Bool), options, lock)

const address_of_plattli_state_open = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_open(dir, name, options, out) -> Int32

Opens the state `name` in the directory `dir`. A writer makes both if they are missing, and puts in order what a
crash left behind; there is one writer at a time.

`options` may be NULL for the defaults. On success `*out` is a state, to be released with `plattli_state_close`.
Errors: `PLATTLI_ERR_ARGUMENT` for a name that makes no file name (empty, over 128 bytes, a slash, a control
character, a dot in front), `PLATTLI_ERR_BUSY` if another writer has it, `PLATTLI_ERR_CORRUPT` if the log is damaged,
or missing though there are backups, and `set_salvage` was not asked for, `PLATTLI_ERR_NOT_FOUND` if it is opened
read-only and there is none, `PLATTLI_ERR_IO`.
"""
plattli_state_open(dir, name, options, out) =
    ccall(address_of_plattli_state_open[], Int32, (Cstring, Cstring, Ptr{plattli_state_options}, Ptr{Ptr{plattli_state}}), dir, name, options, out)

const address_of_plattli_state_set = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_set(state, key, json, len) -> Int32

Sets a key to a JSON value of `len` bytes, which is kept as it is spelled, without whitespace. A key is text of at
least one character.

`PLATTLI_OK` means that the entry is on stable storage (under another sync option: handed to the operating system).
Errors: `PLATTLI_ERR_ARGUMENT` for an empty key and for what is not JSON (`NaN` is not) or could not be read back
elsewhere (nesting over 500, integers of over 4300 digits, lone surrogates), `PLATTLI_ERR_STATE` if it was opened
read-only, `PLATTLI_ERR_BUSY` if another writer has taken it over, `PLATTLI_ERR_IO`. After any error the state is
what it was; the call may be repeated.
"""
plattli_state_set(state, key, json, len) =
    ccall(address_of_plattli_state_set[], Int32, (Ptr{plattli_state}, Cstring, Ptr{UInt8}, Csize_t), state, key, json, len)

const address_of_plattli_state_replace = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_replace(state, json, len) -> Int32

Replaces the whole state by the members of a JSON object of `len` bytes; keys that are not in it are gone. Errors as
for `plattli_state_set`.
"""
plattli_state_replace(state, json, len) =
    ccall(address_of_plattli_state_replace[], Int32, (Ptr{plattli_state}, Ptr{UInt8}, Csize_t), state, json, len)

const address_of_plattli_state_delete = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_delete(state, key) -> Int32

Deletes a key. One that is not there is no error. Errors as for `plattli_state_set`.
"""
plattli_state_delete(state, key) =
    ccall(address_of_plattli_state_delete[], Int32, (Ptr{plattli_state}, Cstring), state, key)

const address_of_plattli_state_get = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_get(state, key, out) -> Int32

The value of a key as JSON text. On success `*out` is released with `plattli_string_free`. `PLATTLI_ERR_NOT_FOUND`
if there is no such key.
"""
plattli_state_get(state, key, out) =
    ccall(address_of_plattli_state_get[], Int32, (Ptr{plattli_state}, Cstring, Ptr{Ptr{plattli_string}}), state, key, out)

const address_of_plattli_state_snapshot = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_snapshot(state, out) -> Int32

The whole state as the text of one JSON object, keys sorted by their bytes. On success `*out` is released with
`plattli_string_free`.
"""
plattli_state_snapshot(state, out) =
    ccall(address_of_plattli_state_snapshot[], Int32, (Ptr{plattli_state}, Ptr{Ptr{plattli_string}}), state, out)

const address_of_plattli_state_keys = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_keys(state, out) -> Int32

The keys, sorted by their bytes. On success `*out` is released with `plattli_strings_free`.
"""
plattli_state_keys(state, out) =
    ccall(address_of_plattli_state_keys[], Int32, (Ptr{plattli_state}, Ptr{Ptr{plattli_strings}}), state, out)

const address_of_plattli_state_entries = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_entries(state, out) -> Int32

The entries since the last compaction, oldest first: lines of JSON as they stand in the log, without the newline. The
first is the checkpoint, if there was a compaction. On success `*out` is released with `plattli_strings_free`.
"""
plattli_state_entries(state, out) =
    ccall(address_of_plattli_state_entries[], Int32, (Ptr{plattli_state}, Ptr{Ptr{plattli_strings}}), state, out)

const address_of_plattli_state_entry_count = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_entry_count(state, count) -> Int32

How many entries `plattli_state_entries` would give.
"""
plattli_state_entry_count(state, count) =
    ccall(address_of_plattli_state_entry_count[], Int32, (Ptr{plattli_state}, Ptr{UInt64}), state, count)

const address_of_plattli_state_size = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_size(state, keys) -> Int32

How many keys there are.
"""
plattli_state_size(state, keys) =
    ccall(address_of_plattli_state_size[], Int32, (Ptr{plattli_state}, Ptr{Csize_t}), state, keys)

const address_of_plattli_state_compact = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_compact(state) -> Int32

Replaces the log by one checkpoint of the whole state; the old log becomes the newest backup, and the oldest one is
removed if there are too many. Other threads may set keys meanwhile. After an error nothing is lost, and the next
compaction goes on where this one stopped.
"""
plattli_state_compact(state) =
    ccall(address_of_plattli_state_compact[], Int32, (Ptr{plattli_state},), state)

const address_of_plattli_state_log_size = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_log_size(state, out_bytes) -> Int32

The size of the log in bytes: of the entries since the last compaction.
"""
plattli_state_log_size(state, out_bytes) =
    ccall(address_of_plattli_state_log_size[], Int32, (Ptr{plattli_state}, Ptr{UInt64}), state, out_bytes)

const address_of_plattli_state_needs_compaction = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_needs_compaction(state, threshold, out) -> Int32

Whether the log is larger than `threshold` bytes; 0 stands for the threshold of the options.
"""
plattli_state_needs_compaction(state, threshold, out) =
    ccall(address_of_plattli_state_needs_compaction[], Int32, (Ptr{plattli_state}, UInt64, Ptr{Bool}), state, threshold, out)

const address_of_plattli_state_refresh = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_refresh(state) -> Int32

Reads again what the writer has done since a read-only state was opened or last refreshed; nothing to do for a writer.
After an error the state stays as it was.
"""
plattli_state_refresh(state) =
    ccall(address_of_plattli_state_refresh[], Int32, (Ptr{plattli_state},), state)

const address_of_plattli_state_lost = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_lost(state, entries) -> Int32

How many entries could not be read when the state was opened, or last refreshed, with `set_salvage`; 0 if none was lost,
`PLATTLI_LOST_UNKNOWN` if the log was missing or empty.
"""
plattli_state_lost(state, entries) =
    ccall(address_of_plattli_state_lost[], Int32, (Ptr{plattli_state}, Ptr{UInt64}), state, entries)

const address_of_plattli_state_close = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_close(state) -> Int32

Ends the state and releases it, whatever it returns: what is not yet on stable storage is forced there (not with
`PLATTLI_SYNC_NONE`), `NAME.json` written if it was asked for, the lock given up. An error is that of the first of these
that failed, or one of the background that no call has told yet. NULL is fine.

In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
"""
plattli_state_close(state) =
    ccall(address_of_plattli_state_close[], Int32, (Ptr{plattli_state},), state)

const address_of_plattli_state_scheduler_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_scheduler_new(interval_ms, out) -> Int32

A scheduler that looks at its states every `interval_ms` milliseconds, 0 for one hour. It does nothing before
`plattli_state_scheduler_start`. On success `*out` is released with `plattli_state_scheduler_free`.
"""
plattli_state_scheduler_new(interval_ms, out) =
    ccall(address_of_plattli_state_scheduler_new[], Int32, (UInt64, Ptr{Ptr{plattli_state_scheduler}}), interval_ms, out)

const address_of_plattli_state_scheduler_add = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_scheduler_add(scheduler, state) -> Int32

Adds a state, which may be closed at any time: the scheduler then forgets it. Adding twice is adding once.
`PLATTLI_ERR_STATE` for one that was opened read-only.
"""
plattli_state_scheduler_add(scheduler, state) =
    ccall(address_of_plattli_state_scheduler_add[], Int32, (Ptr{plattli_state_scheduler}, Ptr{plattli_state}), scheduler, state)

const address_of_plattli_state_scheduler_remove = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_scheduler_remove(scheduler, state) -> Int32

Forgets a state. One that was never added is no error.
"""
plattli_state_scheduler_remove(scheduler, state) =
    ccall(address_of_plattli_state_scheduler_remove[], Int32, (Ptr{plattli_state_scheduler}, Ptr{plattli_state}), scheduler, state)

const address_of_plattli_state_scheduler_start = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_scheduler_start(scheduler) -> Int32

Starts the timer: at each interval the states whose logs are larger than their thresholds are compacted. What fails
with one is returned by the next call on that state, and does not keep the others waiting. Starting twice is starting
once.
"""
plattli_state_scheduler_start(scheduler) =
    ccall(address_of_plattli_state_scheduler_start[], Int32, (Ptr{plattli_state_scheduler},), scheduler)

const address_of_plattli_state_scheduler_stop = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_scheduler_stop(scheduler) -> Int32

Stops the timer, after the compaction in hand. Stopping twice is stopping once.
"""
plattli_state_scheduler_stop(scheduler) =
    ccall(address_of_plattli_state_scheduler_stop[], Int32, (Ptr{plattli_state_scheduler},), scheduler)

const address_of_plattli_state_scheduler_compact_all = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_scheduler_compact_all(scheduler) -> Int32

Compacts all states now, whatever their size, on the calling thread. All are tried; the error names those that
failed and has the code of the first.
"""
plattli_state_scheduler_compact_all(scheduler) =
    ccall(address_of_plattli_state_scheduler_compact_all[], Int32, (Ptr{plattli_state_scheduler},), scheduler)

const address_of_plattli_state_scheduler_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_state_scheduler_free(scheduler) -> nothing

Stops the timer and releases the scheduler. Its states stay open. NULL is fine.
"""
plattli_state_scheduler_free(scheduler) =
    ccall(address_of_plattli_state_scheduler_free[], Cvoid, (Ptr{plattli_state_scheduler},), scheduler)

const address_of_plattli_stream_options_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_new() -> Ptr{plattli_stream_options}

New options with the defaults; release them with `plattli_stream_options_free`. NULL without the feature
`\"stream\"`, with a text in `plattli_last_error`; setters then answer `PLATTLI_ERR_UNSUPPORTED`.
"""
plattli_stream_options_new() =
    ccall(address_of_plattli_stream_options_new[], Ptr{plattli_stream_options}, ())

const address_of_plattli_stream_options_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_free(options) -> nothing

Releases options. NULL is fine. Streams opened with them are not affected.
"""
plattli_stream_options_free(options) =
    ccall(address_of_plattli_stream_options_free[], Cvoid, (Ptr{plattli_stream_options},), options)

const address_of_plattli_stream_options_set_format = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_format(options, format) -> Int32

What segments are once they are closed: `PLATTLI_SEGMENT_ARROW`, or with the feature `\"parquet\"`
`PLATTLI_SEGMENT_PARQUET`. Both are always read.
"""
plattli_stream_options_set_format(options, format) =
    ccall(address_of_plattli_stream_options_set_format[], Int32, (Ptr{plattli_stream_options}, Int32), options, format)

const address_of_plattli_stream_options_set_roll_rows = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_roll_rows(options, rows) -> Int32

A segment is closed by the append after it has more rows than this; 100,000 unless set.
"""
plattli_stream_options_set_roll_rows(options, rows) =
    ccall(address_of_plattli_stream_options_set_roll_rows[], Int32, (Ptr{plattli_stream_options}, UInt64), options, rows)

const address_of_plattli_stream_options_set_roll_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_roll_bytes(options, bytes) -> Int32

A segment is closed by the append after it has more bytes than this; 100 MiB unless set, and never more than a
quarter of a quota.
"""
plattli_stream_options_set_roll_bytes(options, bytes) =
    ccall(address_of_plattli_stream_options_set_roll_bytes[], Int32, (Ptr{plattli_stream_options}, UInt64), options, bytes)

const address_of_plattli_stream_options_set_roll_age = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_roll_age(options, ms) -> Int32

A segment is closed by the first append after it became older than so many milliseconds; 0, as unless set: never.
"""
plattli_stream_options_set_roll_age(options, ms) =
    ccall(address_of_plattli_stream_options_set_roll_age[], Int32, (Ptr{plattli_stream_options}, UInt64), options, ms)

const address_of_plattli_stream_options_set_checkpoint = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_checkpoint(options, ms) -> Int32

How often rows are written and recorded by themselves, in milliseconds; 1000 unless set. 0: only by
`plattli_stream_checkpoint`, when segments are closed, and by `plattli_stream_close`.
"""
plattli_stream_options_set_checkpoint(options, ms) =
    ccall(address_of_plattli_stream_options_set_checkpoint[], Int32, (Ptr{plattli_stream_options}, UInt64), options, ms)

const address_of_plattli_stream_options_set_sync = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_sync(options, sync) -> Int32

Whether a checkpoint reaches the disk itself and not only the operating system; true unless set.
"""
plattli_stream_options_set_sync(options, sync) =
    ccall(address_of_plattli_stream_options_set_sync[], Int32, (Ptr{plattli_stream_options}, Bool), options, sync)

const address_of_plattli_stream_options_set_partition_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_partition_bytes(options, bytes) -> Int32

Bytes on disk that one partition may have; 1 GiB unless set. Beyond it the oldest segments go.
"""
plattli_stream_options_set_partition_bytes(options, bytes) =
    ccall(address_of_plattli_stream_options_set_partition_bytes[], Int32, (Ptr{plattli_stream_options}, UInt64), options, bytes)

const address_of_plattli_stream_options_set_partition_segments = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_partition_segments(options, segments) -> Int32

Closed segments that one partition may have; 10,000 unless set. Beyond it the oldest go.
"""
plattli_stream_options_set_partition_segments(options, segments) =
    ccall(address_of_plattli_stream_options_set_partition_segments[], Int32, (Ptr{plattli_stream_options}, UInt64), options, segments)

const address_of_plattli_stream_options_set_store_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_store_bytes(options, bytes) -> Int32

Bytes on disk that the whole store may have, its manifest included; 1 GiB unless set. Beyond it the oldest segments
of all partitions go.
"""
plattli_stream_options_set_store_bytes(options, bytes) =
    ccall(address_of_plattli_stream_options_set_store_bytes[], Int32, (Ptr{plattli_stream_options}, UInt64), options, bytes)

const address_of_plattli_stream_options_set_max_age = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_max_age(options, ms) -> Int32

A segment goes when its newest time is older than so many milliseconds; 0, as unless set: never.
"""
plattli_stream_options_set_max_age(options, ms) =
    ccall(address_of_plattli_stream_options_set_max_age[], Int32, (Ptr{plattli_stream_options}, UInt64), options, ms)

const address_of_plattli_stream_options_set_min_free_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_min_free_bytes(options, bytes) -> Int32

Free space of the disk below which the store takes no rows until there is more again; 1,000,000,000 bytes unless
set. 0: it is not looked at.
"""
plattli_stream_options_set_min_free_bytes(options, bytes) =
    ccall(address_of_plattli_stream_options_set_min_free_bytes[], Int32, (Ptr{plattli_stream_options}, UInt64), options, bytes)

const address_of_plattli_stream_options_set_open_topics = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_open_topics(options, topics) -> Int32

Topics that are open at once; 128 unless set. The least recently used are closed, and opened again on use.
"""
plattli_stream_options_set_open_topics(options, topics) =
    ccall(address_of_plattli_stream_options_set_open_topics[], Int32, (Ptr{plattli_stream_options}, Csize_t), options, topics)

const address_of_plattli_stream_options_set_active_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_active_bytes(options, bytes) -> Int32

Bytes of rows in memory that no file has yet, of all partitions together; 3500 MiB unless set.
"""
plattli_stream_options_set_active_bytes(options, bytes) =
    ccall(address_of_plattli_stream_options_set_active_bytes[], Int32, (Ptr{plattli_stream_options}, UInt64), options, bytes)

const address_of_plattli_stream_options_set_overload_wait = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_overload_wait(options, ms) -> Int32

How many milliseconds an append that closes a segment waits for a writer that is still busy before it is refused
with `PLATTLI_ERR_OVERLOADED`; 100 unless set.
"""
plattli_stream_options_set_overload_wait(options, ms) =
    ccall(address_of_plattli_stream_options_set_overload_wait[], Int32, (Ptr{plattli_stream_options}, UInt64), options, ms)

const address_of_plattli_stream_options_set_threads = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_threads(options, threads) -> Int32

How many threads write; 2 unless set. 0: none, and the caller's thread writes.
"""
plattli_stream_options_set_threads(options, threads) =
    ccall(address_of_plattli_stream_options_set_threads[], Int32, (Ptr{plattli_stream_options}, Csize_t), options, threads)

const address_of_plattli_stream_options_set_manifest = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_manifest(options, path) -> Int32

Where the manifest is, if not `manifest.sqlite` in the folder, such as on a local disk when the folder is on a
file system of a cluster. `\":memory:\"` keeps none: it is made anew from the segments at each open. NULL for the
folder.
"""
plattli_stream_options_set_manifest(options, path) =
    ccall(address_of_plattli_stream_options_set_manifest[], Int32, (Ptr{plattli_stream_options}, Cstring), options, path)

const address_of_plattli_stream_options_set_replicate = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_replicate(options, location, ms) -> Int32

Where closed segments are copied to: a folder, `file://`, `memory://`, and with the features of the same names
`s3://`, `gs://`, `az://`. NULL, as unless set: nowhere. They are copied every so many milliseconds by a thread of
the store, and by `plattli_stream_replicate`; with 0 by the latter alone.

What waits to be copied is not dropped: a bucket that is out of reach for long stops appends in the end
(`PLATTLI_ERR_OVERLOADED`) rather than lose rows; see `plattli_stream_options_set_drop_waiting`.
"""
plattli_stream_options_set_replicate(options, location, ms) =
    ccall(address_of_plattli_stream_options_set_replicate[], Int32, (Ptr{plattli_stream_options}, Cstring, UInt64), options, location, ms)

const address_of_plattli_stream_options_set_drop_waiting = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_options_set_drop_waiting(options, drop_waiting) -> Int32

Whether retention may drop segments that still wait to be copied; false unless set.
"""
plattli_stream_options_set_drop_waiting(options, drop_waiting) =
    ccall(address_of_plattli_stream_options_set_drop_waiting[], Int32, (Ptr{plattli_stream_options}, Bool), options, drop_waiting)

const address_of_plattli_stream_open = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_open(dir, options, out) -> Int32

Opens the stream store in a folder, which is made if it is missing, and repairs what a crash left there. One
process at a time writes a store.

`options` may be NULL for the defaults. On success `*out` is a stream, to be closed with `plattli_stream_close`.
Errors: `PLATTLI_ERR_BUSY` if another process has it, `PLATTLI_ERR_IO`, `PLATTLI_ERR_CORRUPT`;
`PLATTLI_ERR_UNSUPPORTED` without the feature `\"stream\"`.
"""
plattli_stream_open(dir, options, out) =
    ccall(address_of_plattli_stream_open[], Int32, (Cstring, Ptr{plattli_stream_options}, Ptr{Ptr{plattli_stream}}), dir, options, out)

const address_of_plattli_stream_append = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_append(stream, topic, partition, array, schema, span) -> Int32

Appends the rows of a struct array whose fields are the columns to a partition of a topic, both made if they are
missing. The first column is `time`, int64, milliseconds since 1970 UTC, without nulls; timestamps have to be cast.
`span` (two numbers, or NULL) becomes the index of the first row and that after the last: each partition counts its
rows from 0 without gaps, for ever.

On success the rows have been copied and `array` and `schema` have been released, on this thread. After an error
nothing of the call was kept and both are still the caller's, as they were: after `PLATTLI_ERR_OVERLOADED` (the
disk cannot follow) the same call may be made again. Other errors: `PLATTLI_ERR_ARGUMENT` for what is not as the
Arrow C data interface says, `PLATTLI_ERR_TYPE` for columns that are not as they must be, `PLATTLI_ERR_IO`.
"""
plattli_stream_append(stream, topic, partition, array, schema, span) =
    ccall(address_of_plattli_stream_append[], Int32, (Ptr{plattli_stream}, Cstring, Cstring, Ptr{ArrowArray}, Ptr{ArrowSchema}, Ptr{UInt64}), stream, topic, partition, array, schema, span)

const address_of_plattli_stream_append_f64 = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_append_f64(stream, topic, partition, time_ms, columns, values, n_columns, n_rows, span) -> Int32

Appends `n_rows` rows of doubles: `time_ms[row]`, and `values[column][row]` for each of the `n_columns` columns
named by `columns`. All is copied. `span` and errors as `plattli_stream_append`.
"""
plattli_stream_append_f64(stream, topic, partition, time_ms, columns, values, n_columns, n_rows, span) =
    ccall(address_of_plattli_stream_append_f64[], Int32, (Ptr{plattli_stream}, Cstring, Cstring, Ptr{Int64}, Ptr{Cstring}, Ptr{Ptr{Float64}}, Csize_t, Csize_t, Ptr{UInt64}), stream, topic, partition, time_ms, columns, values, n_columns, n_rows, span)

const address_of_plattli_stream_query = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_query(stream, query, out_stream, cursor) -> Int32

Reads a page of rows, those that no file has yet included: a stream of batches, all read when this returns, that
outlives the stream store and is released by its consumer. `*cursor`, unless `cursor` is NULL, says why the page
ended and where the next one begins; it is released with `plattli_cursor_free`.

Without rows the stream has no batches; its columns are those that are known of, else `time` alone. Errors:
`PLATTLI_ERR_NOT_FOUND` for an unknown topic, and where no picked column exists; `PLATTLI_ERR_ARGUMENT`;
`PLATTLI_ERR_CORRUPT`; `PLATTLI_ERR_IO`.
"""
plattli_stream_query(stream, query, out_stream, cursor) =
    ccall(address_of_plattli_stream_query[], Int32, (Ptr{plattli_stream}, Ptr{plattli_query}, Ptr{ArrowArrayStream}, Ptr{Ptr{plattli_cursor}}), stream, query, out_stream, cursor)

const address_of_plattli_stream_checkpoint = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_checkpoint(stream) -> Int32

Writes all rows taken so far and records them in the manifest; reports what failed in the background since the
last call.
"""
plattli_stream_checkpoint(stream) =
    ccall(address_of_plattli_stream_checkpoint[], Int32, (Ptr{plattli_stream},), stream)

const address_of_plattli_stream_retain = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_retain(stream) -> Int32

Drops what is beyond the quotas or too old.
"""
plattli_stream_retain(stream) =
    ccall(address_of_plattli_stream_retain[], Int32, (Ptr{plattli_stream},), stream)

const address_of_plattli_stream_replicate = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_replicate(stream, out_copied) -> Int32

Copies the closed segments that wait for it to where `plattli_stream_options_set_replicate` said, and returns when
all are there. `*out_copied`, unless NULL, is how many this call copied. What was copied before an error stays, and
the next call goes on from there. `PLATTLI_ERR_STATE` for a stream that replicates nowhere.
"""
plattli_stream_replicate(stream, out_copied) =
    ccall(address_of_plattli_stream_replicate[], Int32, (Ptr{plattli_stream}, Ptr{UInt64}), stream, out_copied)

const address_of_plattli_stream_get_stats = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_get_stats(stream, out) -> Int32

What the stream has done so far and has at the moment.
"""
plattli_stream_get_stats(stream, out) =
    ccall(address_of_plattli_stream_get_stats[], Int32, (Ptr{plattli_stream}, Ptr{plattli_stream_stats}), stream, out)

const address_of_plattli_stream_topics = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_topics(stream, out_names) -> Int32

The names of all topics, sorted. On success `*out` is released with `plattli_strings_free`.
"""
plattli_stream_topics(stream, out_names) =
    ccall(address_of_plattli_stream_topics[], Int32, (Ptr{plattli_stream}, Ptr{Ptr{plattli_strings}}), stream, out_names)

const address_of_plattli_stream_partitions = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_partitions(stream, topic, out_names) -> Int32

The names of the partitions of a topic, sorted; none if there is no such topic. On success `*out` is released
with `plattli_strings_free`.
"""
plattli_stream_partitions(stream, topic, out_names) =
    ccall(address_of_plattli_stream_partitions[], Int32, (Ptr{plattli_stream}, Cstring, Ptr{Ptr{plattli_strings}}), stream, topic, out_names)

const address_of_plattli_stream_warnings = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_warnings(stream, out_texts) -> Int32

What was found broken when the store was opened or a partition recovered, and how it was mended, one text each. On
success `*out` is released with `plattli_strings_free`.
"""
plattli_stream_warnings(stream, out_texts) =
    ccall(address_of_plattli_stream_warnings[], Int32, (Ptr{plattli_stream}, Ptr{Ptr{plattli_strings}}), stream, out_texts)

const address_of_plattli_stream_close = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_stream_close(stream) -> Int32

Writes all rows, closes all segments and releases the stream, whatever it returns. NULL is fine. Segments that
still wait to be replicated are, after the next open.

In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
"""
plattli_stream_close(stream) =
    ccall(address_of_plattli_stream_close[], Int32, (Ptr{plattli_stream},), stream)

const address_of_plattli_query_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_new() -> Ptr{plattli_query}

A query for all rows of a topic that is still to be named; release it with `plattli_query_free`. NULL without the
feature `\"stream\"`, with a text in `plattli_last_error`; setters then answer `PLATTLI_ERR_UNSUPPORTED`.
"""
plattli_query_new() =
    ccall(address_of_plattli_query_new[], Ptr{plattli_query}, ())

const address_of_plattli_query_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_free(query) -> nothing

Releases a query. NULL is fine.
"""
plattli_query_free(query) =
    ccall(address_of_plattli_query_free[], Cvoid, (Ptr{plattli_query},), query)

const address_of_plattli_query_set_topic = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_topic(query, topic) -> Int32

The topic. Each query needs one.
"""
plattli_query_set_topic(query, topic) =
    ccall(address_of_plattli_query_set_topic[], Int32, (Ptr{plattli_query}, Cstring), query, topic)

const address_of_plattli_query_set_partitions = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_partitions(query, names, n) -> Int32

Only these `n` partitions; all if `n` is 0, as unless set. One that does not exist has no rows. Takes the place
of a pattern.
"""
plattli_query_set_partitions(query, names, n) =
    ccall(address_of_plattli_query_set_partitions[], Int32, (Ptr{plattli_query}, Ptr{Cstring}, Csize_t), query, names, n)

const address_of_plattli_query_set_pattern = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_pattern(query, pattern) -> Int32

Only partitions in whose names this regular expression is found; `^` and `\$` tie it to their ends. Takes the place
of names. `PLATTLI_ERR_UNSUPPORTED` without the feature `\"patterns\"`.
"""
plattli_query_set_pattern(query, pattern) =
    ccall(address_of_plattli_query_set_pattern[], Int32, (Ptr{plattli_query}, Cstring), query, pattern)

const address_of_plattli_query_set_order = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_order(query, order) -> Int32

`PLATTLI_ASCENDING` or `PLATTLI_DESCENDING`. Of one partition rows come by their index; of several, of the rows at
which the partitions stand the one with the smallest (or largest) time comes next, among equal times that with the
smallest (largest) index, then that of the first (last) partition by name.
"""
plattli_query_set_order(query, order) =
    ccall(address_of_plattli_query_set_order[], Int32, (Ptr{plattli_query}, Int32), query, order)

const address_of_plattli_query_set_start = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_start(query, index) -> Int32

Where each partition begins. Ascending: at this index, or after what was dropped if that is later; 0 unless set.
Descending: before this index; at the end unless set. A cursor goes before it.
"""
plattli_query_set_start(query, index) =
    ccall(address_of_plattli_query_set_start[], Int32, (Ptr{plattli_query}, UInt64), query, index)

const address_of_plattli_query_set_time = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_time(query, from_ms, to_ms) -> Int32

Only rows with a time from `from_ms` to `to_ms`, both included. Only segments that hold such times are opened.
"""
plattli_query_set_time(query, from_ms, to_ms) =
    ccall(address_of_plattli_query_set_time[], Int32, (Ptr{plattli_query}, Int64, Int64), query, from_ms, to_ms)

const address_of_plattli_query_set_max_rows = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_max_rows(query, rows) -> Int32

How many rows a page has at most, exactly: at least 1; 10,000 unless set.
"""
plattli_query_set_max_rows(query, rows) =
    ccall(address_of_plattli_query_set_max_rows[], Int32, (Ptr{plattli_query}, UInt64), query, rows)

const address_of_plattli_query_set_max_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_max_bytes(query, bytes) -> Int32

After how many bytes a page ends: at least 1; 10,240,000 unless set. The chunk that crosses the limit is still in
it, so that every page has rows if there are any. A page is held in memory: this is what bounds it.
"""
plattli_query_set_max_bytes(query, bytes) =
    ccall(address_of_plattli_query_set_max_bytes[], Int32, (Ptr{plattli_query}, UInt64), query, bytes)

const address_of_plattli_query_set_pick = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_pick(query, names, n) -> Int32

Only these `n` columns, in this order; all if `n` is 0, as unless set. Those that there are not are left out; if
there is none of them, the query is `PLATTLI_ERR_NOT_FOUND`. Where structs are flattened, the names are those of the
result.
"""
plattli_query_set_pick(query, names, n) =
    ccall(address_of_plattli_query_set_pick[], Int32, (Ptr{plattli_query}, Ptr{Cstring}, Csize_t), query, names, n)

const address_of_plattli_query_set_exclude = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_exclude(query, names, n) -> Int32

Not these `n` columns. Where structs are flattened, the names are those of the result.
"""
plattli_query_set_exclude(query, names, n) =
    ccall(address_of_plattli_query_set_exclude[], Int32, (Ptr{plattli_query}, Ptr{Cstring}, Csize_t), query, names, n)

const address_of_plattli_query_set_flatten = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_flatten(query, separator) -> Int32

The fields of structs become columns of their own, their names joined by `separator`; NULL, as unless set: they do
not.
"""
plattli_query_set_flatten(query, separator) =
    ccall(address_of_plattli_query_set_flatten[], Int32, (Ptr{plattli_query}, Cstring), query, separator)

const address_of_plattli_query_set_max_value_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_max_value_bytes(query, bytes) -> Int32

Texts, bytes and lists of more than so many bytes become null; 0, as unless set: none do.
"""
plattli_query_set_max_value_bytes(query, bytes) =
    ccall(address_of_plattli_query_set_max_value_bytes[], Int32, (Ptr{plattli_query}, UInt64), query, bytes)

const address_of_plattli_query_set_labels = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_labels(query, labels) -> Int32

Whether two more columns, `_partition` and `_index`, say where each row is from; false unless set.
"""
plattli_query_set_labels(query, labels) =
    ccall(address_of_plattli_query_set_labels[], Int32, (Ptr{plattli_query}, Bool), query, labels)

const address_of_plattli_query_set_cursor = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_set_cursor(query, cursor, len) -> Int32

Goes on where a page ended, as told by `plattli_cursor_text`: `len` bytes. With `len` 0 from the beginning again.
The topic and the order must be those of that page.
"""
plattli_query_set_cursor(query, cursor, len) =
    ccall(address_of_plattli_query_set_cursor[], Int32, (Ptr{plattli_query}, Ptr{UInt8}, Csize_t), query, cursor, len)

const address_of_plattli_query_resume = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_query_resume(query, cursor) -> Int32

Goes on where a page ended. With `cursor` NULL from the beginning again.
"""
plattli_query_resume(query, cursor) =
    ccall(address_of_plattli_query_resume[], Int32, (Ptr{plattli_query}, Ptr{plattli_cursor}), query, cursor)

const address_of_plattli_cursor_status = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_cursor_status(cursor, out_status) -> Int32

Why the page ended: `PLATTLI_PAGE_ALL`, `PLATTLI_PAGE_SCHEMA_CHANGE`, `PLATTLI_PAGE_ROW_LIMIT` or
`PLATTLI_PAGE_BYTE_LIMIT`. After any but the first there is more.
"""
plattli_cursor_status(cursor, out_status) =
    ccall(address_of_plattli_cursor_status[], Int32, (Ptr{plattli_cursor}, Ptr{Int32}), cursor, out_status)

const address_of_plattli_cursor_rows = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_cursor_rows(cursor, out_rows) -> Int32

How many rows the page has.
"""
plattli_cursor_rows(cursor, out_rows) =
    ccall(address_of_plattli_cursor_rows[], Int32, (Ptr{plattli_cursor}, Ptr{UInt64}), cursor, out_rows)

const address_of_plattli_cursor_partition_count = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_cursor_partition_count(cursor, out_count) -> Int32

How many partitions it knows.
"""
plattli_cursor_partition_count(cursor, out_count) =
    ccall(address_of_plattli_cursor_partition_count[], Int32, (Ptr{plattli_cursor}, Ptr{Csize_t}), cursor, out_count)

const address_of_plattli_cursor_partition = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_cursor_partition(cursor, i, out_name, out_position) -> Int32

Partition `i`, in sorted order: its name, borrowed until the cursor is freed, and its position: ascending the index
of the first row that is still to come, descending that of the last row that was given. Either output may be NULL.
`PLATTLI_ERR_NOT_FOUND` past the last.
"""
plattli_cursor_partition(cursor, i, out_name, out_position) =
    ccall(address_of_plattli_cursor_partition[], Int32, (Ptr{plattli_cursor}, Csize_t, Ptr{Ptr{UInt8}}, Ptr{UInt64}), cursor, i, out_name, out_position)

const address_of_plattli_cursor_text = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_cursor_text(cursor, out_text) -> Int32

The cursor as one line of text, for `plattli_query_set_cursor` in this or another process. On success `*out` is
released with `plattli_string_free`.
"""
plattli_cursor_text(cursor, out_text) =
    ccall(address_of_plattli_cursor_text[], Int32, (Ptr{plattli_cursor}, Ptr{Ptr{plattli_string}}), cursor, out_text)

const address_of_plattli_cursor_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_cursor_free(cursor) -> nothing

Releases a cursor. NULL is fine.
"""
plattli_cursor_free(cursor) =
    ccall(address_of_plattli_cursor_free[], Cvoid, (Ptr{plattli_cursor},), cursor)

const address_of_plattli_journal_options_new = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_options_new() -> Ptr{plattli_journal_options}

New options with the defaults. Never NULL unless memory is exhausted; release them with
`plattli_journal_options_free`.
"""
plattli_journal_options_new() =
    ccall(address_of_plattli_journal_options_new[], Ptr{plattli_journal_options}, ())

const address_of_plattli_journal_options_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_options_free(options) -> nothing

Releases options. NULL is fine. Journals opened with them are not affected.
"""
plattli_journal_options_free(options) =
    ccall(address_of_plattli_journal_options_free[], Cvoid, (Ptr{plattli_journal_options},), options)

const address_of_plattli_journal_options_set_threshold = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_options_set_threshold(options, events) -> Int32

How many events wait in the buffer until they are stored as one object: 32 unless set. 0 counts as 1, which stores
each event as it comes.
"""
plattli_journal_options_set_threshold(options, events) =
    ccall(address_of_plattli_journal_options_set_threshold[], Int32, (Ptr{plattli_journal_options}, UInt64), options, events)

const address_of_plattli_journal_options_set_max_object_bytes = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_options_set_max_object_bytes(options, bytes) -> Int32

The size in bytes that an object made by a compaction does not exceed, unless one that it is made of does: at
least 1; 256 MiB unless set. Also how many bytes of events may wait in memory while they cannot be stored.
"""
plattli_journal_options_set_max_object_bytes(options, bytes) =
    ccall(address_of_plattli_journal_options_set_max_object_bytes[], Int32, (Ptr{plattli_journal_options}, UInt64), options, bytes)

const address_of_plattli_journal_options_set_lease_expiry = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_options_set_lease_expiry(options, milliseconds) -> Int32

After how many milliseconds without a sign of life a compaction counts as dead, so that another one may begin: at
least 1; ten minutes unless set. All who compact one journal must choose alike.
"""
plattli_journal_options_set_lease_expiry(options, milliseconds) =
    ccall(address_of_plattli_journal_options_set_lease_expiry[], Int32, (Ptr{plattli_journal_options}, UInt64), options, milliseconds)

const address_of_plattli_journal_options_set_durability = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_options_set_durability(options, durability) -> Int32

What a flush that succeeded outlives, in a folder: `PLATTLI_DURABLE_SYSTEM` (power loss too; the default) or
`PLATTLI_DURABLE_PROCESS` (the death of the process, without the cost of forcing each object to stable storage).
Services such as S3 always are durable, `memory://` never.
"""
plattli_journal_options_set_durability(options, durability) =
    ccall(address_of_plattli_journal_options_set_durability[], Int32, (Ptr{plattli_journal_options}, Int32), options, durability)

const address_of_plattli_journal_open = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_open(location, options, out) -> Int32

Opens the journal at `location`: a folder (a path or `file://PATH`), `memory://NAME` (shared by this process), and
where the build has the feature `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`. Nothing is
stored yet; a folder is made by the first flush. Any number of journals, in any number of processes, may be open at
one location.

`options` may be NULL for the defaults. On success `*out` is a journal, to be released with
`plattli_journal_close`. Errors: `PLATTLI_ERR_ARGUMENT` for text that names no place, `PLATTLI_ERR_UNSUPPORTED`
for a service that this build lacks.
"""
plattli_journal_open(location, options, out) =
    ccall(address_of_plattli_journal_open[], Int32, (Cstring, Ptr{plattli_journal_options}, Ptr{Ptr{plattli_journal}}), location, options, out)

const address_of_plattli_journal_append = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_append(journal, event, len) -> Int32

Adds an event of `len` bytes: one line, JSON or not, without its newline. `plattli_journal_read` of this journal
sees it at once; it is stored when `threshold` events wait, by `plattli_journal_flush` or by
`plattli_journal_close`.

Errors that mean the event was not taken: `PLATTLI_ERR_ARGUMENT` (it is empty, blank or holds a newline) and
`PLATTLI_ERR_OVERLOADED` (as much waits as one object may hold, and cannot be stored). Any other error, such as
`PLATTLI_ERR_IO`, is that of storing: the event was taken and waits with the others, and a later call stores it.
"""
plattli_journal_append(journal, event, len) =
    ccall(address_of_plattli_journal_append[], Int32, (Ptr{plattli_journal}, Ptr{UInt8}, Csize_t), journal, event, len)

const address_of_plattli_journal_flush = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_flush(journal) -> Int32

Stores the events that wait as one new object; without any nothing happens. `PLATTLI_OK` means that every event
taken so far is stored, and seen by all who read. After an error they wait on, and a later call stores them; none is
stored twice.
"""
plattli_journal_flush(journal) =
    ccall(address_of_plattli_journal_flush[], Int32, (Ptr{plattli_journal},), journal)

const address_of_plattli_journal_read = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_read(journal, out_events) -> Int32

Reads everything as of one moment: the events stored by anybody, in the order of their batches, then those that
wait in this journal. On success `*out` is a list, to be released with `plattli_journal_events_free`.
`PLATTLI_ERR_BUSY` if compactions kept changing the journal (try again).
"""
plattli_journal_read(journal, out_events) =
    ccall(address_of_plattli_journal_read[], Int32, (Ptr{plattli_journal}, Ptr{Ptr{plattli_journal_events}}), journal, out_events)

const address_of_plattli_journal_read_from = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_read_from(journal, number, out_events) -> Int32

Reads the stored events whose number is `number` or greater, without those that wait: begin with 0 and go on with
`plattli_journal_events_next` to follow a journal that grows. Each event is given once; an event that a slow writer
stores under a number that was passed already is seen by `plattli_journal_read` only. Whoever begins with a number
kept from an earlier process gets all of an object in which that number was compacted meanwhile.
"""
plattli_journal_read_from(journal, number, out_events) =
    ccall(address_of_plattli_journal_read_from[], Int32, (Ptr{plattli_journal}, UInt64, Ptr{Ptr{plattli_journal_events}}), journal, number, out_events)

const address_of_plattli_journal_compact = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_compact(journal, out) -> Int32

Makes one object of all that are there, beside any readers and writers, and says what it did in `*out`, which may
be NULL. With fewer than two objects nothing happens. `PLATTLI_ERR_BUSY` if another compaction is at work, in any
process. After any error each event is still there, once.
"""
plattli_journal_compact(journal, out) =
    ccall(address_of_plattli_journal_compact[], Int32, (Ptr{plattli_journal}, Ptr{plattli_compact_stats}), journal, out)

const address_of_plattli_journal_file_count = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_file_count(journal, out_count) -> Int32

How many objects with events there are, without those that a compacted one stands for.
"""
plattli_journal_file_count(journal, out_count) =
    ccall(address_of_plattli_journal_file_count[], Int32, (Ptr{plattli_journal}, Ptr{Csize_t}), journal, out_count)

const address_of_plattli_journal_pending = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_pending(journal, out_count) -> Int32

How many events wait in this journal and are not yet stored.
"""
plattli_journal_pending(journal, out_count) =
    ccall(address_of_plattli_journal_pending[], Int32, (Ptr{plattli_journal}, Ptr{Csize_t}), journal, out_count)

const address_of_plattli_journal_close = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_close(journal) -> Int32

Stores what waits, and releases the journal in any case. An error says how many events were not stored. NULL is
fine. In a forked child it stores nothing and returns `PLATTLI_ERR_FORKED`.
"""
plattli_journal_close(journal) =
    ccall(address_of_plattli_journal_close[], Int32, (Ptr{plattli_journal},), journal)

const address_of_plattli_journal_discard = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_discard(journal, lost) -> Int32

Releases the journal without storing what waits, and writes to `*lost`, which may be NULL, how many events that
were. NULL is fine as a journal.
"""
plattli_journal_discard(journal, lost) =
    ccall(address_of_plattli_journal_discard[], Int32, (Ptr{plattli_journal}, Ptr{Csize_t}), journal, lost)

const address_of_plattli_journal_events_len = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_events_len(events) -> Csize_t

How many events there are. 0 for NULL.
"""
plattli_journal_events_len(events) =
    ccall(address_of_plattli_journal_events_len[], Csize_t, (Ptr{plattli_journal_events},), events)

const address_of_plattli_journal_events_get = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_events_get(events, i, event, len) -> Int32

Event `i`: `*len` bytes, not terminated, without newline; borrowed until `plattli_journal_events_free`.
`PLATTLI_ERR_NOT_FOUND` past the last.
"""
plattli_journal_events_get(events, i, event, len) =
    ccall(address_of_plattli_journal_events_get[], Int32, (Ptr{plattli_journal_events}, Csize_t, Ptr{Ptr{UInt8}}, Ptr{Csize_t}), events, i, event, len)

const address_of_plattli_journal_events_number = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_events_number(events, i, number) -> Int32

The number of the object that event `i` came from, microseconds since 1970 when it was stored; the last number of
a compacted object; 0 for an event that was not yet stored. `PLATTLI_ERR_NOT_FOUND` past the last.
"""
plattli_journal_events_number(events, i, number) =
    ccall(address_of_plattli_journal_events_number[], Int32, (Ptr{plattli_journal_events}, Csize_t, Ptr{UInt64}), events, i, number)

const address_of_plattli_journal_events_next = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_events_next(events) -> UInt64

The number to go on with in `plattli_journal_read_from`: one more than the greatest that was read. 0 for NULL.
"""
plattli_journal_events_next(events) =
    ccall(address_of_plattli_journal_events_next[], UInt64, (Ptr{plattli_journal_events},), events)

const address_of_plattli_journal_events_free = Ref{Ptr{Cvoid}}(C_NULL)
"""
    plattli_journal_events_free(events) -> nothing

Releases events. NULL is fine.
"""
plattli_journal_events_free(events) =
    ccall(address_of_plattli_journal_events_free[], Cvoid, (Ptr{plattli_journal_events},), events)

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
    :plattli_strings_len => address_of_plattli_strings_len,
    :plattli_strings_get => address_of_plattli_strings_get,
    :plattli_strings_free => address_of_plattli_strings_free,
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
    :plattli_reader_arrow => address_of_plattli_reader_arrow,
    :plattli_reader_arrow_outer => address_of_plattli_reader_arrow_outer,
    :plattli_reader_arrow_long => address_of_plattli_reader_arrow_long,
    :plattli_import_options_new => address_of_plattli_import_options_new,
    :plattli_import_options_free => address_of_plattli_import_options_free,
    :plattli_import_options_set_skip_columns => address_of_plattli_import_options_set_skip_columns,
    :plattli_import_options_set_allow_rewinds => address_of_plattli_import_options_set_allow_rewinds,
    :plattli_import_options_set_overwrite => address_of_plattli_import_options_set_overwrite,
    :plattli_import_options_set_double => address_of_plattli_import_options_set_double,
    :plattli_import_options_set_skip_torn_tail => address_of_plattli_import_options_set_skip_torn_tail,
    :plattli_import_jsonl => address_of_plattli_import_jsonl,
    :plattli_state_options_new => address_of_plattli_state_options_new,
    :plattli_state_options_free => address_of_plattli_state_options_free,
    :plattli_state_options_set_sync => address_of_plattli_state_options_set_sync,
    :plattli_state_options_set_sync_interval => address_of_plattli_state_options_set_sync_interval,
    :plattli_state_options_set_threshold => address_of_plattli_state_options_set_threshold,
    :plattli_state_options_set_backups => address_of_plattli_state_options_set_backups,
    :plattli_state_options_set_snapshot => address_of_plattli_state_options_set_snapshot,
    :plattli_state_options_set_salvage => address_of_plattli_state_options_set_salvage,
    :plattli_state_options_set_read_only => address_of_plattli_state_options_set_read_only,
    :plattli_state_options_set_lock => address_of_plattli_state_options_set_lock,
    :plattli_state_open => address_of_plattli_state_open,
    :plattli_state_set => address_of_plattli_state_set,
    :plattli_state_replace => address_of_plattli_state_replace,
    :plattli_state_delete => address_of_plattli_state_delete,
    :plattli_state_get => address_of_plattli_state_get,
    :plattli_state_snapshot => address_of_plattli_state_snapshot,
    :plattli_state_keys => address_of_plattli_state_keys,
    :plattli_state_entries => address_of_plattli_state_entries,
    :plattli_state_entry_count => address_of_plattli_state_entry_count,
    :plattli_state_size => address_of_plattli_state_size,
    :plattli_state_compact => address_of_plattli_state_compact,
    :plattli_state_log_size => address_of_plattli_state_log_size,
    :plattli_state_needs_compaction => address_of_plattli_state_needs_compaction,
    :plattli_state_refresh => address_of_plattli_state_refresh,
    :plattli_state_lost => address_of_plattli_state_lost,
    :plattli_state_close => address_of_plattli_state_close,
    :plattli_state_scheduler_new => address_of_plattli_state_scheduler_new,
    :plattli_state_scheduler_add => address_of_plattli_state_scheduler_add,
    :plattli_state_scheduler_remove => address_of_plattli_state_scheduler_remove,
    :plattli_state_scheduler_start => address_of_plattli_state_scheduler_start,
    :plattli_state_scheduler_stop => address_of_plattli_state_scheduler_stop,
    :plattli_state_scheduler_compact_all => address_of_plattli_state_scheduler_compact_all,
    :plattli_state_scheduler_free => address_of_plattli_state_scheduler_free,
    :plattli_stream_options_new => address_of_plattli_stream_options_new,
    :plattli_stream_options_free => address_of_plattli_stream_options_free,
    :plattli_stream_options_set_format => address_of_plattli_stream_options_set_format,
    :plattli_stream_options_set_roll_rows => address_of_plattli_stream_options_set_roll_rows,
    :plattli_stream_options_set_roll_bytes => address_of_plattli_stream_options_set_roll_bytes,
    :plattli_stream_options_set_roll_age => address_of_plattli_stream_options_set_roll_age,
    :plattli_stream_options_set_checkpoint => address_of_plattli_stream_options_set_checkpoint,
    :plattli_stream_options_set_sync => address_of_plattli_stream_options_set_sync,
    :plattli_stream_options_set_partition_bytes => address_of_plattli_stream_options_set_partition_bytes,
    :plattli_stream_options_set_partition_segments => address_of_plattli_stream_options_set_partition_segments,
    :plattli_stream_options_set_store_bytes => address_of_plattli_stream_options_set_store_bytes,
    :plattli_stream_options_set_max_age => address_of_plattli_stream_options_set_max_age,
    :plattli_stream_options_set_min_free_bytes => address_of_plattli_stream_options_set_min_free_bytes,
    :plattli_stream_options_set_open_topics => address_of_plattli_stream_options_set_open_topics,
    :plattli_stream_options_set_active_bytes => address_of_plattli_stream_options_set_active_bytes,
    :plattli_stream_options_set_overload_wait => address_of_plattli_stream_options_set_overload_wait,
    :plattli_stream_options_set_threads => address_of_plattli_stream_options_set_threads,
    :plattli_stream_options_set_manifest => address_of_plattli_stream_options_set_manifest,
    :plattli_stream_options_set_replicate => address_of_plattli_stream_options_set_replicate,
    :plattli_stream_options_set_drop_waiting => address_of_plattli_stream_options_set_drop_waiting,
    :plattli_stream_open => address_of_plattli_stream_open,
    :plattli_stream_append => address_of_plattli_stream_append,
    :plattli_stream_append_f64 => address_of_plattli_stream_append_f64,
    :plattli_stream_query => address_of_plattli_stream_query,
    :plattli_stream_checkpoint => address_of_plattli_stream_checkpoint,
    :plattli_stream_retain => address_of_plattli_stream_retain,
    :plattli_stream_replicate => address_of_plattli_stream_replicate,
    :plattli_stream_get_stats => address_of_plattli_stream_get_stats,
    :plattli_stream_topics => address_of_plattli_stream_topics,
    :plattli_stream_partitions => address_of_plattli_stream_partitions,
    :plattli_stream_warnings => address_of_plattli_stream_warnings,
    :plattli_stream_close => address_of_plattli_stream_close,
    :plattli_query_new => address_of_plattli_query_new,
    :plattli_query_free => address_of_plattli_query_free,
    :plattli_query_set_topic => address_of_plattli_query_set_topic,
    :plattli_query_set_partitions => address_of_plattli_query_set_partitions,
    :plattli_query_set_pattern => address_of_plattli_query_set_pattern,
    :plattli_query_set_order => address_of_plattli_query_set_order,
    :plattli_query_set_start => address_of_plattli_query_set_start,
    :plattli_query_set_time => address_of_plattli_query_set_time,
    :plattli_query_set_max_rows => address_of_plattli_query_set_max_rows,
    :plattli_query_set_max_bytes => address_of_plattli_query_set_max_bytes,
    :plattli_query_set_pick => address_of_plattli_query_set_pick,
    :plattli_query_set_exclude => address_of_plattli_query_set_exclude,
    :plattli_query_set_flatten => address_of_plattli_query_set_flatten,
    :plattli_query_set_max_value_bytes => address_of_plattli_query_set_max_value_bytes,
    :plattli_query_set_labels => address_of_plattli_query_set_labels,
    :plattli_query_set_cursor => address_of_plattli_query_set_cursor,
    :plattli_query_resume => address_of_plattli_query_resume,
    :plattli_cursor_status => address_of_plattli_cursor_status,
    :plattli_cursor_rows => address_of_plattli_cursor_rows,
    :plattli_cursor_partition_count => address_of_plattli_cursor_partition_count,
    :plattli_cursor_partition => address_of_plattli_cursor_partition,
    :plattli_cursor_text => address_of_plattli_cursor_text,
    :plattli_cursor_free => address_of_plattli_cursor_free,
    :plattli_journal_options_new => address_of_plattli_journal_options_new,
    :plattli_journal_options_free => address_of_plattli_journal_options_free,
    :plattli_journal_options_set_threshold => address_of_plattli_journal_options_set_threshold,
    :plattli_journal_options_set_max_object_bytes => address_of_plattli_journal_options_set_max_object_bytes,
    :plattli_journal_options_set_lease_expiry => address_of_plattli_journal_options_set_lease_expiry,
    :plattli_journal_options_set_durability => address_of_plattli_journal_options_set_durability,
    :plattli_journal_open => address_of_plattli_journal_open,
    :plattli_journal_append => address_of_plattli_journal_append,
    :plattli_journal_flush => address_of_plattli_journal_flush,
    :plattli_journal_read => address_of_plattli_journal_read,
    :plattli_journal_read_from => address_of_plattli_journal_read_from,
    :plattli_journal_compact => address_of_plattli_journal_compact,
    :plattli_journal_file_count => address_of_plattli_journal_file_count,
    :plattli_journal_pending => address_of_plattli_journal_pending,
    :plattli_journal_close => address_of_plattli_journal_close,
    :plattli_journal_discard => address_of_plattli_journal_discard,
    :plattli_journal_events_len => address_of_plattli_journal_events_len,
    :plattli_journal_events_get => address_of_plattli_journal_events_get,
    :plattli_journal_events_number => address_of_plattli_journal_events_number,
    :plattli_journal_events_next => address_of_plattli_journal_events_next,
    :plattli_journal_events_free => address_of_plattli_journal_events_free,
]
