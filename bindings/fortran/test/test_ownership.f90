module simulation
    use plattli, only: plattli_reader, plattli_writer
    implicit none
    public

    type :: sim
        !! What a code keeps together.
        integer :: step = 0
        type(plattli_writer) :: run
        type(plattli_reader) :: past
    end type
end module simulation


program test_ownership
    !! Who closes what: scopes, assignment in all its forms, moving.
    use check
    use plattli
    use simulation, only: sim
    implicit none

    call a_scope_closes_and_does_not_finish
    call an_allocatable_closes
    call assignment_makes_no_second_owner
    call assignment_of_what_contains_a_writer
    call assignment_of_arrays
    call a_function_cannot_return_a_run
    call a_copy_of_bits_has_no_run
    call a_run_is_moved
    call readers_follow_the_same_rules
    call done("test_ownership")

contains

    subroutine expect_free(name)
        !! Nobody has the run any more, and it is not finished.
        character(*), intent(in) :: name
        type(plattli_writer) :: run
        integer :: stat

        call run%open(path(name), stat=stat)
        call expect_status(stat, PLATTLI_OK, name//" can be opened again")
        call expect(.not. exists(path(name//"/metrics.plattli")), name//" is not finished")
    end subroutine

    subroutine expect_taken(name)
        character(*), intent(in) :: name
        type(plattli_writer) :: run
        integer :: stat

        call run%open(path(name), stat=stat)
        call expect_status(stat, PLATTLI_ERR_BUSY, name//" is still open")
    end subroutine

    subroutine leave_open(name)
        character(*), intent(in) :: name
        type(plattli_writer) :: run

        call run%open(path(name))
        call run%write("x", 1)
        call run%end_step()
        call expect_taken(name)
    end subroutine

    subroutine a_scope_closes_and_does_not_finish
        call leave_open("scope")
        call expect_free("scope")
        block
            type(plattli_writer) :: run

            call run%open(path("block"))
            call expect_taken("block")
        end block
        call expect_free("scope")
    end subroutine

    subroutine an_allocatable_closes
        type(plattli_writer), allocatable :: run
        type(plattli_writer), pointer :: other

        allocate(run)
        call run%open(path("allocated"))
        call expect_taken("allocated")
        deallocate(run)
        call expect_free("allocated")
        allocate(other)
        call other%open(path("pointed"))
        call expect_taken("pointed")
        deallocate(other)
        call expect_free("pointed")
    end subroutine

    subroutine assignment_makes_no_second_owner
        type(plattli_writer) :: a, b, never
        integer :: stat
        character(100) :: why

        call a%open(path("a"))
        call b%open(path("b"))
        b = a
        call expect(.not. b%is_open(), "a copy has no run")
        call expect_free("b")
        call b%write("x", 1)
        call b%end_step(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "a copy says so")
        call expect_text(why, "take")
        call a%write("x", 1)
        call a%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "the owner goes on")
        a = a
        call expect(a%is_open(), "assignment to oneself changes nothing")
        a = (a)
        call expect(a%is_open(), "not in parentheses either")
        call b%open(path("b"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "a copy can open another run")
        b = never
        call expect(.not. b%is_open() .and. .not. b%failed(), "assignment of a writer without a run closes")
        call expect_free("b")
        call expect_taken("a")
    end subroutine

    subroutine assignment_of_what_contains_a_writer
        type(sim) :: one, two
        integer :: stat

        call one%run%open(path("one"))
        call two%run%open(path("two"))
        call two%run%close() ! see "Ownership" in the module: gfortran 12
        one%step = 5
        two = one
        call expect(two%step == 5, "the rest is copied")
        call expect(one%run%is_open() .and. .not. two%run%is_open(), "the run is not")
        call one%run%write("x", 1)
        call one%run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "the owner goes on")
        call two%run%open(path("two"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "the copy can open another run")
    end subroutine

    subroutine assignment_of_arrays
        type(plattli_writer) :: runs(2), others(2)
        type(plattli_writer), allocatable :: list(:), longer(:)

        call runs(1)%open(path("r1"))
        call runs(2)%open(path("r2"))
        others = runs
        call expect(runs(1)%is_open() .and. runs(2)%is_open(), "owners keep their runs")
        call expect(.not. others(1)%is_open() .and. .not. others(2)%is_open(), "copies get none")
        allocate(list(1))
        call list(1)%open(path("r3"))
        call move_alloc(list, longer)
        call expect(longer(1)%is_open(), "move_alloc moves")
        deallocate(longer)
        call expect_free("r3")
        call expect_taken("r1")
    end subroutine

    function opened() result(run)
        type(plattli_writer) :: run

        call run%open(path("returned"))
        call run%close()
    end function

    subroutine a_function_cannot_return_a_run
        type(plattli_writer) :: run

        run = opened()
        call expect(.not. run%is_open(), "no run from a function")
        call expect_free("returned")
    end subroutine

    subroutine a_copy_of_bits_has_no_run
        type(plattli_writer) :: run
        type(plattli_writer), allocatable :: copy
        integer :: stat

        call run%open(path("bits"))
        allocate(copy, source=run)
        call expect(run%is_open() .and. .not. copy%is_open(), "a copy of bits has no run")
        call copy%write("x", 1, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "and says so")
        deallocate(copy)
        call expect_taken("bits")
        call by_value(run)
        call expect_taken("bits")
        call run%write("x", 1)
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "the owner goes on")
    end subroutine

    subroutine by_value(run)
        type(plattli_writer), value :: run

        call expect(.not. run%is_open(), "a value has no run")
    end subroutine

    subroutine a_run_is_moved
        type(plattli_writer) :: old, new
        integer :: stat

        call old%open(path("moved"))
        call new%take(old)
        call expect(new%is_open() .and. .not. old%is_open(), "the run has moved")
        call new%write("x", 1)
        call new%end_step(stat=stat)
        call expect_status(stat, PLATTLI_OK, "and goes on")
        call old%open(path("old"))
        call new%take(old, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one writer, one run")
        call expect(new%is_open() .and. old%is_open(), "each has its own still")
    end subroutine

    subroutine readers_follow_the_same_rules
        type(plattli_reader) :: a, b, never
        integer :: stat
        character(100) :: why
        character(:), allocatable :: names(:)

        call a%open(path("scope"))
        b = a
        call expect(a%is_open() .and. .not. b%is_open(), "a copy has no run")
        call b%metrics(names)
        call expect(size(names) == 0, "nothing comes from it")
        call b%refresh(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_STATE, "and it says so")
        call expect_text(why, "take")
        call b%take(a)
        call b%metrics(names, stat=stat)
        call expect_status(stat, PLATTLI_OK, "moved")
        call expect(size(names) == 1, "with its metrics")
        call a%open(path("scope"))
        call b%take(a, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one reader, one run")
        a = a
        call expect(a%is_open(), "assignment to oneself changes nothing")
        a = never
        call expect(.not. a%is_open(), "assignment of a reader without a run closes")
    end subroutine

end program test_ownership
