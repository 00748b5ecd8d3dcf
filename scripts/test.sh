#!/usr/bin/env bash
# All tests, in the order in which they fail fastest; goes on after a failure and ends with what failed, how it looked,
# and one line that sums up.
#
# Without CI=true a step whose tool is missing is skipped, and the last line says so. With CI=true all steps together
# end after PLATTLI_TEST_MINUTES (80), so that the summary is printed before a CI loses its patience.
set -uo pipefail
cd "$(dirname "$0")/.."

# Whoever starts the tests may ignore signals (nohup, a job in the background) or leave standard input closed; what the
# tests start is to find neither.
clean=()
env --default-signal true 2>/dev/null && clean=(env --default-signal)
exec </dev/null
export PYTHONDONTWRITEBYTECODE=1 CARGO_NET_RETRY=10 CARGO_TERM_COLOR=never
# Without debugger pipes in /tmp, which killed processes leave behind.
export VALGRIND_OPTS="--vgdb=no ${VALGRIND_OPTS:-}"
# Ranks and jobs are those that a test says.
unset ${!SLURM_@} ${!PMI_@} ${!PMIX_@} ${!OMPI_@} PLATTLI_END_TIME
# Tests abort on purpose. Programs that close all descriptors that they might have are not to have a billion of them.
ulimit -c 0
[ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -le 65536 ] || ulimit -S -n 65536
if [ "${CI:-}" = true ]; then
    export CARGO_INCREMENTAL=0 # nothing is built twice
    budget=$((${PLATTLI_TEST_MINUTES:-80} * 60))
else
    budget=$((${PLATTLI_TEST_MINUTES:-1000} * 60))
fi
# Cargo knows nothing of make's jobs here.
unset MAKEFLAGS MFLAGS MAKELEVEL

began=$SECONDS
logs=build/test-logs
rm -rf $logs && mkdir -p $logs
passed=0
failed=()
failed_logs=()
skipped=()
times=()
child=
trap '[ -z "$child" ] || kill -TERM "$child" 2>/dev/null; exit 130' INT TERM HUP

