#!/usr/bin/env bash
# The installed tree and the tarballs, as projects outside see them: CMake, pkg-config, a moved prefix, the source as a
# part of another project, Julia, MPI, a second library in Rust, and a build without a network.
#
# Needs build/lib (make lib), cargo, and the Debian packages g++ cmake ninja-build pkg-config gfortran
# libopenmpi-dev; and Julia.
# With cargo-c in PATH it tries cargo cinstall as well; the one that Debian packages does not know today's lock files.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/build/packaging
rm -rf "$work" && mkdir -p "$work"
version=$(tools/version.sh)
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Werror)
skipped=()
checks=0

die() { echo "test-packaging: $*" >&2; exit 1; }
have() { # have TOOL WHAT…: whether the tool is there; without it in CI all is lost
    if command -v "$1" >/dev/null; then return 0; fi
    [ "${CI:-}" != true ] || die "$1 is missing"
    echo "test-packaging: SKIPPED, $1 is missing: ${*:2}" >&2
    skipped+=("$1")
    return 1
}
quiet() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; die "failed: $*"; }; }
runs() { # runs PROGRAM…: it leaves a finished run
    rm -rf "$work/run"
    quiet "$@" "$work/run"
    [ -e "$work/run/metrics.plattli" ] || die "$1 leaves no run"
    checks=$((checks + 1))
}
check() { # check WHAT COMMAND…
    "${@:2}" || die "$1"
    checks=$((checks + 1))
}

# -- what is installed ---------------------------------------------------------------------------------------------------
prefix=$work/first
quiet env PREFIX="$prefix" tools/install.sh build/lib
for file in include/plattli{,_mpi}.{h,hpp} lib/libplattli.{a,so} lib/pkgconfig/plattli.pc lib/cmake/plattli/plattli-config.cmake \
    share/plattli/fortran/plattli{,_mpi}.f90 share/plattli/julia/{Project.toml,src/Plattli.jl}; do
    check "$file is not installed" [ -e "$prefix/$file" ]
done
check "the tree says where it was made" [ -z "$(grep -rIl --include='*.pc' --include='*.cmake' "$root" "$prefix")" ]
check "the links of the shared library are wrong" \
    [ "$(readlink "$prefix/lib/libplattli.so") $(readlink "$prefix/lib/libplattli.so.${version%%.*}")" = "libplattli.so.${version%%.*} libplattli.so.$version" ]
readelf -dW "$prefix/lib/libplattli.so" >"$work/dynamic"
check "the shared library has no SONAME" grep -q "soname: \[libplattli.so.${version%%.*}\]" "$work/dynamic"
for library in "--dynamic $prefix/lib/libplattli.so" "$prefix/lib/libplattli.a"; do
    nm --defined-only --extern-only $library 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$work/exported"
    grep -oE '\bplattli_[a-z0-9_]+\(' include/plattli.h | tr -d '(' | sort -u >"$work/declared"
    check "$library exports something else than the header declares" cmp "$work/declared" "$work/exported"
done
check "the archive holds debug information, byte code or section groups" \
    [ -z "$(readelf -SgW "$prefix/lib/libplattli.a" | grep -E ' \.(rela)?\.?(debug_|llvmbc|llvmcmd|gnu\.lto)|COMDAT')" ]
native=$(sed -n 's/^Libs.private: //p' "$prefix/lib/pkgconfig/plattli.pc")
cp -r tests/outside/second "$work/second"
second() { # second SUBCOMMAND ARGUMENT…: cargo, in a package that has nothing but Rust's own library
    (cd "$work/second" && CARGO_TARGET_DIR="$work/second/target" "$root/scripts/cargo" "$@")
}
asked=$(second rustc --release -- --print native-static-libs 2>&1 | sed -n 's/.*native-static-libs: //p')
check "Libs.private is \"$native\", rustc says \"$asked\"" [ "$native" = "$asked" ]

