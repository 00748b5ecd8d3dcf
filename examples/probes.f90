! Heat in an insulated square plate, with all that a long job has to keep: metrics (the solver and the metrics are those of
! heat.f90), what a restart needs, events of every rank, and probes in 16 cells under a quota on disk. The same program as
! examples/probes.c, step for step: the two leave the same.
!
!   make && gfortran -O2 -ffp-contract=off -J/tmp bindings/fortran/src/plattli.f90 examples/probes.f90 -o probes build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && ./probes probes-run 2000
!
! Kill it whenever you like and start it again: it continues from its last checkpoint, and leaves what it would have left
! without the kill: each step of the metrics once, each row of each probe once, each event once.
!
! Under mpirun or srun each rank heats a plate of its own; the journal is one for all.
!
!   RUNDIR/journal               events, by all ranks
!   RUNDIR/rank-0                metrics of rank 0; show them with examples/show.c
!   RUNDIR/rank-0/state          the state "probes": where to continue
!   RUNDIR/rank-0/stream         topic "probe", one partition per cell
!   RUNDIR/rank-0/field-100.bin  the field at step 100, as the state says

module probes_plate
    use, intrinsic :: iso_fortran_env, only: int32, int64, real64
    implicit none
    public

    integer, parameter :: N = 128, CELLS = N * N, MAX_ITERATIONS = 500
    real(real64), parameter :: WIDTH = 1, DIFFUSIVITY = 1, TOLERANCE = 1e-8_real64
    real(real64), parameter :: DT_FIRST = 1e-5_real64, DT_LAST = 2e-4_real64

    type :: plate
        !! Everything that the solver needs to go on.
        integer(int32) :: step = 0 !! The next step to compute.
        real(real64) :: time = 0, dt = DT_FIRST, wall = 0
        real(real64) :: u(N, N) = 20
    end type

    type :: step_report
        !! What one step has to tell.
        integer(int32) :: iterations = 0
        real(real64) :: solver_residual = 0 !! Relative, of the linear system.
        real(real64) :: residual = 0 !! Rate of change of the temperature: 0 in the steady state.
    end type

contains

    subroutine warm(s, rank)
        !! A hot disc in a colder plate.
        type(plate), intent(inout) :: s
        integer, intent(in) :: rank
        real(real64) :: x, y
        integer :: i, j

        do j = 1, N
            do i = 1, N
                x = (i - 0.5_real64) / N - 0.3_real64
                y = (j - 0.5_real64) / N - 0.4_real64
                if (x * x + y * y < 0.04_real64) s%u(i, j) = 100.0_real64 + 10.0_real64 * rank
            end do
        end do
    end subroutine

    subroutine apply(u, k, out)
        !! out = (1 - dt D laplacian) u, no heat flowing through the walls.
        real(real64), intent(in) :: u(N, N), k
        real(real64), intent(out) :: out(N, N)
        real(real64) :: flow
        integer :: i, j

        do j = 1, N
            do i = 1, N
                flow = 0
                if (i > 1) flow = flow + (u(i - 1, j) - u(i, j))
                if (i < N) flow = flow + (u(i + 1, j) - u(i, j))
                if (j > 1) flow = flow + (u(i, j - 1) - u(i, j))
                if (j < N) flow = flow + (u(i, j + 1) - u(i, j))
                out(i, j) = u(i, j) - k * flow
            end do
        end do
    end subroutine

    pure function dot(a, b) result(total)
        !! Summed in the order of memory, for the same last digit everywhere.
        real(real64), intent(in) :: a(CELLS), b(CELLS)
        real(real64) :: total
        integer :: c

        total = 0
        do c = 1, CELLS
            total = total + a(c) * b(c)
        end do
    end function

    subroutine advance(s, report)
        !! One implicit step: solves for the new temperatures by conjugate gradients.
        type(plate), intent(inout) :: s
        type(step_report), intent(out) :: report
        real(real64), save :: old(N, N), r(N, N), p(N, N), q(N, N)
        real(real64) :: h, k, rr, goal, alpha, before, change
        integer :: i, j

        h = WIDTH / N
        k = s%dt * DIFFUSIVITY / (h * h)
        old = s%u
        call apply(s%u, k, q)
        r = old - q
        p = r
        rr = dot(r, r)
        goal = TOLERANCE * TOLERANCE * dot(old, old)
        do while (rr > goal .and. report%iterations < MAX_ITERATIONS)
            call apply(p, k, q)
            alpha = rr / dot(p, q)
            before = rr
            s%u = s%u + alpha * p
            r = r - alpha * q
            rr = dot(r, r)
            p = r + rr / before * p
            report%iterations = report%iterations + 1
        end do
        change = 0
        do j = 1, N
            do i = 1, N
                change = change + (s%u(i, j) - old(i, j)) * (s%u(i, j) - old(i, j))
            end do
        end do
        report%solver_residual = sqrt(rr / dot(old, old))
        report%residual = sqrt(change / CELLS) / s%dt
        s%time = s%time + s%dt
        s%dt = min(1.005_real64 * s%dt, DT_LAST) ! the field smooths out, the step may grow
        s%step = s%step + 1
    end subroutine

    function seconds() result(t)
        real(real64) :: t
        integer(int64) :: ticks, per_second

        call system_clock(ticks, per_second)
        t = real(ticks, real64) / real(per_second, real64)
    end function

