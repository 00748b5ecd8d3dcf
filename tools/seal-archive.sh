#!/bin/sh
# Makes a static archive that exports plattli_* and nothing else, so that two Rust libraries, or another version of
# the compiler's helpers, can be linked into one program.
#
# usage: seal-archive.sh libplattli.a OUT.a
set -eu
in=$1 out=$2
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT
nm --defined-only --extern-only --format=just-symbols "$in" 2>/dev/null | grep '^plattli_' | sort -u > "$work/symbols"
[ -s "$work/symbols" ] || { echo "$in defines no plattli_ symbol" >&2; exit 1; }
sed 's/^/-u/' "$work/symbols" > "$work/roots"
ld -r --gc-sections "@$work/roots" -o "$work/plattli.o" "$in"
# The compiler leaves its own byte code in the objects; tools of another LLVM stumble over it.
objcopy --keep-global-symbols="$work/symbols" --remove-section=.llvmbc --remove-section=.llvmcmd "$work/plattli.o"
rm -f "$work/out.a"
ar rcsD "$work/out.a" "$work/plattli.o"
mv "$work/out.a" "$out"
