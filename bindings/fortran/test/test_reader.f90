program test_reader
    !! Reading through the face: lists, selections, columns of every stored type, tables, live runs, imports.
    use, intrinsic :: iso_fortran_env, only: int8, int16, int32, int64, real64
    use check
    use plattli
    implicit none

    call write_run(path("run"))
    call metrics_are_listed
    call rows_are_selected
    call columns_come_as_stored_or_as_asked
    call tables_join_by_step
    call a_live_run_is_read_anew
    call options_are_taken
    call logs_are_imported
    call done("test_reader")

contains

    subroutine write_run(folder)
        character(*), intent(in) :: folder
        type(plattli_writer) :: run
        integer :: i

        call run%open(folder)
        do i = 0, 99
            call run%write("x", i / 10.0_real64)
            call run%write("n", i)
            if (mod(i, 10) == 0) call run%write("deep/note", "note "//repeat("x", i / 10))
            call run%end_step()
        end do
        call run%close()
    end subroutine

    subroutine metrics_are_listed
        type(plattli_reader) :: reader
        character(:), allocatable :: names(:), texts(:)
        integer(int64) :: rows
        integer :: stat

        call reader%open(path("run"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        call reader%metrics(names)
        call expect(size(names) == 3, "three metrics")
        call expect(all(names == [character(9) :: "deep/note", "n", "x"]), "sorted names")
        call reader%rows(names(2), rows)
        call expect(rows == 100, "a padded name is a name")
        call reader%approx_max_rows(rows, stat=stat)
        call expect_status(stat, PLATTLI_OK, "approx_max_rows")
        call reader%approx_max_rows(rows, probes=3)
        call expect(rows <= 100, "no more rows than there are")
        call reader%warnings(texts)
        call expect(size(texts) == 0, "no warnings")
        call reader%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call reader%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close again")
    end subroutine

    subroutine rows_are_selected
        type(plattli_reader) :: reader
        real(real64), allocatable :: x(:)
        integer(int64), allocatable :: steps(:), n(:)
        character(:), allocatable :: notes(:)

        call reader%open(path("run"))
        call reader%read("x", x, steps, plattli_select_steps(10, 12))
        call expect(size(x) == 3 .and. size(steps) == 3, "three steps")
        if (size(x) == 3) call expect(all(steps == [10, 11, 12]) .and. all(x == steps / 10.0_real64), "steps 10 to 12")
        call reader%read("n", n, selection=plattli_select_steps(95))
        call expect(size(n) == 5, "from a step to the end")
        call reader%read("n", n, selection=plattli_select_steps(95_int64, 96_int64))
        call expect(size(n) == 2, "steps of kind int64")
        call reader%read("n", n, selection=plattli_select_positions(-3))
        call expect(size(n) == 3, "the last three")
        call reader%read("n", n, selection=plattli_select_positions(0, 4))
        call expect(size(n) == 4, "the first four")
        call reader%read("n", n, selection=plattli_select_positions(0_int64, 4_int64))
        call expect(size(n) == 4, "positions of kind int64")
        call reader%read("n", n, selection=plattli_select_positions(98_int64))
        call expect(size(n) == 2, "from a position of kind int64")
        call reader%read("x", x, selection=plattli_select_values(lowest=9.5_real64))
        call expect(size(x) == 5, "values from below")
        call reader%read("x", x, selection=plattli_select_values(highest=0.1_real64))
        call expect(size(x) == 2, "values up to")
        call reader%read("x", x, selection=plattli_select_values(1.0_real64, 2.0_real64))
        call expect(size(x) == 11, "values between")
        call reader%read("x", x, selection=plattli_select_values())
        call expect(size(x) == 100, "any value")
        call reader%read("x", x, steps, plattli_select_steps(5, 4))
        call expect(size(x) == 0 .and. size(steps) == 0, "a reversed range is empty")
        call reader%read("deep/note", notes, steps)
        call expect(size(notes) == 10 .and. len(notes) == 14, "notes are padded to the longest")
        call expect(all(steps == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]), "every tenth step")
        call expect(.not. reader%failed(), "nothing went wrong")
    end subroutine

    subroutine columns_come_as_stored_or_as_asked
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        type(plattli_column) :: column
        integer(int32), parameter :: TYPES(10) = [PLATTLI_F32, PLATTLI_F64, PLATTLI_I8, PLATTLI_I16, PLATTLI_I32, PLATTLI_I64, &
            PLATTLI_U8, PLATTLI_U16, PLATTLI_U32, PLATTLI_U64]
        integer :: i, stat
        integer(int32) :: id
        character(2) :: name

        call run%open(path("stored"))
        do i = 1, size(TYPES)
            write(name, "(a, i1)") "m", i - 1
            call run%metric(name, TYPES(i), id)
            select case (TYPES(i))
            case (PLATTLI_I8)
                call run%put(id, 100_int8)
            case (PLATTLI_I16)
                call run%put(id, 100_int16)
            case (PLATTLI_U8)
                call run%put_unsigned(id, 100_int8)
            case (PLATTLI_U16)
                call run%put_unsigned(id, 100_int16)
            case (PLATTLI_U32)
                call run%put_unsigned(id, 100)
            case (PLATTLI_U64)
                call run%put_unsigned(id, 100_int64)
            case default
                call run%put(id, 100)
            end select
        end do
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "an integer in each type")
        call run%close()
        call reader%open(path("stored"))
        do i = 1, size(TYPES)
            write(name, "(a, i1)") "m", i - 1
            call reader%column(name, column, as=PLATTLI_STORAGE, stat=stat)
            call expect_status(stat, PLATTLI_OK, "column "//name)
            call expect(column%dtype == TYPES(i), "the type of "//name)
            if (i <= 2) then
                call expect(allocated(column%reals) .and. .not. allocated(column%integers), name//" is real")
                call expect(all(column%reals == 100), "the value of "//name)
            else
                call expect(allocated(column%integers) .and. .not. allocated(column%reals), name//" is integer")
                call expect(all(column%integers == 100), "the value of "//name)
            end if
        end do
        call reader%column("m6", column)
        call expect(column%dtype == PLATTLI_I64, "integers are standard as i64")
        call reader%column("m6", column, as=PLATTLI_F32)
        call expect(column%dtype == PLATTLI_F32, "as asked")
        call reader%column("m6", column, selection=plattli_select_steps(5))
        call expect(size(column%integers) == 0 .and. size(column%steps) == 0, "an empty column")
        call reader%column("m6", column, as=77, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a type that is none")
        call expect(size(column%steps) == 0, "no rows after a failure")
    end subroutine

    subroutine tables_join_by_step
        type(plattli_reader) :: reader
        real(real64), allocatable :: values(:, :)
        integer(int64), allocatable :: steps(:)
        integer :: stat

        call reader%open(path("run"))
        call reader%table(["x", "n"], values, steps)
        call expect(all(shape(values) == [100, 2]), "rows by metrics")
        call expect(all(values(:, 2) == steps) .and. all(values(:, 1) == steps / 10.0_real64), "values by column")
        call reader%table(["n", "x"], values, steps, on="x", selection=plattli_select_values(0.5_real64, 0.7_real64))
        call expect(all(shape(values) == [3, 2]), "rows of x by value")
        if (size(values, 1) == 3) call expect(all(values(:, 1) == [5, 6, 7]), "n at those rows")
        call reader%table(["n", "x"], values, steps, selection=plattli_select_steps(1000))
        call expect(all(shape(values) == [0, 2]) .and. size(steps) == 0, "an empty table")
        call reader%table([character(9) :: "n", "deep/note"], values, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "text is no number")
        call reader%table([character(9) :: "n", "absent"], values, stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "an unknown metric")
        call expect(size(values, 1) == 0, "no rows after a failure")
    end subroutine

    subroutine a_live_run_is_read_anew
        type(plattli_writer) :: run
        type(plattli_reader) :: reader
        integer(int64) :: rows

        call run%open(path("live"))
        call run%write("x", 1)
        call run%end_step()
        call reader%open(path("live"))
        call run%write("x", 2)
        call run%end_step()
        call reader%rows("x", rows)
        call expect(rows == 1, "a reader stays where it was")
        call reader%refresh()
        call reader%rows("x", rows)
        call expect(rows == 2, "until it is refreshed")
        call run%write("x", 3)
        call run%flush()
        call reader%refresh()
        call reader%rows("x", rows)
        call expect(rows == 3, "a flush shows the values of the current step")
    end subroutine

    subroutine options_are_taken
        type(plattli_reader) :: reader
        integer(int64) :: rows
        integer :: stat
        character(300) :: why
        character(:), allocatable :: texts(:)

        call reader%open(path("live"), plattli_reader_options(exclude_hot=.true.))
        call reader%rows("x", rows, stat=stat)
        call expect(rows == 0, "the log is left out")
        call reader%close()
        call reader%open(path("live"), plattli_reader_options(kind=PLATTLI_KIND_ARCHIVE), stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "no archive here")
        call reader%open(path("live"), plattli_reader_options(kind=9), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a kind that is none")
        call write_file(path("live/plattli/hot.jsonl"), '{"step":0,"x":1}'//new_line("a")//"rubbish"//new_line("a")// &
            '{"step":2,"x":1}'//new_line("a"))
        call reader%open(path("live"), plattli_reader_options(kind=PLATTLI_KIND_FOLDER, strict=.true.), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_CORRUPT, "a broken line, strictly")
        call expect_text(why, "hot.jsonl")
        call reader%open(path("live"))
        call reader%warnings(texts)
        call expect(size(texts) == 1, "a broken line is a warning")
    end subroutine

    subroutine logs_are_imported
        type(plattli_import_options) :: options
        type(plattli_import_report) :: imported
        type(plattli_reader) :: reader
        character(:), allocatable :: names(:)
        integer :: stat
        character(300) :: why
        character(*), parameter :: LF = new_line("a")

        call write_file(path("log.jsonl"), '{"step": 1, "loss": 0.5, "gnorm/a": 1}'//LF// &
            '{"step": 2, "loss": 0.25, "gnorm/a": 1}'//LF//'{"step": 1, "loss": 0.125, "skipped": 1}'//LF//'{"step": 3, "lo')
        call plattli_import(path("log.jsonl"), path("imported"), stat=stat, errmsg=why)
        call expect(stat /= PLATTLI_OK, "a log that goes back and is torn")
        call expect_text(why, "log.jsonl")
        call plattli_import(path("log.jsonl"), path("imported"))
        allocate(options%skip_columns(2))
        options%skip_columns(1)%text = "DEFAULT"
        options%skip_columns(2)%text = "skip.*"
        options%allow_rewinds = .true.
        options%skip_torn_tail = .true.
        options%double = .true.
        call plattli_import(path("log.jsonl"), path("imported"), options, imported, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_OK, "import: "//trim(why))
        call expect(imported%rows == 3 .and. imported%torn_tail == 1 .and. imported%rewound_rows == 2, "what was imported")
        call plattli_import(path("log.jsonl"), path("imported"), options, stat=stat)
        call expect_status(stat, PLATTLI_ERR_EXISTS, "a run in its place")
        options%overwrite = .true.
        call plattli_import(path("log.jsonl"), path("imported"), options, stat=stat)
        call expect_status(stat, PLATTLI_OK, "overwrite")
        call reader%open(path("imported"))
        call reader%metrics(names)
        call expect(size(names) == 1, "only the loss")
        options%skip_columns(2)%text = "(("
        call plattli_import(path("log.jsonl"), path("imported2"), options, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a pattern that is none")
    end subroutine

end program test_reader
