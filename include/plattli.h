/*
 * plattli: metrics of simulation codes, one call per metric per step; readable while the job runs, whole after a
 * kill, exact after a restart.
 *
 * A function that can fail returns PLATTLI_OK (0) or one of the PLATTLI_ERR_ codes; plattli_last_error() has the
 * sentence. Outputs are written on success only. Text is NUL-terminated UTF-8 unless it comes with a length.
 * The contract (ownership, threads, fork, errors) is on one page: docs/c-api.md.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Generated from src/capi by cbindgen. Do not edit: change the Rust source, then
 *   PLATTLI_BLESS=1 cargo test --test header
 */


#ifndef PLATTLI_H
#define PLATTLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The Arrow C data interface and C stream interface, word for word as https://arrow.apache.org/docs/format gives them. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    // Array type description
    const char* format;
    const char* name;
    const char* metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema** children;
    struct ArrowSchema* dictionary;

    // Release callback
    void (*release)(struct ArrowSchema*);
    // Opaque producer-specific data
    void* private_data;
};

struct ArrowArray {
    // Array data description
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void** buffers;
    struct ArrowArray** children;
    struct ArrowArray* dictionary;

    // Release callback
    void (*release)(struct ArrowArray*);
    // Opaque producer-specific data
    void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    // Callbacks providing stream functionality
    int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
    int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
    const char* (*get_last_error)(struct ArrowArrayStream*);

    // Release callback
    void (*release)(struct ArrowArrayStream*);

