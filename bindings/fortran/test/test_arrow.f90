module producer
    !! A producer of Arrow streams: every type that is read, nulls, offsets, two batches, and failures on request.
    use, intrinsic :: iso_c_binding
    use plattli_raw, only: ArrowArray, ArrowArrayStream, ArrowSchema
    implicit none
    private
    public :: produce, released, fail_schema, fail_next

    integer, parameter :: COLUMNS = 16, BATCHES = 2
    character(4), parameter :: NAMES(COLUMNS) = [character(4) :: "c", "uc", "s", "us", "i", "ui", "l", "ul", "f", "g", "b", "u", &
        "bigu", "word", "date", "none"]
    character(3), parameter :: FORMATS(COLUMNS) = [character(3) :: "c", "C", "s", "S", "i", "I", "l", "L", "f", "g", "b", "u", &
        "U", "s", "tdD", "g"]

    logical :: fail_schema = .false., fail_next = .false.
    integer :: released = 0 !! Structs that were released.

    type :: text
        character(kind=c_char) :: letters(8)
    end type

    type(text), target :: name_texts(COLUMNS), format_texts(COLUMNS), struct_format, error_text, dictionary_format
    type(ArrowSchema), target :: fields(COLUMNS), dictionary_schema
    type(c_ptr), target :: field_addresses(COLUMNS)
    type(ArrowArray), target :: arrays(COLUMNS, BATCHES), dictionary(BATCHES)
    type(c_ptr), target :: array_addresses(COLUMNS, BATCHES), buffers(3, COLUMNS, BATCHES), dictionary_buffers(3), no_buffer(1)
    integer(c_int8_t), target :: i8(5) = [99_c_int8_t, 98_c_int8_t, 1_c_int8_t, -1_c_int8_t, -3_c_int8_t]
    integer(c_int16_t), target :: i16(5) = [99_c_int16_t, 98_c_int16_t, 1_c_int16_t, -1_c_int16_t, -3_c_int16_t]
    integer(c_int32_t), target :: i32(5) = [99, 98, 1, -1, -3]
    integer(c_int64_t), target :: i64(5) = [99_c_int64_t, 98_c_int64_t, 1_c_int64_t, 5000000000_c_int64_t, -3_c_int64_t]
    real(c_float), target :: f32(5) = [99.0, 98.0, 0.5, -1.0, 1e30]
    real(c_double), target :: f64(5) = [99.0d0, 98.0d0, 0.5d0, -1.0d0, 1d300]
    integer(c_int8_t), target :: bits(1) = [20_c_int8_t] ! from the lowest: 0 0 1 0 1
    integer(c_int8_t), target :: second_is_null(1) = [23_c_int8_t] ! 1 1 1 0 1
    integer(c_int8_t), target :: all_are_null(1) = [0_c_int8_t]
    integer(c_int32_t), target :: ends(6) = [0, 2, 2, 5, 11, 13] ! "hidden" is null
    integer(c_int64_t), target :: far_ends(6) = [0_c_int64_t, 2_c_int64_t, 2_c_int64_t, 5_c_int64_t, 11_c_int64_t, 13_c_int64_t]
    character(kind=c_char), target :: letters(13) = ["x", "x", "o", "n", "e", "h", "i", "d", "d", "e", "n", "u", "r"]
    character(kind=c_char), target :: word_letters(9) = ["x", "x", "o", "n", "e", "f", "o", "u", "r"]
    integer(c_int16_t), target :: places(5) = [7_c_int16_t, 7_c_int16_t, 1_c_int16_t, 77_c_int16_t, 0_c_int16_t]
    integer(c_int32_t), target :: word_ends(4) = [0, 2, 5, 9] ! "xx" is left out by an offset
    integer :: given = 0

