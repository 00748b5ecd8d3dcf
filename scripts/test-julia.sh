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

# heat and probes: C and Julia, whole and killed, and each continued by the other.
"${CC:-cc}" -O2 -ffp-contract=off -Iinclude examples/heat.c -o "$work/heat-c" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s
"${CC:-cc}" -O2 -ffp-contract=off -Iinclude examples/probes.c -o "$work/probes-c" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s
"${CC:-cc}" -O2 -Iinclude tests/probes_rows.c -o "$work/probes-rows" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s
program() { printf '#!/bin/sh\n%s\n' "$2" >"$work/$1" && chmod +x "$work/$1"; }
four() { # four PROGRAM BEGUN: NAME=COMMAND of the two and of each continued by the other, which finds the file BEGUN
    local first second
    program "$1-julia" "exec ${julia[*]} $root/examples/$1.jl \"\$@\""
    echo "c=$work/$1-c" "julia=$work/$1-julia"
    for pair in "c julia" "julia c"; do
        read -r first second <<<"$pair"
        program "$1-$first-then-$second" "[ -e \"\$1/$2\" ] && exec $work/$1-$second \"\$@\"; exec $work/$1-$first \"\$@\""
        echo "$first-then-$second=$work/$1-$first-then-$second"
    done
}
# shellcheck disable=SC2046
{
    python3 tests/heat_alike.py "$work/heat" $(four heat heat.restart)
    python3 tests/probes_alike.py "$work/probes" "$work/probes-rows" $(four probes rank-0/state/probes.log)
}
echo "test-julia: $tests tests passed with Julia $(julia --version | grep -o '[0-9.]*$')${offline[*]+, offline}; README programs; heat and probes as in C, killed and restarted"
