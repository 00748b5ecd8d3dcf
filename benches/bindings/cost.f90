! Rounds of metrics written by id, timed; see run.py.
program cost
    use, intrinsic :: iso_fortran_env, only: int32, int64, real64
    use plattli, only: plattli_writer, plattli_writer_options, PLATTLI_F64
    implicit none
    integer, parameter :: METRICS = 100, STEPS = 500
    type(plattli_writer) :: run
    integer(int32) :: ids(METRICS)
    integer(int64) :: dice = 88172645463325252_int64
    real(real64) :: values(METRICS) = 0, written, ended, t0, t1
    integer :: m, step, stat
    character(len=300) :: text

    call get_command_argument(1, text)
    ! No compaction: it is the same from every language.
    call run%open(trim(text), plattli_writer_options(hotsize=1000000000_int64))
    do m = 1, METRICS
        write (text, '(a, i0)') 'metric/', m - 1
        call run%metric(trim(text), PLATTLI_F64, ids(m))
    end do
    do
        read (*, '(a)', iostat=stat) text
        if (stat /= 0) exit
        written = 0
        ended = 0
        do step = 1, STEPS
            call walk()
            t0 = now()
            do m = 1, METRICS
                call run%put(ids(m), values(m))
            end do
            t1 = now()
            call run%end_step()
            written = written + (t1 - t0)
            ended = ended + (now() - t1)
        end do
        write (*, '(f0.3, 1x, f0.3)') written / METRICS / STEPS, ended / METRICS / STEPS
        flush (6)
    end do
    call run%close(stat=stat) ! any failure of all that was not asked above
    if (stat /= 0) stop 1

contains

    subroutine walk()
        integer :: i

        do i = 1, METRICS
            dice = ieor(dice, shiftl(dice, 13))
            dice = ieor(dice, shiftr(dice, 7))
            dice = ieor(dice, shiftl(dice, 17))
            values(i) = values(i) + (real(shiftr(dice, 11), real64) * 2.0_real64**(-53) - 0.5_real64)
        end do
    end subroutine

    function now() result(nanoseconds)
        real(real64) :: nanoseconds
        integer(int64) :: ticks, rate

        call system_clock(ticks, rate)
        nanoseconds = real(ticks, real64) * (1e9_real64 / real(rate, real64))
    end function
end program
