! plattli in programs that use MPI: one run for all ranks, metrics reduced across them, steps and stops that all ranks agree
! on. To be compiled after plattli.f90 by the program's own MPI compiler:
!
!     mpifort -c plattli.f90 plattli_mpi.f90
!
! SPDX-License-Identifier: MIT OR Apache-2.0

module plattli_mpi
    !! One run for all ranks.
    !!
    !!     type(plattli_mpi_writer) :: run
    !!     call run%open(MPI_COMM_WORLD, "heat", stat=stat)        ! every rank calls, rank 0 writes
    !!     call run%step(step)                                     ! the same on every rank
    !!     call run%write("energy", e, PLATTLI_MPI_MEAN)           ! over the ranks that wrote it in this step
    !!     call run%end_step(stat=stat)                            ! one reduction for all metrics of the step
    !!     call run%finish(stat=stat);  call run%close(stat=stat)
    !!
    !! Collective, to be called by every rank in the same order: `open`, `end_step`, `set_step`, `close`. Everything else is
    !! local. On ranks other than 0 the writer has nothing to write to, and every call succeeds at once. With mpi_f08, give
    !! the communicator as `MPI_COMM_WORLD%MPI_VAL`.
    !!
    !! `stat` and `errmsg` are those of the module `plattli`; what MPI refuses is `PLATTLI_ERR_IO`. A variable that goes out of
    !! scope closes its run; the communicator is released by `close` alone, which is collective.
    use, intrinsic :: ieee_arithmetic, only: ieee_is_nan, ieee_positive_inf, ieee_value
    use, intrinsic :: iso_c_binding, only: c_char, c_funloc, c_funptr, c_int, c_long, c_null_ptr, c_ptr
    use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
    use mpi
    use plattli
    implicit none
    private

    public :: plattli_mpi_writer, plattli_mpi_read, plattli_mpi_rank, plattli_mpi_rank_dir
    public :: plattli_mpi_catch, plattli_mpi_wall_seconds_left

    ! What becomes of the values that the ranks write in one step. NaN on any rank gives NaN.
    integer, parameter, public :: PLATTLI_MPI_ROOT = 0 !! The value of rank 0; the others are ignored, nothing is sent.
    integer, parameter, public :: PLATTLI_MPI_MIN = 1 !! The smallest.
    integer, parameter, public :: PLATTLI_MPI_MAX = 2 !! The largest.
    integer, parameter, public :: PLATTLI_MPI_MEAN = 3 !! The mean over the ranks that wrote the metric in this step.
    integer, parameter, public :: PLATTLI_MPI_SUM = 4 !! The sum.

    integer(int64), parameter :: STEPS = 4294967296_int64
    ! Rows of a cell of the reduction, and the cells that belong to the ranks themselves.
    integer, parameter :: CELL_OP = 1, CELL_VALUE = 2, CELL_COUNT = 3
    integer, parameter :: NEW_NAMES = 1, STOPPING = 2, SECONDS = 3, HEADER = 3

    integer(c_int), volatile :: signalled = 0

    type :: plattli_mpi_writer
        !! A run that all ranks of a communicator write.
        private
        type(plattli_writer) :: root
        logical :: writes = .false.
        integer :: comm = MPI_COMM_NULL, cell_type = MPI_DATATYPE_NULL, combine = MPI_OP_NULL
        integer :: rank = 0, ranks = 1
        integer(int64) :: at = 0
        ! Reduced metrics. Of the names the first `agreed` are the same on all ranks, in the same order.
        type(plattli_text), allocatable :: names(:)
        real(real64), allocatable :: mine(:, :), all(:, :)
        integer :: metrics = 0, agreed = 0, expected = 1
        integer :: first_error = PLATTLI_OK, kept = PLATTLI_OK
        character(500) :: first_text = "", kept_text = ""
        integer :: restart_count = 0
        logical :: stopping = .false.
        real(real64) :: seconds = 0
    contains
        procedure, non_overridable :: open => mpi_open !! Opens one run for all ranks, or one per rank. Collective.
        procedure, non_overridable :: is_root => mpi_is_root !! Whether this rank writes.
        generic :: write => write_real64, write_real32, write_int32, write_int64, write_logical, write_text !! A value.
        procedure, non_overridable :: write_json !! One JSON value, of rank 0.
        generic :: step => step_int32, step_int64 !! The current step, the same on every rank.
        procedure, non_overridable :: set_step => mpi_set_step !! Moves the current step forward. Collective.
        procedure, non_overridable :: end_step => mpi_end_step !! Ends the step on every rank. Collective.
        procedure, non_overridable :: flush => mpi_flush !! Shows the values of rank 0 to readers.
        procedure, non_overridable :: sync => mpi_sync !! Brings all that was acknowledged to stable storage.
        procedure, non_overridable :: set_config => mpi_set_config !! Replaces the configuration of the run.
        procedure, non_overridable :: finish => mpi_finish !! Brings the run into its final form.
        procedure, non_overridable :: close => mpi_close !! Releases the run; never finishes it. Collective.
        procedure, non_overridable :: stop => mpi_stop !! Whether any rank was signalled; the same on every rank.
        procedure, non_overridable :: seconds_left => mpi_seconds_left !! Least wall time left; the same on every rank.
        procedure, non_overridable :: restarts => mpi_restarts !! How often the run had been opened again before.
        procedure, non_overridable :: failed => mpi_failed !! Whether a failure is kept.
        procedure, non_overridable :: check => mpi_check !! Hands out the kept failure and forgets it.
        procedure, private :: write_real64, write_real32, write_int32, write_int64, write_logical, write_text
        procedure, private :: step_int32, step_int64
    end type

    interface
        function c_signal(number, handler) bind(c, name="signal") result(before)
            import :: c_funptr, c_int
            integer(c_int), value :: number
            type(c_funptr), value :: handler
            type(c_funptr) :: before
        end function
        function c_time(nowhere) bind(c, name="time") result(now)
            import :: c_long, c_ptr
            type(c_ptr), value :: nowhere
            integer(c_long) :: now
        end function
    end interface