fails() { # fails WHAT LOG
    failed+=("$1")
    failed_logs+=("$2")
    echo "── FAILED: $1"
}
step() { # step [-m MINUTES] NAME COMMAND…; a step that takes longer is ended, and has failed
    local seconds=1200
    if [ "$1" = -m ]; then
        seconds=$(($2 * 60))
        shift 2
    fi
    local name=$1 at=$SECONDS code=0 show watch left=$((budget - SECONDS + began))
    local log=$logs/$((passed + ${#failed[@]} + 1)).log
    shift
    echo
    echo "── $name"
    [ $left -gt $seconds ] || seconds=$left
    if [ $seconds -le 0 ]; then
        fails "$name: not begun, the time for all tests is used up" /dev/null
        return
    fi
    # In the background, so that an interrupt from the keyboard is seen; with all signals as they are by default.
    ${clean[@]+"${clean[@]}"} timeout --kill-after=20 $seconds "$@" >$log 2>&1 &
    child=$!
    tail -n +1 -f -s 0.2 --pid=$child $log 2>/dev/null &
    show=$!
    # What runs shortly before a step is ended for its time may tell where it hangs.
    (sleep $((seconds > 20 ? seconds - 5 : seconds)) && echo "── still running:" && ps -s $(($(ps -o sid= $$))) -o pid,ppid,etimes,time,stat,args) >>$log 2>/dev/null &
    watch=$!
    disown $watch
    wait $child || code=$?
    child=
    pkill -P $watch 2>/dev/null
    kill $watch 2>/dev/null
    wait $show
    times+=("$(printf '%5d s  %s' $((SECONDS - at)) "$name")")
    if [ $code -eq 0 ]; then
        passed=$((passed + 1))
        echo "── $name: passed in $((SECONDS - at)) s"
    elif [ $((SECONDS - at)) -ge $seconds ]; then
        fails "$name: ended after $seconds s, it hangs or is far too slow" $log
    else
        fails "$name: status $code after $((SECONDS - at)) s" $log
    fi
}
skip() { # skip NAME WHY
    if [ "${CI:-}" = true ]; then
        fails "$1 ($2)" /dev/null
    else
        skipped+=("$1 ($2)")
    fi
}
about_the_machine() {
    echo "── $(date -u '+%Y-%m-%d %H:%M:%S') UTC, $(uname -srm), $(nproc) processors ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)), load $(cut -d ' ' -f 1-3 /proc/loadavg)"
    echo "── commit $(git -c safe.directory='*' rev-parse --short HEAD 2>/dev/null || echo unknown), $PWD, uid $(id -u), HOME=${HOME:-}, TMPDIR=${TMPDIR:-}, LANG=${LANG:-}, $(ulimit -n) descriptors"
    df -hP . /tmp /dev/shm 2>/dev/null
    free -m 2>/dev/null | head -n 2
}

about_the_machine
scripts/bootstrap.sh test || { echo "make test: what it needs is missing, see above"; exit 1; }
cargo=scripts/cargo
# The crash points are read back by the PyPI package too.
python=$(scripts/venv.sh) || python=
[ -z "$python" ] || export PLATTLI_PYTHON=$python
arrow=$(scripts/venv.sh arrow) || arrow=

step "crates" scripts/fetch.sh
step "format" $cargo fmt --all --check
step -m 30 "lints" $cargo clippy --workspace --all-targets -- -D warnings
if ! command -v valgrind >/dev/null; then
    export PLATTLI_WITHOUT_VALGRIND=1
    skip "C tests under valgrind" "no valgrind"
fi
if scripts/bootstrap.sh has-libclang; then
    step -m 45 "Rust and C tests" $cargo test --workspace --no-fail-fast
else
    skip "the header as clang reads it" "no libclang"
    step -m 45 "Rust and C tests" $cargo test --no-fail-fast
fi
step "features alone and together" scripts/test-features.sh
step -m 30 "release build and C programs" make --no-print-directory tools
step "the programs of README" scripts/test-readme.sh
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
        under_valgrind=(env PLATTLI_DRIVER="$PWD/scripts/driver-under-valgrind" "$python")
        step "interop under valgrind" "${under_valgrind[@]}" tests/interop/run.py --count 12
        step "format vectors under valgrind" "${under_valgrind[@]}" tests/interop/vectors.py
    fi
    if [ -n "$arrow" ]; then
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
step -m 30 "MPI, four ranks" scripts/test-mpi.sh
step -m 30 "the journal against an S3 server" scripts/test-journal.sh
step -m 30 "installed, linked from outside, built without a network" scripts/test-packaging.sh
step "10,000 live reads" "${python:-python3}" tests/interop/live.py --reads 10000

echo
minutes="$(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
printf '%s\n' ${times[@]+"${times[@]}"}
for i in ${failed[@]+"${!failed[@]}"}; do
    echo
    echo "── FAILED: ${failed[i]}; the end of what it said:"
    # What failed may stand far before the end, as the Rust tests go on.
    [ "$(wc -l <"${failed_logs[i]}")" -le 60 ] || grep -nE -A 6 'panicked at|^error|FAILED|test result: FAILED' "${failed_logs[i]}" | head -n 120 | cut -c 1-1000
    tail -n 60 "${failed_logs[i]}" | cut -c 1-1000
done
if [ ${#failed[@]} -gt 0 ]; then
    echo
    about_the_machine
fi
echo
for what in ${skipped[@]+"${skipped[@]}"}; do echo "skipped: $what"; done
for what in ${failed[@]+"${failed[@]}"}; do echo "FAILED: $what"; done
echo "make test: $passed steps passed, ${#failed[@]} failed, ${#skipped[@]} skipped, in $minutes"
[ ${#failed[@]} -eq 0 ]