    // Opaque producer-specific data
    void* private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE


/// The version of this header, as `major << 16 | minor << 8 | patch`.
#define PLATTLI_VERSION 256

/// Success.
#define PLATTLI_OK 0

/// NULL, an illegal name, bad UTF-8, bad JSON, an unknown option or enum value.
#define PLATTLI_ERR_ARGUMENT 1

/// The value does not fit the metric: dtype conflict, overflow, inexact integer.
#define PLATTLI_ERR_TYPE 2

/// Metric written twice in a step, handle finished, step out of order.
#define PLATTLI_ERR_STATE 3

/// No run here; unknown metric, key or topic.
#define PLATTLI_ERR_NOT_FOUND 4

/// Finished run without the reopen option; output exists without overwrite.
#define PLATTLI_ERR_EXISTS 5

/// Another writer holds the run, or a live run kept changing while it was read: try again.
#define PLATTLI_ERR_BUSY 6

/// Data on disk breaks the format in a way that recovery must not paper over.
#define PLATTLI_ERR_CORRUPT 7

/// The operating system refused: no space, no quota, no permission, a broken disk.
#define PLATTLI_ERR_IO 8

/// Shed under the chosen overload policy; nothing of this call was kept.
#define PLATTLI_ERR_OVERLOADED 9

/// The caller's buffer is too small; the needed length was returned.
#define PLATTLI_ERR_BUFFER 10

/// The handle belongs to a parent process.
#define PLATTLI_ERR_FORKED 11

/// This build lacks the feature.
#define PLATTLI_ERR_UNSUPPORTED 12

/// A bug in the library. The handle is unusable from now on; others are not affected.
#define PLATTLI_ERR_INTERNAL 13

/// 32-bit float.
#define PLATTLI_F32 1

/// 64-bit float.
#define PLATTLI_F64 2

/// Signed 8-bit integer.
#define PLATTLI_I8 3

/// Signed 16-bit integer.
#define PLATTLI_I16 4

/// Signed 32-bit integer.
#define PLATTLI_I32 5

/// Signed 64-bit integer.
#define PLATTLI_I64 6

/// Unsigned 8-bit integer.
#define PLATTLI_U8 7

/// Unsigned 16-bit integer.
#define PLATTLI_U16 8

/// Unsigned 32-bit integer.
#define PLATTLI_U32 9

/// Unsigned 64-bit integer.
#define PLATTLI_U64 10

/// Any JSON value: text, booleans, lists, objects.
#define PLATTLI_JSON 11

/// Rows go to a log and are compacted into columns in the background. The default.
#define PLATTLI_COMPACTING 0

/// Each row goes straight to the columns; there is no log.
#define PLATTLI_DIRECT 1

/// Everything is staged, and published whole by `plattli_finish`.
#define PLATTLI_BULK 2

/// An acknowledged step survives the death of the process. The default.
#define PLATTLI_DURABLE_PROCESS 0

/// An acknowledged step also survives power loss, once its sync interval has passed.
#define PLATTLI_DURABLE_SYSTEM 1

/// `plattli_end_step` waits while compaction is too far behind. The default.
#define PLATTLI_OVERLOAD_WAIT 0

/// A step that would have to wait is dropped whole and counted: `PLATTLI_ERR_OVERLOADED`.
#define PLATTLI_OVERLOAD_SHED 1

/// Rows that the disk refused stay in memory within a bound; every step reports and tries again. The default.
#define PLATTLI_IO_RETRY 0

/// The first error of the disk is latched: every later call returns it.
#define PLATTLI_IO_FAIL 1

/// Whatever is found first. The default.
#define PLATTLI_KIND_AUTO 0

/// A run folder.
#define PLATTLI_KIND_FOLDER 1

/// An archive.
#define PLATTLI_KIND_ARCHIVE 2

/// Every row.
#define PLATTLI_ALL 0

/// Rows by their step, both ends inclusive.
#define PLATTLI_STEPS 1

/// Rows by their value, both ends inclusive; NaN lies in no range, and JSON metrics have none.
#define PLATTLI_VALUES 2

/// Rows by their position, from `start` up to but without `stop`; negative ones count from the end.
#define PLATTLI_POSITIONS 3

/// Integers as `PLATTLI_I64`, whatever their stored width; floats and JSON as stored.
#define PLATTLI_STANDARD 0

/// As stored.
#define PLATTLI_STORAGE -1

/// Each entry is on stable storage before its call returns. The default.
#define PLATTLI_SYNC_EVERY 0

/// Entries are forced to stable storage by a thread of the state, on an interval.
#define PLATTLI_SYNC_INTERVAL 1

/// Entries survive the death of the process; the operating system writes them back when it sees fit.
#define PLATTLI_SYNC_NONE 2

/// What `plattli_state_lost` says where nothing is left to count by.
#define PLATTLI_LOST_UNKNOWN 18446744073709551615ull

/// Segments are Arrow IPC files, `N.arrow`. The default.
#define PLATTLI_SEGMENT_ARROW 0

/// Segments are Parquet files, `N.parquet`, once they are closed.
#define PLATTLI_SEGMENT_PARQUET 1

/// Oldest first. The default.
#define PLATTLI_ASCENDING 0

/// Newest first.
#define PLATTLI_DESCENDING 1

/// There is nothing more at the moment.
#define PLATTLI_PAGE_ALL 0

/// What follows has other columns: it is on a page of its own.
#define PLATTLI_PAGE_SCHEMA_CHANGE 1

/// The page has as many rows as it may have, and there are more.
#define PLATTLI_PAGE_ROW_LIMIT 2

/// The page has as many bytes as it may have, and there are more.
#define PLATTLI_PAGE_BYTE_LIMIT 3

/// Rows of one metric. Does not change, and outlives the reader.
typedef struct plattli_column plattli_column;

/// Where a page ended, and why. Plain memory: it outlives the stream and may be read by any thread.
typedef struct plattli_cursor plattli_cursor;

/// How a run is finished. Used by one thread at a time.
typedef struct plattli_finish_options plattli_finish_options;

/// How a log is imported. Used by one thread at a time.
typedef struct plattli_import_options plattli_import_options;

/// A journal: events of any number of writers, each in a process of its own, in a place that they share. May be used
/// from any thread; calls wait for each other inside where they must.
typedef struct plattli_journal plattli_journal;

/// Events that were read, in order. Does not change, and outlives the journal.
typedef struct plattli_journal_events plattli_journal_events;

/// How a journal is opened. Used by one thread at a time; `plattli_journal_open` copies what it needs.
typedef struct plattli_journal_options plattli_journal_options;

/// What is wanted of a stream. Used by one thread at a time; `plattli_stream_query` copies what it needs.
typedef struct plattli_query plattli_query;

/// A run that is being read, as it was when it was opened or last refreshed. May be used from any thread; calls
/// wait for each other inside.
typedef struct plattli_reader plattli_reader;

/// How a run is opened for reading. Used by one thread at a time; `plattli_reader_open` copies what it needs.
typedef struct plattli_reader_options plattli_reader_options;

/// A state that is being written or read. May be used from any thread; calls wait for each other inside.
typedef struct plattli_state plattli_state;

/// How a state is opened. Used by one thread at a time; `plattli_state_open` copies what it needs.
typedef struct plattli_state_options plattli_state_options;

/// Compacts many states on one timer. May be used from any thread.
typedef struct plattli_state_scheduler plattli_state_scheduler;

/// Tables under a quota, open for writing and reading. May be used from any thread, by several at once.
typedef struct plattli_stream plattli_stream;

/// How a stream is opened. Used by one thread at a time; `plattli_stream_open` copies what it needs.
typedef struct plattli_stream_options plattli_stream_options;

/// Text made by the library: UTF-8, terminated, with its length, as it may hold NUL. Plain memory: it outlives the
/// object it came from and may be read by any thread.
typedef struct plattli_string plattli_string;

/// A list of texts made by the library. Plain memory: it outlives the object it came from and may be read by any
/// thread.
typedef struct plattli_strings plattli_strings;

/// Rows of several metrics side by side. Does not change, and outlives the reader.
typedef struct plattli_table plattli_table;

/// A run that is being written. May be used from any thread; calls wait for each other inside.
typedef struct plattli_writer plattli_writer;

/// How a run is opened for writing. Used by one thread at a time; `plattli_writer_open` copies what it needs.
typedef struct plattli_writer_options plattli_writer_options;

/// What a writer has done so far. Set `size` to `sizeof(plattli_writer_stats)` before it is filled.
typedef struct plattli_writer_stats {
    /// Set by the caller.
    size_t size;
    /// Steps ended.
    uint64_t steps;
    /// Rows (steps with at least one value) handed to the operating system.
    uint64_t rows;
    /// Rows that wait in memory because the disk refused them.
    uint64_t pending_rows;
    /// Rows given up, oldest first, because too many waited.
    uint64_t dropped_rows;
    /// Steps shed under the overload policy.
    uint64_t shed_steps;
    /// Operations that the operating system refused.
    uint64_t io_errors;
    /// Attempts to repeat them.
    uint64_t retries;
    /// Compactions completed.
    uint64_t compactions;
    /// Things worth a look that were not errors, such as broken lines that were moved aside.
    uint64_t warnings;
    /// Bytes written to logs and columns.
    uint64_t bytes_written;
    /// Times that data were forced to stable storage.
    uint64_t sync_count;
    /// Nanoseconds of the caller's threads spent in ending steps and flushing, in all: one step in sixteen is measured and
    /// stands for its neighbours.
    uint64_t caller_ns_total;
    /// The longest of those calls, in nanoseconds. Between the measured ones only calls of some milliseconds, two ticks
    /// of the system's coarse clock, are seen.
    uint64_t caller_ns_max;
} plattli_writer_stats;

/// What there is to know about a metric. Set `size` to `sizeof(plattli_metric_info)` before it is filled.
typedef struct plattli_metric_info {
    /// Set by the caller.
    size_t size;
    /// Its type on disk, `PLATTLI_F32` … `PLATTLI_JSON`. Integers of a finished run are stored in the narrowest type.
    int32_t dtype;
    /// What its values do from row to row: 1 never decreasing, -1 never increasing, 0 neither (or JSON).
    int32_t monotonic;
    /// How many rows it has.
    uint64_t rows;
    /// The step of its first row; 0 if it has none.
    uint32_t first_step;
    /// The step of its last row; 0 if it has none.
    uint32_t last_step;
} plattli_metric_info;

/// Which rows are wanted. Zeroed it selects all. A reversed range is empty, not an error.
typedef struct plattli_selection {
    /// `PLATTLI_ALL`, `PLATTLI_STEPS`, `PLATTLI_VALUES` or `PLATTLI_POSITIONS`.
    int32_t kind;
    /// Which ends are given: bit 0 (1) the start, bit 1 (2) the stop. An end that is not given is open.
    int32_t bounds;
    /// First step or position.
    int64_t start;
    /// Last step, or the position after the last.
    int64_t stop;
    /// Smallest value.
    double vstart;
    /// Largest value.
    double vstop;
} plattli_selection;

/// What was imported. Set `size` to `sizeof(plattli_import_report)` before it is filled.
typedef struct plattli_import_report {
    /// Set by the caller.
    size_t size;
    /// Lines of the log.
    uint64_t rows;
    /// Of these, lines that a later rewind made void.
    uint64_t rewound_rows;
    /// Metrics in the run.
    uint64_t metrics;
    /// 1 if a torn last line was left out, else 0.
    uint64_t torn_tail;
} plattli_import_report;

/// What a stream has done so far and has at the moment. Set `size` to `sizeof(plattli_stream_stats)` before it is
/// filled.
typedef struct plattli_stream_stats {
    /// Set by the caller.
    size_t size;
    /// Rows taken since the stream was opened.
    uint64_t rows;
    /// Batches taken.
    uint64_t batches;
    /// Batches refused with `PLATTLI_ERR_OVERLOADED`.
    uint64_t shed_batches;
    /// Rows of those.
    uint64_t shed_rows;
    /// Batches refused because the disk was nearly full.
    uint64_t refused_batches;
    /// Checkpoints that recorded something.
    uint64_t checkpoints;
    /// Segments closed.
    uint64_t rolls;
    /// Segments that retention dropped.
    uint64_t dropped_segments;
    /// Rows of those.
    uint64_t dropped_rows;
    /// Calls that the operating system or the manifest refused.
    uint64_t io_errors;
    /// Bytes on disk, manifest included.
    uint64_t bytes;
    /// Bytes of rows in memory that no file has yet.
    uint64_t active_bytes;
    /// Topics that are open.
    uint64_t open_topics;
    /// Closed segments.
    uint64_t segments;
    /// Closed segments that wait to be replicated; 0 where nothing is to be replicated.
    uint64_t waiting;
    /// Segments replicated since the stream was opened.
    uint64_t replicated;
    /// Attempts to replicate that failed.
    uint64_t replication_errors;
    /// 1 while the disk is nearly full and nothing is taken, else 0.
    uint64_t read_only;
} plattli_stream_stats;

/// What a compaction did. Set `size` to `sizeof(plattli_compact_stats)` before it is filled.
typedef struct plattli_compact_stats {
    /// Set by the caller.
    size_t size;
    /// Objects that were merged; where nothing happened, the objects that are there.
    uint64_t merged;
    /// Events in the new objects.
    uint64_t events;
    /// Objects and lists that could not be deleted. No harm: they stay hidden, and the next compaction tries again.
    uint64_t failed_deletes;
    /// New objects: 0 where nothing happened, more than 1 where one would be too large.
    uint64_t objects;
    /// Name of the new object in its location, terminated; of the last one if there are several; empty if there is none.
    char key[64];
} plattli_compact_stats;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// The version of the library, as `major << 16 | minor << 8 | patch`; equals `PLATTLI_VERSION` of the header
/// that belongs to it.
uint32_t plattli_version(void);

/// The version of the library as text, `"major.minor.patch"`. Valid for as long as the library is loaded.
const char *plattli_version_string(void);

/// Whether this build has a feature: `"run"`, `"state"` and `"journal"`, which all have; `"patterns"` (regular expressions);
/// `"stream"` (streams, and runs as Arrow tables); `"parquet"` (segments of streams); `"object-store"`, `"s3"`, `"gcs"`,
/// `"azure"` (buckets). False for NULL and for names it does not know.
bool plattli_has_feature(const char *name);

/// The text of the last failure on the calling thread: what was tried, on which path or metric, and what the
/// operating system said.
///
/// Never NULL; empty before the first failure. Valid until the next failing call on the same thread; calls that
/// succeed leave it alone.
const char *plattli_last_error(void);

/// Copies the text of the last failure on the calling thread into `buf`, always terminated, cut between
/// characters where it does not fit into `cap` bytes.
///
/// Returns the length of the whole text without its terminator: the copy is complete if that is below `cap`.
/// `buf` may be NULL, and `cap` 0, to ask for the length.
size_t plattli_last_error_copy(char *buf, size_t cap);

/// The name of a status code, such as `"PLATTLI_ERR_IO"`; `"PLATTLI_ERR_UNKNOWN"` for any other number.
/// Never NULL; valid for as long as the library is loaded.
const char *plattli_status_name(int32_t status);

/// The text, terminated. Valid until `plattli_string_free`. NULL for NULL.
const char *plattli_string_data(const struct plattli_string *string);

/// The length of the text in bytes, without the terminator. 0 for NULL.
size_t plattli_string_len(const struct plattli_string *string);

/// Releases a string. NULL is fine.
void plattli_string_free(struct plattli_string *string);

/// How many texts there are. 0 for NULL.
size_t plattli_strings_len(const struct plattli_strings *strings);

/// Text `i`, terminated, and its length in bytes without the terminator; `len` may be NULL. Valid until
/// `plattli_strings_free`. `PLATTLI_ERR_NOT_FOUND` past the last.
int32_t plattli_strings_get(const struct plattli_strings *strings, size_t i, const char **text, size_t *len);

/// Releases a list. NULL is fine.
void plattli_strings_free(struct plattli_strings *strings);

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_writer_options_free`.
struct plattli_writer_options *plattli_writer_options_new(void);

/// Releases options. NULL is fine. Writers opened with them are not affected.
void plattli_writer_options_free(struct plattli_writer_options *options);

/// How rows reach the disk: `PLATTLI_COMPACTING`, `PLATTLI_DIRECT` or `PLATTLI_BULK`.
int32_t plattli_writer_options_set_layout(struct plattli_writer_options *options, int32_t layout);

/// The step to continue from. Rows at or beyond it are dropped everywhere. Not set: the run continues after its
/// last recorded step and nothing is dropped.
int32_t plattli_writer_options_set_step(struct plattli_writer_options *options, uint32_t step);

/// How many rows the log holds before it is compacted: at least 1; 200 unless set.
int32_t plattli_writer_options_set_hotsize(struct plattli_writer_options *options, uint64_t rows);

/// The configuration of the run, as JSON text of `len` bytes; copied.
int32_t plattli_writer_options_set_config_json(struct plattli_writer_options *options, const char *json, size_t len);

/// The file that holds the configuration, relative to the run directory: `config.json` of the run becomes a link
/// to it if it exists when the run is opened. `"config.json"` unless set.
int32_t plattli_writer_options_set_config_path(struct plattli_writer_options *options, const char *path);

/// Allows an archived run to be unpacked and continued; false unless set. Without it, opening one is
/// `PLATTLI_ERR_EXISTS`.
int32_t plattli_writer_options_set_reopen_finished(struct plattli_writer_options *options, bool reopen);

/// Bulk layout: an existing run may be replaced; false unless set. Without it that is `PLATTLI_ERR_EXISTS`.
int32_t plattli_writer_options_set_overwrite(struct plattli_writer_options *options, bool overwrite);

/// What an acknowledged step survives: `PLATTLI_DURABLE_PROCESS` or `PLATTLI_DURABLE_SYSTEM`.
int32_t plattli_writer_options_set_durability(struct plattli_writer_options *options, int32_t durability);

/// System durability: how often to sync, after so many steps or so many milliseconds, whichever is first. 0
/// leaves that measure out; one of the two must be given. 1 step and 0 milliseconds unless set.
int32_t plattli_writer_options_set_sync_interval(struct plattli_writer_options *options, uint32_t steps, uint64_t milliseconds);

/// What happens when compaction cannot keep up: `PLATTLI_OVERLOAD_WAIT` or `PLATTLI_OVERLOAD_SHED`.
int32_t plattli_writer_options_set_overload(struct plattli_writer_options *options, int32_t overload);

/// How many background threads a writer may have: 0 for none, so that compaction runs inside `plattli_end_step`.
/// 1 unless set; more are allowed and not used. Only with 0 are no others started either, which look at many files while
/// a run is opened or finished and end before that call returns.
int32_t plattli_writer_options_set_threads(struct plattli_writer_options *options, uint32_t threads);

/// How far the background thread stands back behind the threads of the program, 0 to 19, added to the `nice` of the
/// process. 0 unset. A solver on the same processor then loses less time, and rows stay in the log for longer.
int32_t plattli_writer_options_set_nice(struct plattli_writer_options *options, uint32_t nice);

/// The `n` processors on which the background thread may run, as `taskset` counts them: another than that of a solver
/// that is bound to one. With `n` 0, the default, those of the thread that opens the run. `plattli_writer_open`
/// returns `PLATTLI_ERR_ARGUMENT` where the system does not let the process run there.
int32_t plattli_writer_options_set_affinity(struct plattli_writer_options *options, const uint32_t *processors, size_t n);

/// What happens when the disk refuses: `PLATTLI_IO_RETRY` or `PLATTLI_IO_FAIL`.
int32_t plattli_writer_options_set_on_io_error(struct plattli_writer_options *options, int32_t policy);

/// Whether a second writer of the run is refused with `PLATTLI_ERR_BUSY`; true unless set.
int32_t plattli_writer_options_set_lock(struct plattli_writer_options *options, bool lock);

/// Whether a broken line in the middle of a log is `PLATTLI_ERR_CORRUPT`; false unless set. Otherwise the line is
/// moved to `plattli.rejected.jsonl` in the run directory and counted as a warning.
int32_t plattli_writer_options_set_strict(struct plattli_writer_options *options, bool strict);

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_finish_options_free`.
struct plattli_finish_options *plattli_finish_options_new(void);

/// Releases options. NULL is fine.
void plattli_finish_options_free(struct plattli_finish_options *options);

/// Whether integers are stored in the narrowest type that holds them, and index files become segments where that
/// pays; true unless set.
int32_t plattli_finish_options_set_optimize(struct plattli_finish_options *options, bool optimize);

/// Whether the folder is packed into `metrics.plattli`; true unless set.
int32_t plattli_finish_options_set_archive(struct plattli_finish_options *options, bool archive);

/// Keys that replace those of the configuration: a JSON object as text of `len` bytes; copied.
int32_t plattli_finish_options_set_config_overrides(struct plattli_finish_options *options, const char *json, size_t len);

/// Opens the run in the directory `run_dir` for writing, or begins one; the directory is made if it is missing.
/// What a crash left behind is put in order first.
///
/// `options` may be NULL for the defaults. On success `*out` is a writer, to be released with
/// `plattli_writer_close`. Errors: `PLATTLI_ERR_EXISTS` for a finished run without `set_reopen_finished`,
/// `PLATTLI_ERR_BUSY` if another writer has it, `PLATTLI_ERR_CORRUPT`, `PLATTLI_ERR_IO`.
int32_t plattli_writer_open(const char *run_dir, const struct plattli_writer_options *options, struct plattli_writer **out);

/// Makes a metric known under a number, `*out_id`, for the `plattli_put_…` functions; the same number for the same
/// name as long as the writer is open. `dtype` is one of `PLATTLI_F32` … `PLATTLI_JSON`. It is the type of a metric
/// that has no values yet; one that has values keeps its type, which must agree in kind. The metric appears in the
/// run with its first value.
///
/// Errors: `PLATTLI_ERR_ARGUMENT` for a name that cannot be stored or an unknown type, `PLATTLI_ERR_TYPE` if the
/// metric has values that such a type does not go with.
int32_t plattli_writer_metric(struct plattli_writer *writer, const char *name, int32_t dtype, uint32_t *out_id);

/// The current step: the one that values go to and that `plattli_end_step` will end. `PLATTLI_ERR_STATE` once
/// step 4294967295 has been ended.
int32_t plattli_writer_step(struct plattli_writer *writer, uint32_t *out_step);

/// Moves the current step forward, to `step`. Only between steps: `PLATTLI_ERR_STATE` if values of the current
/// step were written, or if `step` lies behind.
int32_t plattli_writer_set_step(struct plattli_writer *writer, uint32_t step);

/// Ends the current step, and moves on to the next in any case.
///
/// `PLATTLI_OK` means that this step, and every one before it, is never lost by the death of the process, at any
/// later instant. The first error of any write of this step is returned here again; what was valid is recorded
/// and acknowledged all the same. After `PLATTLI_ERR_IO` the row waits in memory and is written by a later call:
/// the next `plattli_end_step`, `plattli_flush` or `plattli_sync` that succeeds acknowledges it too. Nothing ever
/// has to be repeated.
int32_t plattli_end_step(struct plattli_writer *writer);

/// Hands the values written so far in the current step to the operating system, where readers see them. The step
/// goes on.
int32_t plattli_flush(struct plattli_writer *writer);

/// Returns once everything acknowledged so far is on stable storage.
int32_t plattli_sync(struct plattli_writer *writer);

/// Replaces the configuration of the run by JSON text of `len` bytes.
int32_t plattli_writer_set_config(struct plattli_writer *writer, const char *json, size_t len);

/// What the writer has done so far. Legal after `plattli_finish` as well.
int32_t plattli_writer_get_stats(struct plattli_writer *writer, struct plattli_writer_stats *out);

/// What was found broken when the run was opened, and how it was mended, one text for each `i` from 0 on;
/// `PLATTLI_ERR_NOT_FOUND` past the last. On success `*out` is released with `plattli_string_free`.
int32_t plattli_writer_warnings(struct plattli_writer *writer, size_t i, struct plattli_string **out);

/// Finishes the run: everything written, the unfinished current step included, is brought into its final form and
/// onto stable storage. `options` may be NULL for the defaults, which pack the run into `metrics.plattli`.
///
/// Releases the lock. Afterwards only `plattli_writer_get_stats` and `plattli_writer_close` are legal; other
/// calls return `PLATTLI_ERR_STATE`.
int32_t plattli_finish(struct plattli_writer *writer, const struct plattli_finish_options *options);

/// Flushes the current step, waits for the background work and releases the writer, whatever it returns. Never
/// finishes the run: it can be opened again and continued. NULL is fine.
///
/// In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
int32_t plattli_writer_close(struct plattli_writer *writer);

/// Writes a value of the metric `name` in the current step. A new name makes a new metric of the value's type; the
/// type of an existing one is widened where that loses nothing.
///
/// Errors, each of which leaves the step as it was and is returned again by `plattli_end_step`:
/// `PLATTLI_ERR_ARGUMENT` for a name that cannot be stored, `PLATTLI_ERR_TYPE` for a value that does not fit the
/// metric, `PLATTLI_ERR_STATE` for a second value in one step.
int32_t plattli_write_f32(struct plattli_writer *writer, const char *name, float value);

/// As `plattli_write_f32`, for a 64-bit float.
int32_t plattli_write_f64(struct plattli_writer *writer, const char *name, double value);

/// As `plattli_write_f32`, for a signed 8-bit integer.
int32_t plattli_write_i8(struct plattli_writer *writer, const char *name, int8_t value);

/// As `plattli_write_f32`, for a signed 16-bit integer.
int32_t plattli_write_i16(struct plattli_writer *writer, const char *name, int16_t value);

/// As `plattli_write_f32`, for a signed 32-bit integer.
int32_t plattli_write_i32(struct plattli_writer *writer, const char *name, int32_t value);

/// As `plattli_write_f32`, for a signed 64-bit integer.
int32_t plattli_write_i64(struct plattli_writer *writer, const char *name, int64_t value);

/// As `plattli_write_f32`, for an unsigned 8-bit integer.
int32_t plattli_write_u8(struct plattli_writer *writer, const char *name, uint8_t value);

/// As `plattli_write_f32`, for an unsigned 16-bit integer.
int32_t plattli_write_u16(struct plattli_writer *writer, const char *name, uint16_t value);

/// As `plattli_write_f32`, for an unsigned 32-bit integer.
int32_t plattli_write_u32(struct plattli_writer *writer, const char *name, uint32_t value);

/// As `plattli_write_f32`, for an unsigned 64-bit integer.
int32_t plattli_write_u64(struct plattli_writer *writer, const char *name, uint64_t value);

/// As `plattli_write_f32`, for a boolean, kept as JSON.
int32_t plattli_write_bool(struct plattli_writer *writer, const char *name, bool value);

/// As `plattli_write_f32`, for UTF-8 text of `len` bytes, kept as a JSON string. It may hold NUL; `data` may be NULL
/// if `len` is 0.
int32_t plattli_write_str(struct plattli_writer *writer, const char *name, const char *data, size_t len);

/// As `plattli_write_f32`, for one JSON value as text of `len` bytes.
int32_t plattli_write_json(struct plattli_writer *writer, const char *name, const char *json, size_t len);

/// Writes a value of the metric with the number `id`, from `plattli_writer_metric`, in the current step. The value
/// is stored in the metric's type, which is widened where that loses nothing.
///
/// Errors, each of which leaves the step as it was and is returned again by `plattli_end_step`:
/// `PLATTLI_ERR_ARGUMENT` for a number that was never given out, `PLATTLI_ERR_TYPE` for a value that does not fit
/// the metric, `PLATTLI_ERR_STATE` for a second value in one step.
int32_t plattli_put_f32(struct plattli_writer *writer, uint32_t id, float value);

/// As `plattli_put_f32`, for a 64-bit float.
int32_t plattli_put_f64(struct plattli_writer *writer, uint32_t id, double value);

/// As `plattli_put_f32`, for a signed 8-bit integer.
int32_t plattli_put_i8(struct plattli_writer *writer, uint32_t id, int8_t value);

/// As `plattli_put_f32`, for a signed 16-bit integer.
int32_t plattli_put_i16(struct plattli_writer *writer, uint32_t id, int16_t value);

/// As `plattli_put_f32`, for a signed 32-bit integer.
int32_t plattli_put_i32(struct plattli_writer *writer, uint32_t id, int32_t value);

/// As `plattli_put_f32`, for a signed 64-bit integer.
int32_t plattli_put_i64(struct plattli_writer *writer, uint32_t id, int64_t value);

/// As `plattli_put_f32`, for an unsigned 8-bit integer.
int32_t plattli_put_u8(struct plattli_writer *writer, uint32_t id, uint8_t value);

/// As `plattli_put_f32`, for an unsigned 16-bit integer.
int32_t plattli_put_u16(struct plattli_writer *writer, uint32_t id, uint16_t value);

/// As `plattli_put_f32`, for an unsigned 32-bit integer.
int32_t plattli_put_u32(struct plattli_writer *writer, uint32_t id, uint32_t value);

/// As `plattli_put_f32`, for an unsigned 64-bit integer.
int32_t plattli_put_u64(struct plattli_writer *writer, uint32_t id, uint64_t value);

/// As `plattli_put_f32`, for a boolean, kept as JSON.
int32_t plattli_put_bool(struct plattli_writer *writer, uint32_t id, bool value);

/// As `plattli_put_f32`, for UTF-8 text of `len` bytes, kept as a JSON string. It may hold NUL; `data` may be NULL
/// if `len` is 0.
int32_t plattli_put_str(struct plattli_writer *writer, uint32_t id, const char *data, size_t len);

/// As `plattli_put_f32`, for one JSON value as text of `len` bytes.
int32_t plattli_put_json(struct plattli_writer *writer, uint32_t id, const char *json, size_t len);

/// Writes `n` values at once: `values[i]` goes to the metric `ids[i]`. All are checked before any is written; on an
/// error none is. The arrays may be NULL if `n` is 0.
int32_t plattli_put_row_f64(struct plattli_writer *writer, const uint32_t *ids, const double *values, size_t n);

/// As `plattli_put_row_f64`, for 32-bit floats.
int32_t plattli_put_row_f32(struct plattli_writer *writer, const uint32_t *ids, const float *values, size_t n);

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_reader_options_free`.
struct plattli_reader_options *plattli_reader_options_new(void);

/// Releases options. NULL is fine. Readers opened with them are not affected.
void plattli_reader_options_free(struct plattli_reader_options *options);

/// What to look for: `PLATTLI_KIND_AUTO`, `PLATTLI_KIND_FOLDER` or `PLATTLI_KIND_ARCHIVE`.
int32_t plattli_reader_options_set_kind(struct plattli_reader_options *options, int32_t kind);

/// Whether the newest rows of a live run, those still in its log, are left out; false unless set.
int32_t plattli_reader_options_set_exclude_hot(struct plattli_reader_options *options, bool exclude);

/// Whether a broken line in the middle of a log is `PLATTLI_ERR_CORRUPT`; false unless set. Otherwise the line is
/// skipped and is a warning.
int32_t plattli_reader_options_set_strict(struct plattli_reader_options *options, bool strict);

/// Opens a run for reading: `path` is the run directory, the run folder in it, or an archive. A run that is being
/// written may be opened at any time; what is read of it is a consistent prefix that holds every step acknowledged
/// before the call, and stays the same until `plattli_reader_refresh`.
///
/// `options` may be NULL for the defaults. On success `*out` is a reader, to be released with
/// `plattli_reader_close`. Errors: `PLATTLI_ERR_NOT_FOUND` if there is no run, `PLATTLI_ERR_CORRUPT`,
/// `PLATTLI_ERR_BUSY` if the run kept changing (try again), `PLATTLI_ERR_IO`.
int32_t plattli_reader_open(const char *path, const struct plattli_reader_options *options, struct plattli_reader **out);

/// Releases a reader, and all text borrowed from it. NULL is fine. Columns and tables read through it stay.
void plattli_reader_close(struct plattli_reader *reader);

/// Looks at the run anew, and ends the life of all text borrowed from the reader. After an error the reader, and
/// the text, stay as they were.
int32_t plattli_reader_refresh(struct plattli_reader *reader);

/// How many metrics there are.
int32_t plattli_reader_metric_count(struct plattli_reader *reader, size_t *out_count);

/// The name of metric `i`, in sorted order; borrowed until refresh or close. `PLATTLI_ERR_NOT_FOUND` past the last.
int32_t plattli_reader_metric_name(struct plattli_reader *reader, size_t i, const char **out_name);

/// Type, rows, first and last step of a metric. `PLATTLI_ERR_NOT_FOUND` if there is none of that name.
int32_t plattli_reader_metric_info(struct plattli_reader *reader, const char *name, struct plattli_metric_info *out);

/// The configuration of the run as JSON text of `*len` bytes, not terminated; borrowed until refresh or close.
/// `PLATTLI_ERR_NOT_FOUND` if the run has none.
int32_t plattli_reader_config(struct plattli_reader *reader, const char **json, size_t *len);

/// When the run was last described, as `YYYY-MM-DDTHH:MM:SSZ`; borrowed until refresh or close.
/// `PLATTLI_ERR_NOT_FOUND` if the run does not say.
int32_t plattli_reader_when_exported(struct plattli_reader *reader, const char **out_time);

/// How many rows a metric has.
int32_t plattli_reader_rows(struct plattli_reader *reader, const char *name, uint64_t *out_rows);

/// An estimate of the rows of the longest metric that looks at no more than `probes` files (12 is a good number),
/// and at none if the run is finished. Rows that are still in the log are not counted.
int32_t plattli_reader_approx_max_rows(struct plattli_reader *reader, uint32_t probes, uint64_t *out_rows);

/// Warning `i`: something that was skipped or looks wrong, though it was no error, such as a broken line of a log.
/// Borrowed until refresh or close. `PLATTLI_ERR_NOT_FOUND` past the last.
int32_t plattli_reader_warnings(struct plattli_reader *reader, size_t i, const char **out_text);

/// Reads selected rows of a metric. `selection` may be NULL for all rows; `as` is `PLATTLI_STANDARD`,
/// `PLATTLI_STORAGE` or a type. On success `*out` is a column, to be released with `plattli_column_free`.
///
/// Errors: `PLATTLI_ERR_NOT_FOUND` for an unknown metric; `PLATTLI_ERR_TYPE` for a value that is not exactly one of
/// the integer type asked for (floats are rounded), or for values of a JSON metric asked for by range;
/// `PLATTLI_ERR_CORRUPT`; `PLATTLI_ERR_BUSY` if the run kept changing (try again); `PLATTLI_ERR_IO`.
int32_t plattli_reader_column(struct plattli_reader *reader, const char *name, const struct plattli_selection *selection, int32_t as, struct plattli_column **out_column);

/// Reads `n` metrics side by side, at the steps at which each of them has a value. Without `on` (NULL) the
/// selection names rows of this table, by step or position; with it, rows of the metric `on`, of which those remain
/// that all have. On success `*out` is a table, to be released with `plattli_table_free`. Errors as
/// `plattli_reader_column`.
int32_t plattli_reader_table(struct plattli_reader *reader, const char *const *names, size_t n, const char *on, const struct plattli_selection *selection, int32_t as, struct plattli_table **out_table);

/// Reads selected rows of a metric straight into the caller's memory: their values into `values` and, unless NULL,
/// their steps into `steps`, each with room for `cap`. `*out_len` is how many there are.
///
/// If there are more than `cap`, nothing is filled and `PLATTLI_ERR_BUFFER` returned: with `cap` 0 (where `values`
/// may be NULL) that is the way to ask for the number. After another error the memory holds anything. Errors as
/// `plattli_reader_column`.
int32_t plattli_read_f64(struct plattli_reader *reader, const char *name, const struct plattli_selection *selection, uint32_t *steps, double *values, size_t cap, size_t *out_len);

/// As `plattli_read_f64`. What is stored as f64 is rounded.
int32_t plattli_read_f32(struct plattli_reader *reader, const char *name, const struct plattli_selection *selection, uint32_t *steps, float *values, size_t cap, size_t *out_len);

/// As `plattli_read_f64`. A value that is no such integer is `PLATTLI_ERR_TYPE`.
int32_t plattli_read_i64(struct plattli_reader *reader, const char *name, const struct plattli_selection *selection, uint32_t *steps, int64_t *values, size_t cap, size_t *out_len);

/// As `plattli_read_f64`. A value that is no such integer is `PLATTLI_ERR_TYPE`.
int32_t plattli_read_u64(struct plattli_reader *reader, const char *name, const struct plattli_selection *selection, uint32_t *steps, uint64_t *values, size_t cap, size_t *out_len);

/// How many rows; 0 for NULL.
size_t plattli_column_len(const struct plattli_column *column);

/// The type of the values, `PLATTLI_F32` … `PLATTLI_JSON`; 0 for NULL.
int32_t plattli_column_dtype(const struct plattli_column *column);

/// The steps, strictly increasing; borrowed until the column is freed.
const uint32_t *plattli_column_steps(const struct plattli_column *column);

/// The values, an array of the type that `plattli_column_dtype` says; borrowed until the column is freed. NULL for
/// JSON.
const void *plattli_column_values(const struct plattli_column *column);

/// The value of a row of a JSON column as text of `*len` bytes, not terminated; borrowed until the column is freed.
/// `PLATTLI_ERR_TYPE` for a column of numbers, `PLATTLI_ERR_NOT_FOUND` past the last row.
int32_t plattli_column_json(const struct plattli_column *column, size_t row, const char **out_text, size_t *len);

/// Releases a column. NULL is fine.
void plattli_column_free(struct plattli_column *column);

/// How many rows; 0 for NULL.
size_t plattli_table_len(const struct plattli_table *table);

/// The steps, strictly increasing; borrowed until the table is freed.
const uint32_t *plattli_table_steps(const struct plattli_table *table);

/// The column of metric `i`, in the order asked for; borrowed until the table is freed, not to be freed itself.
/// `PLATTLI_ERR_NOT_FOUND` past the last.
int32_t plattli_table_column(const struct plattli_table *table, size_t i, const struct plattli_column **out_column);

/// Releases a table and its columns. NULL is fine.
void plattli_table_free(struct plattli_table *table);

/// Reads `n` metrics as an Arrow table: a column `step` (uint32) and one column per metric, under its name and in the
/// order asked for, at the steps at which each of them has a value, as `plattli_reader_table` joins them. With `n` 0,
/// where `names` may be NULL, all metrics.
///
/// Integers are int64 (those of a `PLATTLI_U64` metric beyond it uint64), floats are as stored, JSON is utf8. The
/// selection, which may be NULL, names rows of the table by step or position; a range of values is for one metric
/// alone, or for `plattli_reader_arrow_long`.
///
/// On success `*out` is a stream of batches of at most 65536 rows, all read already, so that it outlives the reader,
/// and handed over without a copy. Its consumer releases it, as the Arrow C stream interface says. Errors as
/// `plattli_reader_column`; `PLATTLI_ERR_UNSUPPORTED` without the feature `"stream"`.
int32_t plattli_reader_arrow(struct plattli_reader *reader, const char *const *names, size_t n, const struct plattli_selection *selection, struct ArrowArrayStream *out);

/// As `plattli_reader_arrow`, but at the steps at which any of the metrics has a value: null where one has none.
int32_t plattli_reader_arrow_outer(struct plattli_reader *reader, const char *const *names, size_t n, const struct plattli_selection *selection, struct ArrowArrayStream *out);

/// As `plattli_reader_arrow`, but one row per value, metric after metric: `step` (uint32), `metric` (a dictionary of
/// utf8), `value` (float64, null for JSON) and `text` (utf8): the exact text of what `value` cannot say, JSON and
/// integers that a float64 rounds, null for the rest. The selection applies to each metric.
int32_t plattli_reader_arrow_long(struct plattli_reader *reader, const char *const *names, size_t n, const struct plattli_selection *selection, struct ArrowArrayStream *out);

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_import_options_free`.
struct plattli_import_options *plattli_import_options_new(void);

/// Releases options. NULL is fine.
void plattli_import_options_free(struct plattli_import_options *options);

/// Metrics to leave out: `n` regular expressions, each of which must match the whole name; `"DEFAULT"` stands for
/// `[pg]norm.*`. Copied; replaces what was set before. None unless set.
int32_t plattli_import_options_set_skip_columns(struct plattli_import_options *options, const char *const *patterns, size_t n);

/// Whether a step may be smaller than the one before it: the job went back, and rows from there on are dropped.
/// False unless set.
int32_t plattli_import_options_set_allow_rewinds(struct plattli_import_options *options, bool allow);

/// Whether an existing run in the place of the output is replaced; false unless set.
int32_t plattli_import_options_set_overwrite(struct plattli_import_options *options, bool overwrite);

/// Whether floats are kept as 64-bit floats rather than rounded to 32 bits; false unless set.
int32_t plattli_import_options_set_double(struct plattli_import_options *options, bool double_precision);

/// Whether a last line that lacks its newline and does not parse, because the job was killed, is left out rather
/// than an error; false unless set.
int32_t plattli_import_options_set_skip_torn_tail(struct plattli_import_options *options, bool skip);

/// Turns the JSON-lines file `log` into the finished run `run_dir/metrics.plattli`, with `config.json` from beside the
/// log if there is one.
///
/// `options` may be NULL for the defaults, `out` may be NULL if the report is not wanted. Errors name the file and
/// the line: `PLATTLI_ERR_CORRUPT` for a line that is no JSON object and for steps that are missing in some lines, out
/// of range or not increasing; `PLATTLI_ERR_TYPE` for a value that does not fit its metric; `PLATTLI_ERR_ARGUMENT` for
/// names that cannot be stored and patterns that are none; `PLATTLI_ERR_UNSUPPORTED` for any pattern in a build without
/// them; `PLATTLI_ERR_EXISTS` for an existing run. After an error nothing is left of the new run.
int32_t plattli_import_jsonl(const char *log, const char *run_dir, const struct plattli_import_options *options, struct plattli_import_report *out);

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_state_options_free`.
struct plattli_state_options *plattli_state_options_new(void);

/// Releases options. NULL is fine. States opened with them are not affected.
void plattli_state_options_free(struct plattli_state_options *options);

/// When entries are forced to stable storage: `PLATTLI_SYNC_EVERY`, `PLATTLI_SYNC_INTERVAL` (every second, unless set
/// otherwise by `plattli_state_options_set_sync_interval`) or `PLATTLI_SYNC_NONE`.
int32_t plattli_state_options_set_sync(struct plattli_state_options *options, int32_t sync);

/// Chooses `PLATTLI_SYNC_INTERVAL` with so many milliseconds, at least 1.
int32_t plattli_state_options_set_sync_interval(struct plattli_state_options *options, uint64_t milliseconds);

/// The size of the log, in bytes, above which it needs compaction; 1048576 unless set.
int32_t plattli_state_options_set_threshold(struct plattli_state_options *options, uint64_t threshold);

/// How many compacted logs are kept; 3 unless set. With 0 there is nothing to fall back to when the log is damaged.
int32_t plattli_state_options_set_backups(struct plattli_state_options *options, uint32_t backups);

/// Whether `NAME.json`, the whole state for people, is written at each compaction and at close; false unless set.
int32_t plattli_state_options_set_snapshot(struct plattli_state_options *options, bool snapshot);

/// Whether a log that is damaged or missing is taken for what still parses, together with the newest backup, rather
/// than refused with `PLATTLI_ERR_CORRUPT`; false unless set. `plattli_state_lost` says what was lost.
int32_t plattli_state_options_set_salvage(struct plattli_state_options *options, bool salvage);

/// Whether the state is only read, beside whoever writes it: no lock is taken and nothing ever written; false unless
/// set.
int32_t plattli_state_options_set_read_only(struct plattli_state_options *options, bool read_only);

/// Whether a second writer is kept out by a lock file, `.NAME.plattli.lock`; true unless set.
int32_t plattli_state_options_set_lock(struct plattli_state_options *options, bool lock);

/// Opens the state `name` in the directory `dir`. A writer makes both if they are missing, and puts in order what a
/// crash left behind; there is one writer at a time.
///
/// `options` may be NULL for the defaults. On success `*out` is a state, to be released with `plattli_state_close`.
/// Errors: `PLATTLI_ERR_ARGUMENT` for a name that makes no file name (empty, over 128 bytes, a slash, a control
/// character, a dot in front), `PLATTLI_ERR_BUSY` if another writer has it, `PLATTLI_ERR_CORRUPT` if the log is damaged,
/// or missing though there are backups, and `set_salvage` was not asked for, `PLATTLI_ERR_NOT_FOUND` if it is opened
/// read-only and there is none, `PLATTLI_ERR_IO`.
int32_t plattli_state_open(const char *dir, const char *name, const struct plattli_state_options *options, struct plattli_state **out);

/// Sets a key to a JSON value of `len` bytes, which is kept as it is spelled, without whitespace. A key is text of at
/// least one character.
///
/// `PLATTLI_OK` means that the entry is on stable storage (under another sync option: handed to the operating system).
/// Errors: `PLATTLI_ERR_ARGUMENT` for an empty key and for what is not JSON (`NaN` is not) or could not be read back
/// elsewhere (nesting over 500, integers of over 4300 digits, lone surrogates), `PLATTLI_ERR_STATE` if it was opened
/// read-only, `PLATTLI_ERR_BUSY` if another writer has taken it over, `PLATTLI_ERR_IO`. After any error the state is
/// what it was; the call may be repeated.
int32_t plattli_state_set(struct plattli_state *state, const char *key, const char *json, size_t len);

/// Replaces the whole state by the members of a JSON object of `len` bytes; keys that are not in it are gone. Errors as
/// for `plattli_state_set`.
int32_t plattli_state_replace(struct plattli_state *state, const char *json, size_t len);

/// Deletes a key. One that is not there is no error. Errors as for `plattli_state_set`.
int32_t plattli_state_delete(struct plattli_state *state, const char *key);

/// The value of a key as JSON text. On success `*out` is released with `plattli_string_free`. `PLATTLI_ERR_NOT_FOUND`
/// if there is no such key.
int32_t plattli_state_get(struct plattli_state *state, const char *key, struct plattli_string **out);

/// The whole state as the text of one JSON object, keys sorted by their bytes. On success `*out` is released with
/// `plattli_string_free`.
int32_t plattli_state_snapshot(struct plattli_state *state, struct plattli_string **out);

/// The keys, sorted by their bytes. On success `*out` is released with `plattli_strings_free`.
int32_t plattli_state_keys(struct plattli_state *state, struct plattli_strings **out);

/// The entries since the last compaction, oldest first: lines of JSON as they stand in the log, without the newline. The
/// first is the checkpoint, if there was a compaction. On success `*out` is released with `plattli_strings_free`.
int32_t plattli_state_entries(struct plattli_state *state, struct plattli_strings **out);

/// How many entries `plattli_state_entries` would give.
int32_t plattli_state_entry_count(struct plattli_state *state, uint64_t *count);

/// How many keys there are.
int32_t plattli_state_size(struct plattli_state *state, size_t *keys);

/// Replaces the log by one checkpoint of the whole state; the old log becomes the newest backup, and the oldest one is
/// removed if there are too many. Other threads may set keys meanwhile. After an error nothing is lost, and the next
/// compaction goes on where this one stopped.
int32_t plattli_state_compact(struct plattli_state *state);

/// The size of the log in bytes: of the entries since the last compaction.
int32_t plattli_state_log_size(struct plattli_state *state, uint64_t *out_bytes);

/// Whether the log is larger than `threshold` bytes; 0 stands for the threshold of the options.
int32_t plattli_state_needs_compaction(struct plattli_state *state, uint64_t threshold, bool *out);

/// Reads again what the writer has done since a read-only state was opened or last refreshed; nothing to do for a writer.
/// After an error the state stays as it was.
int32_t plattli_state_refresh(struct plattli_state *state);

/// How many entries could not be read when the state was opened, or last refreshed, with `set_salvage`; 0 if none was lost,
/// `PLATTLI_LOST_UNKNOWN` if the log was missing or empty.
int32_t plattli_state_lost(struct plattli_state *state, uint64_t *entries);

/// Ends the state and releases it, whatever it returns: what is not yet on stable storage is forced there (not with
/// `PLATTLI_SYNC_NONE`), `NAME.json` written if it was asked for, the lock given up. An error is that of the first of these
/// that failed, or one of the background that no call has told yet. NULL is fine.
///
/// In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
int32_t plattli_state_close(struct plattli_state *state);

/// A scheduler that looks at its states every `interval_ms` milliseconds, 0 for one hour. It does nothing before
/// `plattli_state_scheduler_start`. On success `*out` is released with `plattli_state_scheduler_free`.
int32_t plattli_state_scheduler_new(uint64_t interval_ms, struct plattli_state_scheduler **out);

/// Adds a state, which may be closed at any time: the scheduler then forgets it. Adding twice is adding once.
/// `PLATTLI_ERR_STATE` for one that was opened read-only.
int32_t plattli_state_scheduler_add(struct plattli_state_scheduler *scheduler, struct plattli_state *state);

/// Forgets a state. One that was never added is no error.
int32_t plattli_state_scheduler_remove(struct plattli_state_scheduler *scheduler, struct plattli_state *state);

/// Starts the timer: at each interval the states whose logs are larger than their thresholds are compacted. What fails
/// with one is returned by the next call on that state, and does not keep the others waiting. Starting twice is starting
/// once.
int32_t plattli_state_scheduler_start(struct plattli_state_scheduler *scheduler);

/// Stops the timer, after the compaction in hand. Stopping twice is stopping once.
int32_t plattli_state_scheduler_stop(struct plattli_state_scheduler *scheduler);

/// Compacts all states now, whatever their size, on the calling thread. All are tried; the error names those that
/// failed and has the code of the first.
int32_t plattli_state_scheduler_compact_all(struct plattli_state_scheduler *scheduler);

/// Stops the timer and releases the scheduler. Its states stay open. NULL is fine.
void plattli_state_scheduler_free(struct plattli_state_scheduler *scheduler);

/// New options with the defaults; release them with `plattli_stream_options_free`. NULL without the feature
/// `"stream"`, with a text in `plattli_last_error`; setters then answer `PLATTLI_ERR_UNSUPPORTED`.
struct plattli_stream_options *plattli_stream_options_new(void);

/// Releases options. NULL is fine. Streams opened with them are not affected.
void plattli_stream_options_free(struct plattli_stream_options *options);

/// What segments are once they are closed: `PLATTLI_SEGMENT_ARROW`, or with the feature `"parquet"`
/// `PLATTLI_SEGMENT_PARQUET`. Both are always read.
int32_t plattli_stream_options_set_format(struct plattli_stream_options *options, int32_t format);

/// A segment is closed by the append after it has more rows than this; 100,000 unless set.
int32_t plattli_stream_options_set_roll_rows(struct plattli_stream_options *options, uint64_t rows);

/// A segment is closed by the append after it has more bytes than this; 100 MiB unless set, and never more than a
/// quarter of a quota.
int32_t plattli_stream_options_set_roll_bytes(struct plattli_stream_options *options, uint64_t bytes);

/// A segment is closed by the first append after it became older than so many milliseconds; 0, as unless set: never.
int32_t plattli_stream_options_set_roll_age(struct plattli_stream_options *options, uint64_t ms);

/// How often rows are written and recorded by themselves, in milliseconds; 1000 unless set. 0: only by
/// `plattli_stream_checkpoint`, when segments are closed, and by `plattli_stream_close`.
int32_t plattli_stream_options_set_checkpoint(struct plattli_stream_options *options, uint64_t ms);

/// Whether a checkpoint reaches the disk itself and not only the operating system; true unless set.
int32_t plattli_stream_options_set_sync(struct plattli_stream_options *options, bool sync);

/// Bytes on disk that one partition may have; 1 GiB unless set. Beyond it the oldest segments go.
int32_t plattli_stream_options_set_partition_bytes(struct plattli_stream_options *options, uint64_t bytes);

/// Closed segments that one partition may have; 10,000 unless set. Beyond it the oldest go.
int32_t plattli_stream_options_set_partition_segments(struct plattli_stream_options *options, uint64_t segments);

/// Bytes on disk that the whole store may have, its manifest included; 1 GiB unless set. Beyond it the oldest segments
/// of all partitions go.
int32_t plattli_stream_options_set_store_bytes(struct plattli_stream_options *options, uint64_t bytes);

/// A segment goes when its newest time is older than so many milliseconds; 0, as unless set: never.
int32_t plattli_stream_options_set_max_age(struct plattli_stream_options *options, uint64_t ms);

/// Free space of the disk below which the store takes no rows until there is more again; 1,000,000,000 bytes unless
/// set. 0: it is not looked at.
int32_t plattli_stream_options_set_min_free_bytes(struct plattli_stream_options *options, uint64_t bytes);

/// Topics that are open at once; 128 unless set. The least recently used are closed, and opened again on use.
int32_t plattli_stream_options_set_open_topics(struct plattli_stream_options *options, size_t topics);

/// Bytes of rows in memory that no file has yet, of all partitions together; 3500 MiB unless set.
int32_t plattli_stream_options_set_active_bytes(struct plattli_stream_options *options, uint64_t bytes);

/// How many milliseconds an append that closes a segment waits for a writer that is still busy before it is refused
/// with `PLATTLI_ERR_OVERLOADED`; 100 unless set.
int32_t plattli_stream_options_set_overload_wait(struct plattli_stream_options *options, uint64_t ms);

/// How many threads write; 2 unless set. 0: none, and the caller's thread writes.
int32_t plattli_stream_options_set_threads(struct plattli_stream_options *options, size_t threads);

/// Where the manifest is, if not `manifest.sqlite` in the folder, such as on a local disk when the folder is on a
/// file system of a cluster. `":memory:"` keeps none: it is made anew from the segments at each open. NULL for the
/// folder.
int32_t plattli_stream_options_set_manifest(struct plattli_stream_options *options, const char *path);

/// Where closed segments are copied to: a folder, `file://`, `memory://`, and with the features of the same names
/// `s3://`, `gs://`, `az://`. NULL, as unless set: nowhere. They are copied every so many milliseconds by a thread of
/// the store, and by `plattli_stream_replicate`; with 0 by the latter alone.
///
/// What waits to be copied is not dropped: a bucket that is out of reach for long stops appends in the end
/// (`PLATTLI_ERR_OVERLOADED`) rather than lose rows; see `plattli_stream_options_set_drop_waiting`.
int32_t plattli_stream_options_set_replicate(struct plattli_stream_options *options, const char *location, uint64_t ms);

/// Whether retention may drop segments that still wait to be copied; false unless set.
int32_t plattli_stream_options_set_drop_waiting(struct plattli_stream_options *options, bool drop_waiting);

/// Opens the stream store in a folder, which is made if it is missing, and repairs what a crash left there. One
/// process at a time writes a store.
///
/// `options` may be NULL for the defaults. On success `*out` is a stream, to be closed with `plattli_stream_close`.
/// Errors: `PLATTLI_ERR_BUSY` if another process has it, `PLATTLI_ERR_IO`, `PLATTLI_ERR_CORRUPT`;
/// `PLATTLI_ERR_UNSUPPORTED` without the feature `"stream"`.
int32_t plattli_stream_open(const char *dir, const struct plattli_stream_options *options, struct plattli_stream **out);

/// Appends the rows of a struct array whose fields are the columns to a partition of a topic, both made if they are
/// missing. The first column is `time`, int64, milliseconds since 1970 UTC, without nulls; timestamps have to be cast.
/// `span` (two numbers, or NULL) becomes the index of the first row and that after the last: each partition counts its
/// rows from 0 without gaps, for ever.
///
/// On success the rows have been copied and `array` and `schema` have been released, on this thread. After an error
/// nothing of the call was kept and both are still the caller's, as they were: after `PLATTLI_ERR_OVERLOADED` (the
/// disk cannot follow) the same call may be made again. Other errors: `PLATTLI_ERR_ARGUMENT` for what is not as the
/// Arrow C data interface says, `PLATTLI_ERR_TYPE` for columns that are not as they must be, `PLATTLI_ERR_IO`.
int32_t plattli_stream_append(struct plattli_stream *stream, const char *topic, const char *partition, struct ArrowArray *array, struct ArrowSchema *schema, uint64_t *span);

/// Appends `n_rows` rows of doubles: `time_ms[row]`, and `values[column][row]` for each of the `n_columns` columns
/// named by `columns`. All is copied. `span` and errors as `plattli_stream_append`.
int32_t plattli_stream_append_f64(struct plattli_stream *stream, const char *topic, const char *partition, const int64_t *time_ms, const char *const *columns, const double *const *values, size_t n_columns, size_t n_rows, uint64_t *span);

/// Reads a page of rows, those that no file has yet included: a stream of batches, all read when this returns, that
/// outlives the stream store and is released by its consumer. `*cursor`, unless `cursor` is NULL, says why the page
/// ended and where the next one begins; it is released with `plattli_cursor_free`.
///
/// Without rows the stream has no batches; its columns are those that are known of, else `time` alone. Errors:
/// `PLATTLI_ERR_NOT_FOUND` for an unknown topic, and where no picked column exists; `PLATTLI_ERR_ARGUMENT`;
/// `PLATTLI_ERR_CORRUPT`; `PLATTLI_ERR_IO`.
int32_t plattli_stream_query(struct plattli_stream *stream, const struct plattli_query *query, struct ArrowArrayStream *out_stream, struct plattli_cursor **cursor);

/// Writes all rows taken so far and records them in the manifest; reports what failed in the background since the
/// last call.
int32_t plattli_stream_checkpoint(struct plattli_stream *stream);

/// Drops what is beyond the quotas or too old.
int32_t plattli_stream_retain(struct plattli_stream *stream);

/// Copies the closed segments that wait for it to where `plattli_stream_options_set_replicate` said, and returns when
/// all are there. `*out_copied`, unless NULL, is how many this call copied. What was copied before an error stays, and
/// the next call goes on from there. `PLATTLI_ERR_STATE` for a stream that replicates nowhere.
int32_t plattli_stream_replicate(struct plattli_stream *stream, uint64_t *out_copied);

/// What the stream has done so far and has at the moment.
int32_t plattli_stream_get_stats(struct plattli_stream *stream, struct plattli_stream_stats *out);

/// The names of all topics, sorted. On success `*out` is released with `plattli_strings_free`.
int32_t plattli_stream_topics(struct plattli_stream *stream, struct plattli_strings **out_names);

/// The names of the partitions of a topic, sorted; none if there is no such topic. On success `*out` is released
/// with `plattli_strings_free`.
int32_t plattli_stream_partitions(struct plattli_stream *stream, const char *topic, struct plattli_strings **out_names);

/// What was found broken when the store was opened or a partition recovered, and how it was mended, one text each. On
/// success `*out` is released with `plattli_strings_free`.
int32_t plattli_stream_warnings(struct plattli_stream *stream, struct plattli_strings **out_texts);

/// Writes all rows, closes all segments and releases the stream, whatever it returns. NULL is fine. Segments that
/// still wait to be replicated are, after the next open.
///
/// In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
int32_t plattli_stream_close(struct plattli_stream *stream);

/// A query for all rows of a topic that is still to be named; release it with `plattli_query_free`. NULL without the
/// feature `"stream"`, with a text in `plattli_last_error`; setters then answer `PLATTLI_ERR_UNSUPPORTED`.
struct plattli_query *plattli_query_new(void);

/// Releases a query. NULL is fine.
void plattli_query_free(struct plattli_query *query);

/// The topic. Each query needs one.
int32_t plattli_query_set_topic(struct plattli_query *query, const char *topic);

/// Only these `n` partitions; all if `n` is 0, as unless set. One that does not exist has no rows. Takes the place
/// of a pattern.
int32_t plattli_query_set_partitions(struct plattli_query *query, const char *const *names, size_t n);

/// Only partitions in whose names this regular expression is found; `^` and `$` tie it to their ends. Takes the place
/// of names. `PLATTLI_ERR_UNSUPPORTED` without the feature `"patterns"`.
int32_t plattli_query_set_pattern(struct plattli_query *query, const char *pattern);

/// `PLATTLI_ASCENDING` or `PLATTLI_DESCENDING`. Of one partition rows come by their index; of several, of the rows at
/// which the partitions stand the one with the smallest (or largest) time comes next, among equal times that with the
/// smallest (largest) index, then that of the first (last) partition by name.
int32_t plattli_query_set_order(struct plattli_query *query, int32_t order);

/// Where each partition begins. Ascending: at this index, or after what was dropped if that is later; 0 unless set.
/// Descending: before this index; at the end unless set. A cursor goes before it.
int32_t plattli_query_set_start(struct plattli_query *query, uint64_t index);

/// Only rows with a time from `from_ms` to `to_ms`, both included. Only segments that hold such times are opened.
int32_t plattli_query_set_time(struct plattli_query *query, int64_t from_ms, int64_t to_ms);

/// How many rows a page has at most, exactly: at least 1; 10,000 unless set.
int32_t plattli_query_set_max_rows(struct plattli_query *query, uint64_t rows);

/// After how many bytes a page ends: at least 1; 10,240,000 unless set. The chunk that crosses the limit is still in
/// it, so that every page has rows if there are any. A page is held in memory: this is what bounds it.
int32_t plattli_query_set_max_bytes(struct plattli_query *query, uint64_t bytes);

/// Only these `n` columns, in this order; all if `n` is 0, as unless set. Those that there are not are left out; if
/// there is none of them, the query is `PLATTLI_ERR_NOT_FOUND`. Where structs are flattened, the names are those of the
/// result.
int32_t plattli_query_set_pick(struct plattli_query *query, const char *const *names, size_t n);

/// Not these `n` columns. Where structs are flattened, the names are those of the result.
int32_t plattli_query_set_exclude(struct plattli_query *query, const char *const *names, size_t n);

/// The fields of structs become columns of their own, their names joined by `separator`; NULL, as unless set: they do
/// not.
int32_t plattli_query_set_flatten(struct plattli_query *query, const char *separator);

/// Texts, bytes and lists of more than so many bytes become null; 0, as unless set: none do.
int32_t plattli_query_set_max_value_bytes(struct plattli_query *query, uint64_t bytes);

/// Whether two more columns, `_partition` and `_index`, say where each row is from; false unless set.
int32_t plattli_query_set_labels(struct plattli_query *query, bool labels);

/// Goes on where a page ended, as told by `plattli_cursor_text`: `len` bytes. With `len` 0 from the beginning again.
/// The topic and the order must be those of that page.
int32_t plattli_query_set_cursor(struct plattli_query *query, const char *cursor, size_t len);

/// Goes on where a page ended. With `cursor` NULL from the beginning again.
int32_t plattli_query_resume(struct plattli_query *query, const struct plattli_cursor *cursor);

/// Why the page ended: `PLATTLI_PAGE_ALL`, `PLATTLI_PAGE_SCHEMA_CHANGE`, `PLATTLI_PAGE_ROW_LIMIT` or
/// `PLATTLI_PAGE_BYTE_LIMIT`. After any but the first there is more.
int32_t plattli_cursor_status(const struct plattli_cursor *cursor, int32_t *out_status);

/// How many rows the page has.
int32_t plattli_cursor_rows(const struct plattli_cursor *cursor, uint64_t *out_rows);

/// How many partitions it knows.
int32_t plattli_cursor_partition_count(const struct plattli_cursor *cursor, size_t *out_count);

/// Partition `i`, in sorted order: its name, borrowed until the cursor is freed, and its position: ascending the index
/// of the first row that is still to come, descending that of the last row that was given. Either output may be NULL.
/// `PLATTLI_ERR_NOT_FOUND` past the last.
int32_t plattli_cursor_partition(const struct plattli_cursor *cursor, size_t i, const char **out_name, uint64_t *out_position);

/// The cursor as one line of text, for `plattli_query_set_cursor` in this or another process. On success `*out` is
/// released with `plattli_string_free`.
int32_t plattli_cursor_text(const struct plattli_cursor *cursor, struct plattli_string **out_text);

/// Releases a cursor. NULL is fine.
void plattli_cursor_free(struct plattli_cursor *cursor);

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_journal_options_free`.
struct plattli_journal_options *plattli_journal_options_new(void);

/// Releases options. NULL is fine. Journals opened with them are not affected.
void plattli_journal_options_free(struct plattli_journal_options *options);

/// How many events wait in the buffer until they are stored as one object: 32 unless set. 0 counts as 1, which stores
/// each event as it comes.
int32_t plattli_journal_options_set_threshold(struct plattli_journal_options *options, uint64_t events);

/// The size in bytes that an object made by a compaction does not exceed, unless one that it is made of does: at
/// least 1; 256 MiB unless set. Also how many bytes of events may wait in memory while they cannot be stored.
int32_t plattli_journal_options_set_max_object_bytes(struct plattli_journal_options *options, uint64_t bytes);

/// After how many milliseconds without a sign of life a compaction counts as dead, so that another one may begin: at
/// least 1; ten minutes unless set. All who compact one journal must choose alike.
int32_t plattli_journal_options_set_lease_expiry(struct plattli_journal_options *options, uint64_t milliseconds);

/// What a flush that succeeded outlives, in a folder: `PLATTLI_DURABLE_SYSTEM` (power loss too; the default) or
/// `PLATTLI_DURABLE_PROCESS` (the death of the process, without the cost of forcing each object to stable storage).
/// Services such as S3 always are durable, `memory://` never.
int32_t plattli_journal_options_set_durability(struct plattli_journal_options *options, int32_t durability);

/// Opens the journal at `location`: a folder (a path or `file://PATH`), `memory://NAME` (shared by this process), and
/// where the build has the feature `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`. Nothing is
/// stored yet; a folder is made by the first flush. Any number of journals, in any number of processes, may be open at
/// one location.
///
/// `options` may be NULL for the defaults. On success `*out` is a journal, to be released with
/// `plattli_journal_close`. Errors: `PLATTLI_ERR_ARGUMENT` for text that names no place, `PLATTLI_ERR_UNSUPPORTED`
/// for a service that this build lacks.
int32_t plattli_journal_open(const char *location, const struct plattli_journal_options *options, struct plattli_journal **out);

/// Adds an event of `len` bytes: one line, JSON or not, without its newline. `plattli_journal_read` of this journal
/// sees it at once; it is stored when `threshold` events wait, by `plattli_journal_flush` or by
/// `plattli_journal_close`.
///
/// Errors that mean the event was not taken: `PLATTLI_ERR_ARGUMENT` (it is empty, blank or holds a newline) and
/// `PLATTLI_ERR_OVERLOADED` (as much waits as one object may hold, and cannot be stored). Any other error, such as
/// `PLATTLI_ERR_IO`, is that of storing: the event was taken and waits with the others, and a later call stores it.
int32_t plattli_journal_append(struct plattli_journal *journal, const char *event, size_t len);

/// Stores the events that wait as one new object; without any nothing happens. `PLATTLI_OK` means that every event
/// taken so far is stored, and seen by all who read. After an error they wait on, and a later call stores them; none is
/// stored twice.
int32_t plattli_journal_flush(struct plattli_journal *journal);

/// Reads everything as of one moment: the events stored by anybody, in the order of their batches, then those that
/// wait in this journal. On success `*out` is a list, to be released with `plattli_journal_events_free`.
/// `PLATTLI_ERR_BUSY` if compactions kept changing the journal (try again).
int32_t plattli_journal_read(struct plattli_journal *journal, struct plattli_journal_events **out_events);

/// Reads the stored events whose number is `number` or greater, without those that wait: begin with 0 and go on with
/// `plattli_journal_events_next` to follow a journal that grows. Each event is given once; an event that a slow writer
/// stores under a number that was passed already is seen by `plattli_journal_read` only. Whoever begins with a number
/// kept from an earlier process gets all of an object in which that number was compacted meanwhile.
int32_t plattli_journal_read_from(struct plattli_journal *journal, uint64_t number, struct plattli_journal_events **out_events);

/// Makes one object of all that are there, beside any readers and writers, and says what it did in `*out`, which may
/// be NULL. With fewer than two objects nothing happens. `PLATTLI_ERR_BUSY` if another compaction is at work, in any
/// process. After any error each event is still there, once.
int32_t plattli_journal_compact(struct plattli_journal *journal, struct plattli_compact_stats *out);

/// How many objects with events there are, without those that a compacted one stands for.
int32_t plattli_journal_file_count(struct plattli_journal *journal, size_t *out_count);

/// How many events wait in this journal and are not yet stored.
int32_t plattli_journal_pending(struct plattli_journal *journal, size_t *out_count);

/// Stores what waits, and releases the journal in any case. An error says how many events were not stored. NULL is
/// fine. In a forked child it stores nothing and returns `PLATTLI_ERR_FORKED`.
int32_t plattli_journal_close(struct plattli_journal *journal);

/// Releases the journal without storing what waits, and writes to `*lost`, which may be NULL, how many events that
/// were. NULL is fine as a journal.
int32_t plattli_journal_discard(struct plattli_journal *journal, size_t *lost);

/// How many events there are. 0 for NULL.
size_t plattli_journal_events_len(const struct plattli_journal_events *events);

/// Event `i`: `*len` bytes, not terminated, without newline; borrowed until `plattli_journal_events_free`.
/// `PLATTLI_ERR_NOT_FOUND` past the last.
int32_t plattli_journal_events_get(const struct plattli_journal_events *events, size_t i, const char **event, size_t *len);

/// The number of the object that event `i` came from, microseconds since 1970 when it was stored; the last number of
/// a compacted object; 0 for an event that was not yet stored. `PLATTLI_ERR_NOT_FOUND` past the last.
int32_t plattli_journal_events_number(const struct plattli_journal_events *events, size_t i, uint64_t *number);

/// The number to go on with in `plattli_journal_read_from`: one more than the greatest that was read. 0 for NULL.
uint64_t plattli_journal_events_next(const struct plattli_journal_events *events);

/// Releases events. NULL is fine.
void plattli_journal_events_free(struct plattli_journal_events *events);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PLATTLI_H */
