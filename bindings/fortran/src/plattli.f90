! plattli: metrics of simulation codes, one call per metric per step; readable while the job runs, whole after a
! kill, exact after a restart.
!
! One source, to be compiled by the compiler of the program that uses it and linked with libplattli:
!
!     gfortran -c plattli.f90 && gfortran program.f90 plattli.o -lplattli
!
! Two modules: `plattli_raw` is plattli.h as it is, `plattli` is what programs use.
!
! SPDX-License-Identifier: MIT OR Apache-2.0

module plattli_raw
    !! The C interface, name for name as in plattli.h, which says what each function does; docs/c-api.md says what holds
    !! for all of them. Unsigned integers are the signed ones of the same width and keep their bits. Text that goes in
    !! ends with `c_null_char` unless its length goes with it. Pointers that may be NULL are `type(c_ptr)`.
    use, intrinsic :: iso_c_binding
    implicit none
    public

    integer(c_int32_t), parameter :: PLATTLI_OK = 0 !! Success.
    integer(c_int32_t), parameter :: PLATTLI_ERR_ARGUMENT = 1 !! An illegal name, bad JSON, a number that means nothing.
    integer(c_int32_t), parameter :: PLATTLI_ERR_TYPE = 2 !! The value does not fit the metric.
    integer(c_int32_t), parameter :: PLATTLI_ERR_STATE = 3 !! A metric twice in a step, a step out of order, a run that is not open.
    integer(c_int32_t), parameter :: PLATTLI_ERR_NOT_FOUND = 4 !! No run here; no such metric.
    integer(c_int32_t), parameter :: PLATTLI_ERR_EXISTS = 5 !! A finished run without `reopen_finished`; output that exists.
    integer(c_int32_t), parameter :: PLATTLI_ERR_BUSY = 6 !! Another writer has the run; a live run kept changing.
    integer(c_int32_t), parameter :: PLATTLI_ERR_CORRUPT = 7 !! The files contradict each other.
    integer(c_int32_t), parameter :: PLATTLI_ERR_IO = 8 !! The operating system refused.
    integer(c_int32_t), parameter :: PLATTLI_ERR_OVERLOADED = 9 !! Shed under the chosen policy.
    integer(c_int32_t), parameter :: PLATTLI_ERR_BUFFER = 10 !! The buffer is too small.
    integer(c_int32_t), parameter :: PLATTLI_ERR_FORKED = 11 !! The handle belongs to the parent process.
    integer(c_int32_t), parameter :: PLATTLI_ERR_UNSUPPORTED = 12 !! This build lacks the feature.
    integer(c_int32_t), parameter :: PLATTLI_ERR_INTERNAL = 13 !! A bug in the library.

    integer(c_int32_t), parameter :: PLATTLI_F32 = 1 !! 32-bit float.
    integer(c_int32_t), parameter :: PLATTLI_F64 = 2 !! 64-bit float.
    integer(c_int32_t), parameter :: PLATTLI_I8 = 3 !! Signed 8-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_I16 = 4 !! Signed 16-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_I32 = 5 !! Signed 32-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_I64 = 6 !! Signed 64-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_U8 = 7 !! Unsigned 8-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_U16 = 8 !! Unsigned 16-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_U32 = 9 !! Unsigned 32-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_U64 = 10 !! Unsigned 64-bit integer.
    integer(c_int32_t), parameter :: PLATTLI_JSON = 11 !! Any JSON value: text, booleans, lists, objects.

    integer(c_int32_t), parameter :: PLATTLI_COMPACTING = 0 !! Rows go to a log and are compacted in the background.
    integer(c_int32_t), parameter :: PLATTLI_DIRECT = 1 !! Each row goes straight to the columns.
    integer(c_int32_t), parameter :: PLATTLI_BULK = 2 !! Everything is staged, and published whole by `finish`.
    integer(c_int32_t), parameter :: PLATTLI_DURABLE_PROCESS = 0 !! A step survives the death of the process.
    integer(c_int32_t), parameter :: PLATTLI_DURABLE_SYSTEM = 1 !! It also survives power loss, after its sync interval.
    integer(c_int32_t), parameter :: PLATTLI_OVERLOAD_WAIT = 0 !! `end_step` waits while compaction is too far behind.
    integer(c_int32_t), parameter :: PLATTLI_OVERLOAD_SHED = 1 !! A step that would have to wait is dropped whole.
    integer(c_int32_t), parameter :: PLATTLI_IO_RETRY = 0 !! Rows that the disk refused wait in memory.
    integer(c_int32_t), parameter :: PLATTLI_IO_FAIL = 1 !! The first error of the disk is latched.
    integer(c_int32_t), parameter :: PLATTLI_KIND_AUTO = 0 !! Whatever is found first.
    integer(c_int32_t), parameter :: PLATTLI_KIND_FOLDER = 1 !! A run folder.
    integer(c_int32_t), parameter :: PLATTLI_KIND_ARCHIVE = 2 !! An archive.
    integer(c_int32_t), parameter :: PLATTLI_ALL = 0 !! Every row.
    integer(c_int32_t), parameter :: PLATTLI_STEPS = 1 !! Rows by their step, both ends inclusive.
    integer(c_int32_t), parameter :: PLATTLI_VALUES = 2 !! Rows by their value, both ends inclusive.
    integer(c_int32_t), parameter :: PLATTLI_POSITIONS = 3 !! Rows by their position from 0, up to but without the end.
    integer(c_int32_t), parameter :: PLATTLI_STANDARD = 0 !! Integers as `PLATTLI_I64`, the rest as stored.
    integer(c_int32_t), parameter :: PLATTLI_STORAGE = -1 !! As stored.
    integer(c_int32_t), parameter :: PLATTLI_SYNC_EVERY = 0 !! Each entry is on stable storage before its call returns.
    integer(c_int32_t), parameter :: PLATTLI_SYNC_INTERVAL = 1 !! Entries are forced to stable storage on an interval.
    integer(c_int32_t), parameter :: PLATTLI_SYNC_NONE = 2 !! Entries survive the death of the process.
    integer(c_int64_t), parameter :: PLATTLI_LOST_UNKNOWN = -1 !! Nothing was left to count lost entries by. The bits of 2**64-1.
    integer(c_int32_t), parameter :: PLATTLI_SEGMENT_ARROW = 0 !! Segments are Arrow IPC files.
    integer(c_int32_t), parameter :: PLATTLI_SEGMENT_PARQUET = 1 !! Segments are Parquet files, once they are closed.
    integer(c_int32_t), parameter :: PLATTLI_ASCENDING = 0 !! Oldest first.
    integer(c_int32_t), parameter :: PLATTLI_DESCENDING = 1 !! Newest first.
    integer(c_int32_t), parameter :: PLATTLI_PAGE_ALL = 0 !! There is nothing more at the moment.
    integer(c_int32_t), parameter :: PLATTLI_PAGE_SCHEMA_CHANGE = 1 !! What follows has other columns.
    integer(c_int32_t), parameter :: PLATTLI_PAGE_ROW_LIMIT = 2 !! The page has as many rows as it may have.
    integer(c_int32_t), parameter :: PLATTLI_PAGE_BYTE_LIMIT = 3 !! The page has as many bytes as it may have.
    integer(c_int64_t), parameter :: ARROW_FLAG_DICTIONARY_ORDERED = 1 !! The order of a dictionary means something.
    integer(c_int64_t), parameter :: ARROW_FLAG_NULLABLE = 2 !! A column may have nulls.
    integer(c_int64_t), parameter :: ARROW_FLAG_MAP_KEYS_SORTED = 4 !! Keys of a map are sorted.

    type, bind(c) :: plattli_writer_stats
        !! What a writer has done so far.
        integer(c_size_t) :: size = 112 !! Bytes of this type; leave it alone.
        integer(c_int64_t) :: steps = 0 !! Steps ended.
        integer(c_int64_t) :: rows = 0 !! Rows (steps with at least one value) handed to the operating system.
        integer(c_int64_t) :: pending_rows = 0 !! Rows that wait in memory because the disk refused them.
        integer(c_int64_t) :: dropped_rows = 0 !! Rows given up, oldest first, because too many waited.
        integer(c_int64_t) :: shed_steps = 0 !! Steps shed under the overload policy.
        integer(c_int64_t) :: io_errors = 0 !! Operations that the operating system refused.
        integer(c_int64_t) :: retries = 0 !! Attempts to repeat them.
        integer(c_int64_t) :: compactions = 0 !! Compactions completed.
        integer(c_int64_t) :: warnings = 0 !! Things worth a look that were not errors.
        integer(c_int64_t) :: bytes_written = 0 !! Bytes written to logs and columns.
        integer(c_int64_t) :: sync_count = 0 !! Times that data were forced to stable storage.
        integer(c_int64_t) :: caller_ns_total = 0 !! Nanoseconds spent in ending steps and flushing: one step in sixteen is
            !! measured and stands for its neighbours.
        integer(c_int64_t) :: caller_ns_max = 0 !! The longest of those calls that was measured or took milliseconds.
    end type

    type, bind(c) :: plattli_metric_info
        !! What there is to know about a metric.
        integer(c_size_t) :: size = 32 !! Bytes of this type; leave it alone.
        integer(c_int32_t) :: dtype = 0 !! Its type on disk.
        integer(c_int32_t) :: monotonic = 0 !! 1 never decreasing, -1 never increasing, 0 neither.
        integer(c_int64_t) :: rows = 0 !! How many rows it has.
        integer(c_int32_t) :: first_step = 0 !! Step of its first row, unsigned.
        integer(c_int32_t) :: last_step = 0 !! Step of its last row, unsigned.
    end type

    type, bind(c) :: plattli_selection
        !! Which rows are wanted; all unless something is set. Made by `plattli_select_steps`, `plattli_select_values` and
        !! `plattli_select_positions`.
        integer(c_int32_t) :: kind = PLATTLI_ALL !! What the ends mean.
        integer(c_int32_t) :: bounds = 0 !! Which ends are given: 1 the start, 2 the stop, 3 both.
        integer(c_int64_t) :: start = 0 !! First step or position.
        integer(c_int64_t) :: stop = 0 !! Last step, or the position after the last.
        real(c_double) :: vstart = 0 !! Smallest value.
        real(c_double) :: vstop = 0 !! Largest value.
    end type

    type, bind(c) :: plattli_import_report
        !! What was imported.
        integer(c_size_t) :: size = 40 !! Bytes of this type; leave it alone.
        integer(c_int64_t) :: rows = 0 !! Lines of the log.
        integer(c_int64_t) :: rewound_rows = 0 !! Of these, lines that a later rewind made void.
        integer(c_int64_t) :: metrics = 0 !! Metrics in the run.
        integer(c_int64_t) :: torn_tail = 0 !! 1 if a torn last line was left out, else 0.
    end type

    type, bind(c) :: plattli_compact_stats
        !! What a compaction of a journal did.
        integer(c_size_t) :: size = 104 !! Bytes of this type; leave it alone.
        integer(c_int64_t) :: merged = 0 !! Objects that were merged; where nothing happened, the objects that are there.
        integer(c_int64_t) :: events = 0 !! Events in the new objects.
        integer(c_int64_t) :: failed_deletes = 0 !! Objects that could not be deleted; they stay hidden.
        integer(c_int64_t) :: objects = 0 !! New objects: 0 where nothing happened.
        character(kind=c_char) :: key(64) = c_null_char !! Name of the new object, terminated; of the last one if there are several.
    end type

    type, bind(c) :: plattli_stream_stats
        !! What a stream has done so far and has at the moment.
        integer(c_size_t) :: size = 152 !! Bytes of this type; leave it alone.
        integer(c_int64_t) :: rows = 0 !! Rows taken since the stream was opened.
        integer(c_int64_t) :: batches = 0 !! Batches taken.
        integer(c_int64_t) :: shed_batches = 0 !! Batches refused with `PLATTLI_ERR_OVERLOADED`.
        integer(c_int64_t) :: shed_rows = 0 !! Rows of those.
        integer(c_int64_t) :: refused_batches = 0 !! Batches refused because the disk was nearly full.
        integer(c_int64_t) :: checkpoints = 0 !! Checkpoints that recorded something.
        integer(c_int64_t) :: rolls = 0 !! Segments closed.
        integer(c_int64_t) :: dropped_segments = 0 !! Segments that retention dropped.
        integer(c_int64_t) :: dropped_rows = 0 !! Rows of those.
        integer(c_int64_t) :: io_errors = 0 !! Calls that the operating system or the manifest refused.
        integer(c_int64_t) :: bytes = 0 !! Bytes on disk, manifest included.
        integer(c_int64_t) :: active_bytes = 0 !! Bytes of rows in memory that no file has yet.
        integer(c_int64_t) :: open_topics = 0 !! Topics that are open.
        integer(c_int64_t) :: segments = 0 !! Closed segments.
        integer(c_int64_t) :: waiting = 0 !! Closed segments that wait to be replicated.
        integer(c_int64_t) :: replicated = 0 !! Segments replicated since the stream was opened.
        integer(c_int64_t) :: replication_errors = 0 !! Attempts to replicate that failed.
        integer(c_int64_t) :: read_only = 0 !! 1 while the disk is nearly full and nothing is taken, else 0.
    end type

    type, bind(c) :: ArrowSchema
        !! What a column is, as the Arrow C data interface has it.
        type(c_ptr) :: format = c_null_ptr !! Its type, text.
        type(c_ptr) :: name = c_null_ptr !! Its name, text.
        type(c_ptr) :: metadata = c_null_ptr !! Keys and values, in the encoding of Arrow; may be NULL.
        integer(c_int64_t) :: flags = 0 !! Sum of `ARROW_FLAG_` numbers.
        integer(c_int64_t) :: n_children = 0 !! How many children there are.
        type(c_ptr) :: children = c_null_ptr !! Addresses of their schemas.
        type(c_ptr) :: dictionary = c_null_ptr !! Schema of the values of a dictionary.
        type(c_funptr) :: release = c_null_funptr !! An `arrow_release_schema`; NULL once it was called.
        type(c_ptr) :: private_data = c_null_ptr !! Of the producer.
    end type

    type, bind(c) :: ArrowArray
        !! Values of a column, as the Arrow C data interface has them.
        integer(c_int64_t) :: length = 0 !! How many values there are.
        integer(c_int64_t) :: null_count = 0 !! How many of them are null; -1 if nobody counted.
        integer(c_int64_t) :: offset = 0 !! Values in the buffers before the first.
        integer(c_int64_t) :: n_buffers = 0 !! How many buffers there are.
        integer(c_int64_t) :: n_children = 0 !! How many children there are.
        type(c_ptr) :: buffers = c_null_ptr !! Addresses of the buffers.
        type(c_ptr) :: children = c_null_ptr !! Addresses of the arrays of the children.
        type(c_ptr) :: dictionary = c_null_ptr !! Values of a dictionary.
        type(c_funptr) :: release = c_null_funptr !! An `arrow_release_array`; NULL once it was called.
        type(c_ptr) :: private_data = c_null_ptr !! Of the producer.
    end type

    type, bind(c) :: ArrowArrayStream
        !! Batches of columns, as the Arrow C stream interface has them.
        type(c_funptr) :: get_schema = c_null_funptr !! An `arrow_get_schema`.
        type(c_funptr) :: get_next = c_null_funptr !! An `arrow_get_next`.
        type(c_funptr) :: get_last_error = c_null_funptr !! An `arrow_get_last_error`.
        type(c_funptr) :: release = c_null_funptr !! An `arrow_release_stream`; NULL once it was called.
        type(c_ptr) :: private_data = c_null_ptr !! Of the producer.
    end type

    abstract interface
        function arrow_get_schema(stream, out) bind(c) result(errno)
            import
            type(ArrowArrayStream), intent(inout) :: stream
            type(ArrowSchema), intent(inout) :: out
            integer(c_int) :: errno
        end function

        function arrow_get_next(stream, out) bind(c) result(errno)
            import
            type(ArrowArrayStream), intent(inout) :: stream
            type(ArrowArray), intent(inout) :: out
            integer(c_int) :: errno
        end function

        function arrow_get_last_error(stream) bind(c) result(answer)
            import
            type(ArrowArrayStream), intent(inout) :: stream
            type(c_ptr) :: answer
        end function

        subroutine arrow_release_schema(schema) bind(c)
            import
            type(ArrowSchema), intent(inout) :: schema
        end subroutine

        subroutine arrow_release_array(array) bind(c)
            import
            type(ArrowArray), intent(inout) :: array
        end subroutine

        subroutine arrow_release_stream(stream) bind(c)
            import
            type(ArrowArrayStream), intent(inout) :: stream
        end subroutine
    end interface

    interface
        function plattli_version() bind(c) result(answer)
            import
            integer(c_int32_t) :: answer
        end function

        function plattli_version_string() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        function plattli_has_feature(name) bind(c) result(answer)
            import
            type(c_ptr), value :: name
            logical(c_bool) :: answer
        end function

        function plattli_last_error() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        function plattli_last_error_copy(buf, cap) bind(c) result(answer)
            import
            character(kind=c_char), intent(inout) :: buf(*)
            integer(c_size_t), value :: cap
            integer(c_size_t) :: answer
        end function

        function plattli_status_name(status) bind(c) result(answer)
            import
            integer(c_int32_t), value :: status
            type(c_ptr) :: answer
        end function

        function plattli_string_data(string) bind(c) result(answer)
            import
            type(c_ptr), value :: string
            type(c_ptr) :: answer
        end function

        function plattli_string_len(string) bind(c) result(answer)
            import
            type(c_ptr), value :: string
            integer(c_size_t) :: answer
        end function

        subroutine plattli_string_free(string) bind(c)
            import
            type(c_ptr), value :: string
        end subroutine

        function plattli_strings_len(strings) bind(c) result(answer)
            import
            type(c_ptr), value :: strings
            integer(c_size_t) :: answer
        end function

        function plattli_strings_get(strings, i, text, len) bind(c) result(status)
            import
            type(c_ptr), value :: strings
            integer(c_size_t), value :: i
            type(c_ptr), intent(inout) :: text
            type(c_ptr), value :: len
            integer(c_int32_t) :: status
        end function

        subroutine plattli_strings_free(strings) bind(c)
            import
            type(c_ptr), value :: strings
        end subroutine

        function plattli_writer_options_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_writer_options_free(options) bind(c)
            import
            type(c_ptr), value :: options
        end subroutine

        function plattli_writer_options_set_layout(options, layout) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: layout
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_step(options, step) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: step
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_hotsize(options, rows) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: rows
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_config_json(options, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: options
            character(kind=c_char), intent(in) :: json(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_config_path(options, path) bind(c) result(status)
            import
            type(c_ptr), value :: options
            character(kind=c_char), intent(in) :: path(*)
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_reopen_finished(options, reopen) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: reopen
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_overwrite(options, overwrite) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: overwrite
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_durability(options, durability) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: durability
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_sync_interval(options, steps, milliseconds) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: steps
            integer(c_int64_t), value :: milliseconds
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_overload(options, overload) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: overload
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_threads(options, threads) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: threads
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_nice(options, nice) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: nice
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_affinity(options, processors, n) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), intent(in) :: processors(*)
            integer(c_size_t), value :: n
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_on_io_error(options, policy) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: policy
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_lock(options, lock) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: lock
            integer(c_int32_t) :: status
        end function

        function plattli_writer_options_set_strict(options, strict) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: strict
            integer(c_int32_t) :: status
        end function

        function plattli_finish_options_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_finish_options_free(options) bind(c)
            import
            type(c_ptr), value :: options
        end subroutine

        function plattli_finish_options_set_optimize(options, optimize) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: optimize
            integer(c_int32_t) :: status
        end function

        function plattli_finish_options_set_archive(options, archive) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: archive
            integer(c_int32_t) :: status
        end function

        function plattli_finish_options_set_config_overrides(options, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: options
            character(kind=c_char), intent(in) :: json(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_writer_open(run_dir, options, writer) bind(c) result(status)
            import
            character(kind=c_char), intent(in) :: run_dir(*)
            type(c_ptr), value :: options
            type(c_ptr), intent(inout) :: writer
            integer(c_int32_t) :: status
        end function

        function plattli_writer_metric(writer, name, dtype, out_id) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int32_t), value :: dtype
            integer(c_int32_t), intent(inout) :: out_id
            integer(c_int32_t) :: status
        end function

        function plattli_writer_step(writer, out_step) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), intent(inout) :: out_step
            integer(c_int32_t) :: status
        end function

        function plattli_writer_set_step(writer, step) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: step
            integer(c_int32_t) :: status
        end function

        function plattli_end_step(writer) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t) :: status
        end function

        function plattli_flush(writer) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t) :: status
        end function

        function plattli_sync(writer) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t) :: status
        end function

        function plattli_writer_set_config(writer, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: json(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_writer_get_stats(writer, out) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            type(plattli_writer_stats), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_writer_warnings(writer, i, out) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_size_t), value :: i
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_finish(writer, options) bind(c) result(status)
            import
            type(c_ptr), value :: writer, options
            integer(c_int32_t) :: status
        end function

        function plattli_writer_close(writer) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t) :: status
        end function

        function plattli_write_f32(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            real(c_float), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_f64(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            real(c_double), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_i8(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int8_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_i16(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int16_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_i32(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int32_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_i64(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int64_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_u8(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int8_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_u16(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int16_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_u32(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int32_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_u64(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int64_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_bool(writer, name, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*)
            logical(c_bool), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_write_str(writer, name, data, len) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*), data(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_write_json(writer, name, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            character(kind=c_char), intent(in) :: name(*), json(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_put_f32(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            real(c_float), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_f64(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            real(c_double), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_i8(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            integer(c_int8_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_i16(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            integer(c_int16_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_i32(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id, value
            integer(c_int32_t) :: status
        end function

        function plattli_put_i64(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            integer(c_int64_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_u8(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            integer(c_int8_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_u16(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            integer(c_int16_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_u32(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id, value
            integer(c_int32_t) :: status
        end function

        function plattli_put_u64(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            integer(c_int64_t), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_bool(writer, id, value) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            logical(c_bool), value :: value
            integer(c_int32_t) :: status
        end function

        function plattli_put_str(writer, id, data, len) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            character(kind=c_char), intent(in) :: data(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_put_json(writer, id, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), value :: id
            character(kind=c_char), intent(in) :: json(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_put_row_f64(writer, ids, values, n) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), intent(in) :: ids(*)
            real(c_double), intent(in) :: values(*)
            integer(c_size_t), value :: n
            integer(c_int32_t) :: status
        end function

        function plattli_put_row_f32(writer, ids, values, n) bind(c) result(status)
            import
            type(c_ptr), value :: writer
            integer(c_int32_t), intent(in) :: ids(*)
            real(c_float), intent(in) :: values(*)
            integer(c_size_t), value :: n
            integer(c_int32_t) :: status
        end function

        function plattli_reader_options_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_reader_options_free(options) bind(c)
            import
            type(c_ptr), value :: options
        end subroutine

        function plattli_reader_options_set_kind(options, kind) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: kind
            integer(c_int32_t) :: status
        end function

        function plattli_reader_options_set_exclude_hot(options, exclude) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: exclude
            integer(c_int32_t) :: status
        end function

        function plattli_reader_options_set_strict(options, strict) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: strict
            integer(c_int32_t) :: status
        end function

        function plattli_reader_open(path, options, out) bind(c) result(status)
            import
            character(kind=c_char), intent(in) :: path(*)
            type(c_ptr), value :: options
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        subroutine plattli_reader_close(reader) bind(c)
            import
            type(c_ptr), value :: reader
        end subroutine

        function plattli_reader_refresh(reader) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            integer(c_int32_t) :: status
        end function

        function plattli_reader_metric_count(reader, out_count) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            integer(c_size_t), intent(inout) :: out_count
            integer(c_int32_t) :: status
        end function

        function plattli_reader_metric_name(reader, i, out_name) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            integer(c_size_t), value :: i
            type(c_ptr), intent(inout) :: out_name
            integer(c_int32_t) :: status
        end function

        function plattli_reader_metric_info(reader, name, out) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            character(kind=c_char), intent(in) :: name(*)
            type(plattli_metric_info), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_reader_config(reader, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            type(c_ptr), intent(inout) :: json
            integer(c_size_t), intent(inout) :: len
            integer(c_int32_t) :: status
        end function

        function plattli_reader_when_exported(reader, out_time) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            type(c_ptr), intent(inout) :: out_time
            integer(c_int32_t) :: status
        end function

        function plattli_reader_rows(reader, name, out_rows) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            character(kind=c_char), intent(in) :: name(*)
            integer(c_int64_t), intent(inout) :: out_rows
            integer(c_int32_t) :: status
        end function

        function plattli_reader_approx_max_rows(reader, probes, out_rows) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            integer(c_int32_t), value :: probes
            integer(c_int64_t), intent(inout) :: out_rows
            integer(c_int32_t) :: status
        end function

        function plattli_reader_warnings(reader, i, out_text) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            integer(c_size_t), value :: i
            type(c_ptr), intent(inout) :: out_text
            integer(c_int32_t) :: status
        end function

        function plattli_reader_column(reader, name, selection, as, out_column) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            character(kind=c_char), intent(in) :: name(*)
            type(c_ptr), value :: selection
            integer(c_int32_t), value :: as
            type(c_ptr), intent(inout) :: out_column
            integer(c_int32_t) :: status
        end function

        function plattli_reader_table(reader, names, n, on, selection, as, out_table) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            type(c_ptr), intent(in) :: names(*)
            integer(c_size_t), value :: n
            type(c_ptr), value :: on, selection
            integer(c_int32_t), value :: as
            type(c_ptr), intent(inout) :: out_table
            integer(c_int32_t) :: status
        end function

        function plattli_read_f64(reader, name, selection, steps, values, cap, out_len) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            character(kind=c_char), intent(in) :: name(*)
            type(c_ptr), value :: selection, steps, values
            integer(c_size_t), value :: cap
            integer(c_size_t), intent(inout) :: out_len
            integer(c_int32_t) :: status
        end function

        function plattli_read_f32(reader, name, selection, steps, values, cap, out_len) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            character(kind=c_char), intent(in) :: name(*)
            type(c_ptr), value :: selection, steps, values
            integer(c_size_t), value :: cap
            integer(c_size_t), intent(inout) :: out_len
            integer(c_int32_t) :: status
        end function

        function plattli_read_i64(reader, name, selection, steps, values, cap, out_len) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            character(kind=c_char), intent(in) :: name(*)
            type(c_ptr), value :: selection, steps, values
            integer(c_size_t), value :: cap
            integer(c_size_t), intent(inout) :: out_len
            integer(c_int32_t) :: status
        end function

        function plattli_read_u64(reader, name, selection, steps, values, cap, out_len) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            character(kind=c_char), intent(in) :: name(*)
            type(c_ptr), value :: selection, steps, values
            integer(c_size_t), value :: cap
            integer(c_size_t), intent(inout) :: out_len
            integer(c_int32_t) :: status
        end function

        function plattli_column_len(column) bind(c) result(answer)
            import
            type(c_ptr), value :: column
            integer(c_size_t) :: answer
        end function

        function plattli_column_dtype(column) bind(c) result(status)
            import
            type(c_ptr), value :: column
            integer(c_int32_t) :: status
        end function

        function plattli_column_steps(column) bind(c) result(answer)
            import
            type(c_ptr), value :: column
            type(c_ptr) :: answer
        end function

        function plattli_column_values(column) bind(c) result(answer)
            import
            type(c_ptr), value :: column
            type(c_ptr) :: answer
        end function

        function plattli_column_json(column, row, out_text, len) bind(c) result(status)
            import
            type(c_ptr), value :: column
            integer(c_size_t), value :: row
            type(c_ptr), intent(inout) :: out_text
            integer(c_size_t), intent(inout) :: len
            integer(c_int32_t) :: status
        end function

        subroutine plattli_column_free(column) bind(c)
            import
            type(c_ptr), value :: column
        end subroutine

        function plattli_table_len(table) bind(c) result(answer)
            import
            type(c_ptr), value :: table
            integer(c_size_t) :: answer
        end function

        function plattli_table_steps(table) bind(c) result(answer)
            import
            type(c_ptr), value :: table
            type(c_ptr) :: answer
        end function

        function plattli_table_column(table, i, out_column) bind(c) result(status)
            import
            type(c_ptr), value :: table
            integer(c_size_t), value :: i
            type(c_ptr), intent(inout) :: out_column
            integer(c_int32_t) :: status
        end function

        subroutine plattli_table_free(table) bind(c)
            import
            type(c_ptr), value :: table
        end subroutine

        function plattli_reader_arrow(reader, names, n, selection, out) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            type(c_ptr), intent(in) :: names(*)
            integer(c_size_t), value :: n
            type(c_ptr), value :: selection
            type(ArrowArrayStream), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_reader_arrow_outer(reader, names, n, selection, out) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            type(c_ptr), intent(in) :: names(*)
            integer(c_size_t), value :: n
            type(c_ptr), value :: selection
            type(ArrowArrayStream), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_reader_arrow_long(reader, names, n, selection, out) bind(c) result(status)
            import
            type(c_ptr), value :: reader
            type(c_ptr), intent(in) :: names(*)
            integer(c_size_t), value :: n
            type(c_ptr), value :: selection
            type(ArrowArrayStream), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_import_options_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_import_options_free(options) bind(c)
            import
            type(c_ptr), value :: options
        end subroutine

        function plattli_import_options_set_skip_columns(options, patterns, n) bind(c) result(status)
            import
            type(c_ptr), value :: options
            type(c_ptr), intent(in) :: patterns(*)
            integer(c_size_t), value :: n
            integer(c_int32_t) :: status
        end function

        function plattli_import_options_set_allow_rewinds(options, allow) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: allow
            integer(c_int32_t) :: status
        end function

        function plattli_import_options_set_overwrite(options, overwrite) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: overwrite
            integer(c_int32_t) :: status
        end function

        function plattli_import_options_set_double(options, double_precision) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: double_precision
            integer(c_int32_t) :: status
        end function

        function plattli_import_options_set_skip_torn_tail(options, skip) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: skip
            integer(c_int32_t) :: status
        end function

        function plattli_import_jsonl(log, run_dir, options, out) bind(c) result(status)
            import
            character(kind=c_char), intent(in) :: log(*), run_dir(*)
            type(c_ptr), value :: options, out
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_state_options_free(options) bind(c)
            import
            type(c_ptr), value :: options
        end subroutine

        function plattli_state_options_set_sync(options, sync) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: sync
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_set_sync_interval(options, milliseconds) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: milliseconds
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_set_threshold(options, threshold) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: threshold
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_set_backups(options, backups) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: backups
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_set_snapshot(options, snapshot) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: snapshot
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_set_salvage(options, salvage) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: salvage
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_set_read_only(options, read_only) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: read_only
            integer(c_int32_t) :: status
        end function

        function plattli_state_options_set_lock(options, lock) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: lock
            integer(c_int32_t) :: status
        end function

        function plattli_state_open(dir, name, options, out) bind(c) result(status)
            import
            character(kind=c_char), intent(in) :: dir(*), name(*)
            type(c_ptr), value :: options
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_state_set(state, key, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: state
            character(kind=c_char), intent(in) :: key(*), json(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_state_replace(state, json, len) bind(c) result(status)
            import
            type(c_ptr), value :: state
            character(kind=c_char), intent(in) :: json(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_state_delete(state, key) bind(c) result(status)
            import
            type(c_ptr), value :: state
            character(kind=c_char), intent(in) :: key(*)
            integer(c_int32_t) :: status
        end function

        function plattli_state_get(state, key, out) bind(c) result(status)
            import
            type(c_ptr), value :: state
            character(kind=c_char), intent(in) :: key(*)
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_state_snapshot(state, out) bind(c) result(status)
            import
            type(c_ptr), value :: state
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_state_keys(state, out) bind(c) result(status)
            import
            type(c_ptr), value :: state
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_state_entries(state, out) bind(c) result(status)
            import
            type(c_ptr), value :: state
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_state_entry_count(state, count) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_int64_t), intent(inout) :: count
            integer(c_int32_t) :: status
        end function

        function plattli_state_size(state, keys) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_size_t), intent(inout) :: keys
            integer(c_int32_t) :: status
        end function

        function plattli_state_compact(state) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_int32_t) :: status
        end function

        function plattli_state_log_size(state, out_bytes) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_int64_t), intent(inout) :: out_bytes
            integer(c_int32_t) :: status
        end function

        function plattli_state_needs_compaction(state, threshold, out) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_int64_t), value :: threshold
            logical(c_bool), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_state_refresh(state) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_int32_t) :: status
        end function

        function plattli_state_lost(state, entries) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_int64_t), intent(inout) :: entries
            integer(c_int32_t) :: status
        end function

        function plattli_state_close(state) bind(c) result(status)
            import
            type(c_ptr), value :: state
            integer(c_int32_t) :: status
        end function

        function plattli_state_scheduler_new(interval_ms, out) bind(c) result(status)
            import
            integer(c_int64_t), value :: interval_ms
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_state_scheduler_add(scheduler, state) bind(c) result(status)
            import
            type(c_ptr), value :: scheduler, state
            integer(c_int32_t) :: status
        end function

        function plattli_state_scheduler_remove(scheduler, state) bind(c) result(status)
            import
            type(c_ptr), value :: scheduler, state
            integer(c_int32_t) :: status
        end function

        function plattli_state_scheduler_start(scheduler) bind(c) result(status)
            import
            type(c_ptr), value :: scheduler
            integer(c_int32_t) :: status
        end function

        function plattli_state_scheduler_stop(scheduler) bind(c) result(status)
            import
            type(c_ptr), value :: scheduler
            integer(c_int32_t) :: status
        end function

        function plattli_state_scheduler_compact_all(scheduler) bind(c) result(status)
            import
            type(c_ptr), value :: scheduler
            integer(c_int32_t) :: status
        end function

        subroutine plattli_state_scheduler_free(scheduler) bind(c)
            import
            type(c_ptr), value :: scheduler
        end subroutine

        function plattli_stream_options_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_stream_options_free(options) bind(c)
            import
            type(c_ptr), value :: options
        end subroutine

        function plattli_stream_options_set_format(options, format) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: format
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_roll_rows(options, rows) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: rows
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_roll_bytes(options, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_roll_age(options, ms) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: ms
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_checkpoint(options, ms) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: ms
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_sync(options, sync) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: sync
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_partition_bytes(options, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_partition_segments(options, segments) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: segments
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_store_bytes(options, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_max_age(options, ms) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: ms
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_min_free_bytes(options, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_open_topics(options, topics) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_size_t), value :: topics
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_active_bytes(options, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_overload_wait(options, ms) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: ms
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_threads(options, threads) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_size_t), value :: threads
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_manifest(options, path) bind(c) result(status)
            import
            type(c_ptr), value :: options, path
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_replicate(options, location, ms) bind(c) result(status)
            import
            type(c_ptr), value :: options, location
            integer(c_int64_t), value :: ms
            integer(c_int32_t) :: status
        end function

        function plattli_stream_options_set_drop_waiting(options, drop_waiting) bind(c) result(status)
            import
            type(c_ptr), value :: options
            logical(c_bool), value :: drop_waiting
            integer(c_int32_t) :: status
        end function

        function plattli_stream_open(dir, options, out) bind(c) result(status)
            import
            character(kind=c_char), intent(in) :: dir(*)
            type(c_ptr), value :: options
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_stream_append(stream, topic, partition, array, schema, span) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            character(kind=c_char), intent(in) :: topic(*), partition(*)
            type(ArrowArray), intent(inout) :: array
            type(ArrowSchema), intent(inout) :: schema
            type(c_ptr), value :: span
            integer(c_int32_t) :: status
        end function

        function plattli_stream_append_f64( &
            stream, topic, partition, time_ms, columns, values, n_columns, n_rows, span) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            character(kind=c_char), intent(in) :: topic(*), partition(*)
            integer(c_int64_t), intent(in) :: time_ms(*)
            type(c_ptr), intent(in) :: columns(*), values(*)
            integer(c_size_t), value :: n_columns, n_rows
            type(c_ptr), value :: span
            integer(c_int32_t) :: status
        end function

        function plattli_stream_query(stream, query, out_stream, cursor) bind(c) result(status)
            import
            type(c_ptr), value :: stream, query
            type(ArrowArrayStream), intent(inout) :: out_stream
            type(c_ptr), value :: cursor
            integer(c_int32_t) :: status
        end function

        function plattli_stream_checkpoint(stream) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            integer(c_int32_t) :: status
        end function

        function plattli_stream_retain(stream) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            integer(c_int32_t) :: status
        end function

        function plattli_stream_replicate(stream, out_copied) bind(c) result(status)
            import
            type(c_ptr), value :: stream, out_copied
            integer(c_int32_t) :: status
        end function

        function plattli_stream_get_stats(stream, out) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            type(plattli_stream_stats), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_stream_topics(stream, out_names) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            type(c_ptr), intent(inout) :: out_names
            integer(c_int32_t) :: status
        end function

        function plattli_stream_partitions(stream, topic, out_names) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            character(kind=c_char), intent(in) :: topic(*)
            type(c_ptr), intent(inout) :: out_names
            integer(c_int32_t) :: status
        end function

        function plattli_stream_warnings(stream, out_texts) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            type(c_ptr), intent(inout) :: out_texts
            integer(c_int32_t) :: status
        end function

        function plattli_stream_close(stream) bind(c) result(status)
            import
            type(c_ptr), value :: stream
            integer(c_int32_t) :: status
        end function

        function plattli_query_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_query_free(query) bind(c)
            import
            type(c_ptr), value :: query
        end subroutine

        function plattli_query_set_topic(query, topic) bind(c) result(status)
            import
            type(c_ptr), value :: query
            character(kind=c_char), intent(in) :: topic(*)
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_partitions(query, names, n) bind(c) result(status)
            import
            type(c_ptr), value :: query
            type(c_ptr), intent(in) :: names(*)
            integer(c_size_t), value :: n
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_pattern(query, pattern) bind(c) result(status)
            import
            type(c_ptr), value :: query
            character(kind=c_char), intent(in) :: pattern(*)
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_order(query, order) bind(c) result(status)
            import
            type(c_ptr), value :: query
            integer(c_int32_t), value :: order
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_start(query, index) bind(c) result(status)
            import
            type(c_ptr), value :: query
            integer(c_int64_t), value :: index
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_time(query, from_ms, to_ms) bind(c) result(status)
            import
            type(c_ptr), value :: query
            integer(c_int64_t), value :: from_ms, to_ms
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_max_rows(query, rows) bind(c) result(status)
            import
            type(c_ptr), value :: query
            integer(c_int64_t), value :: rows
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_max_bytes(query, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: query
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_pick(query, names, n) bind(c) result(status)
            import
            type(c_ptr), value :: query
            type(c_ptr), intent(in) :: names(*)
            integer(c_size_t), value :: n
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_exclude(query, names, n) bind(c) result(status)
            import
            type(c_ptr), value :: query
            type(c_ptr), intent(in) :: names(*)
            integer(c_size_t), value :: n
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_flatten(query, separator) bind(c) result(status)
            import
            type(c_ptr), value :: query, separator
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_max_value_bytes(query, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: query
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_labels(query, labels) bind(c) result(status)
            import
            type(c_ptr), value :: query
            logical(c_bool), value :: labels
            integer(c_int32_t) :: status
        end function

        function plattli_query_set_cursor(query, cursor, len) bind(c) result(status)
            import
            type(c_ptr), value :: query
            character(kind=c_char), intent(in) :: cursor(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_query_resume(query, cursor) bind(c) result(status)
            import
            type(c_ptr), value :: query, cursor
            integer(c_int32_t) :: status
        end function

        function plattli_cursor_status(cursor, out_status) bind(c) result(status)
            import
            type(c_ptr), value :: cursor
            integer(c_int32_t), intent(inout) :: out_status
            integer(c_int32_t) :: status
        end function

        function plattli_cursor_rows(cursor, out_rows) bind(c) result(status)
            import
            type(c_ptr), value :: cursor
            integer(c_int64_t), intent(inout) :: out_rows
            integer(c_int32_t) :: status
        end function

        function plattli_cursor_partition_count(cursor, out_count) bind(c) result(status)
            import
            type(c_ptr), value :: cursor
            integer(c_size_t), intent(inout) :: out_count
            integer(c_int32_t) :: status
        end function

        function plattli_cursor_partition(cursor, i, out_name, out_position) bind(c) result(status)
            import
            type(c_ptr), value :: cursor
            integer(c_size_t), value :: i
            type(c_ptr), value :: out_name, out_position
            integer(c_int32_t) :: status
        end function

        function plattli_cursor_text(cursor, out_text) bind(c) result(status)
            import
            type(c_ptr), value :: cursor
            type(c_ptr), intent(inout) :: out_text
            integer(c_int32_t) :: status
        end function

        subroutine plattli_cursor_free(cursor) bind(c)
            import
            type(c_ptr), value :: cursor
        end subroutine

        function plattli_journal_options_new() bind(c) result(answer)
            import
            type(c_ptr) :: answer
        end function

        subroutine plattli_journal_options_free(options) bind(c)
            import
            type(c_ptr), value :: options
        end subroutine

        function plattli_journal_options_set_threshold(options, events) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: events
            integer(c_int32_t) :: status
        end function

        function plattli_journal_options_set_max_object_bytes(options, bytes) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: bytes
            integer(c_int32_t) :: status
        end function

        function plattli_journal_options_set_lease_expiry(options, milliseconds) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int64_t), value :: milliseconds
            integer(c_int32_t) :: status
        end function

        function plattli_journal_options_set_durability(options, durability) bind(c) result(status)
            import
            type(c_ptr), value :: options
            integer(c_int32_t), value :: durability
            integer(c_int32_t) :: status
        end function

        function plattli_journal_open(location, options, out) bind(c) result(status)
            import
            character(kind=c_char), intent(in) :: location(*)
            type(c_ptr), value :: options
            type(c_ptr), intent(inout) :: out
            integer(c_int32_t) :: status
        end function

        function plattli_journal_append(journal, event, len) bind(c) result(status)
            import
            type(c_ptr), value :: journal
            character(kind=c_char), intent(in) :: event(*)
            integer(c_size_t), value :: len
            integer(c_int32_t) :: status
        end function

        function plattli_journal_flush(journal) bind(c) result(status)
            import
            type(c_ptr), value :: journal
            integer(c_int32_t) :: status
        end function

        function plattli_journal_read(journal, out_events) bind(c) result(status)
            import
            type(c_ptr), value :: journal
            type(c_ptr), intent(inout) :: out_events
            integer(c_int32_t) :: status
        end function

        function plattli_journal_read_from(journal, number, out_events) bind(c) result(status)
            import
            type(c_ptr), value :: journal
            integer(c_int64_t), value :: number
            type(c_ptr), intent(inout) :: out_events
            integer(c_int32_t) :: status
        end function

        function plattli_journal_compact(journal, out) bind(c) result(status)
            import
            type(c_ptr), value :: journal, out
            integer(c_int32_t) :: status
        end function

        function plattli_journal_file_count(journal, out_count) bind(c) result(status)
            import
            type(c_ptr), value :: journal
            integer(c_size_t), intent(inout) :: out_count
            integer(c_int32_t) :: status
        end function

        function plattli_journal_pending(journal, out_count) bind(c) result(status)
            import
            type(c_ptr), value :: journal
            integer(c_size_t), intent(inout) :: out_count
            integer(c_int32_t) :: status
        end function

        function plattli_journal_close(journal) bind(c) result(status)
            import
            type(c_ptr), value :: journal
            integer(c_int32_t) :: status
        end function

        function plattli_journal_discard(journal, lost) bind(c) result(status)
            import
            type(c_ptr), value :: journal, lost
            integer(c_int32_t) :: status
        end function

        function plattli_journal_events_len(events) bind(c) result(answer)
            import
            type(c_ptr), value :: events
            integer(c_size_t) :: answer
        end function

        function plattli_journal_events_get(events, i, event, len) bind(c) result(status)
            import
            type(c_ptr), value :: events
            integer(c_size_t), value :: i
            type(c_ptr), intent(inout) :: event
            integer(c_size_t), intent(inout) :: len
            integer(c_int32_t) :: status
        end function

        function plattli_journal_events_number(events, i, number) bind(c) result(status)
            import
            type(c_ptr), value :: events
            integer(c_size_t), value :: i
            integer(c_int64_t), intent(inout) :: number
            integer(c_int32_t) :: status
        end function

        function plattli_journal_events_next(events) bind(c) result(answer)
            import
            type(c_ptr), value :: events
            integer(c_int64_t) :: answer
        end function

        subroutine plattli_journal_events_free(events) bind(c)
            import
            type(c_ptr), value :: events
        end subroutine
    end interface
end module plattli_raw


module plattli
    !! Metrics, restart state, events and tables of a simulation, from Fortran.
    !!
    !!     type(plattli_writer) :: run
    !!     call run%open("heat", stat=stat, errmsg=text)
    !!     do while (...)
    !!         call run%write("residual", residual)
    !!         call run%end_step(stat=stat)
    !!     end do
    !!     call run%finish(stat=stat)
    !!     call run%close(stat=stat)
    !!
    !! **Errors.** No procedure stops the program or prints. With `stat` a call reports for itself: `PLATTLI_OK` or one of
    !! the `PLATTLI_ERR_` codes; `errmsg`, like `iomsg`, is set on failure only. Without `stat` the first failure is kept
    !! with the variable: `failed()` tells, `check` hands it out and forgets it, and so does the next call with `stat`
    !! that has no failure of its own, if it is `end_step`, `flush`, `sync`, `finish`, `close`, `refresh`, `compact`,
    !! `discard`, `checkpoint`, `retain`, `replicate`, `next`, `load`, or `start`, `stop` or `compact_all` of a scheduler.
    !! A kept failure holds nothing up: later values are recorded all the same.
    !!
    !! **Ownership.** What goes out of scope is closed, quietly; a run is never finished. Variables of the main program
    !! do not go out of scope: close them. Nothing makes a second owner: assignment closes the variable on the left,
    !! which says so; `allocate(..., source=)` and `value` make variables that are not open. `call new%take(old)`
    !! moves what is open. (Assigning to a variable that *contains* an open one: close that first. gfortran 12 hands its
    !! finalizers a copy, which is not the owner and closes nothing; it then stays open until the program ends.)
    !!
    !! **Text.** Trailing blanks of names, paths and values are not part of them.
    !!
    !! **Steps** run to 4294967295 and are therefore `int64` where they come out in arrays.
    use, intrinsic :: iso_c_binding, only: c_associated, c_bool, c_char, c_double, c_f_pointer, c_f_procpointer, c_float, c_int, &
        c_int32_t, c_int64_t, c_loc, c_null_char, c_null_funptr, c_null_ptr, c_ptr, c_size_t
    use, intrinsic :: ieee_arithmetic, only: ieee_is_finite, ieee_quiet_nan, ieee_value
    use, intrinsic :: iso_fortran_env, only: int8, int16, int32, int64, real32, real64
    use plattli_raw, raw_compact_stats => plattli_compact_stats, raw_metric_info => plattli_metric_info
    implicit none
    private

    public :: PLATTLI_OK, PLATTLI_ERR_ARGUMENT, PLATTLI_ERR_TYPE, PLATTLI_ERR_STATE, PLATTLI_ERR_NOT_FOUND, PLATTLI_ERR_EXISTS
    public :: PLATTLI_ERR_BUSY, PLATTLI_ERR_CORRUPT, PLATTLI_ERR_IO, PLATTLI_ERR_OVERLOADED, PLATTLI_ERR_BUFFER
    public :: PLATTLI_ERR_FORKED, PLATTLI_ERR_UNSUPPORTED, PLATTLI_ERR_INTERNAL
    public :: PLATTLI_F32, PLATTLI_F64, PLATTLI_I8, PLATTLI_I16, PLATTLI_I32, PLATTLI_I64
    public :: PLATTLI_U8, PLATTLI_U16, PLATTLI_U32, PLATTLI_U64, PLATTLI_JSON
    public :: PLATTLI_COMPACTING, PLATTLI_DIRECT, PLATTLI_BULK, PLATTLI_DURABLE_PROCESS, PLATTLI_DURABLE_SYSTEM
    public :: PLATTLI_OVERLOAD_WAIT, PLATTLI_OVERLOAD_SHED, PLATTLI_IO_RETRY, PLATTLI_IO_FAIL
    public :: PLATTLI_KIND_AUTO, PLATTLI_KIND_FOLDER, PLATTLI_KIND_ARCHIVE, PLATTLI_STANDARD, PLATTLI_STORAGE
    public :: plattli_writer, plattli_writer_options, plattli_finish_options, plattli_writer_stats
    public :: plattli_reader, plattli_reader_options, plattli_selection, plattli_column, plattli_metric_info, plattli_text
    public :: plattli_select_steps, plattli_select_values, plattli_select_positions
    public :: PLATTLI_SYNC_EVERY, PLATTLI_SYNC_INTERVAL, PLATTLI_SYNC_NONE, PLATTLI_LOST_UNKNOWN
    public :: PLATTLI_SEGMENT_ARROW, PLATTLI_SEGMENT_PARQUET, PLATTLI_ASCENDING, PLATTLI_DESCENDING
    public :: PLATTLI_PAGE_ALL, PLATTLI_PAGE_SCHEMA_CHANGE, PLATTLI_PAGE_ROW_LIMIT, PLATTLI_PAGE_BYTE_LIMIT
    public :: plattli_journal, plattli_journal_options, plattli_compact_stats
    public :: plattli_stream, plattli_stream_options, plattli_stream_stats, plattli_query, plattli_page, plattli_arrow_stream
    public :: plattli_state, plattli_state_options, plattli_state_scheduler, plattli_texts
    public :: plattli_import, plattli_import_options, plattli_import_report
    public :: plattli_version, plattli_status_text, plattli_version_text

    integer(int64), parameter :: STEPS = 4294967296_int64 ! that a run can have
    integer(int32), parameter :: NO_METRIC = -1
    character(*), parameter :: OPEN_ALREADY = "this variable is open already: close it first"

    type :: plattli_text
        !! One text of a list whose texts differ in length.
        character(:), allocatable :: text !! Without padding.
    end type

    type :: plattli_writer_options
        !! How a run is opened for writing.
        integer(int32) :: layout = PLATTLI_COMPACTING !! `PLATTLI_COMPACTING`, `PLATTLI_DIRECT` or `PLATTLI_BULK`.
        integer(int64) :: step = -1 !! The step to continue from: rows at or beyond it are dropped. -1: after the last one.
        integer(int64) :: hotsize = 200 !! Rows in the log before it is compacted, at least 1.
        character(:), allocatable :: config !! Configuration of the run, JSON.
        character(:), allocatable :: config_path !! File that holds it, relative to the run directory.
        logical :: reopen_finished = .false. !! An archived run may be unpacked and continued.
        logical :: overwrite = .false. !! Bulk layout: an existing run may be replaced.
        integer(int32) :: durability = PLATTLI_DURABLE_PROCESS !! `PLATTLI_DURABLE_PROCESS` or `PLATTLI_DURABLE_SYSTEM`.
        integer(int32) :: sync_steps = 1 !! System durability: sync after so many steps; 0 leaves it out.
        integer(int64) :: sync_milliseconds = 0 !! System durability: sync after so many milliseconds; 0 leaves it out.
        integer(int32) :: overload = PLATTLI_OVERLOAD_WAIT !! `PLATTLI_OVERLOAD_WAIT` or `PLATTLI_OVERLOAD_SHED`.
        integer(int32) :: threads = 1 !! Background threads; 0: compaction runs inside `end_step`.
        integer(int32) :: nice = 0 !! How far the background thread stands back, 0 to 19.
        integer(int32), allocatable :: affinity(:) !! Processors of the background thread; none: those of the caller.
        integer(int32) :: on_io_error = PLATTLI_IO_RETRY !! `PLATTLI_IO_RETRY` or `PLATTLI_IO_FAIL`.
        logical :: lock = .true. !! A second writer is refused.
        logical :: strict = .false. !! A broken line in the log is an error instead of a warning.
    end type

    type :: plattli_finish_options
        !! How a run is finished.
        logical :: optimize = .true. !! Integers in the narrowest type, index files as segments.
        logical :: archive = .true. !! The folder is packed into `metrics.plattli`.
        character(:), allocatable :: config_overrides !! JSON object whose keys replace those of the configuration.
    end type

    type :: plattli_reader_options
        !! How a run is opened for reading.
        integer(int32) :: kind = PLATTLI_KIND_AUTO !! `PLATTLI_KIND_AUTO`, `PLATTLI_KIND_FOLDER` or `PLATTLI_KIND_ARCHIVE`.
        logical :: exclude_hot = .false. !! The newest rows of a live run, those still in its log, are left out.
        logical :: strict = .false. !! A broken line in the log is an error instead of a warning.
    end type

    type :: plattli_import_options
        !! How a log is imported.
        type(plattli_text), allocatable :: skip_columns(:) !! Regular expressions for names to leave out.
        logical :: allow_rewinds = .false. !! A smaller step drops the rows from there on.
        logical :: overwrite = .false. !! An existing run is replaced.
        logical :: double = .false. !! Floats are kept as 64-bit floats.
        logical :: skip_torn_tail = .false. !! A last line that was cut off is left out instead of an error.
    end type

    type :: plattli_state_options
        !! How a state is opened.
        integer(int32) :: sync = PLATTLI_SYNC_EVERY !! `PLATTLI_SYNC_EVERY`, `PLATTLI_SYNC_INTERVAL` or `PLATTLI_SYNC_NONE`.
        integer(int64) :: sync_milliseconds = 0 !! Chooses `PLATTLI_SYNC_INTERVAL` with so many milliseconds; 0 does not.
        integer(int64) :: threshold = 1048576 !! Bytes of the log above which it needs compaction.
        integer(int32) :: backups = 3 !! Compacted logs that are kept.
        logical :: snapshot = .false. !! `NAME.json` is written at each compaction and at close.
        logical :: salvage = .false. !! A damaged or missing log is taken for what still parses.
        logical :: read_only = .false. !! Read beside whoever writes it; nothing is ever written.
        logical :: lock = .true. !! A second writer is refused.
    end type

    type :: plattli_journal_options
        !! How a journal is opened.
        integer(int64) :: threshold = 32 !! Events that wait until they are stored as one object; 0 counts as 1.
        integer(int64) :: max_object_bytes = 268435456 !! Bytes that an object made by a compaction does not exceed.
        integer(int64) :: lease_expiry = 600000 !! Milliseconds without a sign of life after which a compaction counts as dead.
        integer(int32) :: durability = PLATTLI_DURABLE_SYSTEM !! What a flush outlives in a folder: that, or
            !! `PLATTLI_DURABLE_PROCESS`.
    end type

    type :: plattli_compact_stats
        !! What a compaction of a journal did.
        integer(int64) :: merged = 0 !! Objects that were merged; where nothing happened, the objects that are there.
        integer(int64) :: events = 0 !! Events in the new objects.
        integer(int64) :: failed_deletes = 0 !! Objects that could not be deleted; they stay hidden.
        integer(int64) :: objects = 0 !! New objects: 0 where nothing happened.
        character(64) :: key = "" !! Name of the new object; of the last one if there are several.
    end type

    type :: plattli_stream_options
        !! How a stream is opened.
        integer(int32) :: format = PLATTLI_SEGMENT_ARROW !! `PLATTLI_SEGMENT_ARROW` or `PLATTLI_SEGMENT_PARQUET`.
        integer(int64) :: roll_rows = 100000 !! A segment is closed by the append after it has more rows than this.
        integer(int64) :: roll_bytes = 104857600 !! As `roll_rows`, bytes.
        integer(int64) :: roll_age = 0 !! A segment is closed once it is older than so many milliseconds; 0: never.
        integer(int64) :: checkpoint = 1000 !! Milliseconds between checkpoints by themselves; 0: none.
        logical :: sync = .true. !! A checkpoint reaches the disk itself and not only the operating system.
        integer(int64) :: partition_bytes = 1073741824 !! Bytes on disk that one partition may have.
        integer(int64) :: partition_segments = 10000 !! Closed segments that one partition may have.
        integer(int64) :: store_bytes = 1073741824 !! Bytes on disk that the whole store may have.
        integer(int64) :: max_age = 0 !! A segment goes when its newest time is older than so many milliseconds; 0: never.
        integer(int64) :: min_free_bytes = 1000000000 !! Free space of the disk below which nothing is taken; 0: any will do.
        integer(int64) :: open_topics = 128 !! Topics that are open at once.
        integer(int64) :: active_bytes = 3670016000_int64 !! Bytes of rows in memory that no file has yet.
        integer(int64) :: overload_wait = 100 !! Milliseconds that an append waits for a busy writer before it is refused.
        integer(int64) :: threads = 2 !! Threads that write; 0: the caller's does.
        character(:), allocatable :: manifest !! File of the manifest, if it is not in the folder; `":memory:"`: none.
        character(:), allocatable :: replicate !! Where closed segments are copied to.
        integer(int64) :: replicate_milliseconds = 0 !! Between copies by themselves; 0: by `replicate` alone.
        logical :: drop_waiting = .false. !! Retention may drop segments that still wait to be copied.
    end type

    type :: plattli_query
        !! What is wanted of a stream: all rows of a topic unless something is set.
        character(:), allocatable :: topic !! The topic. Each query needs one.
        type(plattli_text), allocatable :: partitions(:) !! Only these partitions: `plattli_texts(["rank 0", "rank 1"])`.
        character(:), allocatable :: pattern !! Only partitions in whose names this regular expression is found.
        integer(int32) :: order = PLATTLI_ASCENDING !! `PLATTLI_ASCENDING` or `PLATTLI_DESCENDING`.
        integer(int64) :: start = -1 !! Index at which each partition begins (descending: before which); -1: at its end.
        integer(int64) :: from_ms = -huge(0_int64) !! Only rows of this time or later.
        integer(int64) :: to_ms = huge(0_int64) !! Only rows of this time or earlier.
        integer(int64) :: max_rows = 10000 !! Rows that a page has at most.
        integer(int64) :: max_bytes = 10240000 !! Bytes after which a page ends.
        type(plattli_text), allocatable :: pick(:) !! Only these columns, in this order.
        type(plattli_text), allocatable :: exclude(:) !! Not these columns.
        character(:), allocatable :: flatten !! Fields of structs become columns; this joins their names. Blanks count.
        integer(int64) :: max_value_bytes = 0 !! Texts, bytes and lists of more bytes become null; 0: none do.
        logical :: labels = .false. !! Columns `_partition` and `_index` say where each row is from.
        character(:), allocatable :: cursor !! Where to go on: that of a page with the same topic and order.
    end type

    type :: plattli_page
        !! Where a page ended, and why.
        logical :: more = .false. !! There are other rows: go on with `query%cursor = page%cursor`.
        integer(int32) :: status = PLATTLI_PAGE_ALL !! `PLATTLI_PAGE_ALL`, `_SCHEMA_CHANGE`, `_ROW_LIMIT` or `_BYTE_LIMIT`.
        integer(int64) :: rows = 0 !! Rows of the page.
        type(plattli_text), allocatable :: partitions(:) !! Partitions that it knows, sorted.
        integer(int64), allocatable :: positions(:) !! Of each the index of the row to come; descending, of the last one given.
        character(:), allocatable :: cursor !! One line of text, good for this or another process.
    end type

    type :: plattli_metric_info
        !! What there is to know about a metric.
        integer(int32) :: dtype = 0 !! Its type on disk, `PLATTLI_F32` to `PLATTLI_JSON`.
        integer(int32) :: monotonic = 0 !! 1 never decreasing, -1 never increasing, 0 neither (or JSON).
        integer(int64) :: rows = 0 !! How many rows it has.
        integer(int64) :: first_step = 0 !! Step of its first row; 0 if it has none.
        integer(int64) :: last_step = 0 !! Step of its last row; 0 if it has none.
    end type

    type :: plattli_column
        !! Rows of one metric, whatever its type. One of `reals`, `integers` and `json` is allocated.
        integer(int32) :: dtype = 0 !! Type of the values as they were read.
        integer(int64), allocatable :: steps(:) !! Steps, strictly increasing.
        real(real64), allocatable :: reals(:) !! Values of `PLATTLI_F32` and `PLATTLI_F64`.
        integer(int64), allocatable :: integers(:) !! Values of integer types; the bits of `PLATTLI_U64`.
        type(plattli_text), allocatable :: json(:) !! Values of `PLATTLI_JSON`, as JSON text.
    end type

    type :: owned_handle
        ! A handle and the variable that owns it. Compilers copy bits where no procedure of ours is asked: `source=`, `value`,
        ! private variables of threads, and, with gfortran 12, what was finalized on the left of an assignment. Such a copy
        ! lives at another address, and has no handle for that reason.
        type(c_ptr) :: handle = c_null_ptr
        type(c_ptr) :: home = c_null_ptr
    end type

    type :: failure
        ! The first failure of the calls that had no `stat`. Not allocatable: gfortran 12 finalizes variables it never set
        ! where a type with finalizer, assignment and allocatable component is part of another.
        integer(c_int32_t) :: status = PLATTLI_OK
        character(500) :: text = ""
    end type

    type :: plattli_writer
        !! A run that is being written. Any thread may write; calls wait for each other inside.
        private
        type(owned_handle) :: owned
        type(failure) :: kept
    contains
        procedure, non_overridable :: open => writer_open !! Opens a run, or begins one.
        procedure, non_overridable :: is_open => writer_is_open !! Whether there is a run to write to.
        procedure, non_overridable :: metric => writer_metric !! Makes a metric known under a number.
        generic :: write => write_real32, write_real64, write_int8, write_int16, write_int32, write_int64, write_logical, &
            write_bool, write_text !! Writes a value of a metric, by name, in the current step.
        generic :: write_unsigned => write_unsigned8, write_unsigned16, write_unsigned32, write_unsigned64 !! As `write`; bits.
        procedure, non_overridable :: write_json !! As `write`, for one JSON value.
        generic :: put => put_real32, put_real64, put_int8, put_int16, put_int32, put_int64, put_logical, put_bool, &
            put_text !! Writes a value of a metric, by the number from `metric`, in the current step.
        generic :: put_unsigned => put_unsigned8, put_unsigned16, put_unsigned32, put_unsigned64 !! As `put`; bits.
        procedure, non_overridable :: put_json !! As `put`, for one JSON value.
        generic :: put_row => put_row_real32, put_row_real64 !! Writes a value of each of several metrics, all or none.
        generic :: step => step_int32, step_int64 !! The current step, the one that `end_step` will end.
        generic :: set_step => set_step_int32, set_step_int64 !! Moves the current step forward. Only between steps.
        procedure, non_overridable :: end_step => writer_end_step !! Ends the step, always; tells its first error.
        procedure, non_overridable :: flush => writer_flush !! Shows the values of the current step to readers.
        procedure, non_overridable :: sync => writer_sync !! Brings all that was acknowledged to stable storage.
        procedure, non_overridable :: set_config => writer_set_config !! Replaces the configuration of the run.
        procedure, non_overridable :: stats => writer_stats !! What the writer has done so far.
        procedure, non_overridable :: warnings => writer_warnings !! What was found broken at open, and mended.
        procedure, non_overridable :: finish => writer_finish !! Brings the run into its final form.
        procedure, non_overridable :: close => writer_close !! Flushes, waits, releases; never finishes.
        procedure, non_overridable :: take => writer_take !! Takes the run of another writer over.
        procedure, non_overridable :: failed => writer_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => writer_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => writer_assign
        procedure, private :: writer_assign
        procedure, private :: write_real32, write_real64, write_int8, write_int16, write_int32, write_int64, write_logical
        procedure, private :: write_bool, write_text, write_unsigned8, write_unsigned16, write_unsigned32, write_unsigned64
        procedure, private :: put_real32, put_real64, put_int8, put_int16, put_int32, put_int64, put_logical, put_bool
        procedure, private :: put_text, put_unsigned8, put_unsigned16, put_unsigned32, put_unsigned64
        procedure, private :: put_row_real32, put_row_real64, step_int32, step_int64, set_step_int32, set_step_int64
        final :: writer_final
    end type

    type :: plattli_reader
        !! A run that is being read, as it was when it was opened or last refreshed.
        private
        type(owned_handle) :: owned
        type(failure) :: kept
    contains
        procedure, non_overridable :: open => reader_open !! Opens a run directory, the run folder in it, or an archive.
        procedure, non_overridable :: is_open => reader_is_open !! Whether there is a run to read from.
        procedure, non_overridable :: refresh => reader_refresh !! Looks at the run anew.
        procedure, non_overridable :: metrics => reader_metrics !! Names of the metrics, sorted.
        procedure, non_overridable :: info => reader_info !! Type, rows, first and last step of a metric.
        procedure, non_overridable :: rows => reader_rows !! How many rows a metric has.
        procedure, non_overridable :: approx_max_rows => reader_approx_max_rows !! About the rows of the longest metric.
        procedure, non_overridable :: config => reader_config !! Configuration of the run, JSON.
        procedure, non_overridable :: when_exported => reader_when_exported !! When the run was last described.
        procedure, non_overridable :: warnings => reader_warnings !! What was skipped or looks wrong.
        generic :: read => read_real32, read_real64, read_int32, read_int64, read_logical, read_text !! Values of a metric.
        procedure, non_overridable :: read_unsigned !! As `read`: the bits of unsigned 64-bit integers.
        procedure, non_overridable :: column => reader_column !! Rows of a metric of any type.
        procedure, non_overridable :: table => reader_table !! Metrics side by side, at the steps that all of them have.
        procedure, non_overridable :: arrow => reader_arrow !! Metrics as a table in batches, at the steps that all have.
        procedure, non_overridable :: arrow_outer => reader_arrow_outer !! The same at the steps that any of them has.
        procedure, non_overridable :: arrow_long => reader_arrow_long !! One row per value, metric after metric.
        procedure, non_overridable :: close => reader_close !! Releases the reader.
        procedure, non_overridable :: take => reader_take !! Takes the run of another reader over.
        procedure, non_overridable :: failed => reader_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => reader_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => reader_assign
        procedure, private :: reader_assign
        procedure, private :: read_real32, read_real64, read_int32, read_int64, read_logical, read_text
        final :: reader_final
    end type

    type :: arrow_box
        ! What an Arrow stream is made of, at an address that stays.
        type(ArrowArrayStream) :: stream
        type(ArrowSchema) :: schema
        type(ArrowArray), allocatable :: batches(:)
    end type

    type :: plattli_arrow_stream
        !! A table that comes in batches: of a run, of a stream, or of any other producer of the Arrow C stream interface. It
        !! outlives what it came from.
        !!
        !!     do
        !!         call rows%next(more, stat=stat)
        !!         if (.not. more) exit
        !!         call rows%read("step", steps)
        !!         call rows%read("residual", residuals)
        !!     end do
        private
        type(owned_handle) :: owned
        type(arrow_box), pointer :: box => null() ! what the handle is the address of
        type(failure) :: kept
    contains
        procedure, non_overridable :: open => arrow_open !! Takes over a stream of the C interface.
        procedure, non_overridable :: is_open => arrow_is_open !! Whether there is a stream.
        procedure, non_overridable :: next => arrow_next !! Moves on to the next batch.
        procedure, non_overridable :: load => arrow_load !! Moves on to all batches that are left, as one.
        procedure, non_overridable :: rows => arrow_rows !! Rows of the batch.
        procedure, non_overridable :: columns => arrow_columns !! Names and types of the columns.
        generic :: read => arrow_real32, arrow_real64, arrow_int32, arrow_int64, arrow_logical, arrow_text !! A column.
        procedure, non_overridable :: close => arrow_close !! Releases the stream.
        procedure, non_overridable :: take => arrow_take !! Takes over what another variable has.
        procedure, non_overridable :: failed => arrow_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => arrow_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => arrow_assign
        procedure, private :: arrow_assign
        procedure, private :: arrow_real32, arrow_real64, arrow_int32, arrow_int64, arrow_logical, arrow_text
        final :: arrow_final
    end type

    type :: chunk
        ! A column in one batch.
        integer(int64) :: rows = 0
        integer(int64) :: before = 0 ! values in the buffers before the first
        type(ArrowArray), pointer :: array => null()
        type(ArrowSchema), pointer :: schema => null()
    end type

    type :: plattli_state
        !! Keys with JSON values that survive, each change as it is made: what a restart needs to know. Any thread may use it;
        !! calls wait for each other inside.
        private
        type(owned_handle) :: owned
        type(failure) :: kept
    contains
        procedure, non_overridable :: open => state_open !! Opens a state, or begins one.
        procedure, non_overridable :: is_open => state_is_open !! Whether there is a state.
        generic :: set => set_real32, set_real64, set_int32, set_int64, set_logical, set_text !! Sets a key.
        procedure, non_overridable :: set_json => state_set_json !! Sets a key to a JSON value.
        procedure, non_overridable :: replace => state_replace !! Replaces the whole state by a JSON object.
        procedure, non_overridable :: delete => state_delete !! Deletes a key.
        generic :: get => get_real32, get_real64, get_int32, get_int64, get_logical, get_text !! The value of a key.
        procedure, non_overridable :: get_json => state_get_json !! The value of a key, JSON.
        procedure, non_overridable :: has => state_has !! Whether there is a key.
        procedure, non_overridable :: keys => state_keys !! The keys, sorted.
        procedure, non_overridable :: snapshot => state_snapshot !! The whole state, a JSON object.
        procedure, non_overridable :: entries => state_entries !! The entries since the last compaction.
        procedure, non_overridable :: entry_count => state_entry_count !! How many those are.
        procedure, non_overridable :: size => state_size !! How many keys there are.
        procedure, non_overridable :: compact => state_compact !! Replaces the log by one checkpoint.
        procedure, non_overridable :: log_size => state_log_size !! Bytes of the log.
        procedure, non_overridable :: needs_compaction => state_needs_compaction !! Whether the log is large.
        procedure, non_overridable :: refresh => state_refresh !! Reads again what the writer has done.
        procedure, non_overridable :: lost => state_lost !! Entries that could not be read.
        procedure, non_overridable :: close => state_close !! Releases the state.
        procedure, non_overridable :: take => state_take !! Takes over what another variable has.
        procedure, non_overridable :: failed => state_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => state_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => state_assign
        procedure, private :: state_assign
        procedure, private :: set_real32, set_real64, set_int32, set_int64, set_logical, set_text
        procedure, private :: get_real32, get_real64, get_int32, get_int64, get_logical, get_text
        final :: state_final
    end type

    type :: plattli_state_scheduler
        !! Compacts states on a timer.
        private
        type(owned_handle) :: owned
        type(failure) :: kept
    contains
        procedure, non_overridable :: open => scheduler_open !! Makes the scheduler.
        procedure, non_overridable :: is_open => scheduler_is_open !! Whether there is one.
        procedure, non_overridable :: add => scheduler_add !! Adds a state.
        procedure, non_overridable :: remove => scheduler_remove !! Forgets a state.
        procedure, non_overridable :: start => scheduler_start !! Starts the timer.
        procedure, non_overridable :: stop => scheduler_stop !! Stops the timer.
        procedure, non_overridable :: compact_all => scheduler_compact_all !! Compacts all states now.
        procedure, non_overridable :: close => scheduler_close !! Releases the scheduler; its states stay open.
        procedure, non_overridable :: take => scheduler_take !! Takes over what another variable has.
        procedure, non_overridable :: failed => scheduler_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => scheduler_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => scheduler_assign
        procedure, private :: scheduler_assign
        final :: scheduler_final
    end type

    type :: plattli_journal
        !! Events of any number of writers, each in a process of its own, in a place that they share. Any thread may use it;
        !! calls wait for each other inside where they must.
        private
        type(owned_handle) :: owned
        type(failure) :: kept
    contains
        procedure, non_overridable :: open => journal_open !! Opens a folder, `memory://NAME` or a bucket.
        procedure, non_overridable :: is_open => journal_is_open !! Whether there is a journal.
        procedure, non_overridable :: append => journal_append !! Adds an event.
        procedure, non_overridable :: flush => journal_flush !! Stores the events that wait.
        procedure, non_overridable :: read => journal_read !! All events.
        procedure, non_overridable :: follow => journal_follow !! The stored events from a number on.
        procedure, non_overridable :: compact => journal_compact !! Makes one object of all that are there.
        procedure, non_overridable :: file_count => journal_file_count !! How many objects there are.
        procedure, non_overridable :: pending => journal_pending !! How many events wait.
        procedure, non_overridable :: discard => journal_discard !! Closes without storing what waits.
        procedure, non_overridable :: close => journal_close !! Releases the journal; stores what waits first.
        procedure, non_overridable :: take => journal_take !! Takes over what another variable has.
        procedure, non_overridable :: failed => journal_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => journal_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => journal_assign
        procedure, private :: journal_assign
        final :: journal_final
    end type

    type :: plattli_stream
        !! Tables under a quota: topics of partitions of rows, each with a time. Any thread may use it, several at once.
        private
        type(owned_handle) :: owned
        type(failure) :: kept
    contains
        procedure, non_overridable :: open => stream_open !! Opens a stream, or begins one.
        procedure, non_overridable :: is_open => stream_is_open !! Whether there is a stream.
        generic :: append => stream_append_rows, stream_append_row !! Appends rows of named columns to a partition.
        procedure, non_overridable :: query => stream_query !! A page of rows.
        procedure, non_overridable :: checkpoint => stream_checkpoint !! Writes all rows taken so far.
        procedure, non_overridable :: retain => stream_retain !! Drops what is beyond the quotas or too old.
        procedure, non_overridable :: replicate => stream_replicate !! Copies the closed segments that wait for it.
        procedure, non_overridable :: stats => stream_stats !! What the stream has done so far and has at the moment.
        procedure, non_overridable :: topics => stream_topics !! Names of all topics.
        procedure, non_overridable :: partitions => stream_partitions !! Names of the partitions of a topic.
        procedure, non_overridable :: warnings => stream_warnings !! What was found broken, and mended.
        procedure, non_overridable :: close => stream_close !! Releases the stream.
        procedure, non_overridable :: take => stream_take !! Takes over what another variable has.
        procedure, non_overridable :: failed => stream_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => stream_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => stream_assign
        procedure, private :: stream_assign
        procedure, private :: stream_append_rows, stream_append_row
        final :: stream_final
    end type

    interface plattli_select_steps
        !! `plattli_select_steps(first, last)`: rows of these steps, both ends inclusive. Without `last`: up to the end.
        module procedure select_steps_int32, select_steps_int64
    end interface

    interface plattli_select_positions
        !! `plattli_select_positions(start, stop)`: rows by position, counted from 0, up to but without `stop`; negative
        !! ones count from the end. Without `stop`: up to the end.
        module procedure select_positions_int32, select_positions_int64
    end interface

    interface
        function c_strlen(text) bind(c, name="strlen") result(n)
            import :: c_ptr, c_size_t
            type(c_ptr), value :: text
            integer(c_size_t) :: n
        end function
    end interface

contains

    ! -- errors ------------------------------------------------------------------------------------------------------

    subroutine settle(owned, kept, status, stat, errmsg)
        ! What a call has to say goes to the caller, or is kept.
        type(owned_handle), intent(in) :: owned
        type(failure), intent(inout) :: kept
        integer(c_int32_t), intent(in) :: status
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (status /= PLATTLI_OK) then
            if (c_associated(held(owned))) then
                call report(kept, status, c_text(plattli_last_error()), stat, errmsg)
            else
                call report(kept, PLATTLI_ERR_STATE, "this variable is not open", stat, errmsg)
            end if
        else if (present(stat)) then
            stat = PLATTLI_OK
        end if
    end subroutine

    subroutine settle_all(owned, kept, status, stat, errmsg)
        ! As `settle`, for calls that also hand out what was kept.
        type(owned_handle), intent(in) :: owned
        type(failure), intent(inout) :: kept
        integer(c_int32_t), intent(in) :: status
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (present(stat) .and. kept%status /= PLATTLI_OK .and. (status == PLATTLI_OK .or. .not. c_associated(held(owned)))) then
            call hand_out(kept, stat, errmsg)
            return
        end if
        if (present(stat)) call forget(kept)
        call settle(owned, kept, status, stat, errmsg)
    end subroutine

    subroutine report(kept, status, text, stat, errmsg)
        type(failure), intent(inout) :: kept
        integer(c_int32_t), intent(in) :: status
        character(*), intent(in) :: text
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (present(errmsg)) call fill(errmsg, text)
        if (present(stat)) then
            stat = status
        else
            call keep(kept, status, text)
        end if
    end subroutine

    pure subroutine keep(kept, status, text)
        type(failure), intent(inout) :: kept
        integer(c_int32_t), intent(in) :: status
        character(*), intent(in) :: text

        if (kept%status == PLATTLI_OK) then
            kept%status = status
            call fill(kept%text, text)
        end if
    end subroutine

    subroutine hand_out(kept, stat, errmsg)
        type(failure), intent(inout) :: kept
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (present(stat)) stat = kept%status
        if (kept%status == PLATTLI_OK) return
        if (present(errmsg)) call fill(errmsg, trim(kept%text))
        call forget(kept)
    end subroutine

    subroutine forget(kept)
        type(failure), intent(inout) :: kept

        kept%status = PLATTLI_OK
        kept%text = ""
    end subroutine

    pure subroutine fill(errmsg, text)
        ! Cut between characters of UTF-8, as half of one is not text.
        character(*), intent(inout) :: errmsg
        character(*), intent(in) :: text
        integer :: n

        n = min(len(text), len(errmsg))
        if (n < len(text)) then
            do while (n > 0)
                if (iand(ichar(text(n + 1:n + 1)), 192) /= 128) exit
                n = n - 1
            end do
        end if
        errmsg = text(:n)
    end subroutine

    ! -- ownership ---------------------------------------------------------------------------------------------------

    pure function held(owned) result(handle)
        type(owned_handle), intent(in), target :: owned
        type(c_ptr) :: handle

        handle = c_null_ptr
        if (c_associated(owned%home, c_loc(owned))) handle = owned%handle
    end function

    subroutine hold(owned, handle)
        type(owned_handle), intent(inout), target :: owned
        type(c_ptr), intent(in) :: handle

        owned%handle = handle
        owned%home = c_loc(owned)
    end subroutine

    subroutine opened(owned, kept, handle, status, stat, errmsg)
        ! Holds what an opening gave, or reports why it gave nothing.
        type(owned_handle), intent(inout) :: owned
        type(failure), intent(inout) :: kept
        type(c_ptr), intent(in) :: handle
        integer(c_int32_t), intent(in) :: status
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call hold(owned, handle)
        if (status == PLATTLI_OK) then
            if (present(stat)) stat = PLATTLI_OK
        else
            call report(kept, status, c_text(plattli_last_error()), stat, errmsg)
        end if
    end subroutine

    subroutine move(owned, kept, old, old_kept, stat, errmsg)
        type(owned_handle), intent(inout) :: owned, old
        type(failure), intent(inout) :: kept, old_kept
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (c_associated(held(owned))) then
            call report(kept, PLATTLI_ERR_STATE, OPEN_ALREADY, stat, errmsg)
            return
        end if
        call hold(owned, held(old))
        kept = old_kept
        call hold(old, c_null_ptr)
        call forget(old_kept)
        if (present(stat)) stat = PLATTLI_OK
    end subroutine

    subroutine assigned(owned, kept, other, ends)
        ! What an assignment means for the variable on the left: whether it ends what it has.
        type(owned_handle), intent(in) :: owned, other
        type(failure), intent(inout) :: kept
        logical, intent(out) :: ends

        ends = .true.
        if (.not. c_associated(other%handle)) then
            call forget(kept)
        else if (c_associated(held(owned), other%handle)) then
            ends = .false. ! to itself, by way of a copy
        else
            call keep(kept, PLATTLI_ERR_STATE, "what is open cannot be copied: to move it, call new%take(old)")
        end if
    end subroutine

    ! -- text and numbers --------------------------------------------------------------------------------------------

    function c_text(pointer) result(text)
        ! Text that ends with NUL; empty for NULL.
        type(c_ptr), intent(in) :: pointer
        character(:), allocatable :: text

        if (c_associated(pointer)) then
            text = c_slice(pointer, c_strlen(pointer))
        else
            text = ""
        end if
    end function

    function c_slice(pointer, n) result(text)
        type(c_ptr), intent(in) :: pointer
        integer(c_size_t), intent(in) :: n
        character(:), allocatable :: text
        character(kind=c_char), pointer :: bytes(:)
        integer(c_size_t) :: i

        allocate(character(n) :: text)
        if (n == 0) return
        call c_f_pointer(pointer, bytes, [n])
        do i = 1, n
            text(i:i) = bytes(i)
        end do
    end function

    elemental function unsigned(bits) result(number)
        integer(c_int32_t), intent(in) :: bits
        integer(int64) :: number

        number = iand(int(bits, int64), STEPS - 1)
    end function

    elemental function bits(number)
        ! Of a step from 0 to STEPS - 1.
        integer(int64), intent(in) :: number
        integer(c_int32_t) :: bits

        bits = int(merge(number - STEPS, number, number >= STEPS / 2), c_int32_t)
    end function

    subroutine append(list, text)
        type(plattli_text), allocatable, intent(inout) :: list(:)
        character(*), intent(in) :: text
        type(plattli_text), allocatable :: longer(:)
        integer :: i

        allocate(longer(size(list) + 1))
        do i = 1, size(list)
            call move_alloc(list(i)%text, longer(i)%text)
        end do
        longer(size(longer))%text = text
        call move_alloc(longer, list)
    end subroutine

    pure subroutine pad(texts, list)
        ! As long as the longest.
        type(plattli_text), intent(in) :: texts(:)
        character(:), allocatable, intent(out) :: list(:)
        integer :: i, longest

        longest = 0
        do i = 1, size(texts)
            longest = max(longest, len(texts(i)%text))
        end do
        allocate(character(longest) :: list(size(texts)))
        do i = 1, size(texts)
            list(i) = texts(i)%text
        end do
    end subroutine

    subroutine unpack(strings, list)
        ! The texts of a list of the library, which is released.
        type(c_ptr), intent(in) :: strings
        type(plattli_text), allocatable, intent(out) :: list(:)
        type(c_ptr) :: text
        integer(c_size_t), target :: n
        integer(c_size_t) :: i
        integer(c_int32_t) :: status

        allocate(list(plattli_strings_len(strings)))
        do i = 1, size(list, kind=c_size_t)
            text = c_null_ptr
            n = 0
            status = plattli_strings_get(strings, i - 1, text, c_loc(n))
            if (status == PLATTLI_OK) list(i)%text = c_slice(text, n)
        end do
        call plattli_strings_free(strings)
    end subroutine

    function taken(string) result(text)
        ! A text of the library, which is released.
        type(c_ptr), intent(in) :: string
        character(:), allocatable :: text

        text = c_slice(plattli_string_data(string), plattli_string_len(string))
        call plattli_string_free(string)
    end function

    subroutine terminate(list, ended, pointers)
        ! Texts as C wants a list of them; the addresses are good for as long as `ended` is.
        type(plattli_text), intent(in) :: list(:)
        type(plattli_text), allocatable, target, intent(out) :: ended(:)
        type(c_ptr), allocatable, intent(out) :: pointers(:)
        integer :: i

        allocate(ended(size(list)), pointers(size(list)))
        do i = 1, size(list)
            ended(i)%text = trim(list(i)%text)//c_null_char
            pointers(i) = c_loc(ended(i)%text)
        end do
    end subroutine

    function plattli_texts(names) result(list)
        !! Padded texts as a list, without their padding: `plattli_texts(["time ", "t_max"])`.
        character(*), intent(in) :: names(:)
        type(plattli_text), allocatable :: list(:)
        integer :: i

        allocate(list(size(names)))
        do i = 1, size(names)
            list(i)%text = trim(names(i))
        end do
    end function

    ! -- JSON values -------------------------------------------------------------------------------------------------

    subroutine unquote(json, text, valid)
        ! The text of a JSON string.
        character(*), intent(in) :: json
        character(:), allocatable, intent(out) :: text
        logical, intent(out) :: valid
        character(*), parameter :: SHORT = 'bfnrt"\/'
        character(:), allocatable :: bytes
        character(8) :: meaning
        integer :: i, n, code

        meaning = char(8)//char(12)//char(10)//char(13)//char(9)//'"\/'
        valid = len(json) >= 2
        if (valid) valid = json(1:1) == '"' .and. json(len(json):) == '"'
        text = ""
        if (.not. valid) return
        text = repeat(" ", len(json))
        n = 0
        i = 2
        do while (i < len(json))
            if (json(i:i) /= "\") then
                bytes = json(i:i)
                i = i + 1
            else if (json(i + 1:i + 1) /= "u") then
                code = index(SHORT, json(i + 1:i + 1))
                bytes = meaning(code:code)
                i = i + 2
            else
                code = hexadecimal(json(i + 2:i + 5))
                i = i + 6
                if (code / 1024 == 54) then ! the first of a pair
                    code = 65536 + 1024 * mod(code, 1024) + mod(hexadecimal(json(i + 2:i + 5)), 1024)
                    i = i + 6
                end if
                bytes = utf8(code)
            end if
            text(n + 1:n + len(bytes)) = bytes
            n = n + len(bytes)
        end do
        text = text(:n)
    end subroutine

    pure function hexadecimal(digits) result(number)
        character(*), intent(in) :: digits
        integer :: number, i, digit

        number = 0
        do i = 1, len(digits)
            digit = index("0123456789abcdef0123456789ABCDEF", digits(i:i)) - 1
            number = 16 * number + mod(digit, 16)
        end do
    end function

    pure function utf8(code) result(bytes)
        integer, intent(in) :: code
        character(:), allocatable :: bytes

        if (code < 128) then
            bytes = char(code)
        else if (code < 2048) then
            bytes = char(192 + code / 64)//char(128 + mod(code, 64))
        else if (code < 65536) then
            bytes = char(224 + code / 4096)//char(128 + mod(code / 64, 64))//char(128 + mod(code, 64))
        else
            bytes = char(240 + code / 262144)//char(128 + mod(code / 4096, 64))//char(128 + mod(code / 64, 64))// &
                char(128 + mod(code, 64))
        end if
    end function

    pure function quoted(text) result(json)
        ! Text as a JSON string.
        character(*), intent(in) :: text
        character(:), allocatable :: json
        character(*), parameter :: HEX = "0123456789abcdef", SHORT = 'btn fr'
        integer :: i, n, code

        json = repeat(" ", 6 * len(text) + 2)
        json(1:1) = '"'
        n = 1
        do i = 1, len(text)
            code = ichar(text(i:i))
            if (code >= 8 .and. code <= 13 .and. code /= 11) then
                json(n + 1:n + 2) = "\"//SHORT(code - 7:code - 7)
                n = n + 2
            else if (code >= 0 .and. code < 32) then
                json(n + 1:n + 6) = "\u00"//HEX(code / 16 + 1:code / 16 + 1)//HEX(mod(code, 16) + 1:mod(code, 16) + 1)
                n = n + 6
            else if (text(i:i) == '"' .or. text(i:i) == "\") then
                json(n + 1:n + 2) = "\"//text(i:i)
                n = n + 2
            else
                json(n + 1:n + 1) = text(i:i)
                n = n + 1
            end if
        end do
        json = json(:n)//'"'
    end function

    function spelled_real64(number) result(json)
        ! In as few digits as give the same number when they are read. What JSON cannot say is left to the library to refuse.
        real(real64), intent(in) :: number
        character(:), allocatable :: json
        character(32) :: text, form
        real(real64) :: again
        integer :: digits, status

        if (.not. ieee_is_finite(number)) then
            json = "NaN"
            return
        end if
        do digits = 1, 17
            write(form, "(a, i0, a)") "(es32.", digits - 1, "e3)"
            write(text, form) number
            read(text, "(f32.0)", iostat=status) again ! the largest may be rounded beyond what there is
            if (status == 0 .and. transfer(again, 0_int64) == transfer(number, 0_int64)) exit
        end do
        json = spelled(adjustl(text))
    end function

    function spelled_real32(number) result(json)
        real(real32), intent(in) :: number
        character(:), allocatable :: json
        character(32) :: text, form
        real(real32) :: again
        integer :: digits, status

        if (.not. ieee_is_finite(number)) then
            json = "NaN"
            return
        end if
        do digits = 1, 9
            write(form, "(a, i0, a)") "(es32.", digits - 1, "e3)"
            write(text, form) number
            read(text, "(f32.0)", iostat=status) again ! the largest may be rounded beyond what there is
            if (status == 0 .and. transfer(again, 0_int32) == transfer(number, 0_int32)) exit
        end do
        json = spelled(adjustl(text))
    end function

    function spelled(scientific) result(json)
        ! -1.25E+002 as -125.0, 1.E-007 as 1e-07: as the library spells floats.
        character(*), intent(in) :: scientific
        character(:), allocatable :: json, digits, sign
        character(8) :: power
        integer :: first, letter, exponent

        sign = ""
        first = 1
        if (scientific(1:1) == "-") then
            sign = "-"
            first = 2
        end if
        letter = index(scientific, "E")
        digits = scientific(first:first)//scientific(first + 2:letter - 1)
        read(scientific(letter + 1:), *) exponent
        if (exponent < -4 .or. exponent >= 16) then
            write(power, "(a, i2.2)") merge("e-", "e+", exponent < 0), mod(abs(exponent), 100)
            if (abs(exponent) > 99) write(power, "(a, i3.3)") merge("e-", "e+", exponent < 0), abs(exponent)
            json = digits(1:1)
            if (len(digits) > 1) json = json//"."//digits(2:)
            json = json//trim(power)
        else if (exponent < 0) then
            json = "0."//repeat("0", -exponent - 1)//digits
        else
            digits = digits//repeat("0", max(exponent + 2 - len(digits), 0))
            json = digits(:exponent + 1)//"."//digits(exponent + 2:)
        end if
        json = sign//json
    end function

    pure subroutine whole(json, number, valid)
        ! The integer that is a JSON value, if it is one.
        character(*), intent(in) :: json
        integer(int64), intent(out) :: number
        logical, intent(out) :: valid
        integer :: i, digit, first

        number = 0 ! negative all the way, as there is one more of those
        first = 1
        if (index(json, "-") == 1) first = 2
        valid = len(json) >= first
        do i = first, len(json)
            digit = index("0123456789", json(i:i)) - 1
            valid = valid .and. digit >= 0
            if (.not. valid) exit
            valid = number >= (-huge(number) + (digit - 1)) / 10
            if (.not. valid) exit
            number = 10 * number - digit
        end do
        if (first == 1) then
            valid = valid .and. number >= -huge(number)
            if (valid) number = -number
        end if
    end subroutine

    ! -- writer ------------------------------------------------------------------------------------------------------

    subroutine writer_open(self, run_dir, options, stat, errmsg)
        !! Opens the run in the directory `run_dir`, or begins one; the directory is made if it is missing. What a crash
        !! left behind is put in order first.
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: run_dir
        type(plattli_writer_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw, handle
        integer(c_int32_t) :: status

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, OPEN_ALREADY, stat, errmsg)
            return
        end if
        call forget(self%kept)
        raw = c_null_ptr
        handle = c_null_ptr
        status = PLATTLI_OK
        if (present(options)) then
            if (options%step >= STEPS .or. options%step < -1 .or. options%hotsize < 1 .or. options%sync_steps < 0 &
                .or. options%sync_milliseconds < 0 .or. options%threads < 0) then
                call report(self%kept, PLATTLI_ERR_ARGUMENT, "an option is out of range: "// &
                    "-1 <= step < 2**32, hotsize >= 1, sync_steps, sync_milliseconds, threads >= 0", stat, errmsg)
                return
            end if
            call raw_writer_options(options, raw, status)
        end if
        if (status == PLATTLI_OK) status = plattli_writer_open(run_dir(:len_trim(run_dir))//c_null_char, raw, handle)
        call plattli_writer_options_free(raw)
        call opened(self%owned, self%kept, handle, status, stat, errmsg)
    end subroutine

    subroutine raw_writer_options(options, raw, status)
        type(plattli_writer_options), intent(in) :: options
        type(c_ptr), intent(out) :: raw
        integer(c_int32_t), intent(out) :: status
        integer(c_int32_t), parameter :: OK = PLATTLI_OK

        raw = plattli_writer_options_new()
        status = plattli_writer_options_set_layout(raw, options%layout)
        if (status == OK .and. options%step >= 0) status = plattli_writer_options_set_step(raw, bits(options%step))
        if (status == OK) status = plattli_writer_options_set_hotsize(raw, options%hotsize)
        if (status == OK .and. allocated(options%config_path)) &
            status = plattli_writer_options_set_config_path(raw, trim(options%config_path)//c_null_char)
        if (status == OK .and. allocated(options%config)) &
            status = plattli_writer_options_set_config_json(raw, options%config, len_trim(options%config, c_size_t))
        if (status == OK) &
            status = plattli_writer_options_set_reopen_finished(raw, logical(options%reopen_finished, c_bool))
        if (status == OK) status = plattli_writer_options_set_overwrite(raw, logical(options%overwrite, c_bool))
        if (status == OK) status = plattli_writer_options_set_durability(raw, options%durability)
        if (status == OK .and. (options%sync_steps /= 1 .or. options%sync_milliseconds /= 0)) &
            status = plattli_writer_options_set_sync_interval(raw, options%sync_steps, options%sync_milliseconds)
        if (status == OK) status = plattli_writer_options_set_overload(raw, options%overload)
        if (status == OK) status = plattli_writer_options_set_threads(raw, options%threads)
        if (status == OK) status = plattli_writer_options_set_nice(raw, options%nice)
        if (status == OK .and. allocated(options%affinity)) &
            status = plattli_writer_options_set_affinity(raw, options%affinity, size(options%affinity, kind=c_size_t))
        if (status == OK) status = plattli_writer_options_set_on_io_error(raw, options%on_io_error)
        if (status == OK) status = plattli_writer_options_set_lock(raw, logical(options%lock, c_bool))
        if (status == OK) status = plattli_writer_options_set_strict(raw, logical(options%strict, c_bool))
    end subroutine

    pure function writer_is_open(self) result(yes)
        class(plattli_writer), intent(in) :: self
        logical :: yes

        yes = c_associated(held(self%owned))
    end function

    subroutine writer_metric(self, name, dtype, id, stat, errmsg)
        !! Makes a metric known under a number for `put`; the same number for the same name as long as the run is open.
        !! `dtype` is the type of a metric that has no values yet. After a failure `id` is a number that `put` refuses.
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int32), intent(in) :: dtype
        integer(int32), intent(out) :: id
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        id = NO_METRIC
        status = plattli_writer_metric(held(self%owned), name(:len_trim(name))//c_null_char, dtype, id)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_real32(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        real(real32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_f32(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_real64(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        real(real64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_f64(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_int8(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int8), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_i8(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_int16(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int16), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_i16(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_int32(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_i32(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_int64(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_i64(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_logical(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        logical, intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_bool(held(self%owned), name(:len_trim(name))//c_null_char, logical(value, c_bool))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_bool(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        logical(c_bool), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_bool(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_text(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        character(*), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_str(held(self%owned), name(:len_trim(name))//c_null_char, value, len_trim(value, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_unsigned8(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int8), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_u8(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_unsigned16(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int16), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_u16(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_unsigned32(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_u32(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_unsigned64(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_u64(held(self%owned), name(:len_trim(name))//c_null_char, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine write_json(self, name, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: name
        character(*), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_write_json(held(self%owned), name(:len_trim(name))//c_null_char, value, len_trim(value, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_real32(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        real(real32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_f32(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_real64(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        real(real64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_f64(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_int8(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int8), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_i8(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_int16(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int16), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_i16(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_int32(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_i32(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_int64(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_i64(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_logical(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        logical, intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_bool(held(self%owned), id, logical(value, c_bool))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_bool(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        logical(c_bool), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_bool(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_text(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        character(*), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_str(held(self%owned), id, value, len_trim(value, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_unsigned8(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int8), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_u8(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_unsigned16(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int16), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_u16(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_unsigned32(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_u32(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_unsigned64(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        integer(int64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_u64(held(self%owned), id, value)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_json(self, id, value, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: id
        character(*), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        status = plattli_put_json(held(self%owned), id, value, len_trim(value, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine


    subroutine put_row_real64(self, ids, values, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: ids(:)
        real(real64), intent(in) :: values(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        if (size(ids) /= size(values)) then
            call report(self%kept, PLATTLI_ERR_ARGUMENT, "a row needs as many values as metrics", stat, errmsg)
            return
        end if
        status = plattli_put_row_f64(held(self%owned), ids, values, size(ids, kind=c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine put_row_real32(self, ids, values, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: ids(:)
        real(real32), intent(in) :: values(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        if (size(ids) /= size(values)) then
            call report(self%kept, PLATTLI_ERR_ARGUMENT, "a row needs as many values as metrics", stat, errmsg)
            return
        end if
        status = plattli_put_row_f32(held(self%owned), ids, values, size(ids, kind=c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine step_int64(self, step, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int64), intent(inout) :: step
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status, raw

        raw = 0
        status = plattli_writer_step(held(self%owned), raw)
        if (status == PLATTLI_OK) step = unsigned(raw)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine step_int32(self, step, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(inout) :: step
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status, raw

        raw = 0
        status = plattli_writer_step(held(self%owned), raw)
        if (status == PLATTLI_OK .and. raw < 0) then
            call report(self%kept, PLATTLI_ERR_TYPE, "the step needs a variable of kind int64", stat, errmsg)
            return
        end if
        if (status == PLATTLI_OK) step = raw
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine set_step_int64(self, step, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int64), intent(in) :: step
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        if (step < 0 .or. step >= STEPS) then
            call report(self%kept, PLATTLI_ERR_ARGUMENT, "a step lies between 0 and 4294967295", stat, errmsg)
            return
        end if
        status = plattli_writer_set_step(held(self%owned), bits(step))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine set_step_int32(self, step, stat, errmsg)
        class(plattli_writer), intent(inout) :: self
        integer(int32), intent(in) :: step
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call set_step_int64(self, int(step, int64), stat, errmsg)
    end subroutine

    subroutine writer_end_step(self, stat, errmsg)
        !! Ends the current step and moves on to the next in any case. `PLATTLI_OK`: this step, and every one before it,
        !! is never lost by the death of the process. The first error of any write of the step is returned here again;
        !! what was valid is recorded all the same.
        class(plattli_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_end_step(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine writer_flush(self, stat, errmsg)
        !! Hands the values of the current step so far to the operating system, where readers see them.
        class(plattli_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_flush(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine writer_sync(self, stat, errmsg)
        !! Returns once everything acknowledged so far is on stable storage.
        class(plattli_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_sync(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine writer_set_config(self, json, stat, errmsg)
        !! Replaces the configuration of the run by JSON text.
        class(plattli_writer), intent(inout) :: self
        character(*), intent(in) :: json
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        status = plattli_writer_set_config(held(self%owned), json, len_trim(json, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine writer_stats(self, stats, stat, errmsg)
        !! What the writer has done so far. Legal after `finish` as well.
        class(plattli_writer), intent(inout) :: self
        type(plattli_writer_stats), intent(out) :: stats
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle(self%owned, self%kept, plattli_writer_get_stats(held(self%owned), stats), stat, errmsg)
    end subroutine

    subroutine writer_warnings(self, texts, stat, errmsg)
        !! What was found broken when the run was opened, and how it was mended.
        class(plattli_writer), intent(inout) :: self
        character(:), allocatable, intent(out) :: texts(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable :: list(:)
        type(c_ptr) :: string
        integer(c_int32_t) :: status

        allocate(list(0))
        do
            string = c_null_ptr
            status = plattli_writer_warnings(held(self%owned), size(list, kind=c_size_t), string)
            if (status /= PLATTLI_OK) exit
            call append(list, taken(string))
        end do
        call pad(list, texts)
        if (status == PLATTLI_ERR_NOT_FOUND) status = PLATTLI_OK
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine writer_finish(self, options, stat, errmsg)
        !! Brings everything into its final form and onto stable storage, by default the archive `metrics.plattli`.
        !! Afterwards only `stats`, `warnings` and `close` are legal.
        class(plattli_writer), intent(inout) :: self
        type(plattli_finish_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw
        integer(c_int32_t) :: status

        raw = c_null_ptr
        status = PLATTLI_OK
        if (present(options)) then
            raw = plattli_finish_options_new()
            status = plattli_finish_options_set_optimize(raw, logical(options%optimize, c_bool))
            if (status == PLATTLI_OK) status = plattli_finish_options_set_archive(raw, logical(options%archive, c_bool))
            if (status == PLATTLI_OK .and. allocated(options%config_overrides)) &
                status = plattli_finish_options_set_config_overrides(raw, options%config_overrides, &
                    len_trim(options%config_overrides, c_size_t))
        end if
        if (status == PLATTLI_OK) status = plattli_finish(held(self%owned), raw)
        call plattli_finish_options_free(raw)
        call settle_all(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine writer_close(self, stat, errmsg)
        !! Flushes the current step, waits for background work and releases the run, whatever it returns; never finishes
        !! it. Closing what is closed is fine.
        class(plattli_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_writer_close(held(self%owned)), stat, errmsg)
        call hold(self%owned, c_null_ptr)
    end subroutine

    subroutine writer_take(self, other, stat, errmsg)
        !! Takes the run of `other` over, which is closed afterwards without being told so.
        class(plattli_writer), intent(inout) :: self
        class(plattli_writer), intent(inout) :: other
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call move(self%owned, self%kept, other%owned, other%kept, stat, errmsg)
    end subroutine

    pure function writer_failed(self) result(yes)
        class(plattli_writer), intent(in) :: self
        logical :: yes

        yes = self%kept%status /= PLATTLI_OK
    end function

    subroutine writer_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_writer), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        call hand_out(self%kept, stat, errmsg)
    end subroutine

    impure elemental subroutine writer_assign(self, other)
        class(plattli_writer), intent(inout) :: self
        class(plattli_writer), intent(in) :: other
        integer(c_int32_t) :: ignored
        logical :: ends

        call assigned(self%owned, self%kept, other%owned, ends)
        if (.not. ends) return
        ignored = plattli_writer_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    impure elemental subroutine writer_final(self)
        type(plattli_writer), intent(inout) :: self
        integer(c_int32_t) :: ignored

        ignored = plattli_writer_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    ! -- reader ------------------------------------------------------------------------------------------------------

    subroutine reader_open(self, path, options, stat, errmsg)
        !! Opens a run for reading: `path` is the run directory, the run folder in it, or an archive. A run that is being
        !! written may be opened at any time.
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: path
        type(plattli_reader_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw, handle
        integer(c_int32_t) :: status

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, OPEN_ALREADY, stat, errmsg)
            return
        end if
        call forget(self%kept)
        raw = c_null_ptr
        handle = c_null_ptr
        status = PLATTLI_OK
        if (present(options)) then
            raw = plattli_reader_options_new()
            status = plattli_reader_options_set_kind(raw, options%kind)
            if (status == PLATTLI_OK) &
                status = plattli_reader_options_set_exclude_hot(raw, logical(options%exclude_hot, c_bool))
            if (status == PLATTLI_OK) status = plattli_reader_options_set_strict(raw, logical(options%strict, c_bool))
        end if
        if (status == PLATTLI_OK) status = plattli_reader_open(path(:len_trim(path))//c_null_char, raw, handle)
        call plattli_reader_options_free(raw)
        call opened(self%owned, self%kept, handle, status, stat, errmsg)
    end subroutine

    pure function reader_is_open(self) result(yes)
        class(plattli_reader), intent(in) :: self
        logical :: yes

        yes = c_associated(held(self%owned))
    end function

    subroutine reader_refresh(self, stat, errmsg)
        !! Looks at the run anew. After an error the reader stays as it was.
        class(plattli_reader), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_reader_refresh(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine reader_metrics(self, names, stat, errmsg)
        !! Names of the metrics, sorted, padded with blanks to the longest.
        class(plattli_reader), intent(inout) :: self
        character(:), allocatable, intent(out) :: names(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable :: list(:)
        type(c_ptr) :: name
        integer(c_size_t) :: i, count
        integer(c_int32_t) :: status

        count = 0
        status = plattli_reader_metric_count(held(self%owned), count)
        allocate(list(count))
        do i = 1, count
            name = c_null_ptr
            status = plattli_reader_metric_name(held(self%owned), i - 1, name)
            list(i)%text = c_text(name)
            if (status /= PLATTLI_OK) exit
        end do
        if (status /= PLATTLI_OK) list = list(:0)
        call pad(list, names)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine reader_info(self, name, info, stat, errmsg)
        !! Type, rows, first and last step of a metric.
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        type(plattli_metric_info), intent(out) :: info
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(raw_metric_info) :: raw
        integer(c_int32_t) :: status

        status = plattli_reader_metric_info(held(self%owned), name(:len_trim(name))//c_null_char, raw)
        info%dtype = raw%dtype
        info%monotonic = raw%monotonic
        info%rows = raw%rows
        info%first_step = unsigned(raw%first_step)
        info%last_step = unsigned(raw%last_step)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine reader_rows(self, name, rows, stat, errmsg)
        !! How many rows a metric has; 0 after a failure.
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int64), intent(out) :: rows
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        rows = 0
        status = plattli_reader_rows(held(self%owned), name(:len_trim(name))//c_null_char, rows)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine reader_approx_max_rows(self, rows, probes, stat, errmsg)
        !! An estimate of the rows of the longest metric that looks at no more than `probes` files, 12 unless given.
        class(plattli_reader), intent(inout) :: self
        integer(int64), intent(out) :: rows
        integer(int32), intent(in), optional :: probes
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: files

        rows = 0
        files = 12
        if (present(probes)) files = max(probes, 0)
        call settle(self%owned, self%kept, plattli_reader_approx_max_rows(held(self%owned), files, rows), stat, errmsg)
    end subroutine

    subroutine reader_config(self, json, stat, errmsg)
        !! The configuration of the run, JSON; empty after a failure.
        class(plattli_reader), intent(inout) :: self
        character(:), allocatable, intent(out) :: json
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: text
        integer(c_size_t) :: n
        integer(c_int32_t) :: status

        text = c_null_ptr
        n = 0
        status = plattli_reader_config(held(self%owned), text, n)
        json = c_slice(text, n)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine reader_when_exported(self, time, stat, errmsg)
        !! When the run was last described, as `YYYY-MM-DDTHH:MM:SSZ`; empty after a failure.
        class(plattli_reader), intent(inout) :: self
        character(:), allocatable, intent(out) :: time
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: text
        integer(c_int32_t) :: status

        text = c_null_ptr
        status = plattli_reader_when_exported(held(self%owned), text)
        time = c_text(text)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine reader_warnings(self, texts, stat, errmsg)
        !! What was skipped or looks wrong, though it was no error.
        class(plattli_reader), intent(inout) :: self
        character(:), allocatable, intent(out) :: texts(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable :: list(:)
        type(c_ptr) :: text
        integer(c_int32_t) :: status

        allocate(list(0))
        do
            text = c_null_ptr
            status = plattli_reader_warnings(held(self%owned), size(list, kind=c_size_t), text)
            if (status /= PLATTLI_OK) exit
            call append(list, c_text(text))
        end do
        call pad(list, texts)
        if (status == PLATTLI_ERR_NOT_FOUND) status = PLATTLI_OK
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine read_real64(self, name, values, steps, selection, stat, errmsg)
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        real(real64), allocatable, target, intent(out) :: values(:)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: rows
        integer(c_int32_t), allocatable, target :: raw_steps(:)
        integer(c_int32_t) :: status
        integer(c_size_t) :: n

        if (present(selection)) rows = selection
        allocate(values(0), raw_steps(0))
        n = 0
        status = plattli_read_f64(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_null_ptr, c_null_ptr, &
            0_c_size_t, n)
        do while (status == PLATTLI_ERR_BUFFER)
            deallocate(values, raw_steps)
            allocate(values(n), raw_steps(n))
            status = plattli_read_f64(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_loc(raw_steps), &
                c_loc(values), size(values, kind=c_size_t), n)
        end do
        if (status /= PLATTLI_OK) n = 0
        if (n < size(values)) values = values(:n)
        if (present(steps)) steps = unsigned(raw_steps(:n))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine read_real32(self, name, values, steps, selection, stat, errmsg)
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        real(real32), allocatable, target, intent(out) :: values(:)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: rows
        integer(c_int32_t), allocatable, target :: raw_steps(:)
        integer(c_int32_t) :: status
        integer(c_size_t) :: n

        if (present(selection)) rows = selection
        allocate(values(0), raw_steps(0))
        n = 0
        status = plattli_read_f32(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_null_ptr, c_null_ptr, &
            0_c_size_t, n)
        do while (status == PLATTLI_ERR_BUFFER)
            deallocate(values, raw_steps)
            allocate(values(n), raw_steps(n))
            status = plattli_read_f32(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_loc(raw_steps), &
                c_loc(values), size(values, kind=c_size_t), n)
        end do
        if (status /= PLATTLI_OK) n = 0
        if (n < size(values)) values = values(:n)
        if (present(steps)) steps = unsigned(raw_steps(:n))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine read_int64(self, name, values, steps, selection, stat, errmsg)
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int64), allocatable, target, intent(out) :: values(:)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: rows
        integer(c_int32_t), allocatable, target :: raw_steps(:)
        integer(c_int32_t) :: status
        integer(c_size_t) :: n

        if (present(selection)) rows = selection
        allocate(values(0), raw_steps(0))
        n = 0
        status = plattli_read_i64(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_null_ptr, c_null_ptr, &
            0_c_size_t, n)
        do while (status == PLATTLI_ERR_BUFFER)
            deallocate(values, raw_steps)
            allocate(values(n), raw_steps(n))
            status = plattli_read_i64(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_loc(raw_steps), &
                c_loc(values), size(values, kind=c_size_t), n)
        end do
        if (status /= PLATTLI_OK) n = 0
        if (n < size(values)) values = values(:n)
        if (present(steps)) steps = unsigned(raw_steps(:n))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine read_unsigned(self, name, values, steps, selection, stat, errmsg)
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int64), allocatable, target, intent(out) :: values(:)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: rows
        integer(c_int32_t), allocatable, target :: raw_steps(:)
        integer(c_int32_t) :: status
        integer(c_size_t) :: n

        if (present(selection)) rows = selection
        allocate(values(0), raw_steps(0))
        n = 0
        status = plattli_read_u64(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_null_ptr, c_null_ptr, &
            0_c_size_t, n)
        do while (status == PLATTLI_ERR_BUFFER)
            deallocate(values, raw_steps)
            allocate(values(n), raw_steps(n))
            status = plattli_read_u64(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), c_loc(raw_steps), &
                c_loc(values), size(values, kind=c_size_t), n)
        end do
        if (status /= PLATTLI_OK) n = 0
        if (n < size(values)) values = values(:n)
        if (present(steps)) steps = unsigned(raw_steps(:n))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine read_int32(self, name, values, steps, selection, stat, errmsg)
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int32), allocatable, intent(out) :: values(:)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_column) :: column
        integer(c_int32_t) :: status

        call fetch(self, name, selection, PLATTLI_I32, column, status)
        allocate(values(size(column%steps)))
        if (status == PLATTLI_OK) values = int(column%integers, int32)
        if (present(steps)) call move_alloc(column%steps, steps)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine read_logical(self, name, values, steps, selection, stat, errmsg)
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        logical, allocatable, intent(out) :: values(:)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_column) :: column
        integer(c_int32_t) :: status
        integer :: i

        call fetch(self, name, selection, PLATTLI_JSON, column, status)
        allocate(values(size(column%steps)))
        do i = 1, size(values)
            values(i) = column%json(i)%text == "true"
            if (.not. values(i) .and. column%json(i)%text /= "false") then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(name)//": not a logical: "//column%json(i)%text, stat, errmsg)
                values = values(:0)
                if (present(steps)) allocate(steps(0))
                return
            end if
        end do
        if (present(steps)) call move_alloc(column%steps, steps)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine read_text(self, name, values, steps, selection, stat, errmsg)
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        character(:), allocatable, intent(out) :: values(:)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_column) :: column
        type(plattli_text), allocatable :: texts(:)
        integer(c_int32_t) :: status
        integer :: i
        logical :: valid

        call fetch(self, name, selection, PLATTLI_JSON, column, status)
        allocate(texts(size(column%steps)))
        do i = 1, size(texts)
            call unquote(column%json(i)%text, texts(i)%text, valid)
            if (.not. valid) then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(name)//": not text: "//column%json(i)%text, stat, errmsg)
                allocate(character(0) :: values(0))
                if (present(steps)) allocate(steps(0))
                return
            end if
        end do
        call pad(texts, values)
        if (present(steps)) call move_alloc(column%steps, steps)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine reader_column(self, name, column, as, selection, stat, errmsg)
        !! Rows of a metric of any type. `as` is `PLATTLI_STANDARD` (integers as `PLATTLI_I64`; unless given),
        !! `PLATTLI_STORAGE` (as stored) or a type.
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: name
        type(plattli_column), intent(out) :: column
        integer(int32), intent(in), optional :: as
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: dtype, status

        dtype = PLATTLI_STANDARD
        if (present(as)) dtype = as
        call fetch(self, name, selection, dtype, column, status)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine reader_table(self, names, values, steps, on, selection, stat, errmsg)
        !! Metrics side by side, at the steps at which each of them has a value: `values(row, metric)`, of numbers only.
        !! Without `on` the selection names rows of this table, by step or position; with it, rows of the metric `on`.
        class(plattli_reader), intent(inout) :: self
        character(*), intent(in) :: names(:)
        real(real64), allocatable, intent(out) :: values(:, :)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        character(*), intent(in), optional :: on
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: rows
        character(len(names) + 1, kind=c_char), target :: ended(size(names))
        character(:, kind=c_char), allocatable, target :: ended_on
        type(c_ptr) :: pointers(size(names)), pointer_on, table, column
        real(c_double), pointer :: reals(:)
        integer(c_int32_t), pointer :: raw_steps(:)
        integer(c_int32_t) :: status
        integer(c_size_t) :: i, n

        if (present(selection)) rows = selection
        do i = 1, size(names)
            ended(i) = trim(names(i))//c_null_char
            pointers(i) = c_loc(ended(i))
        end do
        pointer_on = c_null_ptr
        if (present(on)) then
            ended_on = trim(on)//c_null_char
            pointer_on = c_loc(ended_on)
        end if
        table = c_null_ptr
        status = plattli_reader_table(held(self%owned), pointers, size(names, kind=c_size_t), pointer_on, c_loc(rows), &
            PLATTLI_F64, table)
        n = plattli_table_len(table)
        allocate(values(n, size(names)))
        if (n > 0) then
            do i = 1, size(names)
                column = c_null_ptr
                status = plattli_table_column(table, i - 1, column)
                call c_f_pointer(plattli_column_values(column), reals, [n])
                values(:, i) = reals
            end do
        end if
        if (present(steps)) then
            allocate(steps(n))
            if (n > 0) then
                call c_f_pointer(plattli_table_steps(table), raw_steps, [n])
                steps = unsigned(raw_steps)
            end if
        end if
        call plattli_table_free(table)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine fetch(self, name, selection, as, column, status)
        ! Rows of a metric as arrays of Fortran; no rows after a failure.
        class(plattli_reader), intent(in) :: self
        character(*), intent(in) :: name
        type(plattli_selection), intent(in), optional :: selection
        integer(c_int32_t), intent(in) :: as
        type(plattli_column), intent(out) :: column
        integer(c_int32_t), intent(out) :: status
        type(plattli_selection), target :: rows
        type(c_ptr) :: raw, text
        integer(c_int32_t), pointer :: raw_steps(:)
        integer(c_size_t) :: i, n, length

        if (present(selection)) rows = selection
        raw = c_null_ptr
        status = plattli_reader_column(held(self%owned), name(:len_trim(name))//c_null_char, c_loc(rows), as, raw)
        column%dtype = plattli_column_dtype(raw)
        n = plattli_column_len(raw)
        allocate(column%steps(n))
        if (n > 0) then
            call c_f_pointer(plattli_column_steps(raw), raw_steps, [n])
            column%steps = unsigned(raw_steps)
        end if
        if (column%dtype == PLATTLI_JSON) then
            allocate(column%json(n))
            do i = 1, n
                text = c_null_ptr
                length = 0
                status = plattli_column_json(raw, i - 1, text, length)
                column%json(i)%text = c_slice(text, length)
            end do
        else if (status == PLATTLI_OK) then
            call widen(plattli_column_values(raw), n, column)
        end if
        call plattli_column_free(raw)
    end subroutine

    subroutine widen(values, n, column)
        ! Numbers of any type as real64 or int64.
        type(c_ptr), intent(in) :: values
        integer(c_size_t), intent(in) :: n
        type(plattli_column), intent(inout) :: column
        real(real32), pointer :: f32(:)
        real(real64), pointer :: f64(:)
        integer(int8), pointer :: i8(:)
        integer(int16), pointer :: i16(:)
        integer(int32), pointer :: i32(:)
        integer(int64), pointer :: i64(:)

        if (column%dtype == PLATTLI_F32 .or. column%dtype == PLATTLI_F64) then
            allocate(column%reals(n))
        else
            allocate(column%integers(n))
        end if
        if (n == 0) return
        select case (column%dtype)
        case (PLATTLI_F32)
            call c_f_pointer(values, f32, [n])
            column%reals = f32
        case (PLATTLI_F64)
            call c_f_pointer(values, f64, [n])
            column%reals = f64
        case (PLATTLI_I8, PLATTLI_U8)
            call c_f_pointer(values, i8, [n])
            column%integers = i8
            if (column%dtype == PLATTLI_U8) column%integers = iand(column%integers, 255_int64)
        case (PLATTLI_I16, PLATTLI_U16)
            call c_f_pointer(values, i16, [n])
            column%integers = i16
            if (column%dtype == PLATTLI_U16) column%integers = iand(column%integers, 65535_int64)
        case (PLATTLI_I32, PLATTLI_U32)
            call c_f_pointer(values, i32, [n])
            column%integers = i32
            if (column%dtype == PLATTLI_U32) column%integers = unsigned(i32)
        case default
            call c_f_pointer(values, i64, [n])
            column%integers = i64
        end select
    end subroutine

    subroutine reader_arrow(self, rows, names, selection, stat, errmsg)
        !! Metrics as a table, all of them without `names`: a column `step` and one per metric, at the steps at which each
        !! has a value. What `rows` had is released; it is closed after a failure.
        class(plattli_reader), intent(inout) :: self
        class(plattli_arrow_stream), intent(inout) :: rows
        character(*), intent(in), optional :: names(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: chosen
        type(plattli_text), allocatable, target :: ended(:)
        type(c_ptr), allocatable :: pointers(:)
        type(ArrowArrayStream) :: stream
        integer(c_int32_t) :: status

        if (present(selection)) chosen = selection
        if (present(names)) then
            call terminate(plattli_texts(names), ended, pointers)
        else
            allocate(pointers(0))
        end if
        status = plattli_reader_arrow(held(self%owned), pointers, size(pointers, kind=c_size_t), c_loc(chosen), stream)
        call settle(self%owned, self%kept, status, stat, errmsg)
        call filled(rows, stream)
    end subroutine

    subroutine reader_arrow_outer(self, rows, names, selection, stat, errmsg)
        !! As `arrow`, at the steps at which any of the metrics has a value: null where one has none.
        class(plattli_reader), intent(inout) :: self
        class(plattli_arrow_stream), intent(inout) :: rows
        character(*), intent(in), optional :: names(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: chosen
        type(plattli_text), allocatable, target :: ended(:)
        type(c_ptr), allocatable :: pointers(:)
        type(ArrowArrayStream) :: stream
        integer(c_int32_t) :: status

        if (present(selection)) chosen = selection
        if (present(names)) then
            call terminate(plattli_texts(names), ended, pointers)
        else
            allocate(pointers(0))
        end if
        status = plattli_reader_arrow_outer(held(self%owned), pointers, size(pointers, kind=c_size_t), c_loc(chosen), stream)
        call settle(self%owned, self%kept, status, stat, errmsg)
        call filled(rows, stream)
    end subroutine

    subroutine reader_arrow_long(self, rows, names, selection, stat, errmsg)
        !! As `arrow`, with one row per value, metric after metric: `step`, `metric`, `value` (null for JSON) and `text` (what
        !! `value` cannot say: JSON, and integers that a real64 rounds).
        class(plattli_reader), intent(inout) :: self
        class(plattli_arrow_stream), intent(inout) :: rows
        character(*), intent(in), optional :: names(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_selection), target :: chosen
        type(plattli_text), allocatable, target :: ended(:)
        type(c_ptr), allocatable :: pointers(:)
        type(ArrowArrayStream) :: stream
        integer(c_int32_t) :: status

        if (present(selection)) chosen = selection
        if (present(names)) then
            call terminate(plattli_texts(names), ended, pointers)
        else
            allocate(pointers(0))
        end if
        status = plattli_reader_arrow_long(held(self%owned), pointers, size(pointers, kind=c_size_t), c_loc(chosen), stream)
        call settle(self%owned, self%kept, status, stat, errmsg)
        call filled(rows, stream)
    end subroutine

    subroutine reader_close(self, stat, errmsg)
        !! Releases the reader. Closing what is closed is fine.
        class(plattli_reader), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call plattli_reader_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
        call settle_all(self%owned, self%kept, PLATTLI_OK, stat, errmsg)
    end subroutine

    subroutine reader_take(self, other, stat, errmsg)
        !! Takes the run of `other` over, which is closed afterwards.
        class(plattli_reader), intent(inout) :: self
        class(plattli_reader), intent(inout) :: other
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call move(self%owned, self%kept, other%owned, other%kept, stat, errmsg)
    end subroutine

    pure function reader_failed(self) result(yes)
        class(plattli_reader), intent(in) :: self
        logical :: yes

        yes = self%kept%status /= PLATTLI_OK
    end function

    subroutine reader_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_reader), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        call hand_out(self%kept, stat, errmsg)
    end subroutine

    impure elemental subroutine reader_assign(self, other)
        class(plattli_reader), intent(inout) :: self
        class(plattli_reader), intent(in) :: other
        logical :: ends

        call assigned(self%owned, self%kept, other%owned, ends)
        if (.not. ends) return
        call plattli_reader_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    impure elemental subroutine reader_final(self)
        type(plattli_reader), intent(inout) :: self

        call plattli_reader_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    ! -- selections --------------------------------------------------------------------------------------------------

    pure function select_steps_int64(first, last) result(selection)
        integer(int64), intent(in) :: first
        integer(int64), intent(in), optional :: last
        type(plattli_selection) :: selection

        selection = interval(PLATTLI_STEPS, first, last)
    end function

    pure function select_steps_int32(first, last) result(selection)
        integer(int32), intent(in) :: first
        integer(int32), intent(in), optional :: last
        type(plattli_selection) :: selection

        if (present(last)) then
            selection = interval(PLATTLI_STEPS, int(first, int64), int(last, int64))
        else
            selection = interval(PLATTLI_STEPS, int(first, int64))
        end if
    end function

    pure function select_positions_int64(start, stop) result(selection)
        integer(int64), intent(in) :: start
        integer(int64), intent(in), optional :: stop
        type(plattli_selection) :: selection

        selection = interval(PLATTLI_POSITIONS, start, stop)
    end function

    pure function select_positions_int32(start, stop) result(selection)
        integer(int32), intent(in) :: start
        integer(int32), intent(in), optional :: stop
        type(plattli_selection) :: selection

        if (present(stop)) then
            selection = interval(PLATTLI_POSITIONS, int(start, int64), int(stop, int64))
        else
            selection = interval(PLATTLI_POSITIONS, int(start, int64))
        end if
    end function

    pure function interval(kind, start, stop) result(selection)
        integer(c_int32_t), intent(in) :: kind
        integer(int64), intent(in) :: start
        integer(int64), intent(in), optional :: stop
        type(plattli_selection) :: selection

        selection%kind = kind
        selection%bounds = 1
        selection%start = start
        if (present(stop)) then
            selection%bounds = 3
            selection%stop = stop
        end if
    end function

    pure function plattli_select_values(lowest, highest) result(selection)
        !! Rows by their value, both ends inclusive; an end that is not given is open.
        real(real64), intent(in), optional :: lowest, highest
        type(plattli_selection) :: selection

        selection%kind = PLATTLI_VALUES
        if (present(lowest)) then
            selection%bounds = 1
            selection%vstart = lowest
        end if
        if (present(highest)) then
            selection%bounds = selection%bounds + 2
            selection%vstop = highest
        end if
    end function

    ! -- state -------------------------------------------------------------------------------------------------------

    subroutine state_open(self, dir, name, options, stat, errmsg)
        !! Opens the state `name` in the directory `dir`. A writer makes both if they are missing and puts in order what a
        !! crash left behind.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: dir, name
        type(plattli_state_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw, handle
        integer(c_int32_t) :: status

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, OPEN_ALREADY, stat, errmsg)
            return
        end if
        call forget(self%kept)
        raw = c_null_ptr
        handle = c_null_ptr
        status = PLATTLI_OK
        if (present(options)) then
            if (options%sync_milliseconds < 0 .or. options%threshold < 0 .or. options%backups < 0) then
                call report(self%kept, PLATTLI_ERR_ARGUMENT, "an option is out of range: "// &
                    "sync_milliseconds, threshold, backups >= 0", stat, errmsg)
                return
            end if
            call raw_state_options(options, raw, status)
        end if
        if (status == PLATTLI_OK) status = plattli_state_open(dir(:len_trim(dir))//c_null_char, &
            name(:len_trim(name))//c_null_char, raw, handle)
        call plattli_state_options_free(raw)
        call opened(self%owned, self%kept, handle, status, stat, errmsg)
    end subroutine

    subroutine raw_state_options(options, raw, status)
        type(plattli_state_options), intent(in) :: options
        type(c_ptr), intent(out) :: raw
        integer(c_int32_t), intent(out) :: status
        integer(c_int32_t), parameter :: OK = PLATTLI_OK

        raw = plattli_state_options_new()
        status = plattli_state_options_set_sync(raw, options%sync)
        if (status == OK .and. options%sync_milliseconds > 0) &
            status = plattli_state_options_set_sync_interval(raw, options%sync_milliseconds)
        if (status == OK) status = plattli_state_options_set_threshold(raw, options%threshold)
        if (status == OK) status = plattli_state_options_set_backups(raw, options%backups)
        if (status == OK) status = plattli_state_options_set_snapshot(raw, logical(options%snapshot, c_bool))
        if (status == OK) status = plattli_state_options_set_salvage(raw, logical(options%salvage, c_bool))
        if (status == OK) status = plattli_state_options_set_read_only(raw, logical(options%read_only, c_bool))
        if (status == OK) status = plattli_state_options_set_lock(raw, logical(options%lock, c_bool))
    end subroutine

    pure function state_is_open(self) result(yes)
        class(plattli_state), intent(in) :: self
        logical :: yes

        yes = c_associated(held(self%owned))
    end function

    subroutine state_set_json(self, key, value, stat, errmsg)
        !! Sets a key to a JSON value. `PLATTLI_OK` means that it is on stable storage, unless another sync was chosen.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key, value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        status = plattli_state_set(held(self%owned), key(:len_trim(key))//c_null_char, value, len_trim(value, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine set_real64(self, key, value, stat, errmsg)
        !! Sets a key. A real number is spelled in as few digits as give the same number again; what is not finite is refused.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        real(real64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call state_set_json(self, key, spelled_real64(value), stat, errmsg)
    end subroutine

    subroutine set_real32(self, key, value, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        real(real32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call state_set_json(self, key, spelled_real32(value), stat, errmsg)
    end subroutine

    subroutine set_int32(self, key, value, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        integer(int32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(24) :: digits

        write(digits, '(i0)') value
        call state_set_json(self, key, digits, stat, errmsg)
    end subroutine

    subroutine set_int64(self, key, value, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        integer(int64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(24) :: digits

        write(digits, '(i0)') value
        call state_set_json(self, key, digits, stat, errmsg)
    end subroutine

    subroutine set_logical(self, key, value, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        logical, intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call state_set_json(self, key, trim(merge("true ", "false", value)), stat, errmsg)
    end subroutine

    subroutine set_text(self, key, value, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        character(*), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call state_set_json(self, key, quoted(value(:len_trim(value))), stat, errmsg)
    end subroutine

    subroutine state_replace(self, json, stat, errmsg)
        !! Replaces the whole state by the members of a JSON object.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: json
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        status = plattli_state_replace(held(self%owned), json, len_trim(json, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_delete(self, key, stat, errmsg)
        !! Deletes a key. One that is not there is no failure.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        status = plattli_state_delete(held(self%owned), key(:len_trim(key))//c_null_char)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine look_up(self, key, json, status)
        class(plattli_state), intent(in) :: self
        character(*), intent(in) :: key
        character(:), allocatable, intent(out) :: json
        integer(c_int32_t), intent(out) :: status
        type(c_ptr) :: string

        string = c_null_ptr
        status = plattli_state_get(held(self%owned), key(:len_trim(key))//c_null_char, string)
        json = taken(string)
    end subroutine

    subroutine state_get_json(self, key, value, stat, errmsg)
        !! The value of a key as JSON text; empty after a failure. `PLATTLI_ERR_NOT_FOUND` if there is no such key.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        character(:), allocatable, intent(out) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        call look_up(self, key, value, status)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine get_real64(self, key, value, default, stat, errmsg)
        !! The value of a key, `default` if there is no such key; without a default that is `PLATTLI_ERR_NOT_FOUND`. After a
        !! failure `value` is what it was. `PLATTLI_ERR_TYPE` for a value of another kind.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        real(real64), intent(inout) :: value
        real(real64), intent(in), optional :: default
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: json
        integer(c_int32_t) :: status
        real(real64) :: number
        logical :: valid

        call look_up(self, key, json, status)
        if (status == PLATTLI_OK) then
            call read_number(json, number, valid)
            if (valid) value = number
            if (.not. valid) then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(key)//": not a real number: "//json, stat, errmsg)
                return
            end if
        else if (status == PLATTLI_ERR_NOT_FOUND .and. present(default)) then
            value = default
            status = PLATTLI_OK
        end if
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine get_real32(self, key, value, default, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        real(real32), intent(inout) :: value
        real(real32), intent(in), optional :: default
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: json
        integer(c_int32_t) :: status
        real(real64) :: number
        logical :: valid

        call look_up(self, key, json, status)
        if (status == PLATTLI_OK) then
            call read_number(json, number, valid)
            if (valid) valid = abs(number) <= huge(value)
            if (valid) value = real(number, real32)
            if (.not. valid) then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(key)//": not a real number of 32 bits: "//json, stat, errmsg)
                return
            end if
        else if (status == PLATTLI_ERR_NOT_FOUND .and. present(default)) then
            value = default
            status = PLATTLI_OK
        end if
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine get_int32(self, key, value, default, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        integer(int32), intent(inout) :: value
        integer(int32), intent(in), optional :: default
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: json
        integer(c_int32_t) :: status
        integer(int64) :: number
        logical :: valid

        call look_up(self, key, json, status)
        if (status == PLATTLI_OK) then
            call whole(json, number, valid)
            if (valid) valid = number >= -huge(value) - 1_int64 .and. number <= huge(value)
            if (valid) value = int(number, int32)
            if (.not. valid) then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(key)//": not an integer of 32 bits: "//json, stat, errmsg)
                return
            end if
        else if (status == PLATTLI_ERR_NOT_FOUND .and. present(default)) then
            value = default
            status = PLATTLI_OK
        end if
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine get_int64(self, key, value, default, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        integer(int64), intent(inout) :: value
        integer(int64), intent(in), optional :: default
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: json
        integer(c_int32_t) :: status
        integer(int64) :: number
        logical :: valid

        call look_up(self, key, json, status)
        if (status == PLATTLI_OK) then
            call whole(json, number, valid)
            if (valid) value = number
            if (.not. valid) then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(key)//": not an integer of 64 bits: "//json, stat, errmsg)
                return
            end if
        else if (status == PLATTLI_ERR_NOT_FOUND .and. present(default)) then
            value = default
            status = PLATTLI_OK
        end if
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine get_logical(self, key, value, default, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        logical, intent(inout) :: value
        logical, intent(in), optional :: default
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: json
        integer(c_int32_t) :: status
        logical :: valid

        call look_up(self, key, json, status)
        if (status == PLATTLI_OK) then
            valid = json == "true" .or. json == "false"
            if (valid) value = json == "true"
            if (.not. valid) then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(key)//": not a logical: "//json, stat, errmsg)
                return
            end if
        else if (status == PLATTLI_ERR_NOT_FOUND .and. present(default)) then
            value = default
            status = PLATTLI_OK
        end if
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine get_text(self, key, value, default, stat, errmsg)
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        character(:), allocatable, intent(inout) :: value
        character(*), intent(in), optional :: default
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: json
        integer(c_int32_t) :: status
        character(:), allocatable :: text
        logical :: valid

        call look_up(self, key, json, status)
        if (status == PLATTLI_OK) then
            call unquote(json, text, valid)
            if (valid) call move_alloc(text, value)
            if (.not. valid) then
                call report(self%kept, PLATTLI_ERR_TYPE, trim(key)//": not text: "//json, stat, errmsg)
                return
            end if
        else if (status == PLATTLI_ERR_NOT_FOUND .and. present(default)) then
            value = default
            status = PLATTLI_OK
        end if
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_has(self, key, yes, stat, errmsg)
        !! Whether there is a key.
        class(plattli_state), intent(inout) :: self
        character(*), intent(in) :: key
        logical, intent(out) :: yes
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: json
        integer(c_int32_t) :: status

        call look_up(self, key, json, status)
        yes = status == PLATTLI_OK
        if (status == PLATTLI_ERR_NOT_FOUND) status = PLATTLI_OK
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_keys(self, names, stat, errmsg)
        !! The keys, sorted by their bytes, padded with blanks to the longest.
        class(plattli_state), intent(inout) :: self
        character(:), allocatable, intent(out) :: names(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable :: list(:)
        type(c_ptr) :: strings
        integer(c_int32_t) :: status

        strings = c_null_ptr
        status = plattli_state_keys(held(self%owned), strings)
        call unpack(strings, list)
        call pad(list, names)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_snapshot(self, json, stat, errmsg)
        !! The whole state as one JSON object, keys sorted; empty after a failure.
        class(plattli_state), intent(inout) :: self
        character(:), allocatable, intent(out) :: json
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: string
        integer(c_int32_t) :: status

        string = c_null_ptr
        status = plattli_state_snapshot(held(self%owned), string)
        json = taken(string)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_entries(self, lines, stat, errmsg)
        !! The entries since the last compaction, oldest first: lines of JSON as they stand in the log.
        class(plattli_state), intent(inout) :: self
        type(plattli_text), allocatable, intent(out) :: lines(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: strings
        integer(c_int32_t) :: status

        strings = c_null_ptr
        status = plattli_state_entries(held(self%owned), strings)
        call unpack(strings, lines)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_entry_count(self, count, stat, errmsg)
        !! How many entries `entries` would give; 0 after a failure.
        class(plattli_state), intent(inout) :: self
        integer(int64), intent(out) :: count
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        count = 0
        status = plattli_state_entry_count(held(self%owned), count)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_size(self, keys, stat, errmsg)
        !! How many keys there are; 0 after a failure.
        class(plattli_state), intent(inout) :: self
        integer(int64), intent(out) :: keys
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: raw
        integer(c_int32_t) :: status

        raw = 0
        status = plattli_state_size(held(self%owned), raw)
        keys = raw
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_compact(self, stat, errmsg)
        !! Replaces the log by one checkpoint of the whole state; the old log becomes the newest backup.
        class(plattli_state), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_state_compact(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine state_log_size(self, bytes, stat, errmsg)
        !! Bytes of the log: of the entries since the last compaction; 0 after a failure.
        class(plattli_state), intent(inout) :: self
        integer(int64), intent(out) :: bytes
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        bytes = 0
        status = plattli_state_log_size(held(self%owned), bytes)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_needs_compaction(self, yes, threshold, stat, errmsg)
        !! Whether the log is larger than `threshold` bytes, that of the options unless given.
        class(plattli_state), intent(inout) :: self
        logical, intent(out) :: yes
        integer(int64), intent(in), optional :: threshold
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status
        integer(c_int64_t) :: bytes
        logical(c_bool) :: answer

        bytes = 0
        if (present(threshold)) bytes = threshold
        answer = .false.
        status = plattli_state_needs_compaction(held(self%owned), bytes, answer)
        yes = answer
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_refresh(self, stat, errmsg)
        !! Reads again what the writer has done since a read-only state was opened or last refreshed.
        class(plattli_state), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_state_refresh(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine state_lost(self, entries, stat, errmsg)
        !! How many entries could not be read with `salvage`; `PLATTLI_LOST_UNKNOWN` if nothing was left to count by.
        class(plattli_state), intent(inout) :: self
        integer(int64), intent(out) :: entries
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        entries = 0
        status = plattli_state_lost(held(self%owned), entries)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine state_close(self, stat, errmsg)
        !! Forces to stable storage what is not there yet and releases the state, whatever it returns.
        class(plattli_state), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_state_close(held(self%owned)), stat, errmsg)
        call hold(self%owned, c_null_ptr)
    end subroutine

    subroutine state_take(self, other, stat, errmsg)
        !! Takes over what `other` has, which is closed afterwards without being told so.
        class(plattli_state), intent(inout) :: self
        class(plattli_state), intent(inout) :: other
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call move(self%owned, self%kept, other%owned, other%kept, stat, errmsg)
    end subroutine

    pure function state_failed(self) result(yes)
        class(plattli_state), intent(in) :: self
        logical :: yes

        yes = self%kept%status /= PLATTLI_OK
    end function

    subroutine state_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_state), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        call hand_out(self%kept, stat, errmsg)
    end subroutine

    impure elemental subroutine state_assign(self, other)
        class(plattli_state), intent(inout) :: self
        class(plattli_state), intent(in) :: other
        integer(c_int32_t) :: ignored
        logical :: ends

        call assigned(self%owned, self%kept, other%owned, ends)
        if (.not. ends) return
        ignored = plattli_state_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    impure elemental subroutine state_final(self)
        type(plattli_state), intent(inout) :: self
        integer(c_int32_t) :: ignored

        ignored = plattli_state_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    subroutine read_number(json, number, valid)
        ! The real number that is a JSON value, if it is one.
        character(*), intent(in) :: json
        real(real64), intent(out) :: number
        logical, intent(out) :: valid
        integer :: status

        number = 0
        valid = len(json) > 0 .and. verify(json, "0123456789+-.eE") == 0
        if (.not. valid) return
        read(json, *, iostat=status) number
        valid = status == 0
        if (valid) valid = ieee_is_finite(number)
    end subroutine

    ! -- scheduler ---------------------------------------------------------------------------------------------------

    subroutine scheduler_open(self, milliseconds, stat, errmsg)
        !! Makes a scheduler that looks at its states every so many milliseconds, one hour unless given, once it is started.
        class(plattli_state_scheduler), intent(inout) :: self
        integer(int64), intent(in), optional :: milliseconds
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: handle
        integer(c_int64_t) :: interval
        integer(c_int32_t) :: status

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, OPEN_ALREADY, stat, errmsg)
            return
        end if
        call forget(self%kept)
        handle = c_null_ptr
        interval = 0
        if (present(milliseconds)) interval = max(milliseconds, 0_int64)
        status = plattli_state_scheduler_new(interval, handle)
        call opened(self%owned, self%kept, handle, status, stat, errmsg)
    end subroutine

    pure function scheduler_is_open(self) result(yes)
        class(plattli_state_scheduler), intent(in) :: self
        logical :: yes

        yes = c_associated(held(self%owned))
    end function

    subroutine scheduler_add(self, state, stat, errmsg)
        !! Adds a state, which may be closed at any time: the scheduler then forgets it.
        class(plattli_state_scheduler), intent(inout) :: self
        class(plattli_state), intent(in) :: state
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        status = plattli_state_scheduler_add(held(self%owned), held(state%owned))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine scheduler_remove(self, state, stat, errmsg)
        !! Forgets a state. One that was never added is no failure.
        class(plattli_state_scheduler), intent(inout) :: self
        class(plattli_state), intent(in) :: state
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        status = plattli_state_scheduler_remove(held(self%owned), held(state%owned))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine scheduler_start(self, stat, errmsg)
        !! Starts the timer: at each interval the states whose logs are larger than their thresholds are compacted.
        class(plattli_state_scheduler), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_state_scheduler_start(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine scheduler_stop(self, stat, errmsg)
        !! Stops the timer, after the compaction in hand.
        class(plattli_state_scheduler), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_state_scheduler_stop(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine scheduler_compact_all(self, stat, errmsg)
        !! Compacts all states now, whatever their size. All are tried.
        class(plattli_state_scheduler), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_state_scheduler_compact_all(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine scheduler_close(self, stat, errmsg)
        !! Stops the timer and releases the scheduler. Its states stay open.
        class(plattli_state_scheduler), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call plattli_state_scheduler_free(held(self%owned))
        call hold(self%owned, c_null_ptr)
        call settle_all(self%owned, self%kept, PLATTLI_OK, stat, errmsg)
    end subroutine

    subroutine scheduler_take(self, other, stat, errmsg)
        !! Takes over what `other` has, which is closed afterwards without being told so.
        class(plattli_state_scheduler), intent(inout) :: self
        class(plattli_state_scheduler), intent(inout) :: other
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call move(self%owned, self%kept, other%owned, other%kept, stat, errmsg)
    end subroutine

    pure function scheduler_failed(self) result(yes)
        class(plattli_state_scheduler), intent(in) :: self
        logical :: yes

        yes = self%kept%status /= PLATTLI_OK
    end function

    subroutine scheduler_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_state_scheduler), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        call hand_out(self%kept, stat, errmsg)
    end subroutine

    impure elemental subroutine scheduler_assign(self, other)
        class(plattli_state_scheduler), intent(inout) :: self
        class(plattli_state_scheduler), intent(in) :: other
        logical :: ends

        call assigned(self%owned, self%kept, other%owned, ends)
        if (.not. ends) return
        call plattli_state_scheduler_free(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    impure elemental subroutine scheduler_final(self)
        type(plattli_state_scheduler), intent(inout) :: self

        call plattli_state_scheduler_free(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    ! -- Arrow -------------------------------------------------------------------------------------------------------

    subroutine arrow_open(self, stream, stat, errmsg)
        !! Takes over a stream of the Arrow C stream interface: `stream` is left as one that was released. What this variable
        !! had is released first.
        class(plattli_arrow_stream), intent(inout) :: self
        type(ArrowArrayStream), intent(inout) :: stream
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        procedure(arrow_get_schema), pointer :: get_schema

        call release(self)
        call forget(self%kept)
        if (.not. c_associated(stream%release)) then
            call report(self%kept, PLATTLI_ERR_ARGUMENT, "this Arrow stream was released already", stat, errmsg)
            return
        end if
        allocate(self%box)
        allocate(self%box%batches(0))
        self%box%stream = stream
        stream%release = c_null_funptr
        call hold(self%owned, c_loc(self%box))
        call c_f_procpointer(self%box%stream%get_schema, get_schema)
        call answered(self, get_schema(self%box%stream, self%box%schema), stat, errmsg)
        if (.not. c_associated(self%box%schema%release)) call release(self)
    end subroutine

    pure function arrow_is_open(self) result(yes)
        class(plattli_arrow_stream), intent(in) :: self
        logical :: yes

        yes = c_associated(held(self%owned))
    end function

    subroutine filled(rows, stream)
        ! What an answer of the library leaves in `rows`: nothing after a failure.
        class(plattli_arrow_stream), intent(inout) :: rows
        type(ArrowArrayStream), intent(inout) :: stream

        if (c_associated(stream%release)) then
            call arrow_open(rows, stream)
        else
            call release(rows)
            call forget(rows%kept)
        end if
    end subroutine

    subroutine arrow_next(self, more, stat, errmsg)
        !! Moves on to the next batch, if there is one, and releases the one before it.
        class(plattli_arrow_stream), intent(inout) :: self
        logical, intent(out) :: more
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: errno

        more = .false.
        if (.not. c_associated(held(self%owned))) then
            call settle_all(self%owned, self%kept, PLATTLI_ERR_STATE, stat, errmsg)
            return
        end if
        call release_batches(self%box)
        call fetch_batch(self%box, more, errno)
        call answered(self, errno, stat, errmsg)
    end subroutine

    subroutine arrow_load(self, stat, errmsg)
        !! Moves on to all rows that are left, as one batch. Without any the batch is empty.
        class(plattli_arrow_stream), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: errno
        logical :: more

        if (.not. c_associated(held(self%owned))) then
            call settle_all(self%owned, self%kept, PLATTLI_ERR_STATE, stat, errmsg)
            return
        end if
        call release_batches(self%box)
        do
            call fetch_batch(self%box, more, errno)
            if (.not. more) exit
        end do
        call answered(self, errno, stat, errmsg)
    end subroutine

    subroutine fetch_batch(box, more, errno)
        type(arrow_box), intent(inout) :: box
        logical, intent(out) :: more
        integer(c_int), intent(out) :: errno
        procedure(arrow_get_next), pointer :: get_next
        type(ArrowArray), allocatable :: longer(:)
        type(ArrowArray) :: batch

        call c_f_procpointer(box%stream%get_next, get_next)
        errno = get_next(box%stream, batch)
        more = errno == 0 .and. c_associated(batch%release)
        if (.not. more) return
        allocate(longer(size(box%batches) + 1))
        longer(:size(box%batches)) = box%batches
        longer(size(longer)) = batch
        call move_alloc(longer, box%batches)
    end subroutine

    subroutine answered(self, errno, stat, errmsg)
        ! What a callback of the stream has to say goes to the caller, or is kept.
        class(plattli_arrow_stream), intent(inout) :: self
        integer(c_int), intent(in) :: errno
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        procedure(arrow_get_last_error), pointer :: get_last_error
        character(12) :: number

        if (errno == 0) then
            call settle_all(self%owned, self%kept, PLATTLI_OK, stat, errmsg)
            return
        end if
        write(number, "(i0)") errno
        call c_f_procpointer(self%box%stream%get_last_error, get_last_error)
        call report(self%kept, PLATTLI_ERR_IO, "the Arrow stream failed with error "//trim(number)//": "// &
            c_text(get_last_error(self%box%stream)), stat, errmsg)
    end subroutine

    function arrow_rows(self) result(count)
        !! How many rows the batch has; 0 without one.
        class(plattli_arrow_stream), intent(in) :: self
        integer(int64) :: count

        count = 0
        if (.not. c_associated(held(self%owned))) return
        count = sum(self%box%batches%length)
    end function

    subroutine arrow_columns(self, names, formats, stat, errmsg)
        !! Names of the columns and their types, as format strings of Arrow (such as "g" for real64, "u" for text; of a
        !! dictionary the type of its values), padded with blanks to the longest.
        class(plattli_arrow_stream), intent(inout) :: self
        character(:), allocatable, intent(out) :: names(:)
        character(:), allocatable, intent(out), optional :: formats(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable :: list(:), types(:)
        type(ArrowSchema), pointer :: field
        integer :: i, n

        n = 0
        if (c_associated(held(self%owned))) then
            n = int(self%box%schema%n_children)
        end if
        allocate(list(n), types(n))
        do i = 1, n
            call child_schema(self%box%schema, i, field)
            list(i)%text = c_text(field%name)
            if (c_associated(field%dictionary)) call c_f_pointer(field%dictionary, field)
            types(i)%text = c_text(field%format)
        end do
        call pad(list, names)
        if (present(formats)) call pad(types, formats)
        call settle(self%owned, self%kept, merge(PLATTLI_OK, PLATTLI_ERR_STATE, c_associated(held(self%owned))), stat, errmsg)
    end subroutine

    subroutine child_schema(schema, i, child)
        type(ArrowSchema), intent(in) :: schema
        integer, intent(in) :: i
        type(ArrowSchema), pointer, intent(out) :: child
        type(c_ptr), pointer :: children(:)

        call c_f_pointer(schema%children, children, [schema%n_children])
        call c_f_pointer(children(i), child)
    end subroutine

    subroutine child_array(array, i, child)
        type(ArrowArray), intent(in) :: array
        integer, intent(in) :: i
        type(ArrowArray), pointer, intent(out) :: child
        type(c_ptr), pointer :: children(:)

        call c_f_pointer(array%children, children, [array%n_children])
        call c_f_pointer(children(i), child)
    end subroutine

    function buffer(array, i) result(address)
        type(ArrowArray), intent(in) :: array
        integer, intent(in) :: i
        type(c_ptr) :: address
        type(c_ptr), pointer :: buffers(:)

        address = c_null_ptr
        if (i > array%n_buffers) return
        call c_f_pointer(array%buffers, buffers, [array%n_buffers])
        address = buffers(i)
    end function

    subroutine chunks_of(self, name, chunks, there, status, stat, errmsg)
        ! A column in each of the batches, and which of its values are not null. None after a failure, which is reported.
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name
        type(chunk), allocatable, intent(out) :: chunks(:)
        logical, allocatable, intent(out) :: there(:)
        integer(c_int32_t), intent(out) :: status
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(ArrowSchema), pointer :: field
        integer(int64) :: last
        integer :: i, column

        status = PLATTLI_ERR_STATE
        column = 0
        if (c_associated(held(self%owned))) then
            status = PLATTLI_ERR_NOT_FOUND
            do i = 1, int(self%box%schema%n_children)
                call child_schema(self%box%schema, i, field)
                if (c_text(field%name) /= name) cycle
                status = PLATTLI_OK
                column = i
                exit
            end do
        end if
        if (status /= PLATTLI_OK) then
            allocate(chunks(0), there(0))
            if (status == PLATTLI_ERR_STATE) then
                call settle(self%owned, self%kept, status, stat, errmsg)
            else
                call report(self%kept, status, trim(name)//": there is no such column", stat, errmsg)
            end if
            return
        end if
        allocate(chunks(size(self%box%batches)), there(sum(self%box%batches%length)))
        last = 0
        do i = 1, size(chunks)
            chunks(i)%schema => field
            call child_array(self%box%batches(i), column, chunks(i)%array)
            chunks(i)%rows = self%box%batches(i)%length
            ! What a table leaves out in front, each of its columns does, and may leave out more.
            chunks(i)%before = self%box%batches(i)%offset + chunks(i)%array%offset
            call not_null(chunks(i)%array, chunks(i)%before, chunks(i)%rows, there(last + 1:last + chunks(i)%rows))
            last = last + chunks(i)%rows
        end do
        if (present(stat)) stat = PLATTLI_OK
    end subroutine

    subroutine not_null(array, before, rows, there)
        type(ArrowArray), intent(in) :: array
        integer(int64), intent(in) :: before, rows
        logical, intent(out) :: there(:)
        type(c_ptr) :: bits

        there = .true.
        bits = buffer(array, 1)
        if (c_associated(bits) .and. array%null_count /= 0 .and. rows > 0) call unpack_bits(bits, before, there)
    end subroutine

    subroutine unpack_bits(bits, before, values)
        ! Eight to a byte, the first in the lowest.
        type(c_ptr), intent(in) :: bits
        integer(int64), intent(in) :: before
        logical, intent(out) :: values(:)
        integer(int8), pointer :: bytes(:)
        integer(int64) :: i, at

        call c_f_pointer(bits, bytes, [(before + size(values, kind=int64) + 7) / 8])
        do i = 1, size(values, kind=int64)
            at = before + i - 1
            values(i) = btest(bytes(at / 8 + 1), int(mod(at, 8_int64)))
        end do
    end subroutine

    subroutine integers_of(address, format, before, values, fits)
        ! Integers of any width; the bits of those of 64 without a sign.
        type(c_ptr), intent(in) :: address
        character(*), intent(in) :: format
        integer(int64), intent(in) :: before
        integer(int64), intent(out) :: values(:)
        logical, intent(out) :: fits
        integer(int8), pointer :: i8(:)
        integer(int16), pointer :: i16(:)
        integer(int32), pointer :: i32(:)
        integer(int64), pointer :: i64(:)
        integer(int64) :: last

        fits = len(format) == 1 .and. scan(format, "cCsSiIlL") == 1
        if (.not. fits .or. size(values) == 0) return
        last = before + size(values, kind=int64)
        select case (format)
        case ("c", "C")
            call c_f_pointer(address, i8, [last])
            values = i8(before + 1:)
            if (format == "C") values = iand(values, 255_int64)
        case ("s", "S")
            call c_f_pointer(address, i16, [last])
            values = i16(before + 1:)
            if (format == "S") values = iand(values, 65535_int64)
        case ("i", "I")
            call c_f_pointer(address, i32, [last])
            values = i32(before + 1:)
            if (format == "I") values = iand(values, STEPS - 1)
        case default
            call c_f_pointer(address, i64, [last])
            values = i64(before + 1:)
        end select
    end subroutine

    subroutine reals_of(address, format, before, values, fits)
        ! Numbers of any type, rounded where a real64 must.
        type(c_ptr), intent(in) :: address
        character(*), intent(in) :: format
        integer(int64), intent(in) :: before
        real(real64), intent(out) :: values(:)
        logical, intent(out) :: fits
        real(real32), pointer :: f32(:)
        real(real64), pointer :: f64(:)
        integer(int64), allocatable :: integers(:)
        integer(int64) :: last

        fits = .true.
        last = before + size(values, kind=int64)
        if (format == "g" .and. size(values) > 0) then
            call c_f_pointer(address, f64, [last])
            values = f64(before + 1:)
        else if (format == "f" .and. size(values) > 0) then
            call c_f_pointer(address, f32, [last])
            values = f32(before + 1:)
        else if (format /= "g" .and. format /= "f") then
            allocate(integers(size(values, kind=int64)))
            call integers_of(address, format, before, integers, fits)
            if (.not. fits) return
            values = real(integers, real64)
            if (format == "L") where (integers < 0) values = values + 2.0_real64**64
        end if
    end subroutine

    subroutine texts_of(column, first, length, bytes, fits)
        ! Where the texts of a column are: from `first` on in `bytes`, so many of them.
        type(chunk), intent(in) :: column
        integer(int64), allocatable, intent(out) :: first(:), length(:)
        character(kind=c_char), pointer, intent(out) :: bytes(:)
        logical, intent(out) :: fits
        type(ArrowSchema), pointer :: schema
        type(ArrowArray), pointer :: array
        integer(int64), allocatable :: ends(:), places(:)
        integer(int64) :: before, count, i

        nullify(bytes)
        allocate(first(column%rows), length(column%rows), places(column%rows))
        first = 1
        length = 0
        schema => column%schema
        array => column%array
        before = column%before
        count = column%rows
        fits = .true.
        if (c_associated(schema%dictionary)) then
            call integers_of(buffer(array, 2), c_text(schema%format), before, places, fits)
            if (.not. fits) return
            call c_f_pointer(schema%dictionary, schema)
            call c_f_pointer(array%dictionary, array)
            before = array%offset
            count = array%length
        else
            places = [(i, i=0, count - 1)]
        end if
        allocate(ends(count + 1))
        select case (c_text(schema%format))
        case ("u")
            if (count > 0) call integers_of(buffer(array, 2), "i", before, ends, fits)
        case ("U")
            if (count > 0) call integers_of(buffer(array, 2), "l", before, ends, fits)
        case default
            fits = .false.
        end select
        if (.not. fits .or. count == 0) return
        do i = 1, column%rows
            if (places(i) < 0 .or. places(i) >= count) cycle ! a null may point anywhere
            first(i) = ends(places(i) + 1) + 1
            length(i) = ends(places(i) + 2) - ends(places(i) + 1)
        end do
        if (ends(count + 1) > 0) call c_f_pointer(buffer(array, 3), bytes, [ends(count + 1)])
    end subroutine

    subroutine unfit(self, name, column, wanted, stat, errmsg)
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name, wanted
        type(chunk), intent(in) :: column
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(ArrowSchema), pointer :: schema

        schema => column%schema
        if (c_associated(schema%dictionary)) call c_f_pointer(schema%dictionary, schema)
        call report(self%kept, PLATTLI_ERR_TYPE, trim(name)//" cannot be read as "//wanted//": its type in Arrow is '"// &
            c_text(schema%format)//"'", stat, errmsg)
    end subroutine

    subroutine arrow_real64(self, name, values, valid, stat, errmsg)
        !! The values of a column in the batch. Where `valid` is false the value is null: NaN, 0, `.false.` or blank. real64
        !! takes numbers of any type, rounded where it must; real32 takes reals; int64 and int32 take integers that fit (the
        !! bits of unsigned ones of 64); text takes utf8 and dictionaries of it, padded to the longest. None after a failure.
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name
        real(real64), allocatable, intent(out) :: values(:)
        logical, allocatable, intent(out), optional :: valid(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(chunk), allocatable :: chunks(:)
        logical, allocatable :: there(:)
        integer(int64) :: first, last
        integer(c_int32_t) :: status
        integer :: i
        logical :: fits

        call chunks_of(self, name, chunks, there, status, stat, errmsg)
        allocate(values(size(there, kind=int64)))
        last = 0
        do i = 1, size(chunks)
            first = last + 1
            last = last + chunks(i)%rows
            call plain(chunks(i), fits)
            if (fits) call reals_of(buffer(chunks(i)%array, 2), c_text(chunks(i)%schema%format), chunks(i)%before, &
                values(first:last), fits)
            if (.not. fits) then
                call unfit(self, name, chunks(i), "real64", stat, errmsg)
                values = values(:0)
                there = there(:0)
                exit
            end if
        end do
        where (.not. there) values = ieee_value(0.0_real64, ieee_quiet_nan)
        if (present(valid)) call move_alloc(there, valid)
    end subroutine

    subroutine arrow_real32(self, name, values, valid, stat, errmsg)
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name
        real(real32), allocatable, intent(out) :: values(:)
        logical, allocatable, intent(out), optional :: valid(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(chunk), allocatable :: chunks(:)
        logical, allocatable :: there(:)
        integer(int64) :: first, last
        integer(c_int32_t) :: status
        integer :: i
        real(real64), allocatable :: wide(:)
        logical :: fits

        call chunks_of(self, name, chunks, there, status, stat, errmsg)
        allocate(values(size(there, kind=int64)))
        last = 0
        do i = 1, size(chunks)
            first = last + 1
            last = last + chunks(i)%rows
            call plain(chunks(i), fits)
            if (fits) fits = scan(c_text(chunks(i)%schema%format), "fg") == 1
            if (.not. allocated(wide)) allocate(wide(size(values, kind=int64)))
            if (fits) call reals_of(buffer(chunks(i)%array, 2), c_text(chunks(i)%schema%format), chunks(i)%before, &
                wide(first:last), fits)
            if (fits) values(first:last) = real(wide(first:last), real32)
            if (.not. fits) then
                call unfit(self, name, chunks(i), "real32", stat, errmsg)
                values = values(:0)
                there = there(:0)
                exit
            end if
        end do
        where (.not. there) values = ieee_value(0.0_real32, ieee_quiet_nan)
        if (present(valid)) call move_alloc(there, valid)
    end subroutine

    subroutine arrow_int64(self, name, values, valid, stat, errmsg)
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int64), allocatable, intent(out) :: values(:)
        logical, allocatable, intent(out), optional :: valid(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(chunk), allocatable :: chunks(:)
        logical, allocatable :: there(:)
        integer(int64) :: first, last
        integer(c_int32_t) :: status
        integer :: i
        logical :: fits

        call chunks_of(self, name, chunks, there, status, stat, errmsg)
        allocate(values(size(there, kind=int64)))
        last = 0
        do i = 1, size(chunks)
            first = last + 1
            last = last + chunks(i)%rows
            call plain(chunks(i), fits)
            if (fits) call integers_of(buffer(chunks(i)%array, 2), c_text(chunks(i)%schema%format), chunks(i)%before, &
                values(first:last), fits)
            if (.not. fits) then
                call unfit(self, name, chunks(i), "int64", stat, errmsg)
                values = values(:0)
                there = there(:0)
                exit
            end if
        end do
        where (.not. there) values = 0
        if (present(valid)) call move_alloc(there, valid)
    end subroutine

    subroutine arrow_int32(self, name, values, valid, stat, errmsg)
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int32), allocatable, intent(out) :: values(:)
        logical, allocatable, intent(out), optional :: valid(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(chunk), allocatable :: chunks(:)
        logical, allocatable :: there(:)
        integer(int64) :: first, last
        integer(c_int32_t) :: status
        integer :: i
        integer(int64), allocatable :: wide(:)
        logical :: fits

        call chunks_of(self, name, chunks, there, status, stat, errmsg)
        allocate(values(size(there, kind=int64)))
        last = 0
        do i = 1, size(chunks)
            first = last + 1
            last = last + chunks(i)%rows
            call plain(chunks(i), fits)
            if (.not. allocated(wide)) allocate(wide(size(values, kind=int64)))
            if (fits) call integers_of(buffer(chunks(i)%array, 2), c_text(chunks(i)%schema%format), chunks(i)%before, &
                wide(first:last), fits)
            if (fits) then
                where (.not. there(first:last)) wide(first:last) = 0
                fits = all(wide(first:last) >= -huge(values) - 1_int64 .and. wide(first:last) <= huge(values))
                if (fits) values(first:last) = int(wide(first:last), int32)
            end if
            if (.not. fits) then
                call unfit(self, name, chunks(i), "int32", stat, errmsg)
                values = values(:0)
                there = there(:0)
                exit
            end if
        end do
        where (.not. there) values = 0
        if (present(valid)) call move_alloc(there, valid)
    end subroutine

    subroutine arrow_logical(self, name, values, valid, stat, errmsg)
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name
        logical, allocatable, intent(out) :: values(:)
        logical, allocatable, intent(out), optional :: valid(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(chunk), allocatable :: chunks(:)
        logical, allocatable :: there(:)
        integer(int64) :: first, last
        integer(c_int32_t) :: status
        integer :: i
        logical :: fits

        call chunks_of(self, name, chunks, there, status, stat, errmsg)
        allocate(values(size(there, kind=int64)))
        last = 0
        do i = 1, size(chunks)
            first = last + 1
            last = last + chunks(i)%rows
            call plain(chunks(i), fits)
            if (fits) fits = c_text(chunks(i)%schema%format) == "b"
            if (fits .and. first <= last) call unpack_bits(buffer(chunks(i)%array, 2), chunks(i)%before, values(first:last))
            if (.not. fits) then
                call unfit(self, name, chunks(i), "logical", stat, errmsg)
                values = values(:0)
                there = there(:0)
                exit
            end if
        end do
        where (.not. there) values = .false.
        if (present(valid)) call move_alloc(there, valid)
    end subroutine

    subroutine arrow_text(self, name, values, valid, stat, errmsg)
        class(plattli_arrow_stream), intent(inout) :: self
        character(*), intent(in) :: name
        character(:), allocatable, intent(out) :: values(:)
        logical, allocatable, intent(out), optional :: valid(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(chunk), allocatable :: chunks(:)
        logical, allocatable :: there(:)
        integer(int64), allocatable :: first(:), length(:)
        character(kind=c_char), pointer :: bytes(:)
        integer(int64) :: row, last, j, longest
        integer(c_int32_t) :: status
        integer :: i
        logical :: fits

        call chunks_of(self, name, chunks, there, status, stat, errmsg)
        longest = 0
        last = 0
        do i = 1, size(chunks)
            call texts_of(chunks(i), first, length, bytes, fits)
            if (.not. fits) then
                call unfit(self, name, chunks(i), "text", stat, errmsg)
                chunks = chunks(:0)
                there = there(:0)
                exit
            end if
            do row = 1, chunks(i)%rows
                if (there(last + row)) longest = max(longest, length(row))
            end do
            last = last + chunks(i)%rows
        end do
        allocate(character(longest) :: values(size(there, kind=int64)))
        last = 0
        do i = 1, size(chunks)
            call texts_of(chunks(i), first, length, bytes, fits)
            do row = 1, chunks(i)%rows
                values(last + row) = ""
                if (.not. there(last + row)) cycle
                do j = 1, length(row)
                    values(last + row)(j:j) = bytes(first(row) + j - 1)
                end do
            end do
            last = last + chunks(i)%rows
        end do
        if (present(valid)) call move_alloc(there, valid)
    end subroutine

    subroutine plain(column, fits)
        ! Not a dictionary.
        type(chunk), intent(in) :: column
        logical, intent(out) :: fits

        fits = .not. c_associated(column%schema%dictionary)
    end subroutine

    subroutine release_batches(box)
        type(arrow_box), intent(inout) :: box
        procedure(arrow_release_array), pointer :: release_array
        integer :: i

        do i = 1, size(box%batches)
            if (.not. c_associated(box%batches(i)%release)) cycle
            call c_f_procpointer(box%batches(i)%release, release_array)
            call release_array(box%batches(i))
        end do
        box%batches = box%batches(:0)
    end subroutine

    subroutine release(self)
        ! All that an Arrow stream has.
        class(plattli_arrow_stream), intent(inout) :: self
        procedure(arrow_release_schema), pointer :: release_schema
        procedure(arrow_release_stream), pointer :: release_stream

        if (c_associated(held(self%owned))) then
            call release_batches(self%box)
            if (c_associated(self%box%schema%release)) then
                call c_f_procpointer(self%box%schema%release, release_schema)
                call release_schema(self%box%schema)
            end if
            call c_f_procpointer(self%box%stream%release, release_stream)
            call release_stream(self%box%stream)
            deallocate(self%box)
        end if
        call hold(self%owned, c_null_ptr)
    end subroutine

    subroutine arrow_close(self, stat, errmsg)
        !! Releases the stream and its batch. Closing what is closed is fine.
        class(plattli_arrow_stream), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call release(self)
        call settle_all(self%owned, self%kept, PLATTLI_OK, stat, errmsg)
    end subroutine

    subroutine arrow_take(self, other, stat, errmsg)
        !! Takes over what `other` has, which is closed afterwards without being told so.
        class(plattli_arrow_stream), intent(inout) :: self
        class(plattli_arrow_stream), intent(inout) :: other
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (.not. c_associated(held(self%owned))) self%box => other%box
        call move(self%owned, self%kept, other%owned, other%kept, stat, errmsg)
    end subroutine

    pure function arrow_failed(self) result(yes)
        class(plattli_arrow_stream), intent(in) :: self
        logical :: yes

        yes = self%kept%status /= PLATTLI_OK
    end function

    subroutine arrow_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_arrow_stream), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        call hand_out(self%kept, stat, errmsg)
    end subroutine

    impure elemental subroutine arrow_assign(self, other)
        class(plattli_arrow_stream), intent(inout) :: self
        class(plattli_arrow_stream), intent(in) :: other
        logical :: ends

        call assigned(self%owned, self%kept, other%owned, ends)
        if (.not. ends) return
        call release(self)
    end subroutine

    impure elemental subroutine arrow_final(self)
        type(plattli_arrow_stream), intent(inout) :: self

        call release(self)
    end subroutine

    ! -- journal -----------------------------------------------------------------------------------------------------

    subroutine journal_open(self, location, options, stat, errmsg)
        !! Opens the journal at `location`: a folder (a path or `file://PATH`), `memory://NAME` (shared by this process), and where
        !! the library has them `s3://`, `gs://`, `az://`. Any number of journals may be open at one location.
        class(plattli_journal), intent(inout) :: self
        character(*), intent(in) :: location
        type(plattli_journal_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw, handle
        integer(c_int32_t) :: status

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, OPEN_ALREADY, stat, errmsg)
            return
        end if
        call forget(self%kept)
        raw = c_null_ptr
        handle = c_null_ptr
        status = PLATTLI_OK
        if (present(options)) then
            if (options%threshold < 0 .or. options%max_object_bytes < 1 .or. options%lease_expiry < 1) then
                call report(self%kept, PLATTLI_ERR_ARGUMENT, "an option is out of range: "// &
                    "threshold >= 0, max_object_bytes, lease_expiry >= 1", stat, errmsg)
                return
            end if
            call raw_journal_options(options, raw, status)
        end if
        if (status == PLATTLI_OK) status = plattli_journal_open(location(:len_trim(location))//c_null_char, raw, handle)
        call plattli_journal_options_free(raw)
        call opened(self%owned, self%kept, handle, status, stat, errmsg)
    end subroutine

    subroutine raw_journal_options(options, raw, status)
        type(plattli_journal_options), intent(in) :: options
        type(c_ptr), intent(out) :: raw
        integer(c_int32_t), intent(out) :: status
        integer(c_int32_t), parameter :: OK = PLATTLI_OK

        raw = plattli_journal_options_new()
        status = plattli_journal_options_set_threshold(raw, options%threshold)
        if (status == OK) status = plattli_journal_options_set_max_object_bytes(raw, options%max_object_bytes)
        if (status == OK) status = plattli_journal_options_set_lease_expiry(raw, options%lease_expiry)
        if (status == OK) status = plattli_journal_options_set_durability(raw, options%durability)
    end subroutine

    pure function journal_is_open(self) result(yes)
        class(plattli_journal), intent(in) :: self
        logical :: yes

        yes = c_associated(held(self%owned))
    end function

    subroutine journal_append(self, event, stat, errmsg)
        !! Adds an event: one line, JSON or not. It is seen by `read` of this journal at once, and stored with others when enough
        !! of them wait. After `PLATTLI_ERR_ARGUMENT` and `PLATTLI_ERR_OVERLOADED` it was not taken; after any other failure it
        !! was, and a later call stores it.
        class(plattli_journal), intent(inout) :: self
        character(*), intent(in) :: event
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int32_t) :: status

        status = plattli_journal_append(held(self%owned), event, len_trim(event, c_size_t))
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine journal_flush(self, stat, errmsg)
        !! Stores the events that wait as one new object; without any nothing happens.
        class(plattli_journal), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_journal_flush(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine journal_read(self, events, numbers, stat, errmsg)
        !! All events as of one moment: those stored by anybody, in the order of their batches, then those that wait here.
        !! `numbers` are those of their objects, 0 of an event that waits. None after a failure.
        class(plattli_journal), intent(inout) :: self
        type(plattli_text), allocatable, intent(out) :: events(:)
        integer(int64), allocatable, intent(out), optional :: numbers(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw
        integer(int64), allocatable :: from(:)
        integer(c_int32_t) :: status

        raw = c_null_ptr
        status = plattli_journal_read(held(self%owned), raw)
        call unpack_events(raw, events, from)
        if (present(numbers)) call move_alloc(from, numbers)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine journal_follow(self, number, events, numbers, stat, errmsg)
        !! The stored events whose number is `number` or greater, which becomes the one to go on with: begin with 0. Each event
        !! comes once. None after a failure.
        class(plattli_journal), intent(inout) :: self
        integer(int64), intent(inout) :: number
        type(plattli_text), allocatable, intent(out) :: events(:)
        integer(int64), allocatable, intent(out), optional :: numbers(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw
        integer(int64), allocatable :: from(:)
        integer(c_int32_t) :: status

        raw = c_null_ptr
        status = plattli_journal_read_from(held(self%owned), number, raw)
        if (status == PLATTLI_OK) number = plattli_journal_events_next(raw)
        call unpack_events(raw, events, from)
        if (present(numbers)) call move_alloc(from, numbers)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine unpack_events(raw, events, numbers)
        ! Events of the library, which are released.
        type(c_ptr), intent(in) :: raw
        type(plattli_text), allocatable, intent(out) :: events(:)
        integer(int64), allocatable, intent(out) :: numbers(:)
        type(c_ptr) :: event
        integer(c_size_t) :: i, n
        integer(c_int32_t) :: status

        allocate(events(plattli_journal_events_len(raw)))
        allocate(numbers(size(events)))
        do i = 1, size(events, kind=c_size_t)
            event = c_null_ptr
            n = 0
            status = plattli_journal_events_get(raw, i - 1, event, n)
            events(i)%text = c_slice(event, n)
            numbers(i) = 0
            if (status == PLATTLI_OK) status = plattli_journal_events_number(raw, i - 1, numbers(i))
        end do
        call plattli_journal_events_free(raw)
    end subroutine

    subroutine journal_compact(self, stats, stat, errmsg)
        !! Makes one object of all that are there, beside any readers and writers. `PLATTLI_ERR_BUSY` if another compaction is at
        !! work, in any process.
        class(plattli_journal), intent(inout) :: self
        type(plattli_compact_stats), intent(out), optional :: stats
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(raw_compact_stats), target :: raw
        integer(c_int32_t) :: status
        integer :: i

        status = plattli_journal_compact(held(self%owned), c_loc(raw))
        if (present(stats)) then
            stats%merged = raw%merged
            stats%events = raw%events
            stats%failed_deletes = raw%failed_deletes
            stats%objects = raw%objects
            do i = 1, len(stats%key)
                if (raw%key(i) == c_null_char) exit
                stats%key(i:i) = raw%key(i)
            end do
        end if
        call settle_all(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine journal_file_count(self, count, stat, errmsg)
        !! How many objects with events there are; 0 after a failure.
        class(plattli_journal), intent(inout) :: self
        integer(int64), intent(out) :: count
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: raw
        integer(c_int32_t) :: status

        raw = 0
        status = plattli_journal_file_count(held(self%owned), raw)
        count = raw
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine journal_pending(self, count, stat, errmsg)
        !! How many events wait in this journal and are not yet stored.
        class(plattli_journal), intent(inout) :: self
        integer(int64), intent(out) :: count
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: raw
        integer(c_int32_t) :: status

        raw = 0
        status = plattli_journal_pending(held(self%owned), raw)
        count = raw
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine journal_discard(self, lost, stat, errmsg)
        !! Closes the journal without storing what waits, and says how many events that were.
        class(plattli_journal), intent(inout) :: self
        integer(int64), intent(out), optional :: lost
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t), target :: waiting
        integer(c_int32_t) :: status

        waiting = 0
        status = plattli_journal_discard(held(self%owned), c_loc(waiting))
        if (present(lost)) lost = waiting
        call settle_all(self%owned, self%kept, status, stat, errmsg)
        call hold(self%owned, c_null_ptr)
    end subroutine

    subroutine journal_close(self, stat, errmsg)
        !! Stores what waits and releases the journal, whatever it returns. A failure says how many events were not stored.
        class(plattli_journal), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_journal_close(held(self%owned)), stat, errmsg)
        call hold(self%owned, c_null_ptr)
    end subroutine

    subroutine journal_take(self, other, stat, errmsg)
        !! Takes over what `other` has, which is closed afterwards without being told so.
        class(plattli_journal), intent(inout) :: self
        class(plattli_journal), intent(inout) :: other
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call move(self%owned, self%kept, other%owned, other%kept, stat, errmsg)
    end subroutine

    pure function journal_failed(self) result(yes)
        class(plattli_journal), intent(in) :: self
        logical :: yes

        yes = self%kept%status /= PLATTLI_OK
    end function

    subroutine journal_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_journal), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        call hand_out(self%kept, stat, errmsg)
    end subroutine

    impure elemental subroutine journal_assign(self, other)
        class(plattli_journal), intent(inout) :: self
        class(plattli_journal), intent(in) :: other
        integer(c_int32_t) :: ignored
        logical :: ends

        call assigned(self%owned, self%kept, other%owned, ends)
        if (.not. ends) return
        ignored = plattli_journal_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    impure elemental subroutine journal_final(self)
        type(plattli_journal), intent(inout) :: self
        integer(c_int32_t) :: ignored

        ignored = plattli_journal_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    ! -- stream ------------------------------------------------------------------------------------------------------

    subroutine stream_open(self, dir, options, stat, errmsg)
        !! Opens the stream in the directory `dir`, which is made if it is missing, and repairs what a crash left there. One
        !! process at a time has it.
        class(plattli_stream), intent(inout) :: self
        character(*), intent(in) :: dir
        type(plattli_stream_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: raw, handle
        integer(c_int32_t) :: status

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, OPEN_ALREADY, stat, errmsg)
            return
        end if
        call forget(self%kept)
        raw = c_null_ptr
        handle = c_null_ptr
        status = PLATTLI_OK
        if (present(options)) then
            if (min(options%roll_rows, options%roll_bytes, options%roll_age, options%checkpoint, options%partition_bytes, &
                options%partition_segments, options%store_bytes, options%max_age, options%min_free_bytes, options%open_topics, &
                options%active_bytes, options%overload_wait, options%threads, options%replicate_milliseconds) < 0) then
                call report(self%kept, PLATTLI_ERR_ARGUMENT, "an option is out of range: none of them is negative", stat, errmsg)
                return
            end if
            call raw_stream_options(options, raw, status)
        end if
        if (status == PLATTLI_OK) status = plattli_stream_open(dir(:len_trim(dir))//c_null_char, raw, handle)
        call plattli_stream_options_free(raw)
        call opened(self%owned, self%kept, handle, status, stat, errmsg)
    end subroutine

    subroutine raw_stream_options(options, raw, status)
        type(plattli_stream_options), intent(in) :: options
        type(c_ptr), intent(out) :: raw
        integer(c_int32_t), intent(out) :: status
        integer(c_int32_t), parameter :: OK = PLATTLI_OK
        character(:, kind=c_char), allocatable, target :: text

        raw = plattli_stream_options_new()
        status = plattli_stream_options_set_format(raw, options%format)
        if (status == OK) status = plattli_stream_options_set_roll_rows(raw, options%roll_rows)
        if (status == OK) status = plattli_stream_options_set_roll_bytes(raw, options%roll_bytes)
        if (status == OK) status = plattli_stream_options_set_roll_age(raw, options%roll_age)
        if (status == OK) status = plattli_stream_options_set_checkpoint(raw, options%checkpoint)
        if (status == OK) status = plattli_stream_options_set_sync(raw, logical(options%sync, c_bool))
        if (status == OK) status = plattli_stream_options_set_partition_bytes(raw, options%partition_bytes)
        if (status == OK) status = plattli_stream_options_set_partition_segments(raw, options%partition_segments)
        if (status == OK) status = plattli_stream_options_set_store_bytes(raw, options%store_bytes)
        if (status == OK) status = plattli_stream_options_set_max_age(raw, options%max_age)
        if (status == OK) status = plattli_stream_options_set_min_free_bytes(raw, options%min_free_bytes)
        if (status == OK) status = plattli_stream_options_set_open_topics(raw, int(options%open_topics, c_size_t))
        if (status == OK) status = plattli_stream_options_set_active_bytes(raw, options%active_bytes)
        if (status == OK) status = plattli_stream_options_set_overload_wait(raw, options%overload_wait)
        if (status == OK) status = plattli_stream_options_set_threads(raw, int(options%threads, c_size_t))
        if (status == OK .and. allocated(options%manifest)) then
            text = trim(options%manifest)//c_null_char
            status = plattli_stream_options_set_manifest(raw, c_loc(text))
        end if
        if (status == OK .and. allocated(options%replicate)) then
            text = trim(options%replicate)//c_null_char
            status = plattli_stream_options_set_replicate(raw, c_loc(text), options%replicate_milliseconds)
        end if
        if (status == OK) status = plattli_stream_options_set_drop_waiting(raw, logical(options%drop_waiting, c_bool))
    end subroutine

    pure function stream_is_open(self) result(yes)
        class(plattli_stream), intent(in) :: self
        logical :: yes

        yes = c_associated(held(self%owned))
    end function

    subroutine stream_append_rows(self, topic, partition, time, columns, values, span, stat, errmsg)
        !! Appends rows at times in milliseconds since 1970 UTC: `values(row, column)`. All of them or none; `span` becomes
        !! the index of the first and that after the last. After `PLATTLI_ERR_OVERLOADED` the same call may be made again.
        class(plattli_stream), intent(inout) :: self
        character(*), intent(in) :: topic, partition, columns(:)
        integer(int64), intent(in) :: time(:)
        real(real64), intent(in), contiguous, target :: values(:, :)
        integer(int64), intent(out), optional, target :: span(2)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable, target :: ended(:)
        type(c_ptr), allocatable :: names(:)
        type(c_ptr) :: addresses(size(columns)), place
        integer(c_int32_t) :: status
        integer :: i

        if (size(values, 1) /= size(time) .or. size(values, 2) /= size(columns)) then
            call report(self%kept, PLATTLI_ERR_ARGUMENT, "values must have a row per time and a column per name", stat, errmsg)
            return
        end if
        call terminate(plattli_texts(columns), ended, names)
        addresses = c_null_ptr
        if (size(time) > 0) then
            do i = 1, size(columns)
                addresses(i) = c_loc(values(1, i))
            end do
        end if
        place = c_null_ptr
        if (present(span)) then
            span = 0
            place = c_loc(span)
        end if
        status = plattli_stream_append_f64(held(self%owned), topic(:len_trim(topic))//c_null_char, &
            partition(:len_trim(partition))//c_null_char, time, names, addresses, size(columns, kind=c_size_t), &
            size(time, kind=c_size_t), place)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine stream_append_row(self, topic, partition, time, columns, values, span, stat, errmsg)
        !! As `append` of several rows, for one.
        class(plattli_stream), intent(inout) :: self
        character(*), intent(in) :: topic, partition, columns(:)
        integer(int64), intent(in) :: time
        real(real64), intent(in) :: values(:)
        integer(int64), intent(out), optional :: span(2)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call stream_append_rows(self, topic, partition, [time], columns, reshape(values, [1, size(values)]), span, stat, errmsg)
    end subroutine

    subroutine stream_query(self, query, rows, page, stat, errmsg)
        !! Reads a page of rows, those that no file has yet included: see `page` for whether there are more. What `rows` had is
        !! released; it is closed after a failure.
        class(plattli_stream), intent(inout) :: self
        type(plattli_query), intent(in) :: query
        class(plattli_arrow_stream), intent(inout) :: rows
        type(plattli_page), intent(out), optional :: page
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(ArrowArrayStream) :: stream
        type(c_ptr), target :: cursor
        type(c_ptr) :: raw
        integer(c_int32_t) :: status

        cursor = c_null_ptr
        call raw_query(query, raw, status)
        if (status == PLATTLI_OK) status = plattli_stream_query(held(self%owned), raw, stream, c_loc(cursor))
        call plattli_query_free(raw)
        if (present(page) .and. status == PLATTLI_OK) call unpack_cursor(cursor, page, status)
        call plattli_cursor_free(cursor)
        call settle(self%owned, self%kept, status, stat, errmsg)
        call filled(rows, stream)
    end subroutine

    subroutine raw_query(query, raw, status)
        type(plattli_query), intent(in) :: query
        type(c_ptr), intent(out) :: raw
        integer(c_int32_t), intent(out) :: status
        integer(c_int32_t), parameter :: OK = PLATTLI_OK
        type(plattli_text), allocatable, target :: ended(:)
        type(c_ptr), allocatable :: names(:)
        character(:, kind=c_char), allocatable, target :: text

        raw = plattli_query_new()
        status = plattli_query_set_order(raw, query%order)
        if (status == OK .and. allocated(query%topic)) status = plattli_query_set_topic(raw, trim(query%topic)//c_null_char)
        if (status == OK .and. allocated(query%partitions)) then
            call terminate(query%partitions, ended, names)
            status = plattli_query_set_partitions(raw, names, size(names, kind=c_size_t))
        end if
        if (status == OK .and. allocated(query%pattern)) status = plattli_query_set_pattern(raw, trim(query%pattern)//c_null_char)
        if (status == OK .and. query%start >= 0) status = plattli_query_set_start(raw, query%start)
        if (status == OK .and. (query%from_ms > -huge(0_int64) .or. query%to_ms < huge(0_int64))) &
            status = plattli_query_set_time(raw, query%from_ms, query%to_ms)
        ! What is negative is none, and told so by the library.
        if (status == OK) status = plattli_query_set_max_rows(raw, max(query%max_rows, 0_int64))
        if (status == OK) status = plattli_query_set_max_bytes(raw, max(query%max_bytes, 0_int64))
        if (status == OK .and. allocated(query%pick)) then
            call terminate(query%pick, ended, names)
            status = plattli_query_set_pick(raw, names, size(names, kind=c_size_t))
        end if
        if (status == OK .and. allocated(query%exclude)) then
            call terminate(query%exclude, ended, names)
            status = plattli_query_set_exclude(raw, names, size(names, kind=c_size_t))
        end if
        if (status == OK .and. allocated(query%flatten)) then
            text = query%flatten//c_null_char
            status = plattli_query_set_flatten(raw, c_loc(text))
        end if
        if (status == OK) status = plattli_query_set_max_value_bytes(raw, max(query%max_value_bytes, 0_int64))
        if (status == OK) status = plattli_query_set_labels(raw, logical(query%labels, c_bool))
        if (status == OK .and. allocated(query%cursor)) &
            status = plattli_query_set_cursor(raw, query%cursor, len_trim(query%cursor, c_size_t))
    end subroutine

    subroutine unpack_cursor(cursor, page, status)
        type(c_ptr), intent(in) :: cursor
        type(plattli_page), intent(inout) :: page
        integer(c_int32_t), intent(out) :: status
        integer(c_int64_t), target :: position
        integer(c_size_t) :: i, n
        type(c_ptr), target :: name
        type(c_ptr) :: text

        n = 0
        text = c_null_ptr
        status = plattli_cursor_status(cursor, page%status)
        page%more = page%status /= PLATTLI_PAGE_ALL
        if (status == PLATTLI_OK) status = plattli_cursor_rows(cursor, page%rows)
        if (status == PLATTLI_OK) status = plattli_cursor_partition_count(cursor, n)
        allocate(page%partitions(n), page%positions(n))
        do i = 1, n
            name = c_null_ptr
            position = 0
            if (status == PLATTLI_OK) status = plattli_cursor_partition(cursor, i - 1, c_loc(name), c_loc(position))
            page%partitions(i)%text = c_text(name)
            page%positions(i) = position
        end do
        if (status == PLATTLI_OK) status = plattli_cursor_text(cursor, text)
        page%cursor = taken(text)
    end subroutine

    subroutine stream_checkpoint(self, stat, errmsg)
        !! Writes all rows taken so far and records them; reports what failed in the background since the last call.
        class(plattli_stream), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_stream_checkpoint(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine stream_retain(self, stat, errmsg)
        !! Drops what is beyond the quotas or too old.
        class(plattli_stream), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_stream_retain(held(self%owned)), stat, errmsg)
    end subroutine

    subroutine stream_replicate(self, copied, stat, errmsg)
        !! Copies the closed segments that wait for it, and says how many that were.
        class(plattli_stream), intent(inout) :: self
        integer(int64), intent(out), optional :: copied
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int64_t), target :: segments
        integer(c_int32_t) :: status

        segments = 0
        status = plattli_stream_replicate(held(self%owned), c_loc(segments))
        if (present(copied)) copied = segments
        call settle_all(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine stream_stats(self, stats, stat, errmsg)
        !! What the stream has done so far and has at the moment.
        class(plattli_stream), intent(inout) :: self
        type(plattli_stream_stats), intent(out) :: stats
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle(self%owned, self%kept, plattli_stream_get_stats(held(self%owned), stats), stat, errmsg)
    end subroutine

    subroutine stream_topics(self, names, stat, errmsg)
        !! Names of all topics, sorted, padded with blanks to the longest.
        class(plattli_stream), intent(inout) :: self
        character(:), allocatable, intent(out) :: names(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable :: list(:)
        type(c_ptr) :: strings
        integer(c_int32_t) :: status

        strings = c_null_ptr
        status = plattli_stream_topics(held(self%owned), strings)
        call unpack(strings, list)
        call pad(list, names)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine stream_partitions(self, topic, names, stat, errmsg)
        !! Names of the partitions of a topic, sorted, padded with blanks to the longest; none if there is no such topic.
        class(plattli_stream), intent(inout) :: self
        character(*), intent(in) :: topic
        character(:), allocatable, intent(out) :: names(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_text), allocatable :: list(:)
        type(c_ptr) :: strings
        integer(c_int32_t) :: status

        strings = c_null_ptr
        status = plattli_stream_partitions(held(self%owned), topic(:len_trim(topic))//c_null_char, strings)
        call unpack(strings, list)
        call pad(list, names)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine stream_warnings(self, texts, stat, errmsg)
        !! What was found broken when the stream was opened or a partition recovered, and how it was mended.
        class(plattli_stream), intent(inout) :: self
        type(plattli_text), allocatable, intent(out) :: texts(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: strings
        integer(c_int32_t) :: status

        strings = c_null_ptr
        status = plattli_stream_warnings(held(self%owned), strings)
        call unpack(strings, texts)
        call settle(self%owned, self%kept, status, stat, errmsg)
    end subroutine

    subroutine stream_close(self, stat, errmsg)
        !! Writes all rows, closes all segments and releases the stream, whatever it returns.
        class(plattli_stream), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call settle_all(self%owned, self%kept, plattli_stream_close(held(self%owned)), stat, errmsg)
        call hold(self%owned, c_null_ptr)
    end subroutine

    subroutine stream_take(self, other, stat, errmsg)
        !! Takes over what `other` has, which is closed afterwards without being told so.
        class(plattli_stream), intent(inout) :: self
        class(plattli_stream), intent(inout) :: other
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call move(self%owned, self%kept, other%owned, other%kept, stat, errmsg)
    end subroutine

    pure function stream_failed(self) result(yes)
        class(plattli_stream), intent(in) :: self
        logical :: yes

        yes = self%kept%status /= PLATTLI_OK
    end function

    subroutine stream_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_stream), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        call hand_out(self%kept, stat, errmsg)
    end subroutine

    impure elemental subroutine stream_assign(self, other)
        class(plattli_stream), intent(inout) :: self
        class(plattli_stream), intent(in) :: other
        integer(c_int32_t) :: ignored
        logical :: ends

        call assigned(self%owned, self%kept, other%owned, ends)
        if (.not. ends) return
        ignored = plattli_stream_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    impure elemental subroutine stream_final(self)
        type(plattli_stream), intent(inout) :: self
        integer(c_int32_t) :: ignored

        ignored = plattli_stream_close(held(self%owned))
        call hold(self%owned, c_null_ptr)
    end subroutine

    ! -- the library -------------------------------------------------------------------------------------------------

    subroutine plattli_import(log, run_dir, options, imported, stat, errmsg)
        !! Turns the JSON-lines file `log` into the finished run `run_dir/metrics.plattli`. After an error nothing is left
        !! of the new run. There is nobody to keep a failure: ask for `stat`.
        character(*), intent(in) :: log, run_dir
        type(plattli_import_options), intent(in), optional :: options
        type(plattli_import_report), intent(out), optional :: imported
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_import_report), target :: answer
        type(failure) :: nobody
        type(c_ptr) :: raw
        integer(c_int32_t) :: status

        raw = c_null_ptr
        status = PLATTLI_OK
        if (present(options)) call raw_import_options(options, raw, status)
        if (status == PLATTLI_OK) status = plattli_import_jsonl(log(:len_trim(log))//c_null_char, &
            run_dir(:len_trim(run_dir))//c_null_char, raw, c_loc(answer))
        call plattli_import_options_free(raw)
        if (present(imported)) imported = answer
        if (status == PLATTLI_OK) then
            if (present(stat)) stat = PLATTLI_OK
        else
            call report(nobody, status, c_text(plattli_last_error()), stat, errmsg)
        end if
    end subroutine

    subroutine raw_import_options(options, raw, status)
        type(plattli_import_options), intent(in) :: options
        type(c_ptr), intent(out) :: raw
        integer(c_int32_t), intent(out) :: status
        type(plattli_text), allocatable, target :: ended(:)
        type(c_ptr), allocatable :: pointers(:)

        raw = plattli_import_options_new()
        status = plattli_import_options_set_allow_rewinds(raw, logical(options%allow_rewinds, c_bool))
        if (status == PLATTLI_OK) status = plattli_import_options_set_overwrite(raw, logical(options%overwrite, c_bool))
        if (status == PLATTLI_OK) status = plattli_import_options_set_double(raw, logical(options%double, c_bool))
        if (status == PLATTLI_OK) &
            status = plattli_import_options_set_skip_torn_tail(raw, logical(options%skip_torn_tail, c_bool))
        if (status /= PLATTLI_OK .or. .not. allocated(options%skip_columns)) return
        call terminate(options%skip_columns, ended, pointers)
        status = plattli_import_options_set_skip_columns(raw, pointers, size(pointers, kind=c_size_t))
    end subroutine

    function plattli_status_text(status) result(text)
        !! The name of a status code, such as `"PLATTLI_ERR_IO"`.
        integer, intent(in) :: status
        character(:), allocatable :: text

        text = c_text(plattli_status_name(int(status, c_int32_t)))
    end function

    function plattli_version_text() result(text)
        !! The version of the library, `"major.minor.patch"`.
        character(:), allocatable :: text

        text = c_text(plattli_version_string())
    end function
end module plattli
