program test_stream
    !! Streams: rows in and out, pages, projections, quotas, copies, errors, who owns what.
    use, intrinsic :: iso_c_binding
    use, intrinsic :: iso_fortran_env, only: int64, real64
    use check
    use plattli
    use plattli_raw, only: ArrowArray, ArrowArrayStream, ArrowSchema, arrow_get_next, arrow_get_schema, arrow_release_stream, &
        plattli_cursor_free, plattli_query_free, plattli_query_new, plattli_query_resume, plattli_query_set_max_rows, &
        plattli_query_set_topic, plattli_stream_append, plattli_stream_close, plattli_stream_open, plattli_stream_query
    implicit none
    integer(int64), parameter :: PATIENT = 600000 ! milliseconds: a slow machine is not an overload

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

    call rows_come_back
    call rows_are_read_page_by_page
    call rows_are_selected
    call columns_are_chosen
    call columns_may_change
    call what_is_there_is_listed
    call quotas_are_kept
    call closed_segments_are_copied
    call options_are_taken
    call tables_are_handed_on
    call errors_have_code_and_text
    call without_stat_errors_are_kept
    call a_stream_has_one_owner
    call a_forked_child_is_refused
    call what_is_closed_says_so
    call done("test_stream")

contains

    subroutine fill(stream, topic, partition, first, last)
        !! Rows with the columns x and y, at a time of ten milliseconds per row.
        type(plattli_stream), intent(inout) :: stream
        character(*), intent(in) :: topic, partition
        integer, intent(in) :: first, last
        real(real64) :: values(last - first + 1, 2)
        integer :: i

        values(:, 1) = [(real(i, real64), i=first, last)]
        values(:, 2) = -values(:, 1)
        call stream%append(topic, partition, [(10_int64 * i, i=first, last)], ["x", "y"], values)
    end subroutine

    subroutine rows_come_back
        type(plattli_stream) :: stream
        type(plattli_arrow_stream) :: rows
        type(plattli_page) :: page
        integer(int64) :: span(2)
        integer(int64), allocatable :: time(:)
        real(real64), allocatable :: t(:), p(:)
        real(real64) :: values(4, 5)
        character(:), allocatable :: names(:), formats(:)
        integer :: i, stat

        call stream%open(path("rows"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        values = reshape([(i / 2.0_real64, i=1, 20)], [4, 5])
        call stream%append("probe", "cell 1", [1000_int64, 1010_int64], ["t    ", "p_max"], values(:2, 1:2), span, stat=stat)
        call expect_status(stat, PLATTLI_OK, "append")
        call expect(all(span == [0, 2]), "indices from 0")
        call stream%append("probe", "cell 1", [1020_int64, 1030_int64], ["t    ", "p_max"], values(1:3:2, 1:5:4), span)
        call expect(all(span == [2, 4]), "and on, of a section of an array")
        call stream%append("probe", "cell 1", 1040_int64, ["t    ", "p_max"], [0.25_real64, 0.75_real64], span)
        call expect(all(span == [4, 5]), "a single row")
        call stream%append("probe", "cell 1", [integer(int64) ::], ["t    ", "p_max"], values(:0, 1:2), span, stat=stat)
        call expect(stat == PLATTLI_OK .and. all(span == [5, 5]), "no rows")
        call stream%query(plattli_query(topic="probe"), rows, page, stat=stat)
        call expect_status(stat, PLATTLI_OK, "query before any checkpoint")
        call expect(page%rows == 5 .and. .not. page%more .and. page%status == PLATTLI_PAGE_ALL, "all of them")
        call expect(size(page%partitions) == 1, "of one partition")
        call expect(page%partitions(1)%text == "cell 1" .and. page%positions(1) == 5, "which ends there")
        call rows%columns(names, formats)
        call expect(all(names == ["time ", "t    ", "p_max"]) .and. all(formats == ["l", "g", "g"]), "time comes first")
        call rows%load()
        call rows%read("time", time)
        call rows%read("t", t)
        call rows%read("p_max", p)
        call expect(all(time == [1000, 1010, 1020, 1030, 1040]), "times")
        call expect(all(t == [values(1, 1), values(2, 1), values(1, 1), values(3, 1), 0.25_real64]), "the first column")
        call expect(all(p == [values(1, 2), values(2, 2), values(1, 5), values(3, 5), 0.75_real64]), "the second column")
        call stream%checkpoint(stat=stat)
        call expect_status(stat, PLATTLI_OK, "checkpoint")
        call stream%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call stream%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close again")
        call rows%read("t", t)
        call expect(size(t) == 5, "what was read outlives the stream")
        call stream%open(path("rows"))
        call stream%query(plattli_query(topic="probe  "), rows)
        call rows%load()
        call rows%read("p_max", p)
        call expect(size(p) == 5, "rows of an earlier process")
        call stream%append("probe", "cell 1", 1050_int64, ["t    ", "p_max"], [0.25_real64, 0.75_real64], span)
        call expect(all(span == [5, 6]), "indices go on")
        call expect(.not. stream%failed() .and. .not. rows%failed(), "nothing went wrong")
    end subroutine

    subroutine rows_are_read_page_by_page
        type(plattli_stream) :: stream
        type(plattli_arrow_stream) :: rows
        type(plattli_query) :: query
        type(plattli_page) :: page
        real(real64), allocatable :: x(:)
        logical :: more
        integer :: i, pages

        call stream%open(path("pages"), plattli_stream_options(checkpoint=0, roll_rows=1000, overload_wait=PATIENT))
        do i = 0, 4
            call fill(stream, "t", "p", 1000 * i, 1000 * i + 999)
        end do
        query%topic = "t"
        query%max_rows = 1700
        i = 0
        pages = 0
        do
            call stream%query(query, rows, page)
            pages = pages + 1
            do
                call rows%next(more)
                if (.not. more) exit
                call rows%read("x", x)
                call expect(size(x) == rows%rows() .and. nint(x(1)) == i, "the next row comes next")
                i = i + size(x)
            end do
            if (page%more) call expect(page%rows == 1700 .and. page%status == PLATTLI_PAGE_ROW_LIMIT, "a full page")
            if (.not. page%more) exit
            query%cursor = page%cursor
        end do
        call expect(pages == 3 .and. i == 5000, "three pages, each row once")
        call stream%append("t", "p", 50000_int64, ["x", "y"], [5000.0_real64, 0.0_real64])
        query%cursor = page%cursor
        call stream%query(query, rows, page)
        call expect(page%rows == 1, "what came since then")
        deallocate(query%cursor)
        query%max_bytes = 1
        call stream%query(query, rows, page)
        call expect(page%more .and. page%status == PLATTLI_PAGE_BYTE_LIMIT, "a page of few bytes")
        call expect(.not. stream%failed(), "nothing went wrong")
    end subroutine

    subroutine rows_are_selected
        type(plattli_stream) :: stream
        type(plattli_query) :: query

        call stream%open(path("selected"))
        call fill(stream, "t", "rank 0", 0, 9)
        call fill(stream, "t", "rank 1", 5, 14)
        call fill(stream, "t", "serial", 0, 1)
        query%topic = "t"
        call expect_x(stream, query, [0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 11, 12, 13, 14], "all, by time")
        query%partitions = plattli_texts(["rank 1", "absent", "serial"])
        call expect_x(stream, query, [0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], "two partitions")
        query%order = PLATTLI_DESCENDING
        query%max_rows = 3
        call expect_x(stream, query, [14, 13, 12], "the newest first")
        query%partitions = plattli_texts(["rank 0"])
        query%start = 4
        call expect_x(stream, query, [3, 2, 1], "before an index")
        query = plattli_query(topic="t", start=8)
        query%partitions = plattli_texts(["rank 0"])
        call expect_x(stream, query, [8, 9], "from an index on")
        query = plattli_query(topic="t", pattern="^rank", from_ms=90, to_ms=100)
        call expect_x(stream, query, [9, 9, 10], "a pattern and a time")
        query = plattli_query(topic="t", pattern="^rank", from_ms=130)
        call expect_x(stream, query, [13, 14], "from a time on")
        query = plattli_query(topic="t", to_ms=0)
        call expect_x(stream, query, [0, 0], "up to a time")
        query = plattli_query(topic="t", to_ms=-1)
        call expect_x(stream, query, [integer ::], "no rows")
    end subroutine

    subroutine expect_x(stream, query, wanted, what)
        type(plattli_stream), intent(inout) :: stream
        type(plattli_query), intent(in) :: query
        integer, intent(in) :: wanted(:)
        character(*), intent(in) :: what
        type(plattli_arrow_stream) :: rows
        real(real64), allocatable :: x(:)
        integer :: stat
        character(300) :: why

        why = ""
        call stream%query(query, rows, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_OK, what//": "//trim(why))
        call rows%load()
        call rows%read("x", x)
        call expect(size(x) == size(wanted), what)
        if (size(x) == size(wanted)) call expect(all(nint(x) == wanted), what)
    end subroutine

    subroutine columns_are_chosen
        type(plattli_stream) :: stream
        type(plattli_arrow_stream) :: rows
        type(plattli_query) :: query
        character(:), allocatable :: names(:), partitions(:)
        integer(int64), allocatable :: indices(:)
        integer :: stat

        call stream%open(path("chosen"))
        call fill(stream, "t", "one", 0, 1)
        call fill(stream, "t", "two", 2, 3)
        query%topic = "t"
        query%pick = plattli_texts(["y   ", "none", "time"])
        call stream%query(query, rows)
        call rows%columns(names)
        call expect(all(names == ["y   ", "time"]), "picked")
        query%pick = plattli_texts(["none"])
        call stream%query(query, rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "none of them")
        call expect(.not. rows%is_open(), "no rows after a failure")
        deallocate(query%pick)
        query%exclude = plattli_texts(["x", "z"])
        query%labels = .true.
        query%flatten = " "
        query%max_value_bytes = 100
        call stream%query(query, rows)
        call rows%columns(names)
        call expect(size(names) == 4, "excluded and labelled")
        call rows%load()
        call rows%read("_partition", partitions)
        call rows%read("_index", indices)
        call expect(all(partitions == ["one", "one", "two", "two"]) .and. all(indices == [0, 1, 0, 1]), "where rows are from")
        call expect(.not. rows%failed(), "nothing went wrong")
    end subroutine

    subroutine columns_may_change
        type(plattli_stream) :: stream
        type(plattli_arrow_stream) :: rows
        type(plattli_query) :: query
        type(plattli_page) :: page
        character(:), allocatable :: names(:)

        call stream%open(path("changed"))
        call fill(stream, "t", "p", 0, 1)
        call stream%append("t", "p", 20_int64, ["x", "y", "z"], [2.0_real64, 2.0_real64, 2.0_real64])
        query%topic = "t"
        call stream%query(query, rows, page)
        call expect(page%rows == 2 .and. page%more .and. page%status == PLATTLI_PAGE_SCHEMA_CHANGE, &
            "a page ends where columns change")
        query%cursor = page%cursor
        call stream%query(query, rows, page)
        call rows%columns(names)
        call expect(page%rows == 1 .and. size(names) == 4, "the next page has them")
    end subroutine

    subroutine what_is_there_is_listed
        type(plattli_stream) :: stream
        type(plattli_stream_stats) :: stats
        character(:), allocatable :: names(:)
        type(plattli_text), allocatable :: texts(:)
        integer :: stat

        call stream%open(path("listed"))
        call stream%topics(names, stat=stat)
        call expect(stat == PLATTLI_OK .and. size(names) == 0, "no topics yet")
        call fill(stream, "wind", "b", 0, 3)
        call fill(stream, "heat", "a longer name", 0, 3)
        call fill(stream, "wind", "a", 0, 1)
        call stream%topics(names)
        call expect(all(names == ["heat", "wind"]), "topics")
        call stream%partitions("wind", names)
        call expect(all(names == ["a", "b"]), "partitions")
        call stream%partitions("absent", names, stat=stat)
        call expect(stat == PLATTLI_OK .and. size(names) == 0, "of a topic that there is not")
        call stream%stats(stats)
        call expect(stats%rows == 10 .and. stats%batches == 3 .and. stats%open_topics == 2 .and. stats%read_only == 0, "counts")
        call stream%warnings(texts, stat=stat)
        call expect(stat == PLATTLI_OK .and. size(texts) == 0, "no warnings")
    end subroutine

    subroutine quotas_are_kept
        type(plattli_stream) :: stream
        type(plattli_stream_stats) :: stats
        type(plattli_arrow_stream) :: rows
        type(plattli_page) :: page
        real(real64), allocatable :: x(:)
        integer :: i, stat

        call stream%open(path("quota"), plattli_stream_options(roll_rows=500, partition_segments=2, checkpoint=0, &
            sync=.false., overload_wait=PATIENT))
        do i = 0, 9
            call fill(stream, "t", "p", 1000 * i, 1000 * i + 999)
            call stream%checkpoint()
        end do
        call stream%retain(stat=stat)
        call expect_status(stat, PLATTLI_OK, "retain")
        call stream%stats(stats)
        call expect(stats%dropped_segments > 0 .and. stats%rolls >= 9, "segments were dropped")
        call stream%query(plattli_query(topic="t"), rows, page)
        call rows%load()
        call rows%read("x", x)
        call expect(page%rows == 10000 - stats%dropped_rows .and. nint(x(1)) == stats%dropped_rows, "the newest rows are kept")
        call expect(nint(x(size(x))) == 9999, "up to the last")
    end subroutine

    subroutine closed_segments_are_copied
        type(plattli_stream) :: stream
        type(plattli_stream_stats) :: stats
        integer(int64) :: copied
        integer :: i, stat

        call stream%open(path("copied"), plattli_stream_options(roll_rows=10, replicate="memory://copies", drop_waiting=.true., &
            checkpoint=0, overload_wait=PATIENT))
        do i = 0, 2
            call fill(stream, "t", "p", 100 * i, 100 * i + 99)
        end do
        call stream%checkpoint()
        call stream%replicate(copied, stat=stat)
        call expect_status(stat, PLATTLI_OK, "replicate")
        call expect(copied == 2, "two closed segments")
        call stream%replicate(copied)
        call expect(copied == 0, "each once")
        call stream%replicate()
        call stream%stats(stats)
        call expect(stats%replicated == 2 .and. stats%waiting == 0, "counted")
        call stream%close()
        call stream%open(path("not copied"))
        call stream%replicate(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "a stream that copies nowhere")
    end subroutine

    subroutine options_are_taken
        type(plattli_stream) :: stream
        type(plattli_stream_options) :: options
        integer :: stat
        character(200) :: why

        call stream%open(path("options"), plattli_stream_options(format=9), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a format that is none")
        call stream%open(path("options"), plattli_stream_options(roll_rows=0), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "segments of no rows")
        call stream%open(path("options"), plattli_stream_options(threads=-1), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "less than no threads")
        call expect_text(why, "negative")
        options = plattli_stream_options(roll_bytes=1000000, roll_age=100000, partition_bytes=100000000, store_bytes=200000000, &
            max_age=1000000000000_int64, min_free_bytes=0, open_topics=2, active_bytes=100000000, overload_wait=10, threads=0, &
            manifest=":memory:")
        call stream%open(path("options"), options, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_OK, "open with options: "//trim(why))
        call fill(stream, "t", "p", 0, 9)
        call stream%checkpoint(stat=stat)
        call expect_status(stat, PLATTLI_OK, "no threads")
        call expect(.not. exists(path("options/manifest.sqlite")), "no manifest")
        call stream%close()
        call stream%open(path("options"), plattli_stream_options(min_free_bytes=huge(1_int64)))
        call stream%append("t", "p", 1000_int64, ["x", "y"], [1.0_real64, 2.0_real64], stat=stat)
        call expect_status(stat, PLATTLI_ERR_IO, "a disk that is nearly full")
    end subroutine

    subroutine tables_are_handed_on
        !! A batch of one stream goes into another, through the C interface.
        type(c_ptr) :: from, to, query
        type(c_ptr), target :: cursor
        type(ArrowArrayStream) :: batches
        type(ArrowArray) :: array
        type(ArrowSchema) :: schema
        procedure(arrow_get_schema), pointer :: get_schema
        procedure(arrow_get_next), pointer :: get_next
        procedure(arrow_release_stream), pointer :: release
        integer(c_int64_t), target :: span(2)
        integer(c_int32_t) :: status
        type(plattli_stream) :: stream

        call stream%open(path("source"))
        call fill(stream, "t", "p", 0, 9)
        call stream%close()
        from = c_null_ptr
        to = c_null_ptr
        cursor = c_null_ptr
        call expect_status(plattli_stream_open(path("source")//c_null_char, c_null_ptr, from), PLATTLI_OK, "open")
        call expect_status(plattli_stream_open(path("sink")//c_null_char, c_null_ptr, to), PLATTLI_OK, "open")
        query = plattli_query_new()
        call expect_status(plattli_query_set_topic(query, "t"//c_null_char), PLATTLI_OK, "topic")
        call expect_status(plattli_query_set_max_rows(query, 4_c_int64_t), PLATTLI_OK, "max_rows")
        call expect_status(plattli_stream_query(from, query, batches, c_loc(cursor)), PLATTLI_OK, "query")
        call c_f_procpointer(batches%release, release)
        call release(batches)
        call expect_status(plattli_query_resume(query, cursor), PLATTLI_OK, "resume")
        call plattli_cursor_free(cursor)
        call expect_status(plattli_stream_query(from, query, batches, c_null_ptr), PLATTLI_OK, "query without a cursor")
        call plattli_query_free(query)
        call c_f_procpointer(batches%get_schema, get_schema)
        call c_f_procpointer(batches%get_next, get_next)
        call expect(get_schema(batches, schema) == 0, "a schema")
        call expect(get_next(batches, array) == 0, "a batch")
        call expect(array%length == 4, "four rows")
        status = plattli_stream_append(to, "t"//c_null_char, "p"//c_null_char, array, schema, c_loc(span))
        call expect_status(status, PLATTLI_OK, "append")
        call expect(all(span == [0, 4]), "its indices")
        call expect(.not. c_associated(array%release) .and. .not. c_associated(schema%release), "both were released")
        status = plattli_stream_append(to, "t"//c_null_char, "p"//c_null_char, array, schema, c_null_ptr)
        call expect_status(status, PLATTLI_ERR_ARGUMENT, "append what was released")
        call c_f_procpointer(batches%release, release)
        call release(batches)
        call expect_status(plattli_stream_close(from), PLATTLI_OK, "close")
        call expect_status(plattli_stream_close(to), PLATTLI_OK, "close")
        call stream%open(path("sink"))
        call expect_x(stream, plattli_query(topic="t"), [4, 5, 6, 7], "rows of the second page")
    end subroutine

    subroutine errors_have_code_and_text
        type(plattli_stream) :: stream, second
        type(plattli_arrow_stream) :: rows
        type(plattli_page) :: page
        integer(int64) :: span(2)
        integer :: stat
        character(300) :: why

        call stream%open(path("errors"))
        call stream%open(path("errors"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one stream")
        call second%open(path("errors"), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_BUSY, "a second writer")
        call expect_text(why, "errors")
        call stream%append("t", "p", [1_int64, 2_int64], ["x"], reshape([1.0_real64], [1, 1]), span, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "fewer values than times")
        call expect_text(why, "row per time")
        call stream%append("t", "p", 1_int64, ["x", "y"], [1.0_real64], stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "fewer values than names")
        call stream%append("", "p", 1_int64, ["x"], [1.0_real64], stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no topic")
        call stream%append("t", "p", 1_int64, ["x", "x"], [1.0_real64, 2.0_real64], stat=stat)
        call expect(stat /= PLATTLI_OK, "two columns of one name")
        call stream%query(plattli_query(topic="absent"), rows, page, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "an unknown topic")
        call expect_text(why, "absent")
        call expect(page%rows == 0 .and. .not. page%more .and. .not. allocated(page%cursor), "no page")
        call fill(stream, "t", "p", 0, 1)
        call stream%query(plattli_query(), rows, stat=stat)
        call expect(stat /= PLATTLI_OK, "no topic")
        call stream%query(plattli_query(topic="t", order=7), rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "an order that is none")
        call stream%query(plattli_query(topic="t", from_ms=2, to_ms=1), rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a time that ends before it begins")
        call stream%query(plattli_query(topic="t", max_rows=-5), rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "pages of no rows")
        call stream%query(plattli_query(topic="t", max_bytes=0), rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "pages of no bytes")
        call stream%query(plattli_query(topic="t", pattern="(("), rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a pattern that is none")
        call stream%query(plattli_query(topic="t", cursor="rubbish"), rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a cursor that is none")
        call write_file(path("a file"), "in the way")
        call second%open(path("a file/stream"), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_IO, "a file in the way")
        call expect_text(why, "a file")
    end subroutine

    subroutine without_stat_errors_are_kept
        type(plattli_stream) :: stream
        type(plattli_arrow_stream) :: rows
        integer :: stat
        character(200) :: why

        call stream%open(path("kept"))
        call stream%append("t", "p", 1_int64, ["x", "y"], [1.0_real64])
        call fill(stream, "t", "p", 0, 1)
        call expect(stream%failed(), "a failure is kept")
        call stream%checkpoint(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "checkpoint hands it out")
        call expect_text(why, "values")
        call expect_x(stream, plattli_query(topic="t"), [0, 1], "nothing is held up")
        call stream%query(plattli_query(topic="absent"), rows)
        call stream%check(stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "check as well")
        call stream%query(plattli_query(topic="absent"), rows)
        call stream%close(stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "and close")
        call expect(.not. stream%failed(), "it is forgotten")
    end subroutine

    subroutine leave_open
        type(plattli_stream) :: stream

        call stream%open(path("owned a"))
        call fill(stream, "t", "p", 0, 1)
    end subroutine

    subroutine a_stream_has_one_owner
        type(plattli_stream) :: a, b, never
        type(plattli_stream), allocatable :: bits
        integer :: stat
        character(100) :: why

        call leave_open
        call a%open(path("owned a"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "a scope closes")
        call expect_x(a, plattli_query(topic="t"), [0, 1], "and writes all rows")
        call b%open(path("owned b"))
        b = a
        call expect(a%is_open() .and. .not. b%is_open(), "a copy has no stream")
        call b%retain(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "and says so")
        call expect_text(why, "take")
        a = a
        call expect(a%is_open(), "assignment to oneself changes nothing")
        allocate(bits, source=a)
        call expect(.not. bits%is_open(), "a copy of bits has no stream")
        deallocate(bits)
        call b%take(a)
        call expect(b%is_open() .and. .not. a%is_open(), "moved")
        call fill(b, "t", "p", 2, 3)
        call expect_x(b, plattli_query(topic="t"), [0, 1, 2, 3], "and goes on")
        call a%open(path("owned b"))
        call b%take(a, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one stream")
        b = never
        call expect(.not. b%is_open() .and. .not. b%failed(), "assignment of a stream that is not open closes")
        call b%open(path("owned a"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "it can be opened again")
    end subroutine

    subroutine a_forked_child_is_refused
        type(plattli_stream) :: stream
        type(plattli_arrow_stream) :: rows
        integer(c_int) :: child, status, who
        integer(c_int), parameter :: SIGKILL = 9, SIGTERM = 15
        integer :: stat(4)

        call stream%open(path("forked"))
        call fill(stream, "t", "p", 0, 1)
        child = c_fork()
        if (child == 0) then
            call stream%append("t", "p", 1_int64, ["x", "y"], [1.0_real64, 2.0_real64], stat=stat(1))
            call stream%query(plattli_query(topic="t"), rows, stat=stat(2))
            call stream%checkpoint(stat=stat(3))
            call stream%close(stat=stat(4))
            who = c_raise(merge(SIGKILL, SIGTERM, all(stat == PLATTLI_ERR_FORKED)))
        end if
        who = c_waitpid(child, status, 0_c_int)
        call expect(who == child .and. status == SIGKILL, "each call in the child is refused")
        call fill(stream, "t", "p", 2, 3)
        call stream%close(stat=stat(1))
        call expect_status(stat(1), PLATTLI_OK, "the parent goes on")
    end subroutine

    subroutine what_is_closed_says_so
        type(plattli_stream) :: stream
        type(plattli_arrow_stream) :: rows
        type(plattli_stream_stats) :: stats
        type(plattli_text), allocatable :: texts(:)
        character(:), allocatable :: names(:)
        integer(int64) :: n
        integer :: stat
        character(60) :: why

        call stream%append("t", "p", 1_int64, ["x"], [1.0_real64], stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "append")
        call expect_text(why, "not open")
        call stream%query(plattli_query(topic="t"), rows, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "query")
        call stream%checkpoint(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "checkpoint")
        call stream%retain(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "retain")
        call stream%replicate(n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "replicate")
        call stream%stats(stats, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "stats")
        call stream%topics(names, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "topics")
        call stream%partitions("t", names, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "partitions")
        call stream%warnings(texts, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "warnings")
        call expect(size(names) == 0 .and. size(texts) == 0 .and. n == 0, "nothing came")
    end subroutine

end program test_stream
