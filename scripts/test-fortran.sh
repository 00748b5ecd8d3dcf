#!/usr/bin/env bash
# Tests the Fortran binding: every symbol called, every error seen, nothing leaked, heat.f90 and probes.f90 the same as
# heat.c and probes.c.
# Debian packages: gfortran gcc valgrind; flang-19 if a second compiler is wanted. `make lib` has been run.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
out=build/fortran
libs=(build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s)
strict=(-std=f2008 -pedantic -Wall -Wextra -Wimplicit-interface -Werror)
tests=(writer reader errors ownership state journal arrow stream)

for tool in gfortran "${CC:-cc}" valgrind python3; do
    command -v "$tool" >/dev/null && continue
    echo "test-fortran: SKIPPED, there is no $tool here (apt-get install gfortran gcc valgrind python3)"
    [ "${CI:-}" != true ]
    exit
done
rm -rf $out && mkdir -p $out/strict

# The raw module has the names of the header, all of them and no others.
grep -oE '\bplattli_[a-z0-9_]+\(' include/plattli.h | tr -d '(' | sort -u >$out/header
grep -oE '(function|subroutine) plattli_[a-z0-9_]+\(.*bind\(c\)|(function|subroutine) plattli_[a-z0-9_]+\( &$' bindings/fortran/src/plattli.f90 |
    grep -oE 'plattli_[a-z0-9_]+' | grep -xF -f $out/header | sort -u >$out/raw
diff $out/header $out/raw || { echo "test-fortran: plattli_raw is not plattli.h" >&2; exit 1; }
# And its constants; 2**64 - 1 is -1 to Fortran.
sed -nE 's/^#define ((PLATTLI|ARROW_FLAG)_[A-Z0-9_]+) (-?[0-9]+)(ull)?$/\1 \3/p' include/plattli.h | grep -v '^PLATTLI_VERSION ' |
    sed 's/ 18446744073709551615$/ -1/' | sort >$out/header.constants
sed -nE 's/^ *integer\(c_int(32|64)_t\), parameter :: ((PLATTLI|ARROW_FLAG)_[A-Z0-9_]+) = (-?[0-9]+).*/\2 \4/p' bindings/fortran/src/plattli.f90 |
    sort >$out/raw.constants
diff $out/header.constants $out/raw.constants || { echo "test-fortran: the constants of plattli_raw are not those of plattli.h" >&2; exit 1; }

# gfortran 12 warns of unset array descriptors where it sets them itself; the tests compare reals that must be equal.
build() { # build OUT COMPILER… : the tests
    local to=$1
    shift
    "$@" -c bindings/fortran/src/plattli.f90 -o "$to/plattli.o"
    "$@" -c bindings/fortran/test/check.f90 -o "$to/check.o"
    for test in "${tests[@]}"; do
        "$@" "bindings/fortran/test/test_$test.f90" "$to/plattli.o" "$to/check.o" -o "$to/test_$test" -Lbuild/lib -lplattli -Wl,-rpath,"$PWD/build/lib" -Wl,-z,lazy
    done
}
run() { # run FOLDER COMMAND… : the tests, each under a command
    local from=$1 test
    shift
    for test in "${tests[@]}"; do
        rm -rf "$out/scratch" && mkdir "$out/scratch"
        "$@" "$from/test_$test" $out/scratch </dev/null || { echo "test-fortran: test_$test failed" >&2; exit 1; }
    done
}
build $out/strict gfortran -J$out/strict -g -O1 -fcheck=all,no-array-temps "${strict[@]}" -Wno-compare-reals -Wno-maybe-uninitialized

# A symbol is bound when it is called for the first time: what is bound was called.
LD_DEBUG=bindings LD_DEBUG_OUTPUT="$PWD/$out/bound" run $out/strict env
cat $out/bound.* | sed -nE 's/.*binding file .*test_[a-z]+ .*normal symbol `(plattli_[a-z0-9_]+)'"'"'.*/\1/p' | sort -u >$out/called
rm $out/bound.*
diff $out/header $out/called || { echo "test-fortran: not every symbol of the header is called by the tests" >&2; exit 1; }

