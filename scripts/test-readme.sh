#!/usr/bin/env bash
# The C programs that README shows, compiled and run as README says.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build/readme && mkdir -p build/readme
awk '/^```c$/ { n++; inside = 1; next } /^```$/ { inside = 0 } inside { print >"build/readme/" n ".c" }' README.md
n=0
for program in build/readme/*.c; do
    n=$((n + 1))
    "${CC:-cc}" -Wall -Wextra -Werror -Iinclude "$program" -o "${program%.c}" build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s
    (cd build/readme && "../../${program%.c}")
done
[ $n -eq 2 ] || { echo "test-readme: README shows $n programs in C instead of 2" >&2; exit 1; }
build/show build/readme/heat residual
[ -s build/readme/keep/probes/topics/cells/rank-3/0.arrow ] || { echo "test-readme: the second program leaves no rows" >&2; exit 1; }
