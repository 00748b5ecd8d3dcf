#!/usr/bin/env bash
# Makes two tarballs of the commit that is checked out, in build/dist:
#
#   plattli-VERSION.tar.gz             the source with all crates it is built from; `make` in it needs no network
#   plattli-VERSION-SYSTEM.tar.gz      what `make install` installs; may be unpacked anywhere
#
# The source tarball builds and installs; tests in Rust and their crates are left to the repository. So are the features
# for buckets and Parquet, whose crates are many times the size of the rest: DIST_ALL=1 packs them too.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(tools/version.sh)
out=$PWD/build/dist
name=plattli-$version
git() { command git -c safe.directory='*' "$@"; }
git rev-parse HEAD >/dev/null 2>&1 || { echo "make dist: this is no git repository" >&2; exit 1; }
[ -z "$(git status --porcelain --untracked-files=no)" ] || echo "make dist: what is not committed is left out" >&2
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

rm -rf "$out" && mkdir -p "$out/$name"
pack() { # pack FOLDER: the same content gives the same bytes
    tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$1" |
        gzip -9n >"$out/$1.tar.gz"
    echo "$out/$1.tar.gz ($(du -h "$out/$1.tar.gz" | cut -f 1))"
}

git archive HEAD | tar -x -C "$out/$name"
scripts=$PWD/scripts
(
    cd "$out/$name"
    rm -rf .ci tests/interop tests/data tests/model tools/abi-check
    # Crates that only tests need are several times the size of the rest.
    awk '/^members = / { next } /^\[/ { skip = $0 == "[dev-dependencies]" } !skip' Cargo.toml >Cargo.toml.new
    if [ -z "${DIST_ALL:-}" ]; then
        grep -vE '^(object-store|s3|gcs|azure|parquet|object_store|tokio|futures-util) = ' Cargo.toml.new >Cargo.toml
        rm Cargo.toml.new
    else
        mv Cargo.toml.new Cargo.toml
    fi
    rm -rf tests/*.rs
    mkdir -p .cargo
    "$scripts/cargo" vendor --quiet --versioned-dirs vendor >/dev/null
    printf '[source.crates-io]\nreplace-with = "vendored"\n\n[source.vendored]\ndirectory = "vendor"\n' >.cargo/config.toml
    # The lock file has shrunk with Cargo.toml, and is complete.
    "$scripts/cargo" metadata --offline --locked --format-version 1 >/dev/null
)
pack "$name"

make --no-print-directory lib
binary=$name-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
mkdir -p "$out/$binary"
PREFIX="$out/$binary" tools/install.sh build/lib
pack "$binary"
