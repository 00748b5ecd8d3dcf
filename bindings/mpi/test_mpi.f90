program test_mpi
    !! What the module plattli_mpi promises, on four ranks: mpirun -n 4 test_mpi FOLDER MODE. scripts/test-mpi.sh runs the modes.
    use, intrinsic :: ieee_arithmetic, only: ieee_is_nan, ieee_quiet_nan, ieee_value
    use, intrinsic :: iso_c_binding, only: c_int
    use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
    use check
    use mpi
    use plattli
    use plattli_mpi
    implicit none
    integer, parameter :: SIGKILL = 9, SIGUSR1 = 10
    integer :: rank, ranks, ierr
    character(20) :: mode, number
    integer :: until, kill_at

    interface
        function c_raise(signal) bind(c, name="raise") result(status)
            import :: c_int
            integer(c_int), value :: signal
            integer(c_int) :: status
        end function
    end interface

    call get_command_argument(2, mode)
    if (mode == "environment") then
        call plattli_mpi_rank(rank, ranks)
        call the_environment_knows_the_rank
        call done("test_mpi of Fortran, environment")
        stop
    end if
    call MPI_Init(ierr)
    call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
    call MPI_Comm_size(MPI_COMM_WORLD, ranks, ierr)
    if (mode == "all") then
        call reduced_metrics_equal_those_computed_by_hand
        call errors_are_the_same_everywhere_or_those_of_the_rank
        call one_run_per_rank_resumes_at_a_common_step
        call all_ranks_stop_at_the_same_step
    else
        call get_command_argument(3, number)
        read(number, *) until
        kill_at = -1
        call get_command_argument(4, number)
        if (number /= "") read(number, *) kill_at
        call write_until
    end if
    call MPI_Finalize(ierr)
    call done("test_mpi of Fortran")

