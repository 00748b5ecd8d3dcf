program test_state
    !! States: keys of every kind, what survives, compaction, readers beside a writer, damage, the scheduler, who owns what.
    use, intrinsic :: iso_c_binding
    use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
    use, intrinsic :: ieee_arithmetic, only: ieee_quiet_nan, ieee_value
    use check
    use plattli
    use plattli_raw, only: plattli_strings_get, plattli_strings_len, plattli_strings_free, plattli_state_close, &
        plattli_state_keys, plattli_state_open
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

    call keys_of_every_kind_survive
    call numbers_come_back_exactly
    call text_of_any_kind_comes_back
    call a_value_of_another_kind_is_refused
    call the_whole_state_is_listed_and_replaced
    call options_are_taken
    call a_log_is_compacted
    call a_reader_follows_a_writer
    call a_damaged_log_is_refused_or_salvaged
    call errors_have_code_and_text
    call without_stat_errors_are_kept
    call a_scheduler_compacts_many
    call a_state_has_one_owner
    call a_scheduler_has_one_owner
    call a_forked_child_is_refused
    call what_is_closed_says_so
    call lists_of_texts_end
    call done("test_state")

contains

    subroutine keys_of_every_kind_survive
        type(plattli_state) :: state
        real(real64) :: t
        real(real32) :: dt
        integer(int32) :: step
        integer(int64) :: seed
        logical :: adaptive, yes
        character(:), allocatable :: phase, json
        integer :: stat

        call state%open(path("kinds"), "restart", stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        call expect(state%is_open(), "open")
        call state%set("t", 0.1_real64, stat=stat)
        call expect_status(stat, PLATTLI_OK, "set")
        call state%set("dt", 0.1_real32)
        call state%set("step", 7_int32)
        call state%set("seed", huge(seed))
        call state%set("adaptive", .true.)
        call state%set("frozen", .false.)
        call state%set("phase  ", "warm up   ")
        call state%set_json("cells", "[128,  128]  ")
        call state%set("gone", 1)
        call state%delete("gone")
        call state%delete("never there", stat=stat)
        call expect_status(stat, PLATTLI_OK, "a key that is not there")
        call state%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call state%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close again")

        call state%open(path("kinds"), "restart")
        call state%get("t", t)
        call state%get("dt", dt)
        call state%get("step", step)
        call state%get("seed", seed)
        call state%get("adaptive", adaptive)
        call state%get("phase", phase)
        call state%get_json("cells", json)
        call expect(same(t, 0.1_real64) .and. abs(dt - 0.1_real32) < tiny(dt), "real numbers")
        call expect(step == 7 .and. seed == huge(seed), "integers")
        call expect(adaptive, "true")
        call state%get("frozen", adaptive)
        call expect(.not. adaptive, "false")
        call expect(phase == "warm up" .and. len(phase) == 7, "text without its padding")
        call expect(json == "[128,128]", "JSON as it was spelled, without blanks: "//json)
        call state%has("t", yes)
        call expect(yes, "there is t")
        call state%has("gone", yes)
        call expect(.not. yes, "gone is gone")
        call state%get("step", t)
        call expect(same(t, 7.0_real64), "an integer is a real number as well")
        call state%get("absent", step, default=42)
        call state%get("absent", seed, default=43_int64)
        call state%get("absent", t, 0.5_real64)
        call state%get("absent", dt, 0.25_real32)
        call state%get("absent", adaptive, .true.)
        call state%get("absent", phase, "cold")
        call expect(step == 42 .and. seed == 43 .and. same(t, 0.5_real64) .and. dt > 0.2 .and. adaptive .and. &
            phase == "cold", "defaults")
        call expect(.not. state%failed(), "nothing went wrong")
    end subroutine

    pure function same(a, b) result(yes)
        real(real64), intent(in) :: a, b
        logical :: yes

        yes = transfer(a, 0_int64) == transfer(b, 0_int64)
    end function

    subroutine numbers_come_back_exactly
        type(plattli_state) :: state
        real(real64) :: x(12), back
        real(real32) :: single
        integer(int64) :: n
        integer :: i
        character(:), allocatable :: json
        character(25), parameter :: SPELLED(12) = [character(25) :: "0.0", "-0.0", "0.1", "100.0", "1e-05", "0.0001", "1.25e-07", &
            "9999999999999998.0", "1e+16", "1.7976931348623157e+308", "2.2250738585072014e-308", "0.30000000000000004"]

        x = [0.0_real64, -0.0_real64, 0.1_real64, 100.0_real64, 1e-5_real64, 1e-4_real64, 1.25e-7_real64, &
            9999999999999998.0_real64, 1e16_real64, huge(1.0_real64), tiny(1.0_real64), 0.1_real64 + 0.2_real64]
        x(2) = sign(0.0_real64, -1.0_real64)
        call state%open(path("numbers"), "state", plattli_state_options(sync=PLATTLI_SYNC_NONE))
        do i = 1, size(x)
            call state%set("x", x(i))
            call state%get_json("x", json)
            call expect(json == trim(SPELLED(i)), json//" is "//trim(SPELLED(i)))
            call state%get("x", back)
            call expect(same(back, x(i)), "back from "//json)
        end do
        call state%set("f", 16777217.0_real32)
        call state%get_json("f", json)
        call expect(json == "16777216.0", "a real32: "//json)
        call state%get("f", single)
        call expect(abs(single - 16777216.0_real32) < 1, "and back")
        call state%set("f", 3.4e-5_real32)
        call state%get_json("f", json)
        call expect(json == "3.4e-05", "a small real32: "//json)
        n = -huge(n)
        n = n - 1
        call state%set("n", n)
        call state%get_json("n", json)
        call expect(json == "-9223372036854775808", "the smallest integer: "//json)
        n = 0
        call state%get("n", n)
        call expect(n < -huge(n), "and back")
    end subroutine

    subroutine text_of_any_kind_comes_back
        type(plattli_state) :: state
        character(:), allocatable :: text, back, json

        text = 'a "quote", a \, tab'//char(9)//"line"//char(10)//"return"//char(13)//char(8)//char(12)//char(11)//"/ ünï"
        call state%open(path("texts"), "state")
        call state%set("text", text)
        call state%get_json("text", json)
        call expect(json == '"a \"quote\", a \\, tab\tline\nreturn\r\b\f\u000b/ ünï"', "escaped: "//json)
        call state%get("text", back)
        call expect(back == text, "text comes back")
        call state%set_json("text", '"\u00FC \u20ac \ud83d\ude00 \/ \u0041"')
        call state%get("text", back)
        call expect(back == char(195)//char(188)//" "//char(226)//char(130)//char(172)//" "//char(240)//char(159)//char(152)// &
            char(128)//" / A", "escapes of others: "//back)
        call state%set("text", "")
        call state%get("text", back)
        call expect(len(back) == 0, "empty text")
    end subroutine

    subroutine a_value_of_another_kind_is_refused
        type(plattli_state) :: state
        real(real64) :: x
        real(real32) :: single
        integer(int32) :: i
        integer(int64) :: n
        logical :: l
        character(:), allocatable :: text
        character(100) :: why
        integer :: stat

        call state%open(path("refused"), "state")
        x = -1
        i = -1
        n = -1
        text = "before"
        call state%set("word", "yes")
        call state%get("word", x, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_TYPE, "text is no real number")
        call expect_text(why, 'word: not a real number: "yes"')
        call state%get("word", i, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "text is no integer")
        call state%get("word", l, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "text is no logical")
        call state%set("x", 1.5_real64)
        call state%get("x", n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "1.5 is no integer")
        call state%get("x", text, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "1.5 is no text")
        call state%set("big", 2147483648_int64)
        call state%get("big", i, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "an integer of 33 bits")
        call state%set("big", -2147483648_int64)
        call state%get("big", i, stat=stat)
        call expect_status(stat, PLATTLI_OK, "the smallest integer of 32 bits")
        call expect(i < -huge(i), "its value")
        call state%set_json("huge", "9223372036854775808")
        call state%get("huge", n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "an integer of 65 bits")
        call state%set_json("huge", "-9223372036854775809")
        call state%get("huge", n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "as many below")
        call state%set_json("huge", "99999999999999999999")
        call state%get("huge", n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "twenty digits")
        call state%set_json("huge", "1e300")
        call state%get("huge", single, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a real32 of 1e300")
        call state%set_json("huge", "-")
        call expect(state%failed(), "no number")
        call state%check(stat)
        call expect(x < 0 .and. n < 0 .and. text == "before", "after a failure a value is what it was")
        call state%get("word", x, default=2.0_real64, stat=stat)
        call expect_status(stat, PLATTLI_ERR_TYPE, "a default is for keys that are absent")
    end subroutine

    subroutine the_whole_state_is_listed_and_replaced
        type(plattli_state) :: state
        character(:), allocatable :: names(:), json
        type(plattli_text), allocatable :: lines(:)
        integer(int64) :: n
        integer :: stat

        call state%open(path("whole"), "state")
        call state%set("b", 2)
        call state%set("long name", 1)
        call state%set("a", .true.)
        call state%keys(names, stat=stat)
        call expect_status(stat, PLATTLI_OK, "keys")
        call expect(size(names) == 3 .and. len(names) == 9, "three keys")
        call expect(all(names == [character(9) :: "a", "b", "long name"]), "sorted")
        call state%size(n)
        call expect(n == 3, "size")
        call state%snapshot(json)
        call expect(json == '{"a":true,"b":2,"long name":1}', "snapshot: "//json)
        call state%delete("b")
        call state%replace('{"c": [1, 2]}')
        call state%snapshot(json)
        call expect(json == '{"c":[1,2]}', "replaced: "//json)
        call state%entry_count(n)
        call expect(n == 5, "five entries")
        call state%entries(lines)
        call expect(size(lines) == 5, "all of them")
        call expect_text(lines(1)%text, '"op":"SET","key":"b","value":2}')
        call expect_text(lines(4)%text, '"op":"DELETE","key":"b"}')
        call expect_text(lines(5)%text, '"data":{"c":[1,2]}}')
        call state%replace("[1]", stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a list is no state")
    end subroutine

    subroutine options_are_taken
        type(plattli_state) :: state, second
        integer :: stat
        logical :: yes
        character(200) :: why

        call state%open(path("options"), "state", plattli_state_options(sync=77), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a sync that is none")
        call state%open(path("options"), "state", plattli_state_options(backups=-1), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "backups below 0")
        call expect_text(why, "backups")
        call state%open(path("options"), "state", plattli_state_options(sync=PLATTLI_SYNC_INTERVAL, sync_milliseconds=5, &
            threshold=10, backups=1, snapshot=.true.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open with options")
        call state%set("key", "some value")
        call state%needs_compaction(yes)
        call expect(yes, "a threshold of ten bytes")
        call state%needs_compaction(yes, threshold=100000_int64)
        call expect(.not. yes, "another threshold")
        call second%open(path("options"), "state", stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_BUSY, "a second writer")
        call expect_text(why, "state")
        call second%open(path("options"), "state", plattli_state_options(lock=.false.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "a second writer that was asked for")
        call second%close()
        call state%close(stat=stat)
        call expect(exists(path("options/state.json")), "a snapshot for people")
    end subroutine

    subroutine a_log_is_compacted
        type(plattli_state) :: state
        integer(int64) :: before, after, n
        type(plattli_text), allocatable :: lines(:)
        integer :: i, stat

        call state%open(path("compacted"), "state")
        do i = 1, 20
            call state%set("i", i)
        end do
        call state%log_size(before)
        call state%compact(stat=stat)
        call expect_status(stat, PLATTLI_OK, "compact")
        call state%log_size(after)
        call expect(before > 1000 .and. after < 200, "a smaller log")
        call state%entries(lines)
        call expect(size(lines) == 1, "one checkpoint")
        call expect_text(lines(1)%text, '"state":{"i":20}')
        call state%get("i", i)
        call expect(i == 20, "nothing is lost")
        call state%lost(n)
        call expect(n == 0, "nothing")
    end subroutine

    subroutine a_reader_follows_a_writer
        type(plattli_state) :: state, reader
        integer :: n, stat

        call state%open(path("followed"), "state")
        call state%set("n", 1)
        call reader%open(path("followed"), "state", plattli_state_options(read_only=.true.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open beside the writer")
        call reader%get("n", n)
        call expect(n == 1, "as it is")
        call state%set("n", 2)
        call reader%get("n", n)
        call expect(n == 1, "it stays")
        call reader%refresh(stat=stat)
        call expect_status(stat, PLATTLI_OK, "refresh")
        call reader%get("n", n)
        call expect(n == 2, "until it is refreshed")
        call reader%set("n", 3, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "a reader does not write")
        call reader%open(path("followed"), "other", plattli_state_options(read_only=.true.), stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one state")
        call reader%close()
        call reader%open(path("followed"), "other", plattli_state_options(read_only=.true.), stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "no such state")
    end subroutine

    subroutine a_damaged_log_is_refused_or_salvaged
        type(plattli_state) :: state
        integer(int64) :: n
        integer :: stat
        character(300) :: why
        character(:), allocatable :: json

        call state%open(path("damaged"), "state")
        call state%set("a", 1)
        call state%close()
        call write_file(path("damaged/state.log"), '{"timestamp":"2025-01-15T12:34:56.789Z","op":"SET","key":"a","value":1}'// &
            new_line("a")//"rubbish"//new_line("a")// &
            '{"timestamp":"2025-01-15T12:34:56.789Z","op":"SET","key":"b","value":2}'//new_line("a"))
        call state%open(path("damaged"), "state", stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_CORRUPT, "a damaged log")
        call expect_text(why, "state.log")
        call state%open(path("damaged"), "state", plattli_state_options(salvage=.true.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "salvage")
        call state%snapshot(json)
        call expect(json == '{"a":1,"b":2}', "what still parses: "//json)
        call state%lost(n)
        call expect(n == 1, "one entry is lost")
        call state%compact()
        call state%close()
        call write_file(path("damaged/state.log"), "")
        call state%open(path("damaged"), "state", plattli_state_options(salvage=.true.), stat=stat)
        call expect_status(stat, PLATTLI_OK, "salvage from a backup")
        call state%lost(n)
        call expect(n == PLATTLI_LOST_UNKNOWN, "nobody knows how many")
    end subroutine

    subroutine errors_have_code_and_text
        type(plattli_state) :: state
        integer :: stat
        character(300) :: why
        character(:), allocatable :: json, text

        call state%open(path("errors"), "a/b", stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a name with a slash")
        call expect_text(why, "a/b")
        call write_file(path("plain file"), "in the way")
        call state%open(path("plain file/dir"), "state", stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_IO, "a file in the way")
        call expect_text(why, "plain file")
        call state%open(path("errors"), "state")
        call state%set("", 1, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no key")
        call state%set_json("x", "{", stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no JSON")
        call state%set("x", ieee_value(0.0_real64, ieee_quiet_nan), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no number")
        call expect_text(why, "NaN")
        call state%set("x", ieee_value(0.0_real32, ieee_quiet_nan), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no number of 32 bits")
        call state%get_json("absent", json, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "no such key")
        call expect_text(why, "absent")
        call expect(len(json) == 0, "no value")
        text = "before"
        call state%get("absent", text, stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "no such text")
        call expect(text == "before", "it is what it was")
    end subroutine

    subroutine without_stat_errors_are_kept
        type(plattli_state) :: state
        integer :: stat, n
        character(200) :: why

        call state%open(path("kept"), "state")
        call state%set("", 1)
        call state%set("n", 2)
        call expect(state%failed(), "a failure is kept")
        call state%get("n", n, stat=stat)
        call expect_status(stat, PLATTLI_OK, "calls report for themselves")
        call expect(n == 2, "nothing is held up")
        call state%compact(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "compact hands it out")
        call expect_text(why, "key")
        call state%get("absent", n)
        call state%check(stat, why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "check as well")
        call state%set("", 1)
        call state%close(stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "and close")
        call expect(.not. state%failed(), "it is forgotten")
    end subroutine

    subroutine a_scheduler_compacts_many
        type(plattli_state_scheduler) :: scheduler
        type(plattli_state) :: one, two, reader
        integer(int64) :: n
        integer :: i, stat

        call scheduler%open(stat=stat)
        call expect_status(stat, PLATTLI_OK, "a scheduler")
        call scheduler%open(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one scheduler")
        call one%open(path("many"), "one")
        call two%open(path("many"), "two")
        call reader%open(path("many"), "two", plattli_state_options(read_only=.true.))
        do i = 1, 10
            call one%set("i", i)
            call two%set("i", i)
        end do
        call scheduler%add(one, stat=stat)
        call expect_status(stat, PLATTLI_OK, "add")
        call scheduler%add(one)
        call scheduler%add(two)
        call scheduler%add(reader, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "a reader is not compacted")
        call scheduler%remove(two, stat=stat)
        call expect_status(stat, PLATTLI_OK, "remove")
        call scheduler%compact_all(stat=stat)
        call expect_status(stat, PLATTLI_OK, "compact_all")
        call one%entry_count(n)
        call expect(n == 1, "one is compacted")
        call two%entry_count(n)
        call expect(n == 10, "two was removed")
        call scheduler%start(stat=stat)
        call expect_status(stat, PLATTLI_OK, "start")
        call scheduler%start(stat=stat)
        call expect_status(stat, PLATTLI_OK, "start twice")
        call scheduler%stop(stat=stat)
        call expect_status(stat, PLATTLI_OK, "stop")
        call scheduler%stop(stat=stat)
        call expect_status(stat, PLATTLI_OK, "stop twice")
        call one%close()
        call scheduler%add(one)
        call expect(scheduler%failed(), "a state that is closed")
        call scheduler%compact_all(stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "is told by the next call with stat")
        call scheduler%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call two%set("i", 11, stat=stat)
        call expect_status(stat, PLATTLI_OK, "its states stay open")

        ! A timer of a millisecond compacts what is above its threshold.
        call one%open(path("many"), "one", plattli_state_options(threshold=100))
        call scheduler%open(1_int64)
        call scheduler%add(one)
        call scheduler%start()
        do i = 1, 1000000
            call one%set("i", i)
            call one%entry_count(n)
            if (n < i .and. i > 3) exit
        end do
        call expect(n < i, "compacted by the timer")
    end subroutine

    subroutine expect_free(name)
        character(*), intent(in) :: name
        type(plattli_state) :: state
        integer :: stat

        call state%open(path("owned"), name, stat=stat)
        call expect_status(stat, PLATTLI_OK, name//" can be opened again")
    end subroutine

    subroutine leave_open(name)
        character(*), intent(in) :: name
        type(plattli_state) :: state

        call state%open(path("owned"), name)
        call state%set("x", 1)
    end subroutine

    subroutine a_state_has_one_owner
        type(plattli_state) :: a, b, never
        type(plattli_state), allocatable :: bits
        integer :: stat
        character(100) :: why

        call leave_open("scope")
        call expect_free("scope")
        call a%open(path("owned"), "a")
        call b%open(path("owned"), "b")
        b = a
        call expect(a%is_open() .and. .not. b%is_open(), "a copy has no state")
        call expect_free("b")
        call b%refresh(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "and says so")
        call expect_text(why, "take")
        a = a
        call expect(a%is_open(), "assignment to oneself changes nothing")
        allocate(bits, source=a)
        call expect(.not. bits%is_open(), "a copy of bits has no state")
        deallocate(bits)
        call b%take(a)
        call expect(b%is_open() .and. .not. a%is_open(), "moved")
        call b%set("x", 1, stat=stat)
        call expect_status(stat, PLATTLI_OK, "and goes on")
        call a%open(path("owned"), "c")
        call b%take(a, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one state")
        b = never
        call expect(.not. b%is_open() .and. .not. b%failed(), "assignment of a state that is not open closes")
        call expect_free("a")
    end subroutine

    subroutine a_scheduler_has_one_owner
        type(plattli_state_scheduler) :: a, b
        integer :: stat

        call a%open()
        b = a
        call expect(a%is_open() .and. .not. b%is_open(), "a copy is none")
        call b%check(stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "and says so")
        call b%take(a)
        call expect(b%is_open() .and. .not. a%is_open(), "moved")
        call b%start()
        call expect(.not. b%failed(), "and goes on")
    end subroutine

    subroutine a_forked_child_is_refused
        type(plattli_state) :: state
        type(plattli_state_scheduler) :: scheduler
        integer(c_int) :: child, status, who
        integer(c_int), parameter :: SIGKILL = 9, SIGTERM = 15
        integer :: stat(4), n

        call state%open(path("forked"), "state")
        call state%set("n", 1)
        call scheduler%open()
        child = c_fork()
        if (child == 0) then
            call state%set("n", 2, stat=stat(1))
            call state%get("n", n, stat=stat(2))
            call scheduler%start(stat=stat(3))
            call state%close(stat=stat(4))
            call scheduler%close()
            who = c_raise(merge(SIGKILL, SIGTERM, all(stat == PLATTLI_ERR_FORKED)))
        end if
        who = c_waitpid(child, status, 0_c_int)
        call expect(who == child .and. status == SIGKILL, "each call in the child is refused")
        call state%set("n", 2, stat=stat(1))
        call expect_status(stat(1), PLATTLI_OK, "the parent goes on")
    end subroutine

    subroutine what_is_closed_says_so
        type(plattli_state) :: state
        type(plattli_state_scheduler) :: scheduler
        integer :: stat, i
        integer(int64) :: n
        logical :: yes
        character(:), allocatable :: text, texts(:)
        type(plattli_text), allocatable :: lines(:)
        character(60) :: why

        call state%set("x", 1, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "set")
        call expect_text(why, "not open")
        call state%get("x", i, default=3, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "get")
        call state%get_json("x", text, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "get_json")
        call state%has("x", yes, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "has")
        call state%replace("{}", stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "replace")
        call state%delete("x", stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "delete")
        call state%keys(texts, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "keys")
        call state%snapshot(text, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "snapshot")
        call state%entries(lines, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "entries")
        call state%entry_count(n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "entry_count")
        call state%size(n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "size")
        call state%compact(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "compact")
        call state%log_size(n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "log_size")
        call state%needs_compaction(yes, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "needs_compaction")
        call state%refresh(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "refresh")
        call state%lost(n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "lost")
        call expect(size(texts) == 0 .and. size(lines) == 0 .and. len(text) == 0, "nothing came")
        call scheduler%add(state, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "add")
        call scheduler%start(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "start")
        call scheduler%compact_all(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "compact_all")
        call scheduler%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
    end subroutine

    subroutine lists_of_texts_end
        type(c_ptr) :: state, strings, text
        integer(c_int32_t) :: status

        state = c_null_ptr
        strings = c_null_ptr
        text = c_null_ptr
        status = plattli_state_open(path("listed")//c_null_char, "state"//c_null_char, c_null_ptr, state)
        call expect_status(status, PLATTLI_OK, "open")
        status = plattli_state_keys(state, strings)
        call expect_status(status, PLATTLI_OK, "keys")
        call expect(plattli_strings_len(strings) == 0, "none")
        call expect_status(plattli_strings_get(strings, 0_c_size_t, text, c_null_ptr), PLATTLI_ERR_NOT_FOUND, "past the last")
        call plattli_strings_free(strings)
        call plattli_strings_free(c_null_ptr)
        call expect_status(plattli_state_close(state), PLATTLI_OK, "close")
    end subroutine

end program test_state