# -- pkg-config, and a prefix that is moved --------------------------------------------------------------------------------
with_pkg_config() { # with_pkg_config PREFIX
    export PKG_CONFIG_PATH=$1/lib/pkgconfig
    check "pkg-config says another version" [ "$(pkg-config --modversion plattli)" = "$version" ]
    quiet cc "${warnings[@]}" tests/outside/main.c -o "$work/shared" $(pkg-config --cflags --libs plattli)
    runs env LD_LIBRARY_PATH="$1/lib" "$work/shared"
    check "the program does not ask for the versioned library" \
        grep -q "libplattli.so.${version%%.*}\]" <(readelf -dW "$work/shared")
    quiet c++ -std=c++17 "${warnings[@]}" tests/outside/main.cpp -o "$work/static" $(pkg-config --cflags plattli) \
        "$(pkg-config --variable=libdir plattli)/libplattli.a" $(sed -n 's/^Libs.private: //p' "$1/lib/pkgconfig/plattli.pc")
    runs "$work/static"
    if have gfortran "the module by pkg-config"; then
        mkdir -p "$work/mod"
        quiet gfortran -J"$work/mod" "$1/share/plattli/fortran/plattli.f90" tests/outside/main.f90 -o "$work/fortran" \
            $(pkg-config --libs plattli)
        runs env LD_LIBRARY_PATH="$1/lib" "$work/fortran"
    fi
}
with_julia() { # with_julia PREFIX: the package finds the library of the tree it is a part of
    runs env -u PLATTLI_LIB JULIA_DEPOT_PATH="$work/depot" julia --startup-file=no --project="$1/share/plattli/julia" -e '
        using Plattli
        Plattli.Writer(run -> (write(run, "residual", 0.5); end_step(run); finish(run)), ARGS[1])'
}
with_mpi() { # with_mpi PREFIX: both headers of C++ in one file, and both modules of Fortran
    printf '%s\n' '#include <plattli.hpp>' '#include <plattli_mpi.hpp>' '#include <plattli_mpi.h>' >"$work/both.cpp"
    quiet mpicxx -std=c++17 -DOMPI_SKIP_MPICXX "${warnings[@]}" -I"$1/include" -c "$work/both.cpp" -o "$work/both.o"
    quiet mpifort -J"$work" -c "$1/share/plattli/fortran/plattli.f90" -o "$work/one.o"
    quiet mpifort -J"$work" -c "$1/share/plattli/fortran/plattli_mpi.f90" -o "$work/two.o"
    checks=$((checks + 1))
}
with_cmake() { # with_cmake NAME ARGUMENT…: builds the project outside, in a copy that is outside indeed
    local build=$work/$1
    rm -rf "$work/outside" && cp -r tests/outside "$work/outside"
    quiet cmake -G Ninja -S "$work/outside" -B "$build" "${@:2}"
    quiet cmake --build "$build"
    while read -r program; do runs "$build/$program"; done <"$build/programs"
    if command -v gfortran >/dev/null; then
        check "$1: there is no target plattli::fortran" grep -q in_fortran "$build/programs"
    fi
    if command -v mpifort >/dev/null; then
        check "$1: there is no target plattli::fortran_mpi" grep -q in_fortran_mpi "$build/programs"
    fi
}
if have pkg-config "pkg-config"; then with_pkg_config "$prefix"; fi
cmake=no
if have cmake "CMake" && have ninja "CMake"; then
    cmake=yes
    with_cmake cmake-installed -DCMAKE_PREFIX_PATH="$prefix"
    check "plattli::plattli is not the shared library" grep -q libplattli.so <(readelf -dW "$work/cmake-installed/in_c")
    with_cmake cmake-static -DCMAKE_PREFIX_PATH="$prefix" -Dplattli_USE_STATIC_LIBS=ON
    check "plattli::plattli is not the archive" \
        [ -z "$(readelf -dW "$work/cmake-static/in_c" "$work/cmake-static/in_cxx" | grep libplattli)" ]
fi
if have julia "Julia"; then with_julia "$prefix"; fi
if have mpicxx "MPI" && have mpifort "MPI"; then with_mpi "$prefix"; fi
mv "$prefix" "$work/moved"
prefix=$work/moved
if command -v pkg-config >/dev/null; then with_pkg_config "$prefix"; fi
if command -v julia >/dev/null; then with_julia "$prefix"; fi
if [ $cmake = yes ]; then with_cmake cmake-moved -DCMAKE_PREFIX_PATH="$prefix"; fi

# A library folder of two parts, as Debian's.
quiet env DESTDIR="$work/staged" PREFIX=/usr LIBDIR=lib/x86_64-linux-gnu tools/install.sh build/lib
check "DESTDIR was not obeyed" [ -e "$work/staged/usr/include/plattli.hpp" ]
if [ $cmake = yes ]; then
    with_cmake cmake-multiarch -Dplattli_DIR="$work/staged/usr/lib/x86_64-linux-gnu/cmake/plattli"

    # -- the source as a part of another project -------------------------------------------------------------------------
    with_cmake cmake-prebuilt -DPLATTLI_SOURCE="$root" -DPLATTLI_PREBUILT="$root/build/lib"
    # From the source: cargo has built it already, and does not again.
    with_cmake cmake-source -DPLATTLI_SOURCE="$root" -DPLATTLI_CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
    quiet cmake -S "$root" -B "$work/cmake-itself" -DPLATTLI_PREBUILT="$root/build/lib"
    quiet cmake --build "$work/cmake-itself"
    quiet cmake --install "$work/cmake-itself" --prefix "$work/by-cmake"
    check "cmake --install and make install differ" diff -r "$prefix" "$work/by-cmake"