contains

    function produce(first_is_empty) result(stream)
        !! A stream of two batches: rows 3 to 5 of the buffers, as a table with an offset; row 3 alone, without any null. Only
        !! one stream at a time.
        logical, intent(in), optional :: first_is_empty
        type(ArrowArrayStream) :: stream
        integer :: i, batch

        given = 0
        released = 0
        call spell("+s", struct_format)
        call spell("broken", error_text)
        call spell("u", dictionary_format)
        dictionary_schema = ArrowSchema(format=c_loc(dictionary_format))
        dictionary_buffers = [c_null_ptr, c_loc(word_ends), c_loc(word_letters)]
        do i = 1, COLUMNS
            call spell(trim(NAMES(i)), name_texts(i))
            call spell(trim(FORMATS(i)), format_texts(i))
            fields(i) = ArrowSchema(format=c_loc(format_texts(i)), name=c_loc(name_texts(i)))
            if (NAMES(i) == "word") fields(i)%dictionary = c_loc(dictionary_schema)
            field_addresses(i) = c_loc(fields(i))
        end do
        do batch = 1, BATCHES
            dictionary(batch) = ArrowArray(length=2, offset=1, n_buffers=3, buffers=c_loc(dictionary_buffers))
            do i = 1, COLUMNS
                arrays(i, batch) = ArrowArray(length=4, null_count=-1, offset=1, n_buffers=2, buffers=c_loc(buffers(1, i, batch)))
                if (batch == 2) arrays(i, batch)%offset = 2
                buffers(1, i, batch) = c_loc(second_is_null)
                if (NAMES(i) == "none") buffers(1, i, batch) = c_loc(all_are_null)
                if (batch == 2) buffers(1, i, batch) = c_null_ptr
                select case (NAMES(i))
                case ("c", "uc")
                    buffers(2, i, batch) = c_loc(i8)
                case ("s", "us")
                    buffers(2, i, batch) = c_loc(i16)
                case ("i", "ui", "date")
                    buffers(2, i, batch) = c_loc(i32)
                case ("l", "ul")
                    buffers(2, i, batch) = c_loc(i64)
                case ("f")
                    buffers(2, i, batch) = c_loc(f32)
                case ("g", "none")
                    buffers(2, i, batch) = c_loc(f64)
                case ("b")
                    buffers(2, i, batch) = c_loc(bits)
                case ("u")
                    buffers(2:, i, batch) = [c_loc(ends), c_loc(letters)]
                case ("bigu")
                    buffers(2:, i, batch) = [c_loc(far_ends), c_loc(letters)]
                case ("word")
                    buffers(2, i, batch) = c_loc(places)
                    arrays(i, batch)%dictionary = c_loc(dictionary(batch))
                end select
                if (NAMES(i) == "u" .or. NAMES(i) == "bigu") arrays(i, batch)%n_buffers = 3
                array_addresses(i, batch) = c_loc(arrays(i, batch))
            end do
        end do
        if (present(first_is_empty)) then
            if (first_is_empty) given = -1
        end if
        stream = ArrowArrayStream(c_funloc(give_schema), c_funloc(give_batch), c_funloc(give_error), c_funloc(release_stream), &
            c_null_ptr)
    end function

    subroutine spell(from, to)
        character(*), intent(in) :: from
        type(text), intent(out) :: to
        integer :: i

        to%letters = c_null_char
        do i = 1, len(from)
            to%letters(i) = from(i:i)
        end do
    end subroutine

    function give_schema(stream, out) bind(c) result(errno)
        type(ArrowArrayStream), intent(inout) :: stream
        type(ArrowSchema), intent(inout) :: out
        integer(c_int) :: errno

        errno = 22
        if (fail_schema .or. .not. c_associated(stream%release)) return
        errno = 0
        out = ArrowSchema(format=c_loc(struct_format), n_children=COLUMNS, children=c_loc(field_addresses), &
            release=c_funloc(release_schema))
    end function

    function give_batch(stream, out) bind(c) result(errno)
        type(ArrowArrayStream), intent(inout) :: stream
        type(ArrowArray), intent(inout) :: out
        integer(c_int) :: errno

        errno = 5
        if (fail_next .or. .not. c_associated(stream%release)) return
        errno = 0
        out = ArrowArray()
        given = given + 1
        if (given > BATCHES) return
        no_buffer = c_null_ptr
        if (given == 0) then
            out = ArrowArray(n_buffers=1, n_children=COLUMNS, buffers=c_loc(no_buffer), children=c_loc(array_addresses), &
                release=c_funloc(release_array))
            return
        end if
        out = ArrowArray(length=merge(3, 1, given == 1), offset=merge(1, 0, given == 1), n_buffers=1, n_children=COLUMNS, &
            buffers=c_loc(no_buffer), children=c_loc(array_addresses(1, given)), release=c_funloc(release_array))
    end function

    function give_error(stream) bind(c) result(answer)
        type(ArrowArrayStream), intent(inout) :: stream
        type(c_ptr) :: answer

        answer = c_null_ptr
        if (c_associated(stream%release)) answer = c_loc(error_text)
    end function

    subroutine release_schema(schema) bind(c)
        type(ArrowSchema), intent(inout) :: schema

        released = released + 1
        schema%release = c_null_funptr
    end subroutine

    subroutine release_array(array) bind(c)
        type(ArrowArray), intent(inout) :: array

        released = released + 1
        array%release = c_null_funptr
    end subroutine

    subroutine release_stream(stream) bind(c)
        type(ArrowArrayStream), intent(inout) :: stream

        released = released + 1
        stream%release = c_null_funptr
    end subroutine
