#!/bin/sh
# Installs headers, libraries, sources and the files by which CMake and pkg-config find them. The tree may be moved.
#
# usage: PREFIX=/usr/local [LIBDIR=lib] [DESTDIR=] install.sh FOLDER_OF_THE_LIBRARIES
set -eu
libraries=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-lib}
case $libdir in "$prefix"/*) libdir=${libdir#"$prefix"/} ;; esac
case $libdir in /*) echo "install.sh: LIBDIR is a folder within PREFIX, not $libdir" >&2; exit 1 ;; esac
version=$(tools/version.sh)
root=${DESTDIR:-}$prefix
lib=$root/$libdir

fill() { # the ways up to the prefix are as long as LIBDIR
    up=$(echo "$libdir" | sed 's|[^/][^/]*|..|g')
    sed -e "s|@VERSION@|$version|g" -e "s|@MAJOR@|${version%%.*}|g" -e "s|@LIBDIR@|$libdir|g" -e "s|@UP@|$up|g" "$1" >"$2"
    chmod 644 "$2"
}
put() { # put FOLDER FILE…; what is not there is not installed
    folder=$1
    shift
    mkdir -p "$folder"
    for file; do
        if [ -f "$file" ]; then install -m 644 "$file" "$folder/"; fi
    done
}

put "$root/include" include/*.h include/*.hpp bindings/cpp/*.hpp
put "$lib" "$libraries/libplattli.a"
install -m 755 "$libraries/libplattli.so.$version" "$lib/"
ln -sf "libplattli.so.$version" "$lib/libplattli.so.${version%%.*}"
ln -sf "libplattli.so.${version%%.*}" "$lib/libplattli.so"
mkdir -p "$lib/pkgconfig" "$lib/cmake/plattli"
fill packaging/plattli.pc.in "$lib/pkgconfig/plattli.pc"
fill cmake/plattli-config.cmake.in "$lib/cmake/plattli/plattli-config.cmake"
fill cmake/plattli-config-version.cmake.in "$lib/cmake/plattli/plattli-config-version.cmake"
put "$lib/cmake/plattli" cmake/plattli-targets.cmake
put "$root/share/plattli/fortran" bindings/fortran/src/*.f90 bindings/fortran/mpi/*.f90
put "$root/share/doc/plattli" README.md LICENSE-MIT LICENSE-APACHE docs/*.md
if [ -d bindings/julia ]; then
    mkdir -p "$root/share/plattli/julia"
    (cd bindings/julia && find . -type f ! -name Manifest.toml) | while read -r file; do
        put "$root/share/plattli/julia/$(dirname "$file")" "bindings/julia/$file"
    done
fi
