#!/usr/bin/env bash
# Tests plattli with MPI on four ranks, in C, C++ and Fortran: reductions against sums by hand, ranks killed, runs resumed.
# Debian packages: libopenmpi-dev openmpi-bin gcc g++ gfortran python3. `make lib` has been run.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/mpi
libs=(build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s)

for tool in mpicc mpicxx mpifort mpirun python3; do
    command -v $tool >/dev/null && continue
    echo "test-mpi: SKIPPED, there is no $tool here (apt-get install libopenmpi-dev openmpi-bin gcc g++ gfortran python3)"
    [ "${CI:-}" != true ]
    exit
done
# What Open MPI wants to be told in a container with few cores; nobody else reads these.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_mpi_yield_when_idle=1
unset PLATTLI_END_TIME SLURM_JOB_END_TIME
# A folder of its own, with a short path, for the sockets and the shared memory of these jobs: what a job that was killed
# has left in /tmp and /dev/shm is not found, and a /dev/shm that is small or full does not matter.
TMPDIR=$(mktemp -d /tmp/plattli-mpi.XXXXXX)
export TMPDIR OMPI_MCA_btl_vader_backing_directory=$TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

rm -rf $out && mkdir -p $out/f90
die() { echo "test-mpi: $*" >&2; exit 1; }
ranks() { # ranks N COMMAND…
    local n=$1
    shift
    timeout --kill-after=20 600 mpirun -n "$n" "$@" </dev/null
}
fresh() { rm -rf $out/scratch && mkdir $out/scratch; }

echo '#include <plattli_mpi.h>' >$out/second.c # two files of a program may include the header
mpicc -g -O1 -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude bindings/mpi/test_mpi.c $out/second.c -o $out/test_c "${libs[@]}"
mpicc -g -O1 -std=c11 -fsanitize=address,undefined -fno-sanitize-recover=undefined -Iinclude bindings/mpi/test_mpi.c -o $out/test_sanitized "${libs[@]}"
mpicxx -g -O1 -std=c++17 -DOMPI_SKIP_MPICXX -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude -Ibindings/cpp bindings/mpi/test_mpi.cpp -o $out/test_cpp "${libs[@]}"
mpifort -g -O1 -std=f2008 -Wall -Wextra -Werror -Wno-compare-reals -Wno-maybe-uninitialized -fcheck=all,no-array-temps -J$out/f90 \
    bindings/fortran/src/plattli.f90 bindings/fortran/mpi/plattli_mpi.f90 bindings/fortran/test/check.f90 bindings/mpi/test_mpi.f90 \
    -o $out/test_f90 "${libs[@]}"
mpicc -O2 -Wall -Wextra -Werror -Iinclude examples/heat_mpi.c -o $out/heat_mpi "${libs[@]}"

fresh && ranks 4 $out/test_c all $out/scratch || die "C"
fresh && ASAN_OPTIONS=detect_leaks=0 ranks 4 $out/test_sanitized all $out/scratch || die "C with sanitizers"
fresh && ranks 4 $out/test_cpp $out/scratch || die "C++"
fresh && PLATTLI_END_TIME=$(($(date +%s) + 1000)) ranks 4 $out/test_f90 $out/scratch all 2>$out/f90.log || { cat $out/f90.log; die "Fortran"; }

# A rank is killed, then the one that writes, then they go on: in C and in Fortran, on the same run.
fresh
expect() { # expect RESTARTS ROWS: of the run that was killed
    $out/test_c verify $out/scratch "\"restarts\": $1" >$out/verify.log || { cat $out/killed.log; die "the run is damaged"; }
    grep -qx "rows $2" $out/verify.log || cat $out/killed.log
    grep -qx "rows $2" $out/verify.log || die "$(cat $out/verify.log) instead of $2"
}
killed() { # killed COMMAND…: ends because of the kill, not because time was up
    local code=0
    "$@" >$out/killed.log 2>&1 || code=$?
    case $code in
    0) die "nobody was killed" ;;
    124) cat $out/killed.log && die "mpirun does not end after a rank was killed" ;;
    esac
}
killed ranks 4 $out/test_c write $out/scratch 3000 1234 2
expect 0 1234
ranks 4 $out/test_f90 $out/scratch write 2000 >$out/resumed.log 2>&1 || { cat $out/resumed.log; die "resume in Fortran"; }
grep -q 'step 1234 restarts 1' $out/resumed.log || die "resume in Fortran: $(cat $out/resumed.log)"
killed ranks 4 $out/test_f90 $out/scratch write 3000 2345
expect 2 2345
killed ranks 4 $out/test_c write $out/scratch 4000 2500 0
expect 3 2500
ranks 4 $out/test_c write $out/scratch 2600 | grep -x 'step 2500 restarts 4' >/dev/null || die "resume in C"
expect 4 2600

