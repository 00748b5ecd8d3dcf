module check
    !! What the tests share: checks that say what they found and go on, and a scratch folder.
    use, intrinsic :: iso_fortran_env, only: error_unit
    use plattli, only: plattli_status_text
    implicit none
    private
    public :: expect, expect_status, expect_text, path, write_file, exists, done

    integer :: checks = 0, failures = 0

contains

    subroutine expect(condition, what)
        logical, intent(in) :: condition
        character(*), intent(in) :: what

        checks = checks + 1
        if (condition) return
        failures = failures + 1
        write(error_unit, "(2a)") "  not so: ", what
    end subroutine

    subroutine expect_status(found, wanted, what)
        integer, intent(in) :: found, wanted
        character(*), intent(in) :: what

        call expect(found == wanted, what//": "//plattli_status_text(found)//" instead of "//plattli_status_text(wanted))
    end subroutine

    subroutine expect_text(text, part)
        !! The text mentions something.
        character(*), intent(in) :: text, part

        call expect(index(text, part) > 0, "'"//trim(text)//"' mentions '"//part//"'")
    end subroutine

    function path(name) result(full)
        !! A path in the scratch folder, which is the first argument of the program.
        character(*), intent(in) :: name
        character(:), allocatable :: full
        character(2000) :: folder

        call get_command_argument(1, folder)
        if (folder == "") folder = "."
        full = trim(folder)//"/"//name
    end function

    subroutine write_file(name, text)
        character(*), intent(in) :: name, text
        integer :: unit

        open(newunit=unit, file=name, access="stream", form="unformatted", status="replace")
        write(unit) text
        close(unit)
    end subroutine

    function exists(name) result(yes)
        character(*), intent(in) :: name
        logical :: yes

        inquire(file=name, exist=yes)
    end function

    subroutine done(name)
        character(*), intent(in) :: name

        write(error_unit, "(2a, i0, a, i0, a)") name, ": ", checks, " checks, ", failures, " failed"
        if (failures > 0) stop 1
    end subroutine

end module check
