#!/bin/sh
# Brings the libraries that cargo has built into the form in which they are installed: a sealed archive, and a shared
# library with its version in its name and the links that linker and loader look for.
#
# usage: collect.sh TARGET/release OUT
set -eu
from=$1 out=$2
here=$(dirname "$0")
version=$("$here/version.sh")
mkdir -p "$out"
shared=$out/libplattli.so.$version
# What has not changed keeps its time, so that programs are not linked again.
sum=$(cat "$from/libplattli.a" "$here/seal-archive.sh" | cksum)
if [ ! -e "$out/libplattli.a" ] || [ "$sum" != "$(cat "$out/.sealed-from" 2>/dev/null)" ]; then
    "$here/seal-archive.sh" "$from/libplattli.a" "$out/libplattli.a"
    echo "$sum" > "$out/.sealed-from"
fi
objcopy --strip-debug "$from/libplattli.so" "$out/.shared"
if cmp -s "$out/.shared" "$shared"; then rm "$out/.shared"; else mv "$out/.shared" "$shared"; fi
ln -sf "libplattli.so.$version" "$out/libplattli.so.${version%%.*}"
ln -sf "libplattli.so.${version%%.*}" "$out/libplattli.so"
