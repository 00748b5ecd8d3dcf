#!/usr/bin/env bash
# Prints the Python of build/venv, which holds the PyPI package plattli; makes it first if need be.
#   scripts/venv.sh fpm        the same with the Fortran package manager beside it
#   scripts/venv.sh bench      the same with what draws plots: matplotlib
#   scripts/venv.sh arrow      the same with what reads Arrow: pyarrow, polars, DuckDB
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/venv
good() { [ -x $venv/bin/python ] && $venv/bin/python -c 'import numpy, plattli; assert plattli.__version__ == "0.19.0"' 2>/dev/null; }

if ! good; then
    mkdir -p build
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        rm -rf $venv
        if "$python" -m venv $venv >&2 && scripts/again $venv/bin/python -m pip install --quiet plattli==0.19.0 numpy >&2 && good; then
            break
        fi
    done
fi
if ! good; then
    echo "The PyPI package plattli 0.19.0 needs Python 3.11 or newer with venv (apt-get install python3-venv) and a package index." >&2
    exit 1
fi
if [ "${1:-}" = fpm ] && [ ! -x $venv/bin/fpm ]; then
    scripts/again $venv/bin/python -m pip install --quiet fpm==0.12.0 >&2 || exit 1
fi
if [ "${1:-}" = arrow ]; then
    pins="pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.0"
    if ! $venv/bin/python -c 'import duckdb, polars, pyarrow' 2>/dev/null; then
        # shellcheck disable=SC2086
        scripts/again $venv/bin/python -m pip install --quiet $pins >&2 || exit 1
    fi
fi
if [ "${1:-}" = bench ] && ! $venv/bin/python -c 'import matplotlib; assert matplotlib.__version__ == "3.10.9"' 2>/dev/null; then
    $venv/bin/python -m pip install --quiet matplotlib==3.10.9 >&2 || exit 1
fi
echo "$PWD/$venv/bin/python"
