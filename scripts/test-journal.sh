#!/usr/bin/env bash
# Tests the journal against a real S3 server on the loopback, with the tests that `cargo test` runs in a folder.
#
# The eight processes store 2,000 events each, not 20,000 as in the folder: the server lists by looking at every file.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export PLATTLI_TEST_EVENTS=${PLATTLI_TEST_EVENTS:-2000}

at=$SECONDS
CARGO_TARGET_DIR=$target/s3-server scripts/cargo build --locked --quiet --manifest-path tools/s3-server/Cargo.toml
echo "test-journal: the server was built in $((SECONDS - at)) s"
at=$SECONDS
scripts/cargo test --quiet --no-default-features --features s3 --test journal --no-run
echo "test-journal: the tests were built in $((SECONDS - at)) s"

scratch=$(mktemp -d)
mkdir "$scratch/bucket" "$scratch/careless"
coproc server { exec "$target/s3-server/debug/s3-server" "$scratch" test-key test-secret; }
server_pid=$!
trap 'exec {server[1]}>&-; wait $server_pid || true; rm -rf "$scratch"' EXIT
read -r -t 300 -u "${server[0]}" address || { echo "test-journal: the server does not start" >&2; exit 1; }

# Nothing of the user's own account, and no proxy to the loopback.
unset ${!AWS_@}
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
export AWS_ENDPOINT=$address AWS_ALLOW_HTTP=true AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=test-key AWS_SECRET_ACCESS_KEY=test-secret
export PLATTLI_TEST_LOCATION=s3://bucket/tests
at=$SECONDS
scripts/cargo test --quiet --no-default-features --features s3 --test journal -- --nocapture
scripts/cargo test --quiet --no-default-features --features s3 --test journal -- --exact --ignored \
    places::a_server_that_overlooks_conditions_is_refused
echo "test-journal: passed against $address in $((SECONDS - at)) s"