# Streams leave a few bytes behind in a forked child, on purpose: children are not looked at.
run $out/strict valgrind -q --child-silent-after-fork=yes --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect --error-exitcode=9

# The programs of the README.
mkdir $out/readme
awk -v to=$out/readme/ '/^program / { file = to $2 ".f90" } file { print >file } /^end program$/ { file = "" }' bindings/fortran/README.md
gfortran -J$out/readme "${strict[@]}" -c bindings/fortran/src/plattli.f90 -o $out/readme/plattli.o
for program in start keep; do
    gfortran -J$out/readme "${strict[@]}" $out/readme/$program.f90 $out/readme/plattli.o -o $out/readme/$program "${libs[@]}"
    (cd $out/readme && ./$program)
done
[ -f $out/readme/heat/metrics.plattli ]
[ -f $out/readme/heat/restart.log ]

# heat in Fortran, whole and killed in the middle, leaves what heat in C leaves.
"${CC:-cc}" -O2 -ffp-contract=off -Iinclude examples/heat.c -o $out/heat-c "${libs[@]}"
gfortran -O2 -ffp-contract=off -J$out -Wall -Wextra -Wno-do-subscript -Werror bindings/fortran/src/plattli.f90 examples/heat.f90 -o $out/heat-f90 "${libs[@]}"
python3 tests/heat_alike.py $out/run-heat c=$out/heat-c f90=$out/heat-f90

# The same for probes: metrics, state, events and rows.
"${CC:-cc}" -O2 -ffp-contract=off -Iinclude examples/probes.c -o $out/probes-c "${libs[@]}"
"${CC:-cc}" -O2 -Iinclude tests/probes_rows.c -o $out/probes-rows "${libs[@]}"
gfortran -O2 -ffp-contract=off -J$out -Wall -Wextra -Wno-do-subscript -Werror bindings/fortran/src/plattli.f90 examples/probes.f90 -o $out/probes-f90 "${libs[@]}"
python3 tests/probes_alike.py $out/run-probes $out/probes-rows c=$out/probes-c f90=$out/probes-f90

rm -rf $out/scratch && mkdir $out/scratch

second=none
for flang in flang-new-19 flang-19 flang-new flang; do
    command -v $flang >/dev/null || continue
    second=$flang
    mkdir $out/flang
    build $out/flang $flang -module-dir $out/flang -O1
    run $out/flang env
    break
done
# The package of fpm: its tests, and a project that depends on it.
fpm=none
if python=$(scripts/venv.sh fpm); then
    fpm=$(dirname "$python")/fpm
    rm -rf $out/fpm && mkdir -p $out/fpm/outside/app
    cp -r bindings/fortran $out/fpm/plattli
    cp tests/outside/main.f90 $out/fpm/outside/app/
    printf 'name = "outside"\n[dependencies]\nplattli = { path = "../plattli" }\n' >$out/fpm/outside/fpm.toml
    link=(--flag -O1 --link-flag "-L$PWD/build/lib -Wl,-rpath,$PWD/build/lib")
    (cd $out/fpm/plattli && "$fpm" test "${link[@]}" -- "$PWD") >$out/fpm/log 2>&1 &&
        (cd $out/fpm/outside && "$fpm" run "${link[@]}" -- "$PWD/run") >>$out/fpm/log 2>&1 ||
        { tail -n 40 $out/fpm/log; echo "test-fortran: fpm failed" >&2; exit 1; }
    [ -f $out/fpm/outside/run/metrics.plattli ]
    fpm=$("$fpm" --version | awk '/^Version/ { print $2 }' | tr -d ,)
elif [ "${CI:-}" = true ]; then
    echo "test-fortran: there is no fpm" >&2
    exit 1
fi
echo "test-fortran: fpm: $fpm; $(wc -l <$out/called) symbols called, clean under valgrind, heat.f90 as heat.c, probes.f90 as probes.c; second compiler: $second"
