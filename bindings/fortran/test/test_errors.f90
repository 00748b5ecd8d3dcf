program test_errors
    !! Every error code that can be produced, and where errors go: to `stat` and `errmsg`, or kept until asked for.
    use, intrinsic :: iso_c_binding
    use, intrinsic :: iso_fortran_env, only: int32, int64, real64
    use check
    use plattli
    use plattli_raw, only: plattli_has_feature, plattli_last_error_copy, plattli_read_f64, plattli_reader_close, &
        plattli_reader_open
    implicit none

    interface
        function c_fork() bind(c, name="fork") result(pid)
            import
            integer(c_int) :: pid
        end function
        function c_waitpid(pid, status, options) bind(c, name="waitpid") result(who)
            import
            integer(c_int), value :: pid, options
            integer(c_int), intent(out) :: status
            integer(c_int) :: who
        end function
        function c_raise(signal) bind(c, name="raise") result(status)
            import
            integer(c_int), value :: signal
            integer(c_int) :: status
        end function
    end interface

    call the_library_says_who_it_is
    call the_first_error_of_a_step_is_returned_by_its_end
    call without_stat_errors_are_kept_and_nothing_is_held_up
    call errors_that_a_run_on_disk_can_make
    call a_buffer_may_be_too_small
    call an_overloaded_writer_sheds
    call a_forked_child_is_refused
    call what_is_closed_says_so
    call errmsg_is_cut_between_characters
    call done("test_errors")