# Who is who without MPI_Init.
ranks 4 $out/test_c environment $out/scratch || die "the environment of mpirun"
SLURM_PROCID=3 SLURM_STEP_NUM_TASKS=8 $out/test_c environment $out/scratch 3 8 || die "the environment of Slurm"
PMI_RANK=1 PMI_SIZE=2 $out/test_c environment $out/scratch 1 2 || die "the environment of PMI"
SLURM_PROCID=9 SLURM_STEP_NUM_TASKS=8 $out/test_c environment $out/scratch 0 1 || die "an environment that makes no sense"
$out/test_c environment $out/scratch 0 1 || die "no environment"
ranks 4 $out/test_f90 $out/scratch environment 2>$out/f90.log || { cat $out/f90.log; die "the environment of mpirun, Fortran"; }
SLURM_PROCID=3 SLURM_STEP_NUM_TASKS=8 $out/test_f90 $out/scratch environment 2>/dev/null || die "the environment of Slurm, Fortran"

# The program of the README.
mkdir $out/readme
awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' bindings/mpi/README.md >$out/readme/start.c
mpicc -Wall -Wextra -Werror -Iinclude $out/readme/start.c -o $out/readme/start "${libs[@]}"
(cd $out/readme && ranks 4 ./start)
[ -f $out/readme/heat/metrics.plattli ] || die "the program of the README"

# The example: killed on four ranks and finished on three, it leaves what it leaves undisturbed.
ranks 4 $out/heat_mpi $out/whole 2000 >/dev/null || die "heat_mpi"
# A rank is killed behind the first restart file; where the job was quicker than that, once more.
rank_killed() {
    rm -rf $out/broken
    ranks 4 $out/heat_mpi $out/broken 2000 >$out/broken.log 2>&1 &
    local job=$! mpirun rank gone=no
    until [ -f $out/broken/heat.restart ] || ! kill -0 $job 2>/dev/null; do sleep 0.02; done
    # The processes are children of the mpirun that timeout started for us.
    mpirun=$(pgrep -P "$(pgrep -P $job -x timeout || echo $job)" -x 'mpirun|orterun' || true)
    rank=$(pgrep -P "${mpirun:-0}" -x heat_mpi | tail -n 1 || true)
    [ -n "$rank" ] && kill -KILL "$rank" 2>/dev/null && gone=yes
    wait $job 2>/dev/null || true
    # The other ranks caught SIGTERM and wait for the dead one, until mpirun, which may be gone by now, has them killed.
    for _ in $(seq 600); do
        running_here || break
        sleep 0.1
    done
    ! running_here || die "ranks of heat_mpi outlive their mpirun"
    [ $gone = yes ] && [ ! -e $out/broken/metrics.plattli ]
}
running_here() { # whether a heat_mpi of this folder runs
    local pid
    for pid in $(pgrep -x heat_mpi); do
        [ "$(readlink "/proc/$pid/exe")" != "$PWD/$out/heat_mpi" ] || return 0
    done
    return 1
}
for attempt in 1 2 3 4 5; do
    rank_killed && break
    [ $attempt -lt 5 ] || { cat $out/broken.log; die "heat_mpi ended before it could be killed, five times"; }
done
ranks 3 $out/heat_mpi $out/broken 2000 >$out/heat.log || { cat $out/heat.log; die "heat_mpi, again"; }
grep -q 'continues at step .*restart 1' $out/heat.log || die "heat_mpi did not continue"
python3 - $out/whole/metrics.plattli $out/broken/metrics.plattli <<'PYTHON' || die "heat_mpi differs after a kill"
import sys, zipfile
whole, broken = (zipfile.ZipFile(path) for path in sys.argv[1:])
for name in ("heat/min.f64", "heat/max.f64"):
    assert len(whole.read(name)) == 8 * 2000 and whole.read(name) == broken.read(name), name
PYTHON
echo "test-mpi: reductions as by hand, three kills without damage, steps agreed, in C, C++ and Fortran on $(mpirun --version | head -n 1)"
