program test_writer
    !! Writing through the face: every type by name and by number, steps, configuration, statistics, finishing.
    use, intrinsic :: iso_c_binding, only: c_bool
    use, intrinsic :: iso_fortran_env, only: int8, int16, int32, int64, real32, real64
    use check
    use plattli
    implicit none

    call every_type_by_name_and_by_number
    call rows_are_kept_whole
    call steps_move_forward_only
    call the_configuration_can_be_replaced
    call every_option_is_taken
    call a_run_continues_where_it_was_told
    call finishing_is_not_closing
    call what_was_mended_is_told
    call done("test_writer")

contains

    subroutine every_type_by_name_and_by_number
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        integer(int32) :: id(15)
        integer :: i, stat
        character(20) :: text
        real(real64), allocatable :: reals(:)
        real(real32), allocatable :: singles(:)
        integer(int64), allocatable :: integers(:), steps(:)
        integer(int32), allocatable :: small(:)
        logical, allocatable :: flags(:)
        character(:), allocatable :: texts(:)
        type(plattli_column) :: column

        call run%open(path("types"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        call expect(run%is_open(), "the run is open")
        text = "two words   "
        call run%write("f32", 0.5_real32)
        call run%write("f64 ", 0.1_real64)
        call run%write("i8", -8_int8)
        call run%write("i16", -16_int16)
        call run%write("i32", -32_int32)
        call run%write("i64", -64_int64)
        call run%write_unsigned("u8", -1_int8)
        call run%write_unsigned("u16", -1_int16)
        call run%write_unsigned("u32", -1_int32)
        call run%write_unsigned("u64", -1_int64)
        call run%write("logical", .true.)
        call run%write("bool", .false._c_bool)
        call run%write("text", text)
        call run%write_json("json", '{"a": [1, 2]}')
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "a step of every type by name")
        call run%metric("f32", PLATTLI_F32, id(1))
        call run%metric("f64", PLATTLI_F64, id(2))
        call run%metric("i8", PLATTLI_I8, id(3))
        call run%metric("i16", PLATTLI_I16, id(4))
        call run%metric("i32", PLATTLI_I32, id(5))
        call run%metric("i64", PLATTLI_I64, id(6))
        call run%metric("u8", PLATTLI_U8, id(7))
        call run%metric("u16", PLATTLI_U16, id(8))
        call run%metric("u32", PLATTLI_U32, id(9))
        call run%metric("u64", PLATTLI_U64, id(10))
        call run%metric("logical", PLATTLI_JSON, id(11))
        call run%metric("bool", PLATTLI_JSON, id(12))
        call run%metric("text", PLATTLI_JSON, id(13))
        call run%metric("json", PLATTLI_JSON, id(14))
        call run%metric("text", PLATTLI_JSON, id(15))
        call expect(id(15) == id(13), "the same number for the same name")
        call run%put(id(1), -2.5_real32)
        call run%put(id(2), -0.2_real64)
        call run%put(id(3), 8_int8)
        call run%put(id(4), 16_int16)
        call run%put(id(5), 32_int32)
        call run%put(id(6), 64_int64)
        call run%put_unsigned(id(7), 1_int8)
        call run%put_unsigned(id(8), 1_int16)
        call run%put_unsigned(id(9), 1_int32)
        call run%put_unsigned(id(10), 1_int64)
        call run%put(id(11), .false.)
        call run%put(id(12), .true._c_bool)
        call run%put(id(13), 'quo"te, \, tab'//char(9)//", bell"//char(7)//", é")
        call run%put_json(id(14), "null")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "a step of every type by number")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call expect(.not. run%failed(), "nothing went wrong")

        call reader%open(path("types"))
        call reader%read("f32", singles)
        call expect(all(singles == [0.5_real32, -2.5_real32]), "f32")
        call reader%read("f64", reals, steps)
        call expect(all(reals == [0.1_real64, -0.2_real64]), "f64")
        call expect(all(steps == [0, 1]), "steps")
        do i = 1, 4
            text = ""
            write(text, "(a, i0)") "i", 2**(i + 2)
            call reader%read(trim(text), integers)
            call expect(all(integers == [-1, 1] * 2**(i + 2)), trim(text))
        end do
        call reader%read("i32", small)
        call expect(all(small == [-32, 32]), "i32 as int32")
        call reader%read("u8", integers)
        call expect(all(integers == [255, 1]), "u8")
        call reader%read("u16", integers)
        call expect(all(integers == [65535, 1]), "u16")
        call reader%read("u32", integers)
        call expect(all(integers == [4294967295_int64, 1_int64]), "u32")
        call reader%read_unsigned("u64", integers)
        call expect(all(integers == [-1, 1]), "u64, bits")
        call reader%read("u64", integers, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "2**64 - 1 as int64")
        call expect(size(integers) == 0, "no values after a failure")
        call reader%read("logical", flags)
        call expect(flags(1) .and. .not. flags(2), "logical")
        call reader%read("bool", flags)
        call expect(flags(2) .and. .not. flags(1), "logical of kind c_bool")
        call reader%read("text", texts)
        call expect(texts(1) == "two words", "trailing blanks are not part of text")
        call expect(texts(2) == 'quo"te, \, tab'//char(9)//", bell"//char(7)//", é", "text with escapes")
        call reader%column("json", column)
        call expect(size(column%json) == 2, "two JSON values")
        call expect(column%json(1)%text == '{"a": [1, 2]}' .or. column%json(1)%text == '{"a":[1,2]}', column%json(1)%text)
        call expect(column%json(2)%text == "null", "null")
        call expect(.not. reader%failed(), "nothing went wrong in reading")
    end subroutine

    subroutine rows_are_kept_whole
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        integer(int32) :: id(3)
        integer :: stat
        real(real64), allocatable :: values(:)
        real(real64) :: many(6)

        many = [1, 2, 3, 4, 5, 6]
        call run%open(path("rows"))
        call run%metric("a", PLATTLI_F64, id(1))
        call run%metric("b", PLATTLI_F64, id(2))
        call run%metric("c", PLATTLI_F32, id(3))
        call run%put_row(id, many(2::2), stat=stat)
        call expect_status(stat, PLATTLI_OK, "every other element")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "end of a row")
        call run%put_row(id, [7.0_real32, 8.0_real32, 9.0_real32], stat=stat)
        call expect_status(stat, PLATTLI_OK, "a row of singles")
        call run%end_step()
        call run%put_row(id(:2), many, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "six values for two metrics")
        call run%put_row(id(:2), [real(real32) ::], stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no single for two metrics")
        call run%put_row(id(:0), many(:0), stat=stat)
        call expect_status(stat, PLATTLI_OK, "nothing for nobody")
        call run%put_row([id(1), 77], many(:2), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a number never given out")
        call run%close()
        call reader%open(path("rows"))
        call reader%read("b", values)
        call expect(size(values) == 2, "two rows of b")
        call expect(all(values == [4, 8]), "b")
        call reader%read("c", values)
        call expect(all(values == [6, 9]), "c")
    end subroutine

    subroutine steps_move_forward_only
        type(plattli_writer) :: run
        integer :: stat
        integer(int32) :: step
        integer(int64) :: long
        character(100) :: why

        call run%open(path("steps"))
        call run%step(step)
        call expect(step == 0, "the first step is 0")
        call run%set_step(5)
        call run%write("x", 1.0)
        call run%set_step(7, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "in the middle of a step")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "step 5")
        call run%step(long)
        call expect(long == 6, "after 5 comes 6")
        call run%set_step(3, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "back")
        call run%set_step(-1, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "below 0")
        call expect_text(why, "4294967295")
        call run%set_step(4294967296_int64, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "beyond the last")
        call run%set_step(4294967295_int64, stat=stat)
        call expect_status(stat, PLATTLI_OK, "the last")
        call run%step(step, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a step beyond int32")
        call expect_text(why, "int64")
        call expect(step == 0, "outputs keep their value")
        call run%step(long)
        call expect(long == 4294967295_int64, "the last step as int64")
        call run%write("x", 2.0)
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "the last step ends")
        call run%step(long, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "no step after the last")
        call run%close()
    end subroutine

    subroutine the_configuration_can_be_replaced
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        character(:), allocatable :: json, time
        integer :: stat

        call run%open(path("config"), plattli_writer_options(config='{"dt": 0.1}'))
        call run%write("x", 1)
        call run%end_step()
        call reader%open(path("config"))
        call reader%config(json)
        call expect(json == '{"dt": 0.1}', json)
        call run%set_config('{"dt": 0.2}', stat=stat)
        call expect_status(stat, PLATTLI_OK, "set_config")
        call run%set_config("{", stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no JSON")
        call run%write("x", 1)
        call run%flush(stat=stat)
        call expect_status(stat, PLATTLI_OK, "flush")
        call run%end_step()
        call run%sync(stat=stat)
        call expect_status(stat, PLATTLI_OK, "sync")
        call run%finish(plattli_finish_options(config_overrides='{"state": "done"}'), stat=stat)
        call expect_status(stat, PLATTLI_OK, "finish")
        call run%close()
        call reader%refresh(stat=stat)
        call expect_status(stat, PLATTLI_OK, "refresh")
        call reader%config(json)
        call expect(json == '{"dt": 0.2, "state": "done"}', json)
        call reader%when_exported(time)
        call expect(len(time) == 20, time)
    end subroutine

    subroutine every_option_is_taken
        type(plattli_writer) :: run
        type(plattli_writer_options) :: options
        integer :: stat
        character(200) :: why

        options%layout = PLATTLI_DIRECT
        options%durability = PLATTLI_DURABLE_SYSTEM
        options%sync_steps = 2
        options%sync_milliseconds = 1000
        options%hotsize = 3
        options%overload = PLATTLI_OVERLOAD_SHED
        options%threads = 0
        options%nice = 5
        allocate(options%affinity(0))
        options%on_io_error = PLATTLI_IO_FAIL
        options%lock = .false.
        options%strict = .true.
        options%config_path = "setup.json  "
        options%config = "{}"
        call run%open(path("options"), options, stat=stat)
        call expect_status(stat, PLATTLI_OK, "all options at once")
        call run%close()
        options%layout = 77
        call run%open(path("options"), options, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a layout that is none")
        call expect_text(why, "77")
        call run%open(path("options"), plattli_writer_options(hotsize=0), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "an empty log")
        call run%open(path("options"), plattli_writer_options(threads=-1), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "fewer than no threads")
        call run%open(path("options"), plattli_writer_options(nice=20), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "nicer than nice")
        call run%open(path("options"), plattli_writer_options(affinity=[1023]), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a processor that is not there")
        call expect_text(why, "1023")
        call run%open(path("bulk"), plattli_writer_options(layout=PLATTLI_BULK))
        call run%write("x", 1)
        call run%end_step()
        call run%finish(stat=stat)
        call expect_status(stat, PLATTLI_OK, "finish of a bulk run")
        call run%close()
        call run%open(path("bulk"), plattli_writer_options(layout=PLATTLI_BULK, overwrite=.true.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "overwrite")
        call run%close()
    end subroutine

    subroutine a_run_continues_where_it_was_told
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        integer :: i, stat
        integer(int64) :: rows
        type(plattli_metric_info) :: info

        call run%open(path("continued"))
        do i = 0, 9
            call run%write("x", i)
            call run%end_step()
        end do
        call run%close()
        call run%open(path("continued"), plattli_writer_options(step=4), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open again at a step")
        call run%write("x", -4)
        call run%end_step()
        call run%finish()
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "all of it")
        call reader%open(path("continued"))
        call reader%rows("x", rows)
        call expect(rows == 5, "rows beyond the step are gone")
        call reader%info("x", info)
        call expect(info%rows == 5 .and. info%first_step == 0 .and. info%last_step == 4, "steps of x")
        call expect(info%dtype == PLATTLI_I8, "integers are narrowed")
        call expect(info%monotonic == 0, "up and down")
    end subroutine

    subroutine finishing_is_not_closing
        type(plattli_writer) :: run
        type(plattli_writer_stats) :: stats
        integer :: stat

        call run%open(path("finished"))
        call run%write("x", 1)
        call run%end_step()
        call run%finish(plattli_finish_options(optimize=.false., archive=.false.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "finish without an archive")
        call run%write("x", 2, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "a finished run takes no values")
        call run%stats(stats, stat=stat)
        call expect_status(stat, PLATTLI_OK, "statistics of a finished run")
        call expect(stats%steps == 1 .and. stats%rows == 1 .and. stats%io_errors == 0, "one step, one row")
        call expect(stats%bytes_written > 0, "bytes")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close again")
        call expect(exists(path("finished/plattli/x.i32")), "the column keeps its type")
    end subroutine

    subroutine what_was_mended_is_told
        type(plattli_writer) :: run
        character(:), allocatable :: texts(:)
        integer :: stat

        call broken_log(path("mended"))
        call run%open(path("mended"))
        call run%warnings(texts, stat=stat)
        call expect_status(stat, PLATTLI_OK, "warnings")
        call expect(size(texts) >= 1, "a warning")
        if (size(texts) >= 1) call expect_text(texts(1), "hot.jsonl")
        call run%close()
    end subroutine

    subroutine broken_log(folder)
        !! A run with a broken line in the middle of its log.
        character(*), intent(in) :: folder
        type(plattli_writer) :: run

        call run%open(folder)
        call run%write("x", 1)
        call run%end_step()
        call run%close()
        call write_file(folder//"/plattli/hot.jsonl", '{"step":0,"x":1}'//new_line("a")//"rubbish"//new_line("a")// &
            '{"step":2,"x":1}'//new_line("a"))
    end subroutine

end program test_writer
