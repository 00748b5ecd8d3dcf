#!/usr/bin/env bash
# The Julia package: what is generated is what the header says, Pkg.test without a network, the programs of its README,
# and the heat and probes programs of Julia beside those of C, each killed and restarted in the middle, by itself and by the other.
#
# Needs `make lib`, and: julia (scripts/install-julia.sh), curl or wget, gcc, python3. Without julia it is a loud skip, with CI=true a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v julia >/dev/null; then
    echo "test-julia: *** SKIPPED: no julia; scripts/install-julia.sh installs one" >&2
    [ "${CI:-}" != true ]
    exit
fi
root=$PWD work=$PWD/build/julia
rm -rf "$work" && mkdir -p "$work"

# A depot of its own that holds a registry without packages: Pkg would fetch one otherwise, and nothing here needs any.
mkdir -p "$work/depot/registries/Nothing"
cat >"$work/depot/registries/Nothing/Registry.toml" <<'TOML'
name = "Nothing"
uuid = "d6b9a4a1-2b7e-4d0e-9d2a-2f0a4f3f5a10"
repo = ""

[packages]
TOML
export JULIA_DEPOT_PATH=$work/depot JULIA_PKG_SERVER= JULIA_NUM_THREADS=4 PLATTLI_LIB="${PLATTLI_LIB:-$root/build/lib/libplattli.so}"
julia=(julia --startup-file=no --project="$work/environment")
mkdir "$work/environment"
offline=()
unshare -rn true 2>/dev/null && offline=(unshare -rn) # where the system allows it, there is no network at all

julia --startup-file=no bindings/julia/gen/generate.jl --check
${offline[@]+"${offline[@]}"} "${julia[@]}" -e 'using Pkg; Pkg.develop(PackageSpec(path = "bindings/julia")); Pkg.test("Plattli")' >"$work/test.log" 2>&1 ||
    { tail -n 100 "$work/test.log"; exit 1; }
tests=$(grep -E '^Plattli +\|' "$work/test.log" | awk '{ print $3 }')

# The programs of the README, one after the other, as they stand there.
awk '/^```julia$/ { inside = 1; next } /^```$/ { inside = 0 } inside' bindings/julia/README.md >"$work/readme.jl"
for shown in Writer Reader State Journal Stream; do grep -q "Plattli.$shown(" "$work/readme.jl"; done
(cd "$work" && "${julia[@]}" readme.jl >/dev/null)

# heat: C straight through; C and Julia killed after their checkpoint and continued, by themselves and by each other.
"${CC:-cc}" -O2 -ffp-contract=off -Iinclude examples/heat.c -o "$work/heat-c" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s
heat_c() { "$work/heat-c" "$work/$1" "$2" >>"$work/heat.log" 2>&1; }
heat_julia() { "${julia[@]}" examples/heat.jl "$work/$1" "$2" >>"$work/heat.log" 2>&1; }
killed() { # killed RUN COMMAND…: stops the command for good once its run has passed a checkpoint
    local run=$1
    shift
    "$@" &
    local job=$!
    for _ in $(seq 1000); do
        [ -e "$work/$run/heat.restart" ] && break
        sleep 0.02
    done
    kill -KILL "$job" && ! wait "$job" 2>/dev/null
    [ ! -e "$work/$run/metrics.plattli" ]
}
steps=1500
heat_c straight $steps
heat_julia whole $steps
killed julia exec "${julia[@]}" examples/heat.jl "$work/julia" 100000000 >>"$work/heat.log" 2>&1
heat_julia julia $steps
killed mixed exec "$work/heat-c" "$work/mixed" 100000000 >>"$work/heat.log" 2>&1
heat_julia mixed $steps
python3 - "$work" straight whole julia mixed <<'PYTHON'
import re, sys, zipfile
work, *runs = sys.argv[1:]

def content(run):
    """Every member of the archive but the wall times, with the time of export masked."""
    archive = zipfile.ZipFile(f"{work}/{run}/metrics.plattli")
    assert archive.testzip() is None
    masked = lambda name, data: re.sub(rb'"when_exported": "[^"]*"', b"", data) if name == "plattli.json" else data
    return [(i.filename, i.file_size, None if i.filename == "wall.f64" else masked(i.filename, archive.read(i))) for i in archive.infolist()]

expected = content(runs[0])
assert len(expected) == 12, [name for name, *_ in expected]
for run in runs[1:]:
    for ours, theirs in zip(content(run), expected):
        assert ours == theirs, f"{run}: {ours[0]} differs from that of C"
    assert len(content(run)) == len(expected)
PYTHON

# probes: C and Julia, whole and killed, and each continued by the other.
"${CC:-cc}" -O2 -ffp-contract=off -Iinclude examples/probes.c -o "$work/probes-c" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s
"${CC:-cc}" -O2 -Iinclude tests/probes_rows.c -o "$work/probes-rows" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s
program() { printf '#!/bin/sh\n%s\n' "$2" >"$work/$1" && chmod +x "$work/$1"; }
program probes-julia "exec ${julia[*]} $root/examples/probes.jl \"\$@\""
for pair in "c julia" "julia c"; do
    read -r first second <<<"$pair"
    program "probes-$first-then-$second" "[ -e \"\$1/rank-0/state/probes.log\" ] && exec $work/probes-$second \"\$@\"; exec $work/probes-$first \"\$@\""
done
python3 tests/probes_alike.py "$work/probes" "$work/probes-rows" c="$work/probes-c" julia="$work/probes-julia" \
    c-then-julia="$work/probes-c-then-julia" julia-then-c="$work/probes-julia-then-c"
echo "test-julia: $tests tests passed with Julia $(julia --version | grep -o '[0-9.]*$')${offline[*]+, offline}; README programs; heat and probes as in C, killed and restarted"
