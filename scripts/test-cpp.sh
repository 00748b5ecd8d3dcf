#!/usr/bin/env bash
# The C++ header: its tests with every compiler and standard, the misuses that must not compile, valgrind, the
# programs of its README, and examples/heat.cpp and examples/probes.cpp beside those in C.
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
sources=(main writer reader errors state journal stream arrow)
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
        for source in "${sources[@]}"; do
            objects+=("$work/$name-$source.o")
            # The files of one program are built for different standards, as those of a code and its libraries are.
            of=$standard
            [ "$source" = errors ] && of=17
            echo "$compiler -std=c++$of -O1 -g ${warnings[*]} ${include[*]} -c $tests/$source.cpp -o ${objects[-1]}"
        done | xargs -P "$(nproc)" -d '\n' -n 1 sh -c
        for source in "${sources[@]}"; do objects+=("$work/$name-$source.o"); done
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
refuses() { # refuses COMPILER NUMBER MESSAGE
    local log=$work/misuse-$1-$2.log
    local compile=("$1" -std=c++17 "${warnings[@]}" "${include[@]}" -fsyntax-only "$tests/misuse.cpp")
    if "${compile[@]}" -Wno-unused "-DMISUSE=$2" >"$log" 2>&1; then
        die "$1 accepts misuse $2"
    fi
    grep -E 'error:' "$log" | grep -E "$3" >/dev/null || { cat "$log"; die "$1 refuses misuse $2, but not for \"$3\""; }
    touch "$log.refused"
}
misuses=0
for compiler in "${compilers[@]}"; do
    "$compiler" -std=c++17 "${warnings[@]}" "${include[@]}" -fsyntax-only "$tests/misuse.cpp" || die "$compiler refuses what is right in misuse.cpp"
    while read -r number message; do
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
        refuses "$compiler" "$number" "$message" &
        misuses=$((misuses + 1))
    done < <(sed -nE 's|^#(el)?if MISUSE == ([0-9]+)  // (.*)|\2 \3|p' "$tests/misuse.cpp")
done
wait
[ "$misuses" -gt 0 ] || die "no misuse was tried"
[ "$(ls "$work"/misuse-*.refused | wc -l)" -eq "$misuses" ] || die "not all misuses are refused"

if command -v valgrind >/dev/null; then
    valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        "$work/${compilers[0]}-17" "$(scratch valgrind)" >"$work/valgrind.log" 2>&1 ||
        { tail -n 40 "$work/valgrind.log"; die "valgrind finds errors"; }
else
    skip valgrind "the tests under valgrind"
fi

# The programs of the README.
awk -v out="$work/readme" '/^```cpp$/ { inside = 1; text = ""; next } /^```$/ { if (inside && text ~ /int main/) printf "%s", text > (out "-" ++n ".cpp"); inside = 0 } inside { text = text $0 "\n" }' \
    bindings/cpp/README.md
for program in "$work"/readme-*.cpp; do
    "${compilers[0]}" -std=c++17 "${warnings[@]}" "${include[@]}" "$program" -o "${program%.cpp}" "${libraries[@]}"
    (cd "$(scratch readme-run)" && "${program%.cpp}")
    [ -n "$(ls "$work/readme-run")" ] || die "$program leaves nothing"
done
[ -e "$work/readme-2" ] || die "bindings/cpp/README.md shows no two programs"

for example in heat probes; do
    cc -O2 -ffp-contract=off -Iinclude examples/$example.c -o "$work/$example-c" "${libraries[@]}"
    programs=(c="$work/$example-c")
    for compiler in "${compilers[@]}"; do
        $compiler -std=c++17 -O2 -ffp-contract=off "${warnings[@]}" "${include[@]}" examples/$example.cpp -o "$work/$example-$compiler" "${libraries[@]}"
        programs+=("$compiler=$work/$example-$compiler")
    done
    arguments=("$work/alike")
    if [ $example = probes ]; then
        cc -O2 -Iinclude tests/probes_rows.c -o "$work/probes-rows" "${libraries[@]}"
        arguments+=("$work/probes-rows")
    fi
    python3 tests/${example}_alike.py "${arguments[@]}" "${programs[@]}"
done

# Two ranks, one in C and one in C++, tell one journal.
ranks=$(scratch ranks)
PMI_RANK=0 "$work/probes-c" "$ranks" 100 >/dev/null &
PMI_RANK=1 "$work/probes-${compilers[0]}" "$ranks" 100 >/dev/null && wait $! || die "a rank failed"
for rank in 0 1; do
    [ "$(cat "$ranks"/journal/*.jsonl | grep -c "\"rank\":$rank,.*\"event\":\"\(start\|checkpoint\|done\)\"")" = 3 ] || die "events of rank $rank are missing"
    [ -e "$ranks/rank-$rank/metrics.plattli" ] || die "the metrics of rank $rank are missing"
done

echo "test-cpp: $ran builds pass, $misuses misuses refused, $(wc -l <"$work/declared") symbols called, ${#skipped[@]} skipped"
