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
# Without section groups: a linker keeps one group of a name, and the other library's would be as good to it as ours.
ld -r --gc-sections --force-group-allocation "@$work/roots" -o "$work/plattli.o" "$in"
# Without byte code, over which tools of another version stumble; without the debug information of Rust's library; and
# without symbols that nothing refers to: the linker has turned those that were weak into demands on other libraries.
objcopy --remove-section=.llvmbc --remove-section=.llvmcmd --strip-unneeded "$work/plattli.o"
objcopy --keep-global-symbols="$work/symbols" "$work/plattli.o"
rm -f "$work/out.a"
ar rcsD "$work/out.a" "$work/plattli.o"
mv "$work/out.a" "$out"
