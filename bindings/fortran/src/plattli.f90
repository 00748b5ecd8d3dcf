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
        integer(c_int64_t) :: caller_ns_total = 0 !! Nanoseconds spent in ending steps and flushing.
        integer(c_int64_t) :: caller_ns_max = 0 !! The longest of those calls, in nanoseconds.
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
    end interface
end module plattli_raw


module plattli
    !! Metrics of a simulation, from Fortran.
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
    !! with the writer or reader: `failed()` tells, `check` hands it out and forgets it, and so does the next `end_step`,
    !! `flush`, `sync`, `finish`, `close` or `refresh` with `stat` that has no failure of its own. A kept failure holds
    !! nothing up: later values are recorded all the same.
    !!
    !! **Ownership.** A writer or reader that goes out of scope is closed, quietly; it is never finished. Variables of
    !! the main program do not go out of scope: close them. Nothing makes a second owner: assignment closes the variable
    !! on the left, which says so; `allocate(..., source=)` and `value` make variables without a run. `call new%take(old)`
    !! moves a run. (Assigning to a variable that *contains* a writer with a run: close that first. gfortran 12 hands its
    !! finalizers a copy, which is not the owner and closes nothing; the run then stays open until the program ends.)
    !!
    !! **Text.** Trailing blanks of names, paths and values are not part of them.
    !!
    !! **Steps** run to 4294967295 and are therefore `int64` where they come out in arrays.
    use, intrinsic :: iso_c_binding, only: c_associated, c_bool, c_char, c_double, c_f_pointer, c_float, c_int32_t, c_int64_t, &
        c_loc, c_null_char, c_null_ptr, c_ptr, c_size_t
    use, intrinsic :: iso_fortran_env, only: int8, int16, int32, int64, real32, real64
    use plattli_raw, raw_metric_info => plattli_metric_info
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
    public :: plattli_import, plattli_import_options, plattli_import_report
    public :: plattli_version, plattli_status_text, plattli_version_text

    integer(int64), parameter :: STEPS = 4294967296_int64 ! that a run can have
    integer(int32), parameter :: NO_METRIC = -1

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
        procedure, non_overridable :: close => reader_close !! Releases the reader.
        procedure, non_overridable :: take => reader_take !! Takes the run of another reader over.
        procedure, non_overridable :: failed => reader_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => reader_check !! Hands out the kept failure and forgets it.
        generic :: assignment(=) => reader_assign
        procedure, private :: reader_assign
        procedure, private :: read_real32, read_real64, read_int32, read_int64, read_logical, read_text
        final :: reader_final
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
                call report(kept, PLATTLI_ERR_STATE, "this writer or reader is not open", stat, errmsg)
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

    subroutine unquote(json, text, valid)
        ! The text of a JSON string in the one spelling that the library writes and reads back: short escapes, \u00xx for
        ! other control characters, everything else as it is.
        character(*), intent(in) :: json
        character(:), allocatable, intent(out) :: text
        logical, intent(out) :: valid
        character(*), parameter :: SHORT = 'bfnrt"\', HEX = "0123456789abcdef"
        character(7) :: meaning
        integer :: i, n, which

        meaning = char(8)//char(12)//char(10)//char(13)//char(9)//'"\'
        valid = len(json) >= 2
        if (valid) valid = json(1:1) == '"'
        text = ""
        if (.not. valid) return
        text = repeat(" ", len(json))
        n = 0
        i = 2
        do while (i < len(json))
            n = n + 1
            if (json(i:i) /= "\") then
                text(n:n) = json(i:i)
                i = i + 1
            else if (json(i + 1:i + 1) == "u") then
                text(n:n) = char(16 * (index(HEX, json(i + 4:i + 4)) - 1) + index(HEX, json(i + 5:i + 5)) - 1)
                i = i + 6
            else
                which = index(SHORT, json(i + 1:i + 1))
                text(n:n) = meaning(which:which)
                i = i + 2
            end if
        end do
        text = text(:n)
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
            call report(self%kept, PLATTLI_ERR_STATE, "this writer has a run already: close it first", stat, errmsg)
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
        call hold(self%owned, handle)
        if (status == PLATTLI_OK) then
            if (present(stat)) stat = PLATTLI_OK
        else
            call report(self%kept, status, c_text(plattli_last_error()), stat, errmsg)
        end if
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
            call append(list, c_slice(plattli_string_data(string), plattli_string_len(string)))
            call plattli_string_free(string)
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

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, "this writer has a run already: close it first", stat, errmsg)
            return
        end if
        call hold(self%owned, held(other%owned))
        self%kept = other%kept
        call hold(other%owned, c_null_ptr)
        call forget(other%kept)
        if (present(stat)) stat = PLATTLI_OK
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

        if (c_associated(other%owned%handle)) then
            if (c_associated(held(self%owned), other%owned%handle)) return ! to itself, by way of a copy
            call keep(self%kept, PLATTLI_ERR_STATE, "a writer cannot be copied: to move its run, call new%take(old)")
        else
            call forget(self%kept)
        end if
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
            call report(self%kept, PLATTLI_ERR_STATE, "this reader has a run already: close it first", stat, errmsg)
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
        call hold(self%owned, handle)
        if (status == PLATTLI_OK) then
            if (present(stat)) stat = PLATTLI_OK
        else
            call report(self%kept, status, c_text(plattli_last_error()), stat, errmsg)
        end if
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

        if (c_associated(held(self%owned))) then
            call report(self%kept, PLATTLI_ERR_STATE, "this reader has a run already: close it first", stat, errmsg)
            return
        end if
        call hold(self%owned, held(other%owned))
        self%kept = other%kept
        call hold(other%owned, c_null_ptr)
        call forget(other%kept)
        if (present(stat)) stat = PLATTLI_OK
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

        if (c_associated(other%owned%handle)) then
            if (c_associated(held(self%owned), other%owned%handle)) return ! to itself, by way of a copy
            call keep(self%kept, PLATTLI_ERR_STATE, "a reader cannot be copied: to move its run, call new%take(old)")
        else
            call forget(self%kept)
        end if
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
        integer :: i

        raw = plattli_import_options_new()
        status = plattli_import_options_set_allow_rewinds(raw, logical(options%allow_rewinds, c_bool))
        if (status == PLATTLI_OK) status = plattli_import_options_set_overwrite(raw, logical(options%overwrite, c_bool))
        if (status == PLATTLI_OK) status = plattli_import_options_set_double(raw, logical(options%double, c_bool))
        if (status == PLATTLI_OK) &
            status = plattli_import_options_set_skip_torn_tail(raw, logical(options%skip_torn_tail, c_bool))
        if (status /= PLATTLI_OK .or. .not. allocated(options%skip_columns)) return
        allocate(ended(size(options%skip_columns)), pointers(size(options%skip_columns)))
        do i = 1, size(ended)
            ended(i)%text = options%skip_columns(i)%text//c_null_char
            pointers(i) = c_loc(ended(i)%text)
        end do
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