contains

    ! -- ranks -------------------------------------------------------------------------------------------------------

    subroutine plattli_mpi_rank(rank, ranks)
        !! Which process of how many this is: from MPI if it is initialised, else from what the launcher left in the
        !! environment (Open MPI, PMI, MVAPICH, Slurm). One process alone is 0 of 1.
        integer, intent(out) :: rank
        integer, intent(out), optional :: ranks
        character(*), parameter :: RANKS_IN(4) = [character(20) :: "OMPI_COMM_WORLD_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", &
            "SLURM_PROCID"]
        character(*), parameter :: SIZES_IN(4) = [character(20) :: "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", &
            "SLURM_STEP_NUM_TASKS"]
        integer :: i, size, ierr
        logical :: found

        rank = 0
        size = 1
        if (mpi_runs()) then
            call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
            call MPI_Comm_size(MPI_COMM_WORLD, size, ierr)
        else
            do i = 1, 4
                call number_in(RANKS_IN(i), rank, found)
                if (found) call number_in(SIZES_IN(i), size, found)
                if (found .and. rank < size) exit
                rank = 0
                size = 1
            end do
        end if
        if (present(ranks)) ranks = size
    end subroutine

    subroutine number_in(variable, number, found)
        character(*), intent(in) :: variable
        integer, intent(out) :: number
        logical, intent(out) :: found
        character(20) :: text
        integer :: stat

        number = 0
        call get_environment_variable(variable, text, status=stat)
        found = stat == 0 .and. text /= "" .and. verify(trim(text), "0123456789") == 0
        if (found) read(text, *, iostat=stat) number
        found = found .and. stat == 0
    end subroutine

    function mpi_runs() result(yes)
        logical :: yes
        logical :: ended
        integer :: ierr

        call MPI_Initialized(yes, ierr)
        call MPI_Finalized(ended, ierr)
        yes = yes .and. .not. ended
    end function

    function plattli_mpi_rank_dir(run_dir, rank) result(dir)
        !! The folder of one rank of a run per rank, `RUN/rank-00042`.
        character(*), intent(in) :: run_dir
        integer, intent(in) :: rank
        character(:), allocatable :: dir
        character(20) :: number

        write(number, "(i0.5)") rank
        dir = trim(run_dir)//"/rank-"//trim(number)
    end function

    ! -- preemption --------------------------------------------------------------------------------------------------

    subroutine plattli_mpi_catch(signal)
        !! From now on this signal (15 is SIGTERM, 10 is SIGUSR1 on Linux) sets the flag that `stop` tells, and does nothing
        !! else. Nothing is installed unless this is called.
        integer, intent(in) :: signal
        type(c_funptr) :: before

        before = c_signal(int(signal, c_int), c_funloc(on_signal))
    end subroutine

    subroutine on_signal(number) bind(c)
        integer(c_int), value :: number

        if (number > 0) signalled = 1
    end subroutine

    function plattli_mpi_wall_seconds_left() result(seconds)
        !! Seconds until the batch system ends the job, as this process sees it: from PLATTLI_END_TIME or
        !! SLURM_JOB_END_TIME, in seconds since 1970. Infinite where nobody says.
        real(real64) :: seconds
        character(*), parameter :: VARIABLES(2) = [character(18) :: "PLATTLI_END_TIME", "SLURM_JOB_END_TIME"]
        character(40) :: text
        real(real64) :: end_time
        integer :: i, stat

        do i = 1, 2
            call get_environment_variable(trim(VARIABLES(i)), text, status=stat)
            if (stat /= 0 .or. text == "") cycle
            read(text, *, iostat=stat) end_time
            if (stat /= 0) cycle
            seconds = end_time - real(c_time(c_null_ptr), real64)
            return
        end do
        seconds = ieee_value(seconds, ieee_positive_inf)
    end function

    ! -- errors ------------------------------------------------------------------------------------------------------

    subroutine settle(self, status, text, stat, errmsg)
        ! What a call has to say goes to the caller, or is kept.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(in) :: status
        character(*), intent(in) :: text
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (present(stat)) stat = status
        if (status == PLATTLI_OK) return
        if (present(errmsg)) errmsg = text
        if (present(stat) .or. self%kept /= PLATTLI_OK) return
        self%kept = status
        self%kept_text = text
    end subroutine

    subroutine settle_all(self, status, text, stat, errmsg)
        ! As `settle`, for calls that also hand out what was kept.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(in) :: status
        character(*), intent(in) :: text
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (present(stat) .and. status == PLATTLI_OK .and. self%kept /= PLATTLI_OK) then
            call mpi_check(self, stat, errmsg)
            return
        end if
        if (present(stat)) self%kept = PLATTLI_OK
        call settle(self, status, text, stat, errmsg)
    end subroutine

    subroutine settle_write(self, status, text, stat, errmsg)
        ! As `settle`, for writes, whose first failure is told again at the end of the step.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(in) :: status
        character(*), intent(in) :: text
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (status /= PLATTLI_OK .and. self%first_error == PLATTLI_OK) then
            self%first_error = status
            self%first_text = text
        end if
        call settle(self, status, text, stat, errmsg)
    end subroutine

    subroutine said_by_mpi(ierr, status, text)
        integer, intent(in) :: ierr
        integer, intent(inout) :: status
        character(*), intent(inout) :: text
        character(MPI_MAX_ERROR_STRING) :: words
        integer :: n, ignored

        if (ierr == MPI_SUCCESS .or. status /= PLATTLI_OK) return
        words = ""
        call MPI_Error_string(ierr, words, n, ignored)
        status = PLATTLI_ERR_IO
        text = "MPI: "//words
    end subroutine

    pure function mpi_failed(self) result(yes)
        class(plattli_mpi_writer), intent(in) :: self
        logical :: yes

        yes = self%kept /= PLATTLI_OK
    end function

    subroutine mpi_check(self, stat, errmsg)
        !! The first failure of a call without `stat`, which is then forgotten; `PLATTLI_OK` if there was none.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(out) :: stat
        character(*), intent(inout), optional :: errmsg

        stat = self%kept
        if (self%kept /= PLATTLI_OK .and. present(errmsg)) errmsg = self%kept_text
        self%kept = PLATTLI_OK
    end subroutine

    ! -- opening -----------------------------------------------------------------------------------------------------

    subroutine mpi_open(self, comm, run_dir, options, per_rank, stat, errmsg)
        !! Opens one run for all ranks of a communicator. Collective. Rank 0 opens `run_dir` with `options`, which are ignored
        !! elsewhere; the step from which to continue, or the error, is the same on every rank. The configuration gets a key
        !! "restarts": how often the run was opened again. Before MPI_Init the rank is that of `plattli_mpi_rank`: rank 0
        !! writes, and nothing can be reduced.
        !!
        !! With `per_rank` every rank has a run of its own, `RUN/rank-00042`; nothing is reduced, and steps end without
        !! communication. All continue from the earliest step that any of them reached.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(in) :: comm
        character(*), intent(in) :: run_dir
        type(plattli_writer_options), intent(in), optional :: options
        logical, intent(in), optional :: per_rank
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_writer_options) :: own
        character(:), allocatable :: dir
        character(500) :: text
        integer :: status, ierr, restarts
        logical :: each

        if (allocated(self%names)) then
            call settle(self, PLATTLI_ERR_STATE, "this writer has a run already: close it first", stat, errmsg)
            return
        end if
        each = .false.
        if (present(per_rank)) each = per_rank
        if (present(options)) own = options
        status = PLATTLI_OK
        text = ""
        call begin(self, comm, status, text)
        dir = trim(run_dir)
        if (each) dir = plattli_mpi_rank_dir(run_dir, self%rank)
        self%writes = each .or. self%rank == 0
        restarts = 0
        if (status == PLATTLI_OK .and. self%writes) then
            restarts = count_restarts(dir)
            call open_one(self, dir, own, restarts, status, text)
        end if
        if (self%comm /= MPI_COMM_NULL) then
            if (each) then
                call agree_to_resume(self, dir, own, restarts, status, text)
            else
                call tell_all(self, restarts, status, text)
            end if
        else
            self%seconds = plattli_mpi_wall_seconds_left()
        end if
        self%restart_count = restarts
        if (status /= PLATTLI_OK) then
            call self%root%close(stat=ierr)
            call release(self)
        else if (each) then
            call free_mpi(self)
            self%ranks = 1
        end if
        call settle(self, status, trim(text), stat, errmsg)
    end subroutine

    subroutine begin(self, comm, status, text)
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(in) :: comm
        integer, intent(inout) :: status
        character(*), intent(inout) :: text
        integer :: ierr

        allocate(self%names(16), self%mine(3, HEADER + 16), self%all(3, HEADER + 16))
        self%mine = 0
        self%metrics = 0
        self%agreed = 0
        self%expected = 1
        self%first_error = PLATTLI_OK
        self%kept = PLATTLI_OK
        self%stopping = .false.
        self%at = 0
        if (.not. mpi_runs()) then
            call plattli_mpi_rank(self%rank, self%ranks)
            return
        end if
        call MPI_Comm_dup(comm, self%comm, ierr)
        call said_by_mpi(ierr, status, text)
        if (status /= PLATTLI_OK) return
        call MPI_Comm_set_errhandler(self%comm, MPI_ERRORS_RETURN, ierr)
        call MPI_Comm_rank(self%comm, self%rank, ierr)
        call MPI_Comm_size(self%comm, self%ranks, ierr)
        call MPI_Type_contiguous(3, MPI_DOUBLE_PRECISION, self%cell_type, ierr)
        call MPI_Type_commit(self%cell_type, ierr)
        call MPI_Op_create(combine_cells, .true., self%combine, ierr)
    end subroutine

    subroutine open_one(self, dir, options, restarts, status, text)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: dir
        type(plattli_writer_options), intent(in) :: options
        integer, intent(in) :: restarts
        integer, intent(inout) :: status
        character(*), intent(inout) :: text

        call self%root%open(dir, options, stat=status, errmsg=text)
        if (status == PLATTLI_OK) call record_restarts(self%root, dir, restarts, status, text)
        if (status == PLATTLI_OK) call self%root%step(self%at, stat=status, errmsg=text)
    end subroutine

    subroutine tell_all(self, restarts, status, text)
        ! What rank 0 found when it opened the run.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(inout) :: restarts, status
        character(*), intent(inout) :: text
        real(real64) :: opened(4)
        integer :: ierr

        opened = [real(self%at, real64), real(status, real64), real(restarts, real64), plattli_mpi_wall_seconds_left()]
        call MPI_Bcast(opened, 4, MPI_DOUBLE_PRECISION, 0, self%comm, ierr)
        if (ierr == MPI_SUCCESS) call MPI_Bcast(text, len(text), MPI_CHARACTER, 0, self%comm, ierr)
        if (ierr == MPI_SUCCESS) status = nint(opened(2))
        call said_by_mpi(ierr, status, text)
        self%at = int(opened(1), int64)
        restarts = nint(opened(3))
        self%seconds = opened(4)
    end subroutine

    subroutine agree_to_resume(self, dir, options, restarts, status, text)
        ! One run per rank: the worst status, and the earliest step.
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: dir
        type(plattli_writer_options), intent(inout) :: options
        integer, intent(in) :: restarts
        integer, intent(inout) :: status
        character(*), intent(inout) :: text
        real(real64) :: own(3), least(3)
        integer :: ierr

        own = [real(self%at, real64), -real(status, real64), plattli_mpi_wall_seconds_left()]
        call MPI_Allreduce(own, least, 3, MPI_DOUBLE_PRECISION, MPI_MIN, self%comm, ierr)
        call said_by_mpi(ierr, status, text)
        if (status /= PLATTLI_OK) return
        self%seconds = least(3)
        if (least(2) < 0) then
            status = nint(-least(2))
            text = "another rank could not open its run"
        else if (least(1) < own(1)) then
            options%step = int(least(1), int64)
            call self%root%close(stat=ierr)
            call open_one(self, dir, options, restarts, status, text)
        end if
    end subroutine

    ! -- the configuration -------------------------------------------------------------------------------------------

    subroutine read_config(run_dir, json)
        ! The configuration of a run; empty if there is none.
        character(*), intent(in) :: run_dir
        character(:), allocatable, intent(out) :: json
        type(plattli_reader) :: reader
        integer :: unit, stat, n

        ! A run without metrics has a configuration, but nothing for a reader yet.
        open(newunit=unit, file=run_dir//"/plattli/config.json", access="stream", form="unformatted", status="old", &
            action="read", iostat=stat)
        if (stat == 0) then
            inquire(unit, size=n)
            allocate(character(max(n, 0)) :: json)
            read(unit, iostat=stat) json
            close(unit)
            return
        end if
        json = ""
        call reader%open(run_dir, stat=stat)
        if (stat /= PLATTLI_OK) return
        call reader%config(json, stat=stat)
    end subroutine

    subroutine find_restarts(json, at, after, empty)
        ! Where the number of the key "restarts" of an object begins and what follows it; where such a member would be put,
        ! with `after` the same, if it has none; 0 if the text is no object.
        character(*), intent(in) :: json
        integer, intent(out) :: at, after
        logical, intent(out) :: empty
        character(*), parameter :: BLANK = " "//char(9)//char(10)//char(13)
        integer :: i, begun, next, depth, found

        at = 0
        after = 0
        empty = .true.
        depth = 0
        found = 0
        i = verify(json, BLANK)
        if (i == 0) return
        if (json(i:i) /= "{") return
        do while (i <= len(json))
            select case (json(i:i))
            case ('"')
                begun = i
                i = i + 1
                do while (i <= len(json))
                    if (json(i:i) == '"') exit
                    i = i + merge(2, 1, json(i:i) == "\")
                end do
                if (i > len(json)) return
                next = skip(i + 1)
                if (depth == 1) empty = .false.
                if (depth == 1 .and. next <= len(json)) then
                    if (json(begun:i) == '"restarts"' .and. json(next:next) == ":") found = skip(next + 1)
                end if
            case ("{", "[")
                depth = depth + 1
            case ("}", "]")
                depth = depth - 1
                if (depth == 0) after = i
            end select
            i = i + 1
        end do
        at = after
        if (found == 0 .or. after == 0) return
        at = found
        after = found
        do while (after < len(json) .and. scan(json(after:after), ",}"//BLANK) == 0)
            after = after + 1
        end do

    contains

        integer function skip(from)
            integer, intent(in) :: from

            skip = from
            do while (skip <= len(json))
                if (index(BLANK, json(skip:skip)) == 0) exit
                skip = skip + 1
            end do
        end function
    end subroutine

    function count_restarts(run_dir) result(n)
        ! How often a run was opened before: 0 if it does not exist.
        character(*), intent(in) :: run_dir
        integer :: n
        character(:), allocatable :: json
        integer :: at, after, stat
        logical :: empty

        n = 0
        call read_config(run_dir, json)
        if (len(json) == 0) return
        call find_restarts(json, at, after, empty)
        if (at < after) read(json(at:after - 1), *, iostat=stat) n
        n = n + 1
    end function

    subroutine record_restarts(run, run_dir, restarts, status, text)
        ! Puts the count into the configuration that the run has now.
        type(plattli_writer), intent(inout) :: run
        character(*), intent(in) :: run_dir
        integer, intent(in) :: restarts
        integer, intent(inout) :: status
        character(*), intent(inout) :: text
        character(:), allocatable :: json, member
        character(20) :: number
        integer :: at, after
        logical :: empty

        call read_config(run_dir, json)
        if (len(json) == 0) json = "{}"
        call find_restarts(json, at, after, empty)
        if (at == 0) return
        member = ""
        if (at == after) member = merge('"restarts":   ', ', "restarts": ', empty)
        write(number, "(i0)") restarts
        call run%set_config(json(:at - 1)//member//trim(number)//json(after:), stat=status, errmsg=text)
    end subroutine

    ! -- reductions --------------------------------------------------------------------------------------------------

    subroutine combine_cells(in, inout, n, datatype)
        ! A cell: operation, value, number of ranks. Called by MPI.
        integer, intent(in) :: n, datatype
        real(real64), intent(in) :: in(3, n)
        real(real64), intent(inout) :: inout(3, n)
        integer :: i

        if (datatype == MPI_DATATYPE_NULL) return
        do i = 1, n
            if (.not. in(CELL_COUNT, i) > 0) cycle
            if (.not. inout(CELL_COUNT, i) > 0) then
                inout(:, i) = in(:, i)
                cycle
            end if
            select case (nint(inout(CELL_OP, i)))
            case (PLATTLI_MPI_MIN, PLATTLI_MPI_MAX)
                if (ieee_is_nan(in(CELL_VALUE, i)) .or. ieee_is_nan(inout(CELL_VALUE, i))) then
                    inout(CELL_VALUE, i) = in(CELL_VALUE, i) + inout(CELL_VALUE, i)
                else if (nint(inout(CELL_OP, i)) == PLATTLI_MPI_MIN) then
                    inout(CELL_VALUE, i) = min(in(CELL_VALUE, i), inout(CELL_VALUE, i))
                else
                    inout(CELL_VALUE, i) = max(in(CELL_VALUE, i), inout(CELL_VALUE, i))
                end if
            case default
                inout(CELL_VALUE, i) = in(CELL_VALUE, i) + inout(CELL_VALUE, i)
            end select
            inout(CELL_COUNT, i) = inout(CELL_COUNT, i) + in(CELL_COUNT, i)
        end do
    end subroutine

    subroutine find(self, name, operation, i)
        ! The number of a name, which is made known if it is new.
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer, intent(in) :: operation
        integer, intent(out) :: i

        ! Programs write the same metrics in the same order at every step.
        i = self%expected
        self%expected = i + 1
        if (i <= self%metrics) then
            if (self%names(i)%text == name) return
        end if
        do i = 1, self%metrics
            self%expected = i + 1
            if (self%names(i)%text == name) return
        end do
        if (self%metrics == size(self%names)) call grow(self)
        self%metrics = self%metrics + 1
        i = self%metrics
        self%names(i)%text = name
        self%mine(:, HEADER + i) = [real(operation, real64), 0.0_real64, 0.0_real64]
        self%expected = i + 1
    end subroutine

    subroutine grow(self)
        class(plattli_mpi_writer), intent(inout) :: self
        type(plattli_text), allocatable :: names(:)
        real(real64), allocatable :: mine(:, :), all(:, :)
        integer :: i, n

        n = size(self%names)
        allocate(names(2 * n), mine(3, HEADER + 2 * n), all(3, HEADER + 2 * n))
        mine = 0
        all = 0
        mine(:, :HEADER + n) = self%mine
        all(:, :HEADER + n) = self%all
        do i = 1, n
            call move_alloc(self%names(i)%text, names(i)%text)
        end do
        call move_alloc(names, self%names)
        call move_alloc(mine, self%mine)
        call move_alloc(all, self%all)
    end subroutine

    subroutine reduce(self, status, text)
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(inout) :: status
        character(*), intent(inout) :: text
        integer :: known, ierr

        known = self%agreed
        self%mine(:, NEW_NAMES) = [real(PLATTLI_MPI_MAX, real64), real(self%metrics - known, real64), 1.0_real64]
        self%mine(:, STOPPING) = [real(PLATTLI_MPI_MAX, real64), real(signalled, real64), 1.0_real64]
        self%mine(:, SECONDS) = [real(PLATTLI_MPI_MIN, real64), plattli_mpi_wall_seconds_left(), 1.0_real64]
        call MPI_Allreduce(self%mine, self%all, HEADER + known, self%cell_type, self%combine, self%comm, ierr)
        call said_by_mpi(ierr, status, text)
        if (status /= PLATTLI_OK) return
        self%stopping = self%all(CELL_VALUE, STOPPING) > 0
        self%seconds = self%all(CELL_VALUE, SECONDS)
        if (.not. self%all(CELL_VALUE, NEW_NAMES) > 0) return
        ! Some rank wrote a metric for the first time: rare, so it may cost more.
        call agree(self, status, text)
        if (status /= PLATTLI_OK) return
        call MPI_Allreduce(self%mine(1, HEADER + known + 1), self%all(1, HEADER + known + 1), self%agreed - known, self%cell_type, &
            self%combine, self%comm, ierr)
        call said_by_mpi(ierr, status, text)
    end subroutine

    subroutine agree(self, status, text)
        ! Brings the names that some rank has new to all of them, in one order; what other ranks call by another operation is
        ! an error of this rank.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(inout) :: status
        character(*), intent(inout) :: text
        type(plattli_text), allocatable :: names(:)
        real(real64), allocatable :: cells(:, :)
        integer, allocatable :: counts(:), starts(:)
        character(:), allocatable :: mine, all
        integer :: i, k, at, n, fresh, ierr

        fresh = self%metrics - self%agreed
        allocate(names(fresh), cells(3, fresh))
        names(:) = self%names(self%agreed + 1:self%metrics)
        cells(:, :) = self%mine(:, HEADER + self%agreed + 1:HEADER + self%metrics)
        mine = ""
        do i = 1, fresh
            mine = mine//char(nint(cells(CELL_OP, i)))//names(i)%text//char(0)
        end do
        self%metrics = self%agreed
        allocate(counts(self%ranks), starts(self%ranks))
        call MPI_Allgather(len(mine), 1, MPI_INTEGER, counts, 1, MPI_INTEGER, self%comm, ierr)
        call said_by_mpi(ierr, status, text)
        if (status /= PLATTLI_OK) return
        starts(1) = 0
        do i = 2, self%ranks
            starts(i) = starts(i - 1) + counts(i - 1)
        end do
        allocate(character(sum(counts)) :: all)
        call MPI_Allgatherv(mine, len(mine), MPI_CHARACTER, all, counts, starts, MPI_CHARACTER, self%comm, ierr)
        call said_by_mpi(ierr, status, text)
        if (status /= PLATTLI_OK) return
        at = 1
        do while (at < len(all))
            n = index(all(at:), char(0))
            call find(self, all(at + 1:at + n - 2), ichar(all(at:at)), k)
            at = at + n
        end do
        self%agreed = self%metrics
        do i = 1, fresh ! the values of this step, in their new places
            call find(self, names(i)%text, 0, k)
            if (nint(self%mine(CELL_OP, HEADER + k)) == nint(cells(CELL_OP, i))) then
                self%mine(:, HEADER + k) = cells(:, i)
            else if (self%first_error == PLATTLI_OK) then
                self%first_error = PLATTLI_ERR_ARGUMENT
                self%first_text = "another operation on another rank, metric "//names(i)%text
            end if
        end do
    end subroutine

    ! -- writing -----------------------------------------------------------------------------------------------------

    pure function mpi_is_root(self) result(yes)
        class(plattli_mpi_writer), intent(in) :: self
        logical :: yes

        yes = self%root%is_open()
    end function

    subroutine write_real64(self, name, value, op, stat, errmsg)
        !! With an operation, every rank may write the metric, each its own value, and `end_step` records one; a metric keeps
        !! its operation. Without one it is the value of rank 0.
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        real(real64), intent(in) :: value
        integer, intent(in), optional :: op
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: operation, status

        operation = PLATTLI_MPI_ROOT
        if (present(op)) operation = op
        status = PLATTLI_OK
        if (.not. allocated(self%names)) then
            status = PLATTLI_ERR_STATE
            text = "this writer is not open"
        else if (operation < PLATTLI_MPI_ROOT .or. operation > PLATTLI_MPI_SUM) then
            status = PLATTLI_ERR_ARGUMENT
            text = "no such operation across ranks, metric "//name
        else if (operation == PLATTLI_MPI_ROOT .or. self%ranks == 1) then
            if (self%writes) call self%root%write(name, value, stat=status, errmsg=text)
        else if (self%comm == MPI_COMM_NULL) then
            status = PLATTLI_ERR_STATE
            text = "the run was opened before MPI_Init and cannot reduce "//name
        else
            call put_cell(self, name(:len_trim(name)), value, operation, status, text)
        end if
        call settle_write(self, status, text, stat, errmsg)
    end subroutine

    subroutine put_cell(self, name, value, operation, status, text)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        real(real64), intent(in) :: value
        integer, intent(in) :: operation
        integer, intent(inout) :: status
        character(*), intent(inout) :: text
        integer :: i

        call find(self, name, operation, i)
        if (nint(self%mine(CELL_OP, HEADER + i)) /= operation) then
            status = PLATTLI_ERR_ARGUMENT
            text = "another operation before, metric "//name
        else if (self%mine(CELL_COUNT, HEADER + i) > 0) then
            status = PLATTLI_ERR_STATE
            text = "written twice in a step: "//name
        else
            self%mine(2:3, HEADER + i) = [value, 1.0_real64]
        end if
    end subroutine

    subroutine write_real32(self, name, value, op, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        real(real32), intent(in) :: value
        integer, intent(in), optional :: op
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        call write_real64(self, name, real(value, real64), op, stat, errmsg)
    end subroutine

    subroutine write_int32(self, name, value, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int32), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%write(name, value, stat=status, errmsg=text)
        call settle_write(self, status, text, stat, errmsg)
    end subroutine

    subroutine write_int64(self, name, value, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        integer(int64), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%write(name, value, stat=status, errmsg=text)
        call settle_write(self, status, text, stat, errmsg)
    end subroutine

    subroutine write_logical(self, name, value, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        logical, intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%write(name, value, stat=status, errmsg=text)
        call settle_write(self, status, text, stat, errmsg)
    end subroutine

    subroutine write_text(self, name, value, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        character(*), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%write(name, value, stat=status, errmsg=text)
        call settle_write(self, status, text, stat, errmsg)
    end subroutine

    subroutine write_json(self, name, value, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: name
        character(*), intent(in) :: value
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%write_json(name, value, stat=status, errmsg=text)
        call settle_write(self, status, text, stat, errmsg)
    end subroutine

    subroutine mpi_flush(self, stat, errmsg)
        !! Hands the values of rank 0 in the current step to readers; reduced ones come when their step ends.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%flush(stat=status, errmsg=text)
        call settle_all(self, status, text, stat, errmsg)
    end subroutine

    subroutine mpi_sync(self, stat, errmsg)
        !! Returns once everything acknowledged so far is on stable storage.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%sync(stat=status, errmsg=text)
        call settle_all(self, status, text, stat, errmsg)
    end subroutine

    subroutine mpi_set_config(self, json, stat, errmsg)
        !! Replaces the configuration of the run by JSON text.
        class(plattli_mpi_writer), intent(inout) :: self
        character(*), intent(in) :: json
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%set_config(json, stat=status, errmsg=text)
        call settle(self, status, text, stat, errmsg)
    end subroutine

    subroutine mpi_finish(self, options, stat, errmsg)
        !! Brings the run into its final form. Reduced values of a step that was not ended are not part of it.
        class(plattli_mpi_writer), intent(inout) :: self
        type(plattli_finish_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        status = PLATTLI_OK
        if (self%writes) call self%root%finish(options, stat=status, errmsg=text)
        call settle_all(self, status, text, stat, errmsg)
    end subroutine

    subroutine step_int64(self, step, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        integer(int64), intent(inout) :: step
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (self%at >= STEPS) then
            call settle(self, PLATTLI_ERR_STATE, "the last step has been ended", stat, errmsg)
            return
        end if
        step = self%at
        call settle(self, PLATTLI_OK, "", stat, errmsg)
    end subroutine

    subroutine step_int32(self, step, stat, errmsg)
        class(plattli_mpi_writer), intent(inout) :: self
        integer(int32), intent(inout) :: step
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg

        if (self%at > huge(step)) then
            call settle(self, PLATTLI_ERR_TYPE, "the step needs a variable of kind int64", stat, errmsg)
            return
        end if
        step = int(self%at, int32)
        call settle(self, PLATTLI_OK, "", stat, errmsg)
    end subroutine

    subroutine mpi_set_step(self, step, stat, errmsg)
        !! Moves the current step forward. Collective: rank 0 decides for all whether it may be, as it may only between steps.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(in) :: step
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status, ierr

        status = PLATTLI_OK
        text = "the step lies behind, or values of the current one were written"
        if (step < self%at) status = PLATTLI_ERR_STATE
        if (status == PLATTLI_OK .and. self%metrics > 0) then
            if (any(self%mine(CELL_COUNT, HEADER + 1:HEADER + self%metrics) > 0)) status = PLATTLI_ERR_STATE
        end if
        if (status == PLATTLI_OK .and. self%writes) call self%root%set_step(step, stat=status, errmsg=text)
        if (self%comm /= MPI_COMM_NULL) then
            call MPI_Bcast(status, 1, MPI_INTEGER, 0, self%comm, ierr)
            call said_by_mpi(ierr, status, text)
        end if
        if (status == PLATTLI_OK) self%at = step
        call settle(self, status, trim(text), stat, errmsg)
    end subroutine

    subroutine mpi_end_step(self, stat, errmsg)
        !! Ends the current step on every rank. Collective, with one reduction whatever the number of metrics (one more in steps
        !! that bring a new one). Rank 0 tells what its run has to say, every rank the first error of its own writes.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text, ended_text
        integer :: status, ended, ignored, i
        real(real64) :: value_of

        status = PLATTLI_OK
        ended = PLATTLI_OK
        text = ""
        if (.not. allocated(self%names)) then
            call settle_all(self, PLATTLI_ERR_STATE, "this writer is not open", stat, errmsg)
            return
        end if
        if (self%comm /= MPI_COMM_NULL) then
            call reduce(self, status, text)
            do i = 1, merge(self%agreed, 0, status == PLATTLI_OK .and. self%writes)
                if (.not. self%all(CELL_COUNT, HEADER + i) > 0) cycle
                value_of = self%all(CELL_VALUE, HEADER + i)
                if (nint(self%all(CELL_OP, HEADER + i)) == PLATTLI_MPI_MEAN) value_of = value_of / self%all(CELL_COUNT, HEADER + i)
                call self%root%write(self%names(i)%text, value_of, stat=ignored)
            end do
            self%mine(CELL_COUNT, :) = 0
        else
            self%stopping = signalled /= 0
            self%seconds = plattli_mpi_wall_seconds_left()
        end if
        if (self%writes) call self%root%end_step(stat=ended, errmsg=ended_text)
        if (self%first_error /= PLATTLI_OK) then
            status = self%first_error
            text = self%first_text
        else if (status == PLATTLI_OK .and. ended /= PLATTLI_OK) then
            status = ended
            text = ended_text
        end if
        self%at = min(self%at + 1, STEPS)
        self%first_error = PLATTLI_OK
        self%expected = 1
        call settle_all(self, status, trim(text), stat, errmsg)
    end subroutine

    subroutine mpi_close(self, stat, errmsg)
        !! Releases the run on every rank, whatever it returns; never finishes it. Collective, unless MPI has been finalised.
        class(plattli_mpi_writer), intent(inout) :: self
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(500) :: text
        integer :: status

        text = ""
        call self%root%close(stat=status, errmsg=text)
        call release(self)
        call settle_all(self, status, trim(text), stat, errmsg)
    end subroutine

    subroutine release(self)
        class(plattli_mpi_writer), intent(inout) :: self

        call free_mpi(self)
        if (allocated(self%names)) deallocate(self%names, self%mine, self%all)
        self%metrics = 0
        self%agreed = 0
        self%writes = .false.
    end subroutine

    subroutine free_mpi(self)
        class(plattli_mpi_writer), intent(inout) :: self
        integer :: ierr

        if (self%comm == MPI_COMM_NULL) return
        if (mpi_runs()) then
            call MPI_Op_free(self%combine, ierr)
            call MPI_Type_free(self%cell_type, ierr)
            call MPI_Comm_free(self%comm, ierr)
        end if
        self%comm = MPI_COMM_NULL
    end subroutine

    pure function mpi_stop(self) result(yes)
        !! Whether any rank had been signalled when the last step ended: the same answer on every rank, so that all can stop at
        !! the same step.
        class(plattli_mpi_writer), intent(in) :: self
        logical :: yes

        yes = self%stopping
    end function

    pure function mpi_seconds_left(self) result(seconds)
        !! The least of the seconds left to any rank when the last step ended, or the run was opened.
        class(plattli_mpi_writer), intent(in) :: self
        real(real64) :: seconds

        seconds = self%seconds
    end function

    pure function mpi_restarts(self) result(n)
        class(plattli_mpi_writer), intent(in) :: self
        integer :: n

        n = self%restart_count
    end function

    ! -- reading one run per rank ------------------------------------------------------------------------------------

    subroutine plattli_mpi_read(run_dir, name, values, steps, selection, stat, errmsg)
        !! Reads a metric of all ranks of a run per rank side by side, at the steps at which every rank has a value:
        !! `values(row, rank + 1)`. Needs no MPI. There is nobody to keep a failure: ask for `stat`.
        character(*), intent(in) :: run_dir, name
        real(real64), allocatable, intent(out) :: values(:, :)
        integer(int64), allocatable, intent(out), optional :: steps(:)
        type(plattli_selection), intent(in), optional :: selection
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(plattli_reader) :: reader
        type(plattli_column), allocatable :: columns(:), more(:)
        integer(int64), allocatable :: common(:)
        character(500) :: text
        integer :: ranks, status, i, r, at

        ranks = 0
        allocate(columns(8))
        do
            call reader%open(plattli_mpi_rank_dir(run_dir, ranks), stat=status, errmsg=text)
            if (status /= PLATTLI_OK) exit
            if (ranks == size(columns)) then
                allocate(more(2 * ranks))
                more(:ranks) = columns
                call move_alloc(more, columns)
            end if
            ranks = ranks + 1
            call reader%column(name, columns(ranks), as=PLATTLI_F64, selection=selection, stat=status, errmsg=text)
            if (status /= PLATTLI_OK) exit
            call reader%close()
        end do
        if (status == PLATTLI_ERR_NOT_FOUND .and. ranks > 0 .and. .not. reader%is_open()) status = PLATTLI_OK
        allocate(common(0))
        if (status == PLATTLI_OK) then
            common = columns(1)%steps
            do r = 2, ranks
                common = in_both(common, columns(r)%steps)
            end do
        end if
        allocate(values(size(common), ranks))
        do r = 1, merge(ranks, 0, status == PLATTLI_OK)
            at = 1
            do i = 1, size(common)
                do while (columns(r)%steps(at) < common(i))
                    at = at + 1
                end do
                values(i, r) = columns(r)%reals(at)
            end do
        end do
        if (present(steps)) call move_alloc(common, steps)
        if (present(stat)) stat = status
        if (present(errmsg) .and. status /= PLATTLI_OK) errmsg = text
    end subroutine

    pure function in_both(a, b) result(common)
        ! Of two lists that strictly increase.
        integer(int64), intent(in) :: a(:), b(:)
        integer(int64), allocatable :: common(:)
        logical :: found(size(a))
        integer :: i, k

        k = 1
        do i = 1, size(a)
            do while (k <= size(b))
                if (b(k) >= a(i)) exit
                k = k + 1
            end do
            found(i) = .false.
            if (k <= size(b)) found(i) = b(k) == a(i)
        end do
        allocate(common(count(found)))
        common(:) = pack(a, found)
    end function

end module plattli_mpi
