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

/// Rows of one metric. Does not change, and outlives the reader.
typedef struct plattli_column plattli_column;

/// How a run is finished. Used by one thread at a time.
typedef struct plattli_finish_options plattli_finish_options;

/// How a log is imported. Used by one thread at a time.
typedef struct plattli_import_options plattli_import_options;

/// A run that is being read, as it was when it was opened or last refreshed. May be used from any thread; calls
/// wait for each other inside.
typedef struct plattli_reader plattli_reader;

/// How a run is opened for reading. Used by one thread at a time; `plattli_reader_open` copies what it needs.
typedef struct plattli_reader_options plattli_reader_options;

/// Text made by the library: UTF-8, terminated, with its length, as it may hold NUL. Plain memory: it outlives the
/// object it came from and may be read by any thread.
typedef struct plattli_string plattli_string;

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
    /// Nanoseconds of the caller's threads spent in ending steps and flushing, in all.
    uint64_t caller_ns_total;
    /// The longest of those calls, in nanoseconds.
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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// The version of the library, as `major << 16 | minor << 8 | patch`; equals `PLATTLI_VERSION` of the header
/// that belongs to it.
uint32_t plattli_version(void);

/// The version of the library as text, `"major.minor.patch"`. Valid for as long as the library is loaded.
const char *plattli_version_string(void);

/// Whether this build has a feature: `"run"`, or `"patterns"` (columns to skip in an import). False for NULL and for names it does not know.
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
/// 1 unless set; more are allowed and not used.
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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PLATTLI_H */
