#!/usr/bin/env bash
# The features of the crate build alone and together, without a warning, and the least build has none of the large crates.
set -euo pipefail
cd "$(dirname "$0")/.."

checked=0
builds() { # builds FEATURES ARGUMENT…
    local said
    said=$(scripts/cargo check --quiet --locked --lib "${@:2}" 2>&1) || { echo "$said"; echo "test-features: $1 does not build" >&2; exit 1; }
    [ -z "$said" ] || { echo "$said"; echo "test-features: $1 builds with warnings" >&2; exit 1; }
    checked=$((checked + 1))
}
builds "the least" --no-default-features
for feature in patterns stream parquet object-store s3 gcs azure; do
    builds "$feature alone" --no-default-features --features $feature
done
builds "the default" --features ""
builds "everything" --features patterns,stream,parquet,s3,gcs,azure

least=$(scripts/cargo tree --no-default-features --edges normal,build --prefix none | awk 'NF { print $1 }' | sort -u)
for crate in arrow-array arrow-ipc rusqlite libsqlite3-sys tokio object_store parquet regex cc; do
    if grep -qx "$crate" <<<"$least"; then
        echo "test-features: the least build has $crate in it" >&2
        exit 1
    fi
done
echo "test-features: $checked sets of features build; the least build has $(($(wc -l <<<"$least") - 1)) crates"
