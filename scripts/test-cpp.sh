#!/usr/bin/env bash
# The C++ header: its tests with every compiler and standard, the misuses that must not compile, valgrind, the
# program of its README, and examples/heat.cpp beside heat.c.
#
# Needs build/lib (make lib) and the Debian packages g++ clang valgrind python3.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/build/cpp
rm -rf "$work" && mkdir -p "$work"
include=(-Iinclude -Ibindings/cpp)
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
libraries=(build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s)
tests=bindings/cpp/tests
skipped=()

die() { echo "test-cpp: $*" >&2; exit 1; }
skip() {
    [ "${CI:-}" != true ] || die "$1 is missing"
    echo "test-cpp: SKIPPED, $1 is missing: $2" >&2
    skipped+=("$2")
}
scratch() { rm -rf "$work/$1" && mkdir -p "$work/$1" && echo "$work/$1"; }

[ -e build/lib/libplattli.a ] || die "build/lib/libplattli.a is missing: make lib"
compilers=()
for compiler in g++ clang++; do
    if command -v $compiler >/dev/null; then compilers+=($compiler); else skip $compiler "the tests as $compiler builds them"; fi
done
[ ${#compilers[@]} -gt 0 ] || die "there is no C++ compiler"

ran=0
for compiler in "${compilers[@]}"; do
    for standard in 17 20; do
        name=$compiler-$standard
        objects=()
        for source in main writer reader errors; do
            objects+=("$work/$name-$source.o")
            # The files of one program are built for different standards, as those of a code and its libraries are.
            of=$standard
            [ "$source" = errors ] && of=17
            echo "$compiler -std=c++$of -O1 -g ${warnings[*]} ${include[*]} -c $tests/$source.cpp -o ${objects[-1]}"
        done | xargs -P "$(nproc)" -d '\n' -n 1 sh -c
        for source in main writer reader errors; do objects+=("$work/$name-$source.o"); done
        $compiler "${objects[@]}" -o "$work/$name" "${libraries[@]}"
        "$work/$name" "$(scratch run)" >"$work/$name.log" 2>&1 || { cat "$work/$name.log"; die "$name failed"; }
        tail -n 1 "$work/$name.log"
        ran=$((ran + 1))
    done
done

# Each symbol of the C header is called by the tests.
grep -oE '\bplattli_[a-z0-9_]+\(' include/plattli.h | tr -d '(' | sort -u >"$work/declared"
nm -u "$work/${compilers[0]}"-17-*.o | grep -oE '\bplattli_[a-z0-9_]+' | sort -u >"$work/called"
uncalled=$(comm -23 "$work/declared" "$work/called")
[ -z "$uncalled" ] || die "no test calls" $uncalled

# What must not compile does not, and for the right reason.
misuses=0
for compiler in "${compilers[@]}"; do
    compile=("$compiler" -std=c++17 "${warnings[@]}" "${include[@]}" -fsyntax-only "$tests/misuse.cpp")
    "${compile[@]}" || die "$compiler refuses what is right in misuse.cpp"
    while read -r number message; do
        if "${compile[@]}" -Wno-unused "-DMISUSE=$number" >"$work/misuse.log" 2>&1; then
            die "$compiler accepts misuse $number"
        fi
        grep -E 'error:' "$work/misuse.log" | grep -qE "$message" ||
            { cat "$work/misuse.log"; die "$compiler refuses misuse $number, but not for \"$message\""; }
        misuses=$((misuses + 1))
    done < <(sed -nE 's|^#(el)?if MISUSE == ([0-9]+)  // (.*)|\2 \3|p' "$tests/misuse.cpp")
done
[ "$misuses" -gt 0 ] || die "no misuse was tried"

if command -v valgrind >/dev/null; then
    valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        "$work/${compilers[0]}-17" "$(scratch valgrind)" >"$work/valgrind.log" 2>&1 ||
        { tail -n 40 "$work/valgrind.log"; die "valgrind finds errors"; }
else
    skip valgrind "the tests under valgrind"
fi

# The ten lines of the README.
awk '/^```cpp$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' bindings/cpp/README.md >"$work/readme.cpp"
grep -q 'plattli::Writer' "$work/readme.cpp" || die "bindings/cpp/README.md shows no program"
"${compilers[0]}" -std=c++17 "${warnings[@]}" "${include[@]}" "$work/readme.cpp" -o "$work/readme" "${libraries[@]}"
(cd "$(scratch readme-run)" && "$work/readme")
[ -e "$work/readme-run/heat/metrics.plattli" ] || die "the program of the README leaves no run"

cc -O2 -ffp-contract=off -Iinclude examples/heat.c -o "$work/heat-c" "${libraries[@]}"
programs=(c="$work/heat-c")
for compiler in "${compilers[@]}"; do
    $compiler -std=c++17 -O2 -ffp-contract=off "${warnings[@]}" "${include[@]}" examples/heat.cpp -o "$work/heat-$compiler" "${libraries[@]}"
    programs+=("$compiler=$work/heat-$compiler")
done
python3 tests/heat_alike.py "$work/alike" "${programs[@]}"

echo "test-cpp: $ran builds pass, $misuses misuses refused, $(wc -l <"$work/declared") symbols called, ${#skipped[@]} skipped"
