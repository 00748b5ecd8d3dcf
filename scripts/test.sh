#!/usr/bin/env bash
# All tests, in the order in which they fail fastest; goes on after a failure and ends with one line that sums up.
#
# Without CI=true a step whose tool is missing is skipped, and the last line says so.
set -uo pipefail
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1
began=$SECONDS
passed=0
failed=()
skipped=()

step() { # step NAME COMMAND…
    local name=$1 at=$SECONDS
    shift
    echo
    echo "── $name"
    if "$@"; then
        passed=$((passed + 1))
        echo "── $name: passed in $((SECONDS - at)) s"
    else
        failed+=("$name")
        echo "── $name: FAILED"
    fi
}
skip() { # skip NAME WHY
    if [ "${CI:-}" = true ]; then
        failed+=("$1 ($2)")
    else
        skipped+=("$1 ($2)")
    fi
}

driver_under_valgrind() {
    PLATTLI_DRIVER=$PWD/scripts/driver-under-valgrind "$python" tests/interop/run.py --count 12 &&
        PLATTLI_DRIVER=$PWD/scripts/driver-under-valgrind "$python" tests/interop/vectors.py
}

readme_programs() { # the C programs that README shows, compiled and run as README says
    local program n=0
    rm -rf build/readme && mkdir -p build/readme &&
        awk '/^```c$/ { n++; inside = 1; next } /^```$/ { inside = 0 } inside { print >"build/readme/" n ".c" }' README.md || return 1
    for program in build/readme/*.c; do
        n=$((n + 1))
        "${CC:-cc}" -Wall -Wextra -Werror -Iinclude "$program" -o "${program%.c}" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s &&
            (cd build/readme && "../../${program%.c}") || return 1
    done
    [ $n -eq 2 ] && build/show build/readme/heat residual && [ -s build/readme/keep/probes/topics/cells/rank-3/0.arrow ]
}

scripts/bootstrap.sh test || { echo "make test: what it needs is missing, see above"; exit 1; }
cargo=scripts/cargo
# The crash points are read back by the PyPI package too.
python=$(scripts/venv.sh) || python=
[ -z "$python" ] || export PLATTLI_PYTHON=$python

step "format" $cargo fmt --all --check
step "lints" $cargo clippy --workspace --all-targets -- -D warnings
if ! command -v valgrind >/dev/null; then
    export PLATTLI_WITHOUT_VALGRIND=1
    skip "C tests under valgrind" "no valgrind"
fi
if scripts/bootstrap.sh has-libclang; then
    step "Rust and C tests" $cargo test --workspace
else
    skip "the header as clang reads it" "no libclang"
    step "Rust and C tests" $cargo test
fi
step "features alone and together" scripts/test-features.sh
step "release build and C programs" make --no-print-directory tools
step "the programs of README" readme_programs
step "the other starts of README" python3 tests/readme_starts.py
if command -v strace >/dev/null; then
    step "steady state of a step" "${python:-python3}" tests/interop/steady.py
else
    skip "steady state of a step" "no strace"
fi
if [ -n "$python" ]; then
    step "format vectors, both implementations" "$python" tests/interop/vectors.py
    step "interop with the PyPI package, 1000 scripts" "$python" tests/interop/run.py --count 1000
    if command -v valgrind >/dev/null; then
        step "interop under valgrind" driver_under_valgrind
    fi
    if arrow=$(scripts/venv.sh arrow); then
        step "runs as Arrow tables, in pyarrow, polars and DuckDB" "$arrow" tests/arrow/run_arrow.py
        step "segments of a stream, in pyarrow, polars and DuckDB" "$arrow" tests/arrow/segments.py
    else
        skip "Arrow tables" "no pyarrow, polars and DuckDB"
    fi
    step "300 real kills" "$python" tests/interop/kill_loop.py --kills 300
    step "demo" scripts/demo.sh
else
    skip "interop" "no Python with the PyPI package"
fi
step "a bug inside, seen from each language" scripts/test-broken.sh
step "C++" scripts/test-cpp.sh
step "Fortran" scripts/test-fortran.sh
step "Julia" scripts/test-julia.sh
step "MPI, four ranks" scripts/test-mpi.sh
step "the journal against an S3 server" scripts/test-journal.sh
step "installed, linked from outside, built without a network" scripts/test-packaging.sh
step "10,000 live reads" "${python:-python3}" tests/interop/live.py --reads 10000

echo
minutes="$(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
for what in ${skipped[@]+"${skipped[@]}"}; do echo "skipped: $what"; done
for what in ${failed[@]+"${failed[@]}"}; do echo "FAILED: $what"; done
echo "make test: $passed steps passed, ${#failed[@]} failed, ${#skipped[@]} skipped, in $minutes"
[ ${#failed[@]} -eq 0 ]
