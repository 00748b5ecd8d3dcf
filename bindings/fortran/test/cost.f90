program cost
    !! What `put` costs beside the bare C call, in one run: the best of many rounds, as others use the machine too.
    use, intrinsic :: iso_c_binding
    use, intrinsic :: iso_fortran_env, only: int64, real64
    use check, only: path
    use plattli, only: plattli_writer, PLATTLI_F64
    use plattli_raw
    implicit none
    integer, parameter :: METRICS = 64, STEPS = 200, ROUNDS = 40
    type(plattli_writer) :: run
    type(c_ptr) :: bare
    integer(c_int32_t) :: ids(METRICS), others(METRICS), status
    integer :: i, round
    real(real64) :: ours, theirs
    character(8) :: name

    bare = c_null_ptr
    status = plattli_writer_open(path("bare")//c_null_char, c_null_ptr, bare)
    call run%open(path("face"))
    do i = 1, METRICS
        write(name, "(a, i0)") "m", i
        call run%metric(name, PLATTLI_F64, ids(i))
        status = plattli_writer_metric(bare, trim(name)//c_null_char, PLATTLI_F64, others(i))
    end do
    ours = huge(ours)
    theirs = huge(theirs)
    do round = 1, ROUNDS
        theirs = min(theirs, with_bare_calls())
        ours = min(ours, with_the_face())
    end do
    status = plattli_writer_close(bare)
    call run%close()
    print "(2(a, f0.1), a, f0.2)", "a metric by number: ", ours, " ns, the C call ", theirs, " ns, ratio ", ours / theirs
    if (ours > 1.2_real64 * theirs) stop 1

contains

    function nanoseconds() result(t)
        integer(int64) :: t, ticks, per_second

        call system_clock(ticks, per_second)
        t = ticks * (1000000000_int64 / per_second)
    end function

    function with_bare_calls() result(each)
        real(real64) :: each
        integer(int64) :: spent, began
        integer :: i, step
        integer(c_int32_t) :: first, found

        spent = 0
        first = PLATTLI_OK
        do step = 1, STEPS
            began = nanoseconds()
            do i = 1, METRICS
                found = plattli_put_f64(bare, others(i), real(i, c_double))
                if (found /= PLATTLI_OK) first = found
            end do
            spent = spent + nanoseconds() - began
            found = plattli_end_step(bare)
        end do
        each = real(spent, real64) / (STEPS * METRICS)
        if (first /= PLATTLI_OK) stop 1
    end function

    function with_the_face() result(each)
        real(real64) :: each
        integer(int64) :: spent, began
        integer :: i, step

        spent = 0
        do step = 1, STEPS
            began = nanoseconds()
            do i = 1, METRICS
                call run%put(ids(i), real(i, real64))
            end do
            spent = spent + nanoseconds() - began
            call run%end_step()
        end do
        each = real(spent, real64) / (STEPS * METRICS)
        if (run%failed()) stop 1
    end function

end program cost