end module producer


program test_arrow
    !! Arrow streams: runs as tables in their three forms, streams of anybody, batch by batch and as a whole, who owns what.
    use, intrinsic :: iso_c_binding, only: c_associated
    use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
    use check
    use plattli
    use plattli_raw, only: ArrowArrayStream
    use producer
    implicit none

    call write_run(path("arrow run"))
    call a_run_is_a_table
    call a_run_is_a_table_of_all_steps
    call a_run_is_a_long_table
    call errors_have_code_and_text
    call batches_come_one_by_one
    call every_type_is_read
    call batches_are_read_as_one
    call what_does_not_fit_is_refused
    call a_stream_may_fail
    call an_arrow_stream_has_one_owner
    call what_is_closed_says_so
    call done("test_arrow")

contains

    subroutine write_run(folder)
        character(*), intent(in) :: folder
        type(plattli_writer) :: run
        integer :: i

        call run%open(folder)
        do i = 0, 9
            call run%write("x", i / 10.0_real64)
            call run%write("n", i)
            if (i == 7) call run%write("note", "half")
            if (i == 8) call run%write("flag", .true.)
            call run%end_step()
        end do
        call run%close()
    end subroutine

    subroutine a_run_is_a_table
        type(plattli_reader) :: reader
        type(plattli_arrow_stream) :: rows
        integer(int64), allocatable :: n(:), steps(:)
        real(real64), allocatable :: x(:)
        character(:), allocatable :: names(:), formats(:)
        logical :: more
        integer :: stat

        call reader%open(path("arrow run"))
        call reader%arrow(rows, ["x", "n"], stat=stat)
        call expect_status(stat, PLATTLI_OK, "arrow")
        call reader%close()
        call rows%columns(names, formats)
        call expect(all(names == [character(4) :: "step", "x", "n"]), "columns")
        call expect(all(formats == ["I", "g", "l"]), "their types")
        call rows%next(more, stat=stat)
        call expect(more .and. stat == PLATTLI_OK, "a batch")
        call expect(rows%rows() == 10, "ten rows")
        call rows%read("step", steps)
        call rows%read("x", x)
        call rows%read("n  ", n)
        call expect(all(steps == n) .and. all(abs(x - n / 10.0_real64) < 1e-12), "values")
        call rows%next(more, stat=stat)
        call expect(.not. more .and. stat == PLATTLI_OK, "no other batch")
        call expect(rows%rows() == 0, "no rows")
        call rows%next(more)
        call expect(.not. more .and. .not. rows%failed(), "nor after it")
        call rows%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")

        call reader%open(path("arrow run"))
        call reader%arrow(rows, ["x"], plattli_select_steps(3, 5))
        call rows%load(stat=stat)
        call expect_status(stat, PLATTLI_OK, "load")
        call rows%read("x", x)
        call expect(size(x) == 3, "selected")
        call reader%arrow(rows, selection=plattli_select_steps(100))
        call rows%columns(names)
        call rows%load()
        call expect(size(names) == 5 .and. rows%rows() == 0, "all metrics, at no step: what was read is replaced")
        call rows%read("x", x)
        call expect(size(x) == 0 .and. .not. rows%failed(), "an empty column")
    end subroutine

    subroutine a_run_is_a_table_of_all_steps
        type(plattli_reader) :: reader
        type(plattli_arrow_stream) :: rows
        character(:), allocatable :: notes(:)
        logical, allocatable :: there(:)
        integer(int64), allocatable :: n(:)
        integer :: stat

        call reader%open(path("arrow run"))
        call reader%arrow_outer(rows, [character(4) :: "n", "note"], plattli_select_steps(6, 8), stat=stat)
        call expect_status(stat, PLATTLI_OK, "arrow_outer")
        call rows%load()
        call rows%read("note", notes, there)
        call rows%read("n", n)
        call expect(size(notes) == 3 .and. len(notes) == 6, "three notes")
        call expect(all(there .eqv. [.false., .true., .false.]), "two of them are null")
        call expect(all(notes == [character(6) :: "", '"half"', ""]), "JSON text")
        call expect(all(n == [6, 7, 8]), "numbers beside them")
    end subroutine

    subroutine a_run_is_a_long_table
        type(plattli_reader) :: reader
        type(plattli_arrow_stream) :: rows
        character(:), allocatable :: metrics(:), texts(:), names(:), formats(:)
        real(real64), allocatable :: values(:)
        integer(int32), allocatable :: steps(:)
        logical, allocatable :: there(:), text_there(:)
        integer :: stat

        call reader%open(path("arrow run"))
        call reader%arrow_long(rows, [character(4) :: "flag", "x"], plattli_select_steps(8), stat=stat)
        call expect_status(stat, PLATTLI_OK, "arrow_long")
        call rows%columns(names, formats)
        call expect(all(names == [character(6) :: "step", "metric", "value", "text"]), "columns")
        call expect(all(formats == ["I", "u", "g", "u"]), "their types, of a dictionary that of its values")
        call rows%load()
        call rows%read("metric", metrics)
        call rows%read("step", steps)
        call rows%read("value", values, there)
        call rows%read("text", texts, text_there)
        call expect(all(metrics == ["flag", "x   ", "x   "]), "a dictionary")
        call expect(all(steps == [8, 8, 9]), "steps")
        call expect(all(there .eqv. [.false., .true., .true.]) .and. values(1) /= values(1), "a null is not a number")
        call expect(all(texts == ["true", "    ", "    "]) .and. all(text_there .neqv. there), "what value cannot say")
    end subroutine

    subroutine errors_have_code_and_text
        type(plattli_reader) :: reader
        type(plattli_arrow_stream) :: rows
        real(real64), allocatable :: x(:)
        integer :: stat
        character(200) :: why

        call reader%open(path("arrow run"))
        call reader%arrow(rows, ["x"])
        call reader%arrow(rows, [character(6) :: "x", "absent"], stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "an unknown metric")
        call expect_text(why, "absent")
        call expect(.not. rows%is_open(), "no rows after a failure")
        call reader%arrow_outer(rows, ["x", "n"], plattli_select_values(0.0_real64), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "values of two metrics")
        call reader%arrow_long(rows, ["y"])
        call expect(reader%failed() .and. .not. rows%failed(), "without stat the reader keeps it")
        call reader%arrow(rows, ["x"])
        call rows%read("n", x, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "a column that was not asked for")
        call expect_text(why, "n: there is no such column")
        call expect(size(x) == 0, "no values")
    end subroutine

    subroutine batches_come_one_by_one
        type(ArrowArrayStream) :: stream
        type(plattli_arrow_stream) :: rows
        integer(int64), allocatable :: l(:)
        logical :: more
        integer :: stat

        stream = produce()
        call rows%open(stream, stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        call expect(.not. c_associated(stream%release), "it was taken over")
        call rows%read("l", l)
        call expect(size(l) == 0 .and. rows%rows() == 0, "no batch yet")
        call rows%next(more)
        call expect(more .and. rows%rows() == 3, "the first batch")
        call rows%read("l", l)
        call expect(all(l == [1, 0, -3]), "its rows")
        call rows%next(more)
        call expect(more .and. rows%rows() == 1 .and. released == 1, "the second batch; the first is released")
        call rows%read("l", l)
        call expect(all(l == [1]), "its row")
        call rows%next(more)
        call expect(.not. more .and. released == 2, "the end")
        call rows%close()
        call expect(released == 4, "stream and schema are released")
        call rows%open(stream, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a stream that was released")
    end subroutine

    subroutine every_type_is_read
        type(ArrowArrayStream) :: stream
        type(plattli_arrow_stream) :: rows
        integer(int64), allocatable :: wide(:)
        integer(int32), allocatable :: narrow(:)
        real(real64), allocatable :: x(:)
        real(real32), allocatable :: single(:)
        logical, allocatable :: yes(:), there(:)
        character(:), allocatable :: texts(:)
        integer(int64), parameter :: THIRD(4) = [253_int64, 65533_int64, 4294967293_int64, -3_int64]
        character(2), parameter :: SIGNED(4) = ["c ", "s ", "i ", "l "], UNSIGNED(4) = ["uc", "us", "ui", "ul"]
        logical :: more
        integer :: i, stat

        stream = produce()
        call rows%open(stream)
        call rows%next(more)
        do i = 1, 4
            call rows%read(SIGNED(i), wide, there, stat=stat)
            call expect_status(stat, PLATTLI_OK, SIGNED(i))
            call expect(all(wide == [1, 0, -3]) .and. all(there .eqv. [.true., .false., .true.]), "int64 of "//SIGNED(i))
            call rows%read(SIGNED(i), narrow)
            call expect(all(narrow == [1, 0, -3]), "int32 of "//SIGNED(i))
            call rows%read(SIGNED(i), x)
            call expect(all(x([1, 3]) == [1, -3]) .and. x(2) /= x(2), "real64 of "//SIGNED(i))
            call rows%read(UNSIGNED(i), wide)
            call expect(all(wide == [1_int64, 0_int64, THIRD(i)]), "int64 of "//UNSIGNED(i))
            call rows%read(UNSIGNED(i), x)
            call expect(all(x([1, 3]) == [1.0_real64, merge(THIRD(i) + 0.0_real64, 2.0_real64**64, i < 4)]), &
                "real64 of "//UNSIGNED(i))
        end do
        call rows%read("f", x)
        call expect(all(abs(x([1, 3]) / [0.5_real64, 1e30_real64] - 1) < 1e-6) .and. x(2) /= x(2), "real64 of f")
        call rows%read("g", x)
        call expect(all(x([1, 3]) == [0.5_real64, 1e300_real64]) .and. x(2) /= x(2), "real64 of g")
        call rows%read("f", single)
        call expect(all(single([1, 3]) == [0.5, 1e30]) .and. single(2) /= single(2), "real32 of f")
        call rows%read("b", yes, there)
        call expect(all(yes .eqv. [.true., .false., .true.]) .and. .not. there(2), "logical")
        call rows%read("u", texts, there)
        call expect(all(texts == [character(3) :: "one", "", "ur"]) .and. .not. there(2), "text")
        call expect(len(texts) == 3, "padded to the longest")
        call rows%read("bigu", texts)
        call expect(all(texts == [character(3) :: "one", "", "ur"]), "text with wide offsets")
        call rows%read("word", texts, there)
        call expect(all(texts == [character(4) :: "four", "", "one"]) .and. .not. there(2), "a dictionary with an offset")
        call rows%read("none", x, there)
        call expect(all(x /= x) .and. .not. any(there), "nothing but nulls")
        call expect(.not. rows%failed(), "nothing went wrong")
    end subroutine

    subroutine batches_are_read_as_one
        type(ArrowArrayStream) :: stream
        type(plattli_arrow_stream) :: rows
        integer(int64), allocatable :: wide(:)
        integer(int32), allocatable :: narrow(:)
        real(real64), allocatable :: x(:)
        real(real32), allocatable :: single(:)
        logical, allocatable :: there(:)
        character(:), allocatable :: texts(:)
        logical :: more

        stream = produce(first_is_empty=.true.)
        call rows%open(stream)
        call rows%load()
        call expect(rows%rows() == 4, "four rows of three batches")
        call rows%read("l", wide, there)
        call expect(all(wide == [1, 0, -3, 1]) .and. all(there .eqv. [.true., .false., .true., .true.]), "int64")
        call rows%read("i", narrow)
        call expect(all(narrow == [1, 0, -3, 1]), "int32")
        call rows%read("us", x)
        call expect(all(x([1, 3, 4]) == [1, 65533, 1]), "real64")
        call rows%read("f", single)
        call expect(all(single([1, 3, 4]) == [0.5, 1e30, 0.5]), "real32")
        call rows%read("u", texts)
        call expect(all(texts == [character(3) :: "one", "", "ur", "one"]), "text")
        call rows%next(more)
        call expect(.not. more .and. released == 3, "there are no others")
        call rows%load()
        call expect(rows%rows() == 0 .and. .not. rows%failed(), "load at the end")
    end subroutine

    subroutine what_does_not_fit_is_refused
        type(ArrowArrayStream) :: stream
        type(plattli_arrow_stream) :: rows
        integer(int64), allocatable :: wide(:)
        integer(int32), allocatable :: narrow(:)
        real(real64), allocatable :: x(:)
        real(real32), allocatable :: single(:)
        logical, allocatable :: yes(:), there(:)
        character(:), allocatable :: texts(:)
        character(200) :: why
        integer :: stat

        stream = produce()
        call rows%open(stream)
        call rows%load()
        call rows%read("u", x, there, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_TYPE, "text is no real64")
        call expect_text(why, "u cannot be read as real64: its type in Arrow is 'u'")
        call expect(size(x) == 0 .and. size(there) == 0, "nothing came")
        call rows%read("g", wide, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a real64 is no int64")
        call rows%read("g", narrow, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a real64 is no int32")
        call rows%read("i", single, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "an int32 is no real32")
        call rows%read("i", yes, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "an int32 is no logical")
        call rows%read("i", texts, there, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "an int32 is no text")
        call expect(size(texts) == 0 .and. size(there) == 0, "nothing came")
        call rows%read("date", x, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a date is no real64")
        call rows%read("word", wide, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a dictionary is no int64")
        call expect_text(why, "'u'")
        call rows%read("word", x, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a dictionary is no real64")
    end subroutine

    subroutine a_stream_may_fail
        type(ArrowArrayStream) :: stream
        type(plattli_arrow_stream) :: rows
        integer(int64), allocatable :: wide(:)
        logical :: more
        integer :: stat
        character(200) :: why

        fail_schema = .true.
        stream = produce()
        call rows%open(stream, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_IO, "no schema")
        call expect_text(why, "error 22: broken")
        call expect(released == 1 .and. .not. rows%is_open(), "it is released")
        fail_schema = .false.
        stream = produce()
        call rows%open(stream)
        call rows%next(more)
        fail_next = .true.
        call rows%next(more, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_IO, "no batch")
        call expect_text(why, "error 5: broken")
        call expect(.not. more .and. rows%rows() == 0, "none")
        call rows%load()
        call rows%close(stat=stat)
        call expect_status(stat, PLATTLI_ERR_IO, "without stat the failure is kept")
        fail_next = .false.
        stream = produce()
        call rows%open(stream)
        call rows%read("absent", wide)
        call rows%next(more, stat=stat)
        call expect(more .and. stat == PLATTLI_ERR_NOT_FOUND, "next hands out what was kept, and moves on")
        call rows%read("absent", wide)
        call rows%load(stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "so does load")
    end subroutine

    subroutine leave_open
        type(plattli_arrow_stream) :: rows
        type(ArrowArrayStream) :: stream
        logical :: more

        stream = produce()
        call rows%open(stream)
        call rows%next(more)
    end subroutine

    subroutine an_arrow_stream_has_one_owner
        type(plattli_arrow_stream) :: a, b, never
        type(plattli_arrow_stream), allocatable :: bits
        type(ArrowArrayStream) :: stream
        integer(int64), allocatable :: l(:)
        logical :: more
        integer :: stat
        character(100) :: why

        call leave_open
        call expect(released == 3, "a scope releases batch, schema and stream")
        stream = produce()
        call a%open(stream)
        call a%next(more)
        b = a
        call expect(a%is_open() .and. .not. b%is_open() .and. released == 0, "a copy has no stream")
        call b%next(more, stat=stat, errmsg=why)
        call expect(stat == PLATTLI_ERR_STATE .and. .not. more, "and says so")
        call expect_text(why, "take")
        a = a
        call expect(a%is_open(), "assignment to oneself changes nothing")
        allocate(bits, source=a)
        call expect(.not. bits%is_open(), "a copy of bits has no stream")
        deallocate(bits)
        call expect(released == 0, "and releases none")
        call b%take(a)
        call expect(b%is_open() .and. .not. a%is_open(), "moved")
        call b%read("l", l)
        call expect(all(l == [1, 0, -3]), "with its batch")
        call b%take(a)
        call b%check(stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one stream")
        b = never
        call expect(.not. b%is_open() .and. released == 3, "assignment of one that is not open closes")
    end subroutine

    subroutine what_is_closed_says_so
        type(plattli_arrow_stream) :: rows
        type(plattli_reader) :: reader
        integer(int64), allocatable :: wide(:)
        character(:), allocatable :: names(:), formats(:)
        logical :: more
        integer :: stat

        call rows%next(more, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "next")
        call rows%load(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "load")
        call rows%columns(names, formats, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "columns")
        call expect(size(names) == 0 .and. size(formats) == 0, "none")
        call rows%read("x", wide, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "read")
        call expect(size(wide) == 0 .and. rows%rows() == 0, "none")
        call rows%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call reader%arrow(rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "arrow")
    end subroutine

end program test_arrow
