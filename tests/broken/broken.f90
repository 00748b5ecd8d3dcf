program broken
    !! What Fortran sees of a feature that was left out of the library, and of a bug in it: PLATTLI_TEST_PANIC=writer
    !! makes one.
    use plattli
    implicit none
    type(plattli_writer) :: run
    type(plattli_reader) :: reader
    type(plattli_stream) :: stream
    type(plattli_arrow_stream) :: rows
    type(plattli_import_options) :: options
    type(plattli_import_report) :: imported
    character(4096) :: log, made, dir, text
    integer :: stat

    call get_command_argument(1, log)
    call get_command_argument(2, made)
    call get_command_argument(3, dir)
    allocate(options%skip_columns(1))
    options%skip_columns(1)%text = "x.*"
    text = ""
    call plattli_import(log, made, options, imported, stat, text)
    if (stat /= PLATTLI_ERR_UNSUPPORTED .or. index(text, "patterns") == 0) error stop 3
    call plattli_import(log, made, stat=stat)
    if (stat /= PLATTLI_OK) error stop 4
    call stream%open(trim(dir)//"-stream", stat=stat, errmsg=text)
    if (stat /= PLATTLI_ERR_UNSUPPORTED .or. index(text, "stream") == 0) error stop 10
    call stream%open(trim(dir)//"-stream", plattli_stream_options(threads=1), stat=stat)
    if (stat /= PLATTLI_ERR_UNSUPPORTED) error stop 11
    call reader%open(trim(made))
    call reader%arrow(rows, stat=stat, errmsg=text)
    if (stat /= PLATTLI_ERR_UNSUPPORTED .or. index(text, "stream") == 0) error stop 12
    call reader%close()

    call run%open(trim(dir), stat=stat)
    if (stat /= PLATTLI_OK) error stop 5
    call run%write("x", 1.0d0, stat=stat, errmsg=text)
    if (stat /= PLATTLI_ERR_INTERNAL .or. index(text, "bug") == 0) error stop 6
    call run%end_step(stat=stat)
    if (stat /= PLATTLI_ERR_INTERNAL) error stop 7
    ! Other handles are sound.
    call reader%open(trim(made), stat=stat)
    if (stat /= PLATTLI_OK) error stop 8
    call reader%close()
    call run%close(stat=stat)
    if (stat /= PLATTLI_ERR_INTERNAL) error stop 9
end program