end module probes_plate


module probes_field
    !! The file of a field, byte for byte that of examples/probes.c.
    use, intrinsic :: iso_c_binding, only: c_associated, c_char, c_int, c_null_char, c_ptr
    use, intrinsic :: iso_fortran_env, only: int32
    use probes_plate, only: plate
    implicit none
    private
    public :: load_field, remove_field, save_field

    interface
        function c_fopen(path, mode) bind(c, name="fopen") result(file)
            import :: c_char, c_ptr
            character(kind=c_char), intent(in) :: path(*), mode(*)
            type(c_ptr) :: file
        end function
        function c_fileno(file) bind(c, name="fileno") result(descriptor)
            import :: c_int, c_ptr
            type(c_ptr), value :: file
            integer(c_int) :: descriptor
        end function
        function c_fsync(descriptor) bind(c, name="fsync") result(status)
            import :: c_int
            integer(c_int), value :: descriptor
            integer(c_int) :: status
        end function
        function c_fclose(file) bind(c, name="fclose") result(status)
            import :: c_int, c_ptr
            type(c_ptr), value :: file
            integer(c_int) :: status
        end function
    end interface

contains

    subroutine save_field(s, path, ok)
        !! Writes the field to a file of its own, whole and on the disk before anything says that it is there.
        type(plate), intent(in) :: s
        character(*), intent(in) :: path
        logical, intent(out) :: ok
        integer :: unit, stat, closed

        ok = .false.
        open(newunit=unit, file=path, access="stream", form="unformatted", status="replace", action="write", iostat=stat)
        if (stat /= 0) return
        write(unit, iostat=stat) s%step, 0_int32, s%time, s%dt, s%wall, s%u
        close(unit, iostat=closed)
        if (stat == 0 .and. closed == 0) call to_disk(path, ok)
    end subroutine

    subroutine to_disk(path, ok)
        character(*), intent(in) :: path
        logical, intent(out) :: ok
        type(c_ptr) :: file
        integer(c_int) :: closed

        file = c_fopen(path//c_null_char, "rb"//c_null_char)
        ok = c_associated(file)
        if (.not. ok) return
        ok = c_fsync(c_fileno(file)) == 0
        closed = c_fclose(file)
        ok = ok .and. closed == 0
    end subroutine

    subroutine load_field(s, path, ok)
        type(plate), intent(inout) :: s
        character(*), intent(in) :: path
        logical, intent(out) :: ok
        integer(int32) :: padding
        integer :: unit, stat

        ok = .false.
        open(newunit=unit, file=path, access="stream", form="unformatted", status="old", action="read", iostat=stat)
        if (stat /= 0) return
        read(unit, iostat=stat) s%step, padding, s%time, s%dt, s%wall, s%u
        close(unit)
        ok = stat == 0
    end subroutine

    subroutine remove_field(path)
        character(*), intent(in) :: path
        integer :: unit, stat

        open(newunit=unit, file=path, status="old", iostat=stat)
        if (stat == 0) close(unit, status="delete", iostat=stat) ! one that stays is in nobody's way
    end subroutine

end module probes_field


program probes
    use, intrinsic :: iso_fortran_env, only: error_unit, int32, int64, real64
    use plattli, only: plattli_arrow_stream, plattli_journal, plattli_page, plattli_query, plattli_state, plattli_state_options, &
        plattli_stream, plattli_stream_options, plattli_text, plattli_texts, plattli_writer, plattli_writer_options, &
        PLATTLI_DESCENDING, PLATTLI_ERR_NOT_FOUND, PLATTLI_ERR_OVERLOADED, PLATTLI_OK
    use probes_field
    use probes_plate
    implicit none
    integer, parameter :: CHECKPOINT_EVERY = 100, WATCHED = 16
    integer, parameter :: BLOCK = 20 ! rows of a probe that are appended together; a divisor of CHECKPOINT_EVERY
    real(real64), parameter :: RISEN = 25 ! a probe that rises beyond it is an event
    integer(int64), parameter :: QUOTA = 100000000

    type :: probe
        !! A cell that is watched, and its rows that are not yet appended.
        character(12) :: name = ""
        integer :: x = 0, y = 0
        real(real64) :: last_step = -1 !! The last step that the stream has of it, -1 if none.
        integer :: rows = 0
        integer(int64) :: time(BLOCK) = 0
        real(real64) :: values(BLOCK, 3) = 0 !! Step, temperature, rate.
    end type

    type(plattli_writer) :: run
    type(plattli_state) :: kept
    type(plattli_journal) :: journal
    type(plattli_stream) :: stream
    type(plattli_text), allocatable :: told(:) ! events that were there at the start
    type(probe), save :: watch_list(WATCHED)
    type(plate), save :: s
    character(4000) :: argument
    character(:), allocatable :: dir
    character(500) :: why
    character(12) :: number
    integer :: rank, steps, stat, i
    real(real64) :: began
    logical :: ok

    if (command_argument_count() < 1) then
        write(error_unit, "(a)") "usage: probes RUNDIR [steps]"
        stop 2
    end if
    steps = 2000
    if (command_argument_count() > 1) then
        call get_command_argument(2, argument)
        read(argument, *) steps
    end if
    call get_command_argument(1, argument)
    rank = rank_of_process()
    write(number, "(i0)") rank
    dir = trim(argument)//"/rank-"//trim(number)
    call open_journal(trim(argument))
    call open_state
    call open_stream
    call open_run
    began = seconds() - s%wall
    do while (s%step < steps)
        call compute
    end do
    do i = 1, WATCHED
        call append(watch_list(i))
    end do
    call report_probes

    ok = .true.
    call run%finish(stat=stat, errmsg=why)
    call tell("finish", ok)
    call run%close(stat=stat, errmsg=why)
    call tell("run", ok)
    call stream%close(stat=stat, errmsg=why)
    call tell("stream", ok)
    call event("done", "")
    call journal%close(stat=stat, errmsg=why)
    call tell("journal", ok)
    if (ok) then
        call kept%set("phase", "done", stat=stat, errmsg=why)
        call tell("phase")
    end if
    call kept%close(stat=stat, errmsg=why)
    call tell("state", ok)
    if (.not. ok) stop 1
    print "(a, i0, a)", "probes: ", s%step, " steps, finished"

contains

    subroutine tell(what, all_well)
        !! What cannot be done is told.
        character(*), intent(in) :: what
        logical, intent(inout), optional :: all_well

        if (stat == PLATTLI_OK) return
        write(error_unit, "(4a)") "probes: ", what, ": ", trim(why)
        if (present(all_well)) all_well = .false.
    end subroutine

    subroutine need(what)
        !! What the job cannot do without ends it.
        character(*), intent(in) :: what

        call tell(what)
        if (stat /= PLATTLI_OK) stop 1
    end subroutine

    ! -- events ------------------------------------------------------------------------------------------------------

    function rank_of_process() result(rank)
        !! The rank of this process, by whoever has started it: Open MPI, MPICH, Slurm; 0 if nobody has.
        integer :: rank, i, stat
        character(20), parameter :: NAMES(4) = [character(20) :: "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"]
        character(20) :: text

        rank = 0
        do i = 1, size(NAMES)
            call get_environment_variable(trim(NAMES(i)), text, status=stat)
            if (stat /= 0) cycle
            read(text, *, iostat=stat) rank
            if (stat /= 0) rank = 0
            return
        end do
    end function

    subroutine event(what, more)
        !! Appends an event, unless it was told before a kill: the steps since the checkpoint are computed twice.
        character(*), intent(in) :: what, more
        character(256) :: text
        integer :: i

        write(text, "(a, i0, a, i0, 4a)") '{"rank":', rank, ',"step":', s%step, ',"event":"', what, '"'//more, "}"
        do i = 1, size(told)
            if (told(i)%text == text) return
        end do
        call journal%append(text, stat=stat, errmsg=why)
        call tell("event")
    end subroutine

    subroutine open_journal(folder)
        character(*), intent(in) :: folder

        call journal%open(folder//"/journal", stat=stat, errmsg=why)
        call need("journal")
        call journal%read(told, stat=stat, errmsg=why)
        call need("journal")
    end subroutine

    ! -- probes ------------------------------------------------------------------------------------------------------

    function last_step(cell) result(step)
        !! The last step that the stream has of a probe.
        character(*), intent(in) :: cell
        real(real64) :: step
        real(real64), allocatable :: values(:)
        type(plattli_query) :: query
        type(plattli_arrow_stream) :: rows

        step = -1
        query%topic = "probe"
        query%partitions = plattli_texts([cell])
        query%pick = plattli_texts(["step"])
        query%order = PLATTLI_DESCENDING
        query%max_rows = 1
        call stream%query(query, rows, stat=stat, errmsg=why)
        if (stat == PLATTLI_ERR_NOT_FOUND) return
        call need("probe")
        call rows%load()
        call rows%read("step", values, stat=stat, errmsg=why)
        call need("probe")
        if (size(values) > 0) step = values(1)
    end function

    subroutine open_stream
        integer :: p

        ! Beyond the quota the oldest rows go.
        call stream%open(dir//"/stream", plattli_stream_options(store_bytes=QUOTA), stat=stat, errmsg=why)
        call need("stream")
        do p = 1, WATCHED
            watch_list(p)%x = N / 8 + N / 4 * ((p - 1) / 4)
            watch_list(p)%y = N / 8 + N / 4 * mod(p - 1, 4)
            write(watch_list(p)%name, "(2(a, i3.3))") "cell-", watch_list(p)%x, "-", watch_list(p)%y
            watch_list(p)%last_step = last_step(watch_list(p)%name)
        end do
    end subroutine

    subroutine append(cell)
        !! Appends the rows of a probe that wait, but for those that the stream has from before a kill.
        type(probe), intent(inout) :: cell
        integer :: first

        first = 1
        do while (first <= cell%rows)
            if (cell%values(first, 1) > cell%last_step) exit
            first = first + 1
        end do
        if (first <= cell%rows) then
            call stream%append("probe", cell%name, cell%time(first:cell%rows), ["step       ", "temperature", "rate       "], &
                cell%values(first:cell%rows, :), stat=stat, errmsg=why)
            if (stat == PLATTLI_ERR_OVERLOADED) then
                call event("shed", "") ! the disk cannot follow; the job goes on
            else
                call tell(cell%name)
            end if
        end if
        cell%rows = 0
    end subroutine

    subroutine watch(cell, before, dt)
        !! What a probe sees of a step. `before` is its temperature before it.
        type(probe), intent(inout) :: cell
        real(real64), intent(in) :: before, dt
        real(real64) :: temperature

        temperature = s%u(cell%x + 1, cell%y + 1)
        cell%rows = cell%rows + 1
        ! A stream counts milliseconds; here each is a microsecond of the plate.
        cell%time(cell%rows) = nint(1e6_real64 * s%time, int64)
        cell%values(cell%rows, :) = [real(s%step - 1, real64), temperature, (temperature - before) / dt]
        if (cell%rows == BLOCK) call append(cell)
        if (before < RISEN .and. temperature >= RISEN) call event("warm", ',"cell":"'//trim(cell%name)//'"')
    end subroutine

    subroutine report_probes
        !! Reads all rows of all probes, page by page, and says how many there are and what the highest temperature was.
        type(plattli_query) :: query
        type(plattli_arrow_stream) :: rows
        type(plattli_page) :: page
        real(real64), allocatable :: temperatures(:)
        real(real64) :: hottest
        integer(int64) :: count

        query%topic = "probe"
        query%pick = plattli_texts(["temperature"])
        count = 0
        hottest = -huge(hottest)
        do
            call stream%query(query, rows, page, stat=stat, errmsg=why)
            call need("probes")
            call rows%load()
            call rows%read("temperature", temperatures, stat=stat, errmsg=why)
            call need("probes")
            hottest = max(hottest, maxval(temperatures))
            count = count + page%rows
            if (.not. page%more) exit
            query%cursor = page%cursor
        end do
        print "(a, i0, a, i0, a, f0.6)", "probes: ", count, " rows of ", WATCHED, " cells, hottest ", hottest
    end subroutine

    ! -- restarts ----------------------------------------------------------------------------------------------------

    subroutine checkpoint(report)
        !! Whatever is of the steps so far comes first; the key "checkpoint", set in one write, makes them count; then the
        !! field that was needed until now can go.
        type(step_report), intent(in) :: report
        character(:), allocatable :: file, old
        logical :: ok

        ok = .true.
        write(number, "(i0)") s%step
        file = "field-"//trim(number)//".bin"
        call event("checkpoint", ',"file":"'//file//'"')
        call stream%checkpoint(stat=stat, errmsg=why)
        call tell("stream", ok)
        if (.not. ok) return
        call journal%flush(stat=stat, errmsg=why)
        call tell("journal", ok)
        if (.not. ok) return
        call save_field(s, dir//"/"//file, ok)
        if (.not. ok) then
            write(error_unit, "(4a)") "probes: cannot save ", dir, "/", file
            return
        end if
        call kept%get("checkpoint", old, default="")
        call kept%set("checkpoint", file, stat=stat, errmsg=why)
        call tell("checkpoint", ok)
        if (.not. ok) return
        if (old /= "" .and. old /= file) call remove_field(dir//"/"//old)
        ! For people.
        call kept%set("step", s%step)
        call kept%set("time", s%time)
        call kept%set("steady", report%residual < 50)
        call kept%check(stat, why)
        call tell("state")
    end subroutine

    subroutine open_state
        !! Continues where the state says, or begins.
        character(:), allocatable :: file
        integer :: starts
        logical :: ok

        ! The snapshot is probes.json, for people.
        call kept%open(dir//"/state", "probes", plattli_state_options(snapshot=.true.), stat=stat, errmsg=why)
        call need("state")
        call kept%get("checkpoint", file, default="", stat=stat, errmsg=why)
        call need("checkpoint")
        if (file == "") then
            s = plate()
            call warm(s, rank)
        else
            call load_field(s, dir//"/"//file, ok)
            if (.not. ok) then
                write(error_unit, "(4a)") "probes: cannot load ", dir, "/", file
                stop 1
            end if
            print "(a, i0)", "probes: continues at step ", s%step
        end if
        call kept%get("starts", starts, default=0, stat=stat, errmsg=why)
        call need("starts")
        starts = starts + 1
        call kept%set("starts", starts)
        call kept%set("phase", "heating")
        call kept%check(stat, why)
        call tell("state")
        write(number, "(i0)") starts
        call event("start", ',"number":'//trim(number))
    end subroutine

    ! -- the metrics -------------------------------------------------------------------------------------------------

    subroutine record(report, noted)
        !! Metrics of one step. A code may leave the status of each write alone: end_step returns the first error again.
        type(step_report), intent(in) :: report
        logical, intent(in) :: noted
        real(real64) :: total, lowest, highest
        character(32) :: time
        integer :: i, j

        total = 0
        lowest = s%u(1, 1)
        highest = s%u(1, 1)
        do j = 1, N
            do i = 1, N
                total = total + s%u(i, j)
                lowest = min(lowest, s%u(i, j))
                highest = max(highest, s%u(i, j))
            end do
        end do
        call run%write("residual", report%residual)
        call run%write("heat/total", total * WIDTH * WIDTH / CELLS)
        call run%write("heat/min", lowest)
        call run%write("heat/max", highest)
        call run%write("solver/iterations", report%iterations)
        call run%write("solver/residual", report%solver_residual)
        call run%write("time", s%time)
        call run%write("dt", s%dt)
        call run%write("wall", s%wall)
        if (noted) then
            write(time, "(f32.6)") s%time
            call run%write("note", "checkpoint at t = "//trim(adjustl(time)))
        end if
        call run%end_step(stat=stat, errmsg=why)
        call tell("metrics")
    end subroutine

    subroutine open_run
        character(64) :: config

        write(config, "(a, i0, a, i0, a)") '"cells": [', N, ", ", N, "]"
        ! Whatever was recorded at or beyond the step will be computed again.
        call run%open(dir, plattli_writer_options(step=s%step, reopen_finished=.true., config='{"case": "insulated plate", '// &
            trim(config)//', "diffusivity": 1, "tolerance": 1e-08}'), stat=stat, errmsg=why)
        call need("run")
    end subroutine

    subroutine compute
        !! One step: the solver, what it has to tell, and now and then a checkpoint.
        type(step_report) :: report
        real(real64) :: before(WATCHED), dt
        logical :: full
        integer :: p

        dt = s%dt
        do p = 1, WATCHED
            before(p) = s%u(watch_list(p)%x + 1, watch_list(p)%y + 1)
        end do
        call advance(s, report)
        full = mod(s%step, CHECKPOINT_EVERY) == 0
        s%wall = seconds() - began
        do p = 1, WATCHED
            call watch(watch_list(p), before(p), dt)
        end do
        call record(report, full)
        if (full) call checkpoint(report)
    end subroutine

end program probes
