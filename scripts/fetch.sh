#!/usr/bin/env bash
# Brings all crates that the tests build to this machine, once, and tries again where the network fails.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/again scripts/cargo fetch --locked
scripts/again scripts/cargo fetch --locked --manifest-path tools/s3-server/Cargo.toml
