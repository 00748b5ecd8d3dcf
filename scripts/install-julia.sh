#!/usr/bin/env bash
# Makes sure that there is a Julia of 1.5 or later, installing the package `julia` where the system has none.
#
# Debian dropped the package after bullseye (Julia 1.5.3). Its packages install on the releases that followed, so where
# apt has no candidate the suite bullseye is read from the mirror that the machine uses already. It is read for this
# one installation only, beside the machine's own sources: nothing below /etc/apt changes, and of bullseye nothing but
# Julia and the libraries that later releases lack can be installed, and never in place of anything. Julia 1.5 crashes at
# its first exception with the libunwind of later releases, so bullseye's is laid where only Julia looks for it.
#
# Works as root, or with sudo where that asks for no password; says what to do otherwise, and fails.
set -euo pipefail

suite=bullseye
packages=(julia julia-common libjulia1)
libraries=(libffi7 libgit2-1.1 libhttp-parser2.9 libllvm9 libmbedcrypto3 libmbedtls12 libmbedx509-0 libopenlibm3)

say() { echo "install-julia: $*" >&2; }
give_up() {
    say "*** no Julia: $1"
    say "*** install Julia 1.5 or later from its project's downloads, put \`julia\` on PATH, and run this again"
    exit 1
}
enough() { # new enough, and survives an exception
    command -v julia >/dev/null || return
    bash -c 'julia --startup-file=no -e "$1"; exit $?' - 'f(x) = x > 0 ? error("x") : x
        for x in 1:100 try f(x) catch end end
        exit(VERSION >= v"1.5" ? 0 : 1)' 2>/dev/null # bash -c: a crash is its to tell, and goes unheard
}

# The first source that serves the release CODENAME, as `URI KEYRING` (KEYRING may be missing).
source_of() {
    local codename=$1 file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$file" ] || continue
        awk -v codename="$codename" '
            function flush_stanza(   i, n, words) {
                n = split(suites, words, /[ \t]+/)
                for (i = 1; i <= n; ++i) if (words[i] == codename && enabled && types ~ /(^| )deb( |$)/ && uris != "") {
                    split(uris, words, /[ \t]+/)
                    print words[1], (keyring ~ /^\// ? keyring : "")
                    break
                }
                suites = uris = keyring = types = ""; enabled = 1
            }
            BEGIN { enabled = 1 }
            /^#/ { next }
            /^[ \t]*$/ { flush_stanza(); next }
            { field = tolower($1); value = $0; sub(/^[^:]*:[ \t]*/, "", value) }
            field == "types:" { types = value }
            field == "uris:" { uris = value }
            field == "suites:" { suites = value }
            field == "signed-by:" { keyring = value }
            field == "enabled:" && tolower(value) == "no" { enabled = 0 }
            END { flush_stanza() }' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] || continue
        awk -v codename="$codename" '
            $1 == "deb" {
                keyring = ""; at = 2
                if ($2 ~ /^\[/) while (at <= NF) {
                    word = $at; gsub(/[][]/, "", word)
                    if (word ~ /^signed-by=/) keyring = substr(word, 11)
                    if ($(at++) ~ /\]$/) break
                }
                if ($(at + 1) == codename) print $at, keyring
            }' "$file"
    done
}

if enough; then
    say "found $(julia --version)"
    exit 0
fi
command -v apt-get >/dev/null || give_up "this system has no apt-get"
as_root=()
if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || give_up "installing needs root, or sudo without a password"
    as_root=(sudo -n)
fi

tmp=$(mktemp -d)
trap '${as_root[@]+"${as_root[@]}"} rm -rf "$tmp"' EXIT
chmod 755 "$tmp" # apt reads it as a user of its own
aside=()
apt() { # whatever is configured, and what is laid aside for this one installation
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        ${aside[@]+"${aside[@]}"} "$@" >>"$tmp/log" 2>&1
}
failed() {
    tail -n 15 "$tmp/log" >&2
    give_up "$1"
}

read -r distribution codename <<<"$(. /etc/os-release && echo "$ID ${VERSION_CODENAME:-}")"
if [ "$distribution" = debian ] && [ -z "$(apt-cache madison julia 2>/dev/null)" ]; then
    found=$(source_of "$codename")
    found=${found%%$'\n'*}
    [ -n "$found" ] || give_up "apt has no package julia, and no source of the release '$codename' to read '$suite' from"
    read -r uri keyring <<<"$found"
    mkdir -p "$tmp"/sources "$tmp"/preferences "$tmp"/lists/partial
    for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] && ln -s "$file" "$tmp/sources/"
    done
    for file in /etc/apt/preferences.d/*; do
        [ -f "$file" ] && ln -s "$file" "$tmp/preferences/"
    done
    {
        printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$suite"
        [ -z "${keyring:-}" ] || printf 'Signed-By: %s\n' "$keyring"
    } >"$tmp/sources/plattli-julia.sources"
    cat >"$tmp/preferences/plattli-julia" <<PIN
Package: *
Pin: release n=$suite
Pin-Priority: -1

Package: ${packages[*]} ${libraries[*]}
Pin: release n=$suite
Pin-Priority: 100
PIN
    aside=(-o Dir::Etc::SourceParts="$tmp/sources" -o Dir::Etc::PreferencesParts="$tmp/preferences"
        -o Dir::State::Lists="$tmp/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
    say "apt has no julia; taking it from $suite of the mirror in use"
fi

apt update || say "some package lists could not be read; going on"
apt install -y --no-install-recommends julia || failed "apt-get could not install the package julia"
enough || [ ${#aside[@]} -eq 0 ] || {
    mkdir "$tmp/unwind"
    (cd "$tmp/unwind" && apt download "libunwind8/$suite" && dpkg-deb -x libunwind8_*.deb .) || failed "apt-get could not fetch libunwind8 of $suite"
    private=$(dirname "$(dpkg -L libjulia1 | grep '/libjulia\.so\.[0-9]*$')")/julia # first in the search path of libjulia
    ${as_root[@]+"${as_root[@]}"} install -m 644 "$(find "$tmp/unwind" -name libunwind.so.8)" "$private/"
    say "libunwind of $suite is in $private, for Julia alone"
}
enough || failed "the installed julia does not run or is older than 1.5"
say "installed $(julia --version)"