contains

    subroutine the_library_says_who_it_is
        character(32) :: text

        write(text, "(i0, 2(a, i0))") plattli_version() / 65536, ".", mod(plattli_version() / 256, 256), ".", &
            mod(plattli_version(), 256)
        call expect(plattli_version_text() == text, plattli_version_text())
        call expect(plattli_status_text(PLATTLI_ERR_UNSUPPORTED) == "PLATTLI_ERR_UNSUPPORTED", "names of codes")
        call expect(plattli_status_text(PLATTLI_ERR_INTERNAL) == "PLATTLI_ERR_INTERNAL", "names of codes")
        call expect(plattli_status_text(-5) == "PLATTLI_ERR_UNKNOWN", "a code that is none")
        call features
    end subroutine

    subroutine features
        character(kind=c_char), target :: run(4)

        run = ["r", "u", "n", c_null_char]
        call expect(logical(plattli_has_feature(c_loc(run))), "feature run")
        call expect(.not. logical(plattli_has_feature(c_null_ptr)), "feature NULL")
    end subroutine

    subroutine the_first_error_of_a_step_is_returned_by_its_end
        type(plattli_writer) :: run
        integer :: stat
        character(200) :: why

        why = "untouched"
        call run%open(path("first"), stat=stat, errmsg=why)
        call expect(why == "untouched", "errmsg is set on failure only")
        call run%write("x", 1, stat=stat)
        call run%write("x", 2, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "twice in a step")
        call expect_text(why, "x")
        call run%write("../x", 2, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "an illegal name")
        call run%write("", 2, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no name")
        call run%write_json("y", "{", stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no JSON")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "the first error of the step")
        call run%write("x", 3)
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "the next step is a new one")
        call run%write("x", "text", stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "text for an integer")
        call run%write("x", 0.5, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "half an integer")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "an error of a step")
        call expect(.not. run%failed(), "with stat nothing is kept")
    end subroutine

    subroutine without_stat_errors_are_kept_and_nothing_is_held_up
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        integer :: stat
        integer(int64) :: rows
        real(real64), allocatable :: values(:)
        character(200) :: why

        call run%open(path("kept"))
        call run%write("x", 1)
        call run%write("x", 2)
        call run%write("/", 2)
        call run%write("y", 1)
        call run%end_step()
        call expect(run%failed(), "the failure is kept")
        call run%write("x", 2, stat=stat)
        call expect_status(stat, PLATTLI_OK, "a write reports for itself")
        call run%end_step(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "a later end of a step hands it out")
        call expect_text(why, "x")
        call expect(.not. run%failed(), "and forgets it")
        call run%set_step(0)
        call run%check(stat, why)
        call expect_status(stat, PLATTLI_ERR_STATE, "check hands it out")
        call run%check(stat)
        call expect_status(stat, PLATTLI_OK, "once")
        call run%set_step(0)
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "close hands it out")
        call reader%open(path("kept"))
        call reader%rows("y", rows)
        call expect(rows == 1, "what was valid was recorded")
        call reader%read("absent", values)
        call expect(size(values) == 0, "no values")
        call expect(reader%failed(), "a reader keeps its failures as well")
        call reader%check(stat, why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "an unknown metric")
        call expect_text(why, "absent")

        call run%open("/proc/none/run")
        call run%write("x", 1)
        call run%end_step()
        call run%finish(stat=stat, errmsg=why)
        call expect(stat /= PLATTLI_OK .and. stat /= PLATTLI_ERR_STATE, "the failure to open explains the rest")
        call expect_text(why, "/proc/none")
    end subroutine

    subroutine errors_that_a_run_on_disk_can_make
        type(plattli_writer) :: run, second
        type(plattli_reader) :: reader
        integer :: stat
        character(300) :: why
        logical, allocatable :: flags(:)
        character(:), allocatable :: texts(:), json
        integer(int64), allocatable :: steps(:)

        call reader%open(path("nowhere"), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "no run")
        call expect_text(why, "nowhere")
        call run%open(path("busy"), plattli_writer_options(config="{"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a configuration that is none")
        call run%open(path("busy"))
        call run%open(path("other"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one writer, one run")
        call second%open(path("busy"), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_BUSY, "a second writer")
        call run%write("x", 1)
        call run%write("flag", .true.)
        call run%write("word", "yes")
        call run%end_step()
        call run%finish()
        call run%close()
        call run%open(path("busy"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_EXISTS, "a finished run")
        call run%open(path("busy"), plattli_writer_options(reopen_finished=.true.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "unpacked and continued")
        call run%finish(plattli_finish_options(config_overrides="7"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "overrides that are no object")
        call run%close()

        call reader%open(path("busy"))
        call reader%open(path("busy"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one reader, one run")
        call reader%read("word", flags, steps, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a word is no logical")
        call expect_text(why, '"yes"')
        call expect(size(flags) == 0 .and. size(steps) == 0, "nothing came")
        call reader%read("flag", texts, steps, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a logical is no text")
        call expect(size(texts) == 0 .and. size(steps) == 0, "nothing came")
        call reader%read("x", texts, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a number is no text")
        call reader%close()

        call write_file(path("file"), "in the way")
        call run%open(path("file/run"), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_IO, "a file in the way")
        call expect_text(why, "file")

        call run%open(path("corrupt"))
        call run%close()
        call write_file(path("corrupt/plattli/plattli.json"), "rubbish")
        call run%open(path("corrupt"), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_CORRUPT, "a broken manifest")
        call expect_text(why, "plattli.json")

        call run%open(path("plain"))
        call run%write("x", 1)
        call run%end_step()
        call reader%open(path("plain"))
        call reader%config(json, stat=stat)
        call expect(stat == PLATTLI_OK .or. stat == PLATTLI_ERR_NOT_FOUND, "a run that was given no configuration")
    end subroutine

    subroutine a_buffer_may_be_too_small
        type(c_ptr) :: reader
        integer(c_int32_t) :: status
        integer(c_size_t) :: n, length
        character(16, kind=c_char) :: start
        real(c_double), target :: values(2)

        reader = c_null_ptr
        n = 0
        status = plattli_reader_open(path("kept")//c_null_char, c_null_ptr, reader)
        call expect_status(status, PLATTLI_OK, "open")
        status = plattli_read_f64(reader, "x"//c_null_char, c_null_ptr, c_null_ptr, c_null_ptr, 0_c_size_t, n)
        call expect_status(status, PLATTLI_ERR_BUFFER, "no room")
        call expect(n == 2, "so many are needed")
        status = plattli_read_f64(reader, "x"//c_null_char, c_null_ptr, c_null_ptr, c_loc(values), 2_c_size_t, n)
        call expect_status(status, PLATTLI_OK, "room")
        call expect(all(values == [1, 2]), "values in memory of the program")
        status = plattli_read_f64(reader, "absent"//c_null_char, c_null_ptr, c_null_ptr, c_null_ptr, 0_c_size_t, n)
        length = plattli_last_error_copy(start, 16_c_size_t)
        call expect(length > 15 .and. start(16:16) == c_null_char, "a text that was cut")
        call plattli_reader_close(reader)
    end subroutine

    subroutine an_overloaded_writer_sheds
        type(plattli_writer) :: run
        type(plattli_writer_stats) :: stats
        integer :: stat
        integer(int64) :: step

        call run%open(path("shed"), plattli_writer_options(overload=PLATTLI_OVERLOAD_SHED, hotsize=1))
        stat = PLATTLI_OK
        step = 0
        do while (stat == PLATTLI_OK .and. step < 2000000)
            call run%set_step(step) ! irregular steps keep compaction busy
            call run%write("x", step)
            call run%end_step(stat=stat)
            step = step + 1 + mod(step, 7_int64)
        end do
        call expect_status(stat, PLATTLI_ERR_OVERLOADED, "a step that was shed")
        call run%stats(stats)
        call expect(stats%shed_steps == 1, "and counted")
    end subroutine

    subroutine a_forked_child_is_refused
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        integer(c_int) :: child, status, who
        integer(c_int), parameter :: SIGKILL = 9, SIGTERM = 15
        integer :: stat(4)
        integer(int64) :: rows

        call run%open(path("forked"))
        call run%write("x", 1)
        call run%end_step()
        call reader%open(path("forked"))
        child = c_fork()
        if (child == 0) then
            call run%write("x", 2, stat=stat(1))
            call run%end_step(stat=stat(2))
            call reader%rows("x", rows, stat=stat(3))
            call run%close(stat=stat(4))
            call reader%close()
            ! A child has no business with what happens at the end of the program, so it does not get there.
            who = c_raise(merge(SIGKILL, SIGTERM, all(stat == PLATTLI_ERR_FORKED)))
        end if
        who = c_waitpid(child, status, 0_c_int)
        call expect(who == child .and. status == SIGKILL, "each call in the child is refused")
        call run%write("x", 2)
        call run%end_step(stat=stat(1))
        call expect_status(stat(1), PLATTLI_OK, "the parent goes on")
    end subroutine

    subroutine what_is_closed_says_so
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        type(plattli_writer_stats) :: stats
        type(plattli_metric_info) :: info
        type(plattli_column) :: column
        integer :: stat
        integer(int32) :: id
        integer(int64) :: long
        character(100) :: why
        character(:), allocatable :: texts(:), text

        call expect(.not. run%is_open(), "no run yet")
        call run%write("x", 1, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "write without a run")
        call expect_text(why, "not open")
        call run%metric("x", PLATTLI_F64, id, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "metric")
        call run%put(id, 1, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "put")
        call run%step(long, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "step")
        call run%set_step(1, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "set_step")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "end_step")
        call run%flush(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "flush")
        call run%sync(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "sync")
        call run%set_config("{}", stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "set_config")
        call run%stats(stats, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "stats")
        call run%warnings(texts, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "warnings")
        call run%finish(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "finish")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call reader%refresh(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "refresh")
        call reader%metrics(texts, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "metrics")
        call reader%info("x", info, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "info")
        call reader%rows("x", long, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "rows")
        call reader%config(text, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "config")
        call reader%when_exported(text, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "when_exported")
        call reader%warnings(texts, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "warnings of a reader")
        call reader%column("x", column, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "column")
        call expect(size(column%steps) == 0, "no rows")
    end subroutine

    subroutine errmsg_is_cut_between_characters
        type(plattli_reader) :: reader
        character(400) :: whole
        character(:), allocatable :: part
        integer :: n, stat, last

        call reader%open(path("ünïcödé"), stat=stat, errmsg=whole)
        do n = 0, len_trim(whole)
            allocate(character(n) :: part)
            call reader%open(path("ünïcödé"), stat=stat, errmsg=part)
            last = len_trim(part)
            call expect(part(:last) == whole(:last), "a part of the whole")
            call expect(iand(ichar(whole(last + 1:last + 1)), 192) /= 128, "no half of a character")
            call expect(n - last < 5, "no more cut than must be")
            deallocate(part)
        end do
    end subroutine

end program test_errors
