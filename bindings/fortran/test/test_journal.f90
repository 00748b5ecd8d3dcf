program test_journal
    !! Journals: events that wait and events that are stored, following, compaction, errors, who owns what.
    use, intrinsic :: iso_c_binding, only: c_int
    use, intrinsic :: iso_fortran_env, only: int64
    use check
    use plattli
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

    call events_are_read_at_once_and_stored_by_a_flush
    call a_journal_is_followed
    call objects_are_compacted
    call options_are_taken
    call events_are_discarded
    call errors_have_code_and_text
    call without_stat_errors_are_kept
    call a_journal_has_one_owner
    call a_forked_child_is_refused
    call what_is_closed_says_so
    call done("test_journal")

contains

    subroutine events_are_read_at_once_and_stored_by_a_flush
        type(plattli_journal) :: journal, other
        type(plattli_text), allocatable :: events(:)
        integer(int64), allocatable :: numbers(:)
        integer(int64) :: n
        integer :: stat

        call journal%open(path("events"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        call journal%append('{"event": "remeshed", "cells": 12}   ', stat=stat)
        call expect_status(stat, PLATTLI_OK, "append")
        call journal%append("plain text: ünï")
        call journal%pending(n)
        call expect(n == 2, "two wait")
        call journal%file_count(n)
        call expect(n == 0, "none is stored")
        call journal%read(events, numbers)
        call expect(size(events) == 2 .and. all(numbers == 0), "both are read")
        call expect(events(1)%text == '{"event": "remeshed", "cells": 12}' .and. len(events(1)%text) == 34, "without padding")
        call expect(events(2)%text == "plain text: ünï", "in order")
        call journal%flush(stat=stat)
        call expect_status(stat, PLATTLI_OK, "flush")
        call journal%flush(stat=stat)
        call expect_status(stat, PLATTLI_OK, "flush of nothing")
        call journal%pending(n)
        call expect(n == 0, "none waits")
        call journal%file_count(n)
        call expect(n == 1, "one object")
        call journal%append("last")
        call journal%read(events, numbers, stat=stat)
        call expect_status(stat, PLATTLI_OK, "read")
        call expect(size(events) == 3, "stored and waiting ones")
        call expect(numbers(1) > 0 .and. numbers(2) == numbers(1) .and. numbers(3) == 0, "with the numbers of their objects")
        call journal%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call journal%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close again")
        call other%open("file://"//absolute("events"))
        call other%read(events)
        call expect(size(events) == 3, "close has stored the last")
        call expect(events(3)%text == "last", "as it was")
        call expect(.not. journal%failed() .and. .not. other%failed(), "nothing went wrong")
    end subroutine

    function absolute(name) result(full)
        character(*), intent(in) :: name
        character(:), allocatable :: full
        character(2000) :: here

        full = path(name)
        if (full(1:1) == "/") return
        call get_environment_variable("PWD", here)
        full = trim(here)//"/"//full
    end function

    subroutine a_journal_is_followed
        type(plattli_journal) :: journal, follower
        type(plattli_text), allocatable :: events(:)
        integer(int64), allocatable :: numbers(:)
        integer(int64) :: number
        integer :: stat

        call journal%open("memory://followed")
        call follower%open("memory://followed")
        number = 0
        call follower%follow(number, events, stat=stat)
        call expect_status(stat, PLATTLI_OK, "follow")
        call expect(size(events) == 0, "nothing yet")
        call journal%append("one")
        call journal%append("two")
        call journal%flush()
        call follower%follow(number, events, numbers)
        call expect(size(events) == 2, "two events")
        call expect(events(2)%text == "two" .and. all(numbers == number - 1), "with their number")
        call journal%append("three")
        call follower%follow(number, events)
        call expect(size(events) == 0, "none is stored")
        call journal%flush()
        call follower%follow(number, events)
        call expect(size(events) == 1, "each event once")
        if (size(events) == 1) call expect(events(1)%text == "three", "the new one")
    end subroutine

    subroutine objects_are_compacted
        type(plattli_journal) :: journal
        type(plattli_compact_stats) :: stats
        type(plattli_text), allocatable :: events(:)
        integer(int64) :: n
        integer :: i, stat
        character(2) :: number

        call journal%open(path("compacted"), plattli_journal_options(threshold=1, durability=PLATTLI_DURABLE_PROCESS))
        call journal%compact(stats, stat=stat)
        call expect_status(stat, PLATTLI_OK, "compact nothing")
        call expect(stats%merged == 0 .and. stats%objects == 0 .and. stats%key == "", "nothing happened")
        do i = 1, 12
            write(number, "(i0)") i
            call journal%append(number)
        end do
        call journal%file_count(n)
        call expect(n == 12, "each event is an object")
        call journal%compact(stats, stat=stat)
        call expect_status(stat, PLATTLI_OK, "compact")
        call expect(stats%merged == 12 .and. stats%events == 12 .and. stats%objects == 1 .and. stats%failed_deletes == 0, &
            "what it did")
        call expect(exists(path("compacted/"//trim(stats%key))), "the new object: "//stats%key)
        call journal%file_count(n)
        call expect(n == 1, "one object")
        call journal%read(events)
        call expect(size(events) == 12, "all events")
        call expect(events(12)%text == "12", "in their order")
        call journal%append("13")
        call journal%compact(stat=stat)
        call expect_status(stat, PLATTLI_OK, "compact without asking")
    end subroutine

    subroutine options_are_taken
        type(plattli_journal) :: journal
        integer(int64) :: n
        integer :: stat
        character(200) :: why

        call journal%open(path("options"), plattli_journal_options(durability=7), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a durability that is none")
        call journal%open(path("options"), plattli_journal_options(threshold=-1), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a threshold below 0")
        call expect_text(why, "threshold")
        call journal%open(path("options"), plattli_journal_options(max_object_bytes=0), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "objects of no bytes")
        call journal%open(path("options"), plattli_journal_options(lease_expiry=0), stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a lease of no time")
        call journal%open(path("options"), plattli_journal_options(threshold=3, max_object_bytes=1000, &
            lease_expiry=60000), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open with options")
        call journal%append("one")
        call journal%append("two")
        call journal%file_count(n)
        call expect(n == 0, "below the threshold")
        call journal%append("three")
        call journal%file_count(n)
        call expect(n == 1, "at the threshold")
    end subroutine

    subroutine events_are_discarded
        type(plattli_journal) :: journal
        type(plattli_text), allocatable :: events(:)
        integer(int64) :: lost
        integer :: stat

        call journal%open(path("discarded"))
        call journal%append("stored")
        call journal%flush()
        call journal%append("one")
        call journal%append("two")
        call journal%discard(lost, stat=stat)
        call expect_status(stat, PLATTLI_OK, "discard")
        call expect(lost == 2 .and. .not. journal%is_open(), "two events are lost")
        call journal%open(path("discarded"))
        call journal%read(events)
        call expect(size(events) == 1, "one was stored")
        call journal%discard(stat=stat)
        call expect_status(stat, PLATTLI_OK, "discard without asking")
        call journal%discard(lost, stat=stat)
        call expect(stat == PLATTLI_OK .and. lost == 0, "discard of what is closed")
    end subroutine

    subroutine errors_have_code_and_text
        type(plattli_journal) :: journal
        integer :: stat
        integer(int64) :: n
        character(300) :: why

        call journal%open("ftp://host/place", stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "a place that is none")
        call expect_text(why, "ftp://host/place")
        call journal%open("s3://bucket/prefix", stat=stat, errmsg=why)
        call expect(stat /= PLATTLI_OK, "a service that is not here")
        call journal%check(stat)
        call expect_status(stat, PLATTLI_OK, "with stat nothing is kept")
        call journal%close()
        call journal%open(path("errors"))
        call journal%open(path("errors"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one journal")
        call journal%append("  ", stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no event")
        call journal%append("two"//new_line("a")//"lines", stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "two lines")
        call expect_text(why, "newline")
        call journal%pending(n)
        call expect(n == 0, "neither was taken")
        call journal%close()
        call write_file(path("in the way"), "a file")
        call journal%open(path("in the way/journal"), stat=stat)
        if (stat == PLATTLI_OK) call journal%append("event")
        if (stat == PLATTLI_OK) call journal%flush(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_IO, "a file in the way")
        call expect_text(why, "in the way")
        call journal%discard(n)
        call expect(n == 1, "the event waited on")
    end subroutine

    subroutine without_stat_errors_are_kept
        type(plattli_journal) :: journal
        integer :: stat
        character(200) :: why

        call journal%open("memory://kept")
        call journal%append("")
        call journal%append("event")
        call expect(journal%failed(), "a failure is kept")
        call journal%flush(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "flush hands it out")
        call expect_text(why, "event")
        call journal%append("")
        call journal%check(stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "check as well")
        call journal%append("")
        call journal%close(stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "and close")
        call expect(.not. journal%failed(), "it is forgotten")
    end subroutine

    subroutine leave_open
        type(plattli_journal) :: journal

        call journal%open(path("owned"))
        call journal%append("event")
    end subroutine

    subroutine a_journal_has_one_owner
        type(plattli_journal) :: a, b, never
        type(plattli_journal), allocatable :: bits
        type(plattli_text), allocatable :: events(:)
        integer :: stat
        character(100) :: why

        call leave_open
        call a%open(path("owned"))
        call a%read(events)
        call expect(size(events) == 1, "a scope stores what waits")
        b = a
        call expect(a%is_open() .and. .not. b%is_open(), "a copy has no journal")
        call b%flush(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "and says so")
        call expect_text(why, "take")
        a = a
        call expect(a%is_open(), "assignment to oneself changes nothing")
        allocate(bits, source=a)
        call expect(.not. bits%is_open(), "a copy of bits has no journal")
        deallocate(bits)
        call b%take(a)
        call expect(b%is_open() .and. .not. a%is_open(), "moved")
        call b%append("another", stat=stat)
        call expect_status(stat, PLATTLI_OK, "and goes on")
        call a%open(path("owned"))
        call b%take(a, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one variable, one journal")
        b = never
        call expect(.not. b%is_open() .and. .not. b%failed(), "assignment of a journal that is not open closes")
        call a%read(events)
        call expect(size(events) == 2, "and stores what waits")
    end subroutine

    subroutine a_forked_child_is_refused
        type(plattli_journal) :: journal
        type(plattli_text), allocatable :: events(:)
        integer(c_int) :: child, status, who
        integer(c_int), parameter :: SIGKILL = 9, SIGTERM = 15
        integer :: stat(3)

        call journal%open(path("forked"))
        call journal%append("event")
        child = c_fork()
        if (child == 0) then
            call journal%append("another", stat=stat(1))
            call journal%read(events, stat=stat(2))
            call journal%close(stat=stat(3))
            who = c_raise(merge(SIGKILL, SIGTERM, all(stat == PLATTLI_ERR_FORKED)))
        end if
        who = c_waitpid(child, status, 0_c_int)
        call expect(who == child .and. status == SIGKILL, "each call in the child is refused")
        call journal%flush(stat=stat(1))
        call expect_status(stat(1), PLATTLI_OK, "the parent goes on")
        call journal%read(events)
        call expect(size(events) == 1, "the child stored nothing")
    end subroutine

    subroutine what_is_closed_says_so
        type(plattli_journal) :: journal
        type(plattli_compact_stats) :: stats
        type(plattli_text), allocatable :: events(:)
        integer(int64), allocatable :: numbers(:)
        integer(int64) :: n
        integer :: stat
        character(60) :: why

        call journal%append("x", stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "append")
        call expect_text(why, "not open")
        call journal%flush(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "flush")
        call journal%read(events, numbers, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "read")
        n = 5
        call journal%follow(n, events, numbers, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "follow")
        call expect(n == 5 .and. size(events) == 0 .and. size(numbers) == 0, "nothing came")
        call journal%compact(stats, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "compact")
        call journal%file_count(n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "file_count")
        call journal%pending(n, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "pending")
        call expect(n == 0, "none")
    end subroutine

end program test_journal
