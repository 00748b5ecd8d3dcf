program outside_mpi
    use plattli_mpi, only: plattli_mpi_writer
    implicit none
    type(plattli_mpi_writer) :: run
    character(len=4096) :: dir
    integer :: stat, step

    call get_command_argument(1, dir)
    call run%open(0, trim(dir), stat=stat)
    if (stat /= 0) error stop 1
    do step = 0, 999
        call run%write("residual", 1.0d0 / (1 + step))
        call run%end_step(stat=stat)
        if (stat /= 0) error stop 2
    end do
    call run%finish(stat=stat)
    if (stat /= 0) error stop 3
    call run%close(stat=stat)
    if (stat /= 0) error stop 4
end program
