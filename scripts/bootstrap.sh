#!/usr/bin/env bash
# Makes sure that what a command needs is there: bootstrap.sh build | demo | bench | test. (has-libclang only asks.)
#
# Missing packages are installed through apt-get where that is allowed (root, or sudo without a password), otherwise
# the script says what to install. It fails only for what the command cannot do without.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-build}

libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] && return
    compgen -G '/usr/lib/llvm*/lib/libclang*.so*' >/dev/null || compgen -G '/usr/lib/*/libclang*.so*' >/dev/null ||
        compgen -G '/usr/lib*/libclang*.so*' >/dev/null
}
downloader() { command -v curl || command -v wget; }
python_with_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }
compiles() { # compiles HEADER: both where Debian puts HDF5 for a single process and where everybody else does
    echo "#include <$1>" | "${CC:-cc}" -I/usr/include/hdf5/serial -fsyntax-only -xc -
}

if [ "$purpose" = has-libclang ]; then
    libclang
    exit
fi

missing=()
need() { # need PACKAGE CHECK…
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}
look() {
    missing=()
    need gcc command -v "${CC:-cc}"
    if [ "$purpose" != build ]; then
        need python3 command -v python3
        need python3-venv python_with_venv
    fi
    if [ "$purpose" = bench ]; then
        need libsqlite3-dev compiles sqlite3.h
        need libhdf5-dev compiles hdf5.h
        need pkg-config command -v pkg-config
        need libfuse3-dev pkg-config --exists fuse3
        need fuse3 command -v fusermount3
        need strace command -v strace
        need valgrind command -v valgrind
        need util-linux command -v taskset
    fi
    if [ "$purpose" = test ]; then
        need g++ command -v "${CXX:-c++}"
        need valgrind command -v valgrind
        need strace command -v strace
        need libclang-dev libclang
        need clang command -v clang++
        need cmake command -v cmake
        need ninja-build command -v ninja
        need pkg-config command -v pkg-config
        need gfortran command -v gfortran
        need openmpi-bin command -v mpirun
        need libopenmpi-dev command -v mpicc
        need util-linux command -v unshare
        need procps command -v pgrep
        # Julia's package manager starts only where it finds a program to download with, even for nothing.
        need curl downloader
        need git command -v git
    fi
}

look
if [ ${#missing[@]} -gt 0 ] && command -v apt-get >/dev/null; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then
        echo "bootstrap: installing ${missing[*]}"
        packages=("${missing[@]/#gcc/gcc libc6-dev}")
        mkdir -p build
        # An installation that was killed half way keeps all others from being made until it is mended.
        # shellcheck disable=SC2016
        scripts/again "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive timeout --kill-after=20 900 bash -c '
            apt="apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300"
            [ -z "$(dpkg --audit)" ] || dpkg --configure -a
            $apt update && $apt install -y --no-install-recommends "$@"' - ${packages[*]} >build/bootstrap.log 2>&1 ||
            tail -n 15 build/bootstrap.log >&2
        look
    fi
fi
if [ "$purpose" = test ]; then
    # A second Fortran compiler where the distribution has one; the tests name what they used.
    if ! compgen -c flang >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        mkdir -p build
        timeout 600 apt-get install -y -qq --no-install-recommends flang-19 >>build/bootstrap.log 2>&1 </dev/null || true
    fi
    # Loud when it cannot: the tests of the Julia package say so again, and fail in CI.
    command -v julia >/dev/null || scripts/install-julia.sh || true
fi
scripts/cargo --version >/dev/null

for package in ${missing[@]+"${missing[@]}"}; do
    echo "bootstrap: missing $package; on Debian or Ubuntu: apt-get install $package" >&2
done
if [[ " ${missing[*]-} " == *" gcc "* ]]; then
    exit 1
fi
if [ ${#missing[@]} -gt 0 ] && [ "$purpose" = test ] && [ "${CI:-}" = true ]; then
    exit 1
fi