contains

    function agreed(number_here) result(yes)
        !! The same number on all ranks.
        integer(int64), intent(in) :: number_here
        logical :: yes
        integer(int64) :: both(2), least(2)

        both = [number_here, -number_here]
        call MPI_Allreduce(both, least, 2, MPI_INTEGER8, MPI_MIN, MPI_COMM_WORLD, ierr)
        yes = least(1) == -least(2)
    end function

    subroutine reduced_metrics_equal_those_computed_by_hand
        integer, parameter :: STEPS = 60
        type(plattli_mpi_writer) :: run
        type(plattli_reader) :: reader
        real(real64), allocatable :: values(:)
        integer(int64), allocatable :: at(:)
        real(real64) :: v
        integer :: i, k, step, stat

        call run%open(MPI_COMM_WORLD, path("reduced"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        do i = 0, STEPS - 1
            call run%step(step)
            call expect(step == i, "the step is the same everywhere")
            v = 0.1_real64 * (rank + 1) + i
            do k = 0, 3 ! every rank in an order of its own
                select case (mod(k + rank, 4))
                case (0)
                    call run%write("min", v, PLATTLI_MPI_MIN)
                case (1)
                    call run%write("max", -v, PLATTLI_MPI_MAX)
                case (2)
                    call run%write("mean", v, PLATTLI_MPI_MEAN)
                case (3)
                    call run%write("sum ", v, PLATTLI_MPI_SUM)
                end select
            end do
            call run%write("root", 100.0_real64 + rank)
            call run%write("single", 0.5_real32, PLATTLI_MPI_SUM)
            call run%write("i32", int(rank, int32))
            call run%write("i64", int(rank, int64))
            call run%write("logical", rank == 0)
            call run%write("text", "text")
            call run%write_json("json", "[1]")
            if (mod(i, 10) == 3 .and. rank == 2) call run%write("sparse", real(i, real64), PLATTLI_MPI_MEAN)
            if (i >= 20) then
                do k = 1, 20 ! more than there is room for at first
                    write(number, "(a, i0)") "late/", k
                    call run%write(trim(number), real(k, real64), PLATTLI_MPI_SUM)
                end do
            end if
            v = rank
            if (rank == 1 .and. i == 7) v = ieee_value(v, ieee_quiet_nan)
            call run%write("nan", v, PLATTLI_MPI_MAX)
            if (i == 5) call run%flush()
            if (i == 6) call run%sync()
            call run%end_step(stat=stat)
            call expect_status(stat, PLATTLI_OK, "end of a step")
        end do
        call expect(run%is_root() .eqv. rank == 0, "rank 0 writes")
        call run%finish(stat=stat)
        call expect_status(stat, PLATTLI_OK, "finish")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        if (rank /= 0) return
        call reader%open(path("reduced"))
        call reader%read("min", values, at)
        call expect(size(values) == STEPS .and. all(values <= 0.1_real64 + at .and. values >= 0.1_real64 + at), "min")
        call reader%read("max", values, at)
        call expect(size(values) == STEPS .and. all(values <= -0.1_real64 - at .and. values >= -0.1_real64 - at), "max")
        call reader%read("mean", values, at)
        call expect(size(values) == STEPS .and. all(abs(values - 0.25_real64 - at) < 1e-12_real64 * (1 + at)), "mean")
        call reader%read("sum", values, at)
        call expect(size(values) == STEPS .and. all(abs(values - 1 - 4 * at) < 1e-11_real64 * (1 + at)), "sum")
        call reader%read("root", values)
        call expect(size(values) == STEPS .and. all(nint(values) == 100), "root")
        call reader%read("single", values)
        call expect(size(values) == STEPS .and. all(nint(values) == 2), "single")
        call reader%read("sparse", values, at)
        call expect(size(values) == 6 .and. all(nint(values) == at) .and. all(mod(at, 10_int64) == 3), "sparse")
        call reader%read("late/20", values, at)
        call expect(size(values) == 40 .and. all(nint(values) == 80), "late")
        call reader%read("nan", values)
        call expect(size(values) == STEPS .and. ieee_is_nan(values(8)) .and. count(ieee_is_nan(values)) == 1, "NaN stays")
        call expect(.not. reader%failed(), "all is there")
    end subroutine

    subroutine errors_are_the_same_everywhere_or_those_of_the_rank
        type(plattli_mpi_writer) :: run
        integer :: stat, step
        character(200) :: why

        call run%open(MPI_COMM_WORLD, path("reduced"), stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_EXISTS, "a finished run, on every rank")
        call expect_text(why, "reduced")
        call run%write("x", 1.0_real64, PLATTLI_MPI_SUM, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "write without a run")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "end_step without a run")
        call run%open(MPI_COMM_WORLD, path("errors"))
        call run%open(MPI_COMM_WORLD, path("errors"), stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "one writer, one run")
        call run%write("x", 1.0_real64, 77)
        call expect(run%failed(), "kept")
        call run%end_step(stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "no such operation")
        call expect_text(why, "x")
        call expect(.not. run%failed(), "handed out")
        call run%write("x", 1.0_real64, PLATTLI_MPI_SUM)
        call run%write("x", 1.0_real64, PLATTLI_MPI_SUM, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "twice in a step")
        call run%write("x", 1.0_real64, PLATTLI_MPI_MIN, stat=stat)
        call expect_status(stat, PLATTLI_ERR_ARGUMENT, "another operation")
        call run%set_step(100, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "in the middle of a step")
        call run%end_step(stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "the first error of the step")
        call run%set_step(1, stat=stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "back")
        call run%set_step(10, stat=stat)
        call expect_status(stat, PLATTLI_OK, "forward")
        call run%write("y", real(rank, real64), merge(PLATTLI_MPI_MIN, PLATTLI_MPI_SUM, rank == 3))
        call run%end_step(stat=stat)
        call expect_status(stat, merge(PLATTLI_ERR_ARGUMENT, PLATTLI_OK, rank == 3), "an operation of its own")
        call run%write("../y", 1.0_real64, PLATTLI_MPI_SUM)
        call run%end_step(stat=stat)
        call expect_status(stat, merge(PLATTLI_ERR_ARGUMENT, PLATTLI_OK, rank == 0), "an illegal name, where it is stored")
        call run%step(step)
        call expect(step == 12, "steps end whatever happens")
        call run%set_config('{"a": 1}', stat=stat)
        call expect_status(stat, PLATTLI_OK, "set_config")
        call run%set_step(0)
        call run%check(stat)
        call expect_status(stat, PLATTLI_ERR_STATE, "check")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close again")
    end subroutine

    subroutine write_until
        !! Steps from wherever the run is, with a value per step that tells what it must be. A rank may die on the way.
        type(plattli_mpi_writer) :: run
        integer :: step, stat
        integer(c_int) :: ignored

        call run%open(MPI_COMM_WORLD, path("killed"), plattli_writer_options(hotsize=50, &
            config='{"nested": {"restarts": 77}, "text": "restarts\": 5"}'), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open")
        call run%step(step)
        call expect(agreed(int(step, int64)), "the same step everywhere")
        if (rank == 0) print "(a, i0, a, i0)", "step ", step, " restarts ", run%restarts()
        do step = step, until - 1
            call run%write("x", real(step, real64) * (rank + 1), PLATTLI_MPI_SUM)
            ! Rank 0 has written the step before, and mpirun kills it with the victim.
            if (step == kill_at) call MPI_Barrier(MPI_COMM_WORLD, ierr)
            if (step == kill_at .and. rank == 2) ignored = c_raise(int(SIGKILL, c_int))
            call run%end_step(stat=stat)
            call expect_status(stat, PLATTLI_OK, "end of a step")
        end do
        call run%close(stat=stat)
    end subroutine

    subroutine one_run_per_rank_resumes_at_a_common_step
        type(plattli_mpi_writer) :: run
        type(plattli_reader) :: reader
        integer :: i, step, stat
        integer(int64) :: rows
        integer(int64), allocatable :: steps(:)
        real(real64), allocatable :: values(:, :)
        character(200) :: why

        call run%open(MPI_COMM_WORLD, path("each"), per_rank=.true., stat=stat)
        call expect_status(stat, PLATTLI_OK, "open one per rank")
        do i = 0, 19 + 5 * rank
            call run%write("x", 1000.0_real64 * rank + i, PLATTLI_MPI_SUM)
            if (rank /= 1 .or. mod(i, 3) == 0) call run%write("n", i)
            call run%end_step()
        end do
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "nothing went wrong")
        call run%open(MPI_COMM_WORLD, path("each"), per_rank=.true.)
        call run%step(step)
        call expect(step == 20, "the earliest step of all")
        call expect(run%restarts() == 1, "once more")
        call run%close()
        call MPI_Barrier(MPI_COMM_WORLD, ierr)
        call reader%open(plattli_mpi_rank_dir(path("each"), rank))
        call reader%rows("x", rows)
        call expect(rows == 20, "rows beyond it are gone")
        call reader%close()
        call plattli_mpi_read(path("each"), "n", values, steps, stat=stat)
        call expect_status(stat, PLATTLI_OK, "all ranks side by side")
        call expect(all(shape(values) == [7, 4]) .and. size(steps) == 7, "at the steps that all have")
        if (size(values, 1) == 7) call expect(all(nint(values(:, 4)) == steps) .and. steps(7) == 18, "values by rank")
        call plattli_mpi_read(path("each"), "x", values, selection=plattli_select_steps(10, 12), stat=stat)
        call expect(all(shape(values) == [3, 4]), "three steps")
        if (size(values, 1) == 3) call expect(all(nint(values(1, :)) == [10, 1010, 2010, 3010]), "a value of each rank")
        call plattli_mpi_read(path("each"), "absent", values, stat=stat, errmsg=why)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "an unknown metric")
        call expect_text(why, "absent")
        call plattli_mpi_read(path("nothing"), "x", values, steps, stat=stat)
        call expect_status(stat, PLATTLI_ERR_NOT_FOUND, "no runs")
        call expect(size(values) == 0 .and. size(steps) == 0, "nothing came")
        call MPI_Barrier(MPI_COMM_WORLD, ierr)
        if (rank == 0) call write_file(path("half"), "in the way")
        call MPI_Barrier(MPI_COMM_WORLD, ierr)
        call run%open(MPI_COMM_WORLD, path("half"), per_rank=.true., stat=stat)
        call expect(stat /= PLATTLI_OK, "a file in the way")
    end subroutine

    subroutine all_ranks_stop_at_the_same_step
        type(plattli_mpi_writer) :: run
        integer :: step
        integer(c_int) :: ignored

        call plattli_mpi_catch(SIGUSR1)
        call run%open(MPI_COMM_WORLD, path("stopped"))
        do step = 0, 9999
            if (run%stop()) exit
            if (step == 321 .and. rank == 3) ignored = c_raise(int(SIGUSR1, c_int))
            call run%end_step()
        end do
        call expect(step == 322, "the step after the signal")
        call expect(run%seconds_left() > 900, "wall time left")
        call expect(agreed(int(min(run%seconds_left(), 1e9_real64), int64)), "the same wall time everywhere")
        call run%close()
    end subroutine

    subroutine the_environment_knows_the_rank
        type(plattli_mpi_writer) :: run
        integer :: stat

        call run%open(0, path("environment-f90"), stat=stat)
        call expect_status(stat, PLATTLI_OK, "open without MPI")
        call expect(run%is_root() .eqv. rank == 0, "rank 0 writes")
        call run%write("x", 5, stat=stat)
        call expect_status(stat, PLATTLI_OK, "write")
        call run%write("y", 5.0_real64, PLATTLI_MPI_SUM, stat=stat)
        call expect_status(stat, merge(PLATTLI_OK, PLATTLI_ERR_STATE, ranks == 1), "nothing to reduce with")
        call run%end_step(stat=stat)
        call expect_status(stat, merge(PLATTLI_OK, PLATTLI_ERR_STATE, ranks == 1), "and told again")
        call run%close(stat=stat)
        call expect_status(stat, PLATTLI_OK, "close")
    end subroutine

end program test_mpi
