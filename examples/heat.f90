! Heat in an insulated square plate: implicit Euler in time, conjugate gradients in space, metrics by plattli. The same
! program as examples/heat.c, step for step: the two leave the same archive.
!
!   make && gfortran -O2 -ffp-contract=off -J/tmp bindings/fortran/src/plattli.f90 examples/heat.f90 -o heat build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && ./heat heat-run 2000
!
! Kill it whenever you like and start it again: it continues from its last checkpoint (RUNDIR/heat.restart), and the
! metrics continue from exactly that step. Read them while it runs, or after it ended, with examples/show.c.

module heat_plate
    use, intrinsic :: iso_fortran_env, only: int32, int64, real64
    implicit none
    public

    integer, parameter :: N = 128, CELLS = N * N, MAX_ITERATIONS = 500
    real(real64), parameter :: WIDTH = 1, DIFFUSIVITY = 1, TOLERANCE = 1e-8_real64
    real(real64), parameter :: DT_FIRST = 1e-5_real64, DT_LAST = 2e-4_real64

    type :: plate
        !! Everything a restart needs.
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

    subroutine warm(s)
        !! A hot disc in a colder plate.
        type(plate), intent(inout) :: s
        real(real64) :: x, y
        integer :: i, j

        do j = 1, N
            do i = 1, N
                x = (i - 0.5_real64) / N - 0.3_real64
                y = (j - 0.5_real64) / N - 0.4_real64
                if (x * x + y * y < 0.04_real64) s%u(i, j) = 100
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

end module heat_plate


module heat_restart
    !! The restart file, byte for byte that of examples/heat.c.
    use, intrinsic :: iso_c_binding, only: c_char, c_int, c_null_char
    use, intrinsic :: iso_fortran_env, only: int32
    use heat_plate, only: plate
    implicit none
    private
    public :: load, save_plate

    interface
        function c_rename(old, new) bind(c, name="rename") result(status)
            import :: c_char, c_int
            character(kind=c_char), intent(in) :: old(*), new(*)
            integer(c_int) :: status
        end function
    end interface

contains

    subroutine save_plate(s, path, ok)
        !! Replaces the restart file as a whole: a kill at any instant leaves the old one or the new one.
        type(plate), intent(in) :: s
        character(*), intent(in) :: path
        logical, intent(out) :: ok
        integer :: unit, stat, closed

        ok = .false.
        open(newunit=unit, file=path//".tmp", access="stream", form="unformatted", status="replace", action="write", iostat=stat)
        if (stat /= 0) return
        write(unit, iostat=stat) s%step, 0_int32, s%time, s%dt, s%wall, s%u
        close(unit, iostat=closed)
        if (stat /= 0 .or. closed /= 0) return
        ok = c_rename(path//".tmp"//c_null_char, path//c_null_char) == 0
    end subroutine

    subroutine load(s, path, ok)
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

end module heat_restart


program heat
    use, intrinsic :: iso_fortran_env, only: error_unit, real64
    use heat_plate
    use heat_restart, only: load, save_plate
    use plattli, only: plattli_writer, plattli_writer_options, PLATTLI_OK
    implicit none
    integer, parameter :: CHECKPOINT_EVERY = 100
    type(plattli_writer) :: run
    type(plate), save :: s
    type(step_report) :: report
    character(4000) :: dir, argument
    character(500) :: why
    character(64) :: config
    integer :: steps, stat
    real(real64) :: began
    logical :: checkpoint, ok

    if (command_argument_count() < 1) then
        write(error_unit, "(a)") "usage: heat RUNDIR [steps]"
        stop 2
    end if
    call get_command_argument(1, dir)
    steps = 2000
    if (command_argument_count() > 1) then
        call get_command_argument(2, argument)
        read(argument, *) steps
    end if

    call load(s, trim(dir)//"/heat.restart", ok)
    if (ok) then
        print "(a, i0)", "heat: continues at step ", s%step
    else
        s = plate()
        call warm(s)
    end if
    write(config, "(a, i0, a, i0, a)") '"cells": [', N, ", ", N, "]"
    ! Whatever was recorded at or beyond the step will be computed again.
    call run%open(dir, plattli_writer_options(step=s%step, config='{"case": "insulated plate", '//trim(config)// &
        ', "diffusivity": 1, "tolerance": 1e-08}'), stat=stat, errmsg=why)
    if (stat /= PLATTLI_OK) then
        write(error_unit, "(2a)") "heat: ", trim(why)
        stop 1
    end if

    began = seconds() - s%wall
    do while (s%step < steps)
        call advance(s, report)
        checkpoint = mod(s%step, CHECKPOINT_EVERY) == 0
        s%wall = seconds() - began
        call record
        if (checkpoint) then
            call save_plate(s, trim(dir)//"/heat.restart", ok)
            if (.not. ok) write(error_unit, "(3a)") "heat: cannot save ", trim(dir), "/heat.restart"
        end if
    end do
    call run%finish(stat=stat, errmsg=why)
    if (stat /= PLATTLI_OK) write(error_unit, "(2a)") "heat: ", trim(why)
    ok = stat == PLATTLI_OK
    call run%close(stat=stat)
    if (.not. ok) stop 1
    print "(a, i0, a)", "heat: ", s%step, " steps, finished"

contains

    subroutine record
        !! Metrics of one step. A code may leave the status of each write alone: end_step returns the first error again.
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
        if (checkpoint) then
            write(time, "(f32.6)") s%time
            call run%write("note", "checkpoint at t = "//trim(adjustl(time)))
        end if
        call run%end_step(stat=stat, errmsg=why)
        if (stat /= PLATTLI_OK) write(error_unit, "(a, i0, 2a)") "heat: metrics of step ", s%step - 1, ": ", trim(why)
    end subroutine

end program heat
