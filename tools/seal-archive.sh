#!/bin/sh
# Makes a static archive that exports plattli_* and nothing else, so that two Rust libraries, or another version of
# the compiler's helpers, can be linked into one program.
#
# usage: seal-archive.sh libplattli.a OUT.a
set -eu
in=$1 out=$2
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT
# readelf, because nm believes the compiler's byte code in the objects rather than the code beside it.
readelf --wide --symbols "$in" 2>/dev/null |
    awk '$5 == "GLOBAL" && $7 != "UND" && $8 ~ /^plattli_/ { print $8 }' | sort -u > "$work/symbols"
[ -s "$work/symbols" ] || { echo "$in defines no plattli_ symbol" >&2; exit 1; }
sed 's/^/-u/' "$work/symbols" > "$work/roots"
ld -r --gc-sections "@$work/roots" -o "$work/plattli.o" "$in"
# Without that byte code: tools of another version stumble over it.
objcopy --keep-global-symbols="$work/symbols" --remove-section=.llvmbc --remove-section=.llvmcmd "$work/plattli.o"
rm -f "$work/out.a"
ar rcsD "$work/out.a" "$work/plattli.o"
mv "$work/out.a" "$out"