fi

# -- a second library in Rust ----------------------------------------------------------------------------------------------
for lto in off fat; do
    export CARGO_PROFILE_RELEASE_LTO=$lto
    quiet second build --release
    unset CARGO_PROFILE_RELEASE_LTO
    objects=("$work/second/target/release/libsecond.a" "$prefix/lib/libplattli.a")
    for order in "${objects[*]}" "${objects[1]} ${objects[0]}" "-Wl,--whole-archive ${objects[*]} -Wl,--no-whole-archive"; do
        quiet c++ -std=c++17 -I"$prefix/include" tests/outside/second/main.cpp -o "$work/two" $order $native
        runs "$work/two"
    done
    # The program's own link-time optimisation.
    quiet c++ -std=c++17 -O2 -flto -I"$prefix/include" tests/outside/second/main.cpp -o "$work/two" "${objects[@]}" $native
    runs "$work/two"
done

# -- tarballs ----------------------------------------------------------------------------------------------------------------
quiet env SOURCE_DATE_EPOCH=0 tools/dist.sh
source=$(tar -xzf "build/dist/plattli-$version.tar.gz" -C "$work" && echo "$work/plattli-$version")
# A C compiler that links and does nothing else: no crate brings C code.
mkdir -p "$work/bin"
cat >"$work/bin/cc" <<'GUARD'
#!/bin/sh
for argument; do
    case $argument in -c | -S | *.c | *.cc | *.cpp | *.s | *.S) echo "cc is asked to compile: $*" >&2; exit 1 ;; esac
done
exec /usr/bin/cc "$@"
GUARD
chmod +x "$work/bin/cc"
alone=()
if unshare -rn true 2>/dev/null; then alone=(unshare -rn); elif unshare -n true 2>/dev/null; then alone=(unshare -n); fi
if [ ${#alone[@]} -gt 0 ]; then
    check "the namespace has a network" [ -z "$("${alone[@]}" cat /proc/net/route | tail -n +2)" ]
else
    [ "${CI:-}" != true ] || die "no network namespace can be made"
    echo "test-packaging: SKIPPED, no network namespace can be made: only cargo is told to stay offline" >&2
    skipped+=("network namespace")
fi
# Without optimisation, which has nothing to do with networks and takes minutes; with an empty home for cargo.
quiet "${alone[@]}" env PATH="$work/bin:$PATH" CARGO_HOME="$work/cargo-home" CARGO_NET_OFFLINE=true \
    CARGO_TARGET_DIR="$work/target" CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    make -C "$source" install CARGOFLAGS=--no-default-features PREFIX="$work/from-source"
quiet cc -I"$work/from-source/include" tests/outside/main.c -o "$work/from-source/program" "$work/from-source/lib/libplattli.a" $native
runs "$work/from-source/program"
# What is left out says so.
quiet c++ -std=c++17 -I"$work/from-source/include" tests/outside/least.cpp -o "$work/from-source/least" "$work/from-source/lib/libplattli.a" $native
echo '{"x": 1.5}' >"$work/log.jsonl"
check "the least build does not say what it lacks" "$work/from-source/least" "$work/log.jsonl" "$work/least"
crates=$(scripts/cargo tree --no-default-features --edges normal,build --prefix none | awk 'NF { print $1, $2 }' | sort -u | grep -vc '^plattli ')
check "the least build takes $crates crates, docs/install.md says otherwise" grep -q "there is: $crates crates" docs/install.md
binary=$(basename "$(ls "build/dist/plattli-$version"-*.tar.gz)" .tar.gz)
tar -xzf "build/dist/$binary.tar.gz" -C "$work"
check "the binary tarball differs from what make install installs" diff -r "$prefix" "$work/$binary"

# -- cargo cinstall ----------------------------------------------------------------------------------------------------------
if command -v cargo-cinstall >/dev/null; then
    quiet env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        scripts/cargo cinstall --release --prefix "$work/cinstall" --libdir lib --target-dir "$work/ctarget"
    check "cargo cinstall gives another SONAME" \
        grep -q "soname: \[libplattli.so.${version%%.*}\]" <(readelf -dW "$work/cinstall/lib/libplattli.so")
    export PKG_CONFIG_PATH=$work/cinstall/lib/pkgconfig
    quiet c++ -std=c++17 tests/outside/main.cpp -o "$work/cinstalled" $(pkg-config --cflags --libs plattli)
    runs env LD_LIBRARY_PATH="$work/cinstall/lib" "$work/cinstalled"
else
    echo "test-packaging: cargo-c is not in PATH, cargo cinstall is not tried" >&2
fi

echo "test-packaging: $checks checks pass, $crates crates in the least build, ${#skipped[@]} skipped"
