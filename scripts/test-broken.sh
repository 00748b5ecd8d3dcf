#!/usr/bin/env bash
# What each language sees of the two errors that a sound and complete library never gives: a feature left out of the
# build, and a bug inside. The library is built for it without its features and with a bug on request.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/build/broken
rm -rf "$work" && mkdir -p "$work/lib"
target=${CARGO_TARGET_DIR:-target}/broken
libraries=("$work/lib/libplattli.a" -lpthread -ldl -lm -lgcc_s)

CARGO_TARGET_DIR=$target scripts/cargo rustc --quiet --lib --locked --crate-type staticlib,cdylib --no-default-features --features test-panic
cp "$target/debug/libplattli.so" "$work/lib/"
tools/seal-archive.sh "$target/debug/libplattli.a" "$work/lib/libplattli.a"
echo '{"x": 1.5}' >"$work/log.jsonl"

seen=0
sees() { # sees LANGUAGE COMMAND…
    local language=$1 code=0
    shift
    PLATTLI_TEST_PANIC=writer "$@" "$work/log.jsonl" "$work/$language-imported" "$work/$language-run" || code=$?
    [ $code -eq 0 ] || { echo "test-broken: $language ended with $code" >&2; exit 1; }
    seen=$((seen + 1))
}
missing() {
    [ "${CI:-}" != true ] || { echo "test-broken: there is no $1" >&2; exit 1; }
    echo "test-broken: SKIPPED, there is no $1" >&2
}

"${CC:-cc}" -Wall -Wextra -Werror -Iinclude tests/broken/broken.c -o "$work/c" "${libraries[@]}"
sees c "$work/c"
if command -v c++ >/dev/null; then
    c++ -std=c++17 -Wall -Wextra -Werror -Iinclude -Ibindings/cpp tests/broken/broken.cpp -o "$work/cpp" "${libraries[@]}"
    sees cpp "$work/cpp"
else
    missing c++
fi
if command -v gfortran >/dev/null; then
    gfortran -J"$work" bindings/fortran/src/plattli.f90 tests/broken/broken.f90 -o "$work/fortran" "${libraries[@]}"
    sees fortran "$work/fortran"
else
    missing gfortran
fi
if command -v julia >/dev/null; then
    JULIA_LOAD_PATH="$PWD/bindings/julia:@stdlib" JULIA_DEPOT_PATH=$work/depot PLATTLI_LIB=$work/lib/libplattli.so \
        sees julia julia --startup-file=no tests/broken/broken.jl
else
    missing julia
fi
echo "test-broken: a feature that is left out and a bug inside, seen from $seen languages"
