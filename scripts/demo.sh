#!/usr/bin/env bash
# A simulation that is killed in the middle, restarted from its checkpoint and finished; then what was recorded.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bootstrap.sh demo
run=build/demo
steps=${1:-2000}
killed_half_way() { # false if heat was quicker
    rm -rf "$run"
    mkdir -p "$run"
    echo "── heat: $steps steps, to be killed half way"
    build/heat "$run" "$steps" &
    heat=$!
    # Half way through there is a restart file and the run has reached a step beyond it.
    local last half=$((steps / 2))
    while kill -0 $heat 2>/dev/null; do
        last=$(build/show "$run" 2>/dev/null | awk '$1 == "residual" { print $5 }') || true
        [ "${last:-0}" -ge "$half" ] && break
        sleep 0.02
    done
    kill -KILL $heat 2>/dev/null && ! wait $heat 2>/dev/null && [ ! -e "$run/metrics.plattli" ]
}
for attempt in 1 2 3; do
    killed_half_way && break
    [ $attempt -lt 3 ] || { echo "demo: heat ended before it could be killed; give it more steps" >&2; exit 1; }
    steps=$((2 * steps))
done
echo "── killed with SIGKILL. What is there now:"
ls -C "$run/plattli"
build/show "$run" | awk 'NR == 1 || $1 == "residual"'

echo
echo "── heat again, from its checkpoint"
build/heat "$run" "$steps"

echo
echo "── what our reader finds in $run/metrics.plattli"
build/show "$run" residual | tee build/demo-ours.txt

echo
if python=$(scripts/venv.sh); then
    echo "── the same through the PyPI package plattli $("$python" -c 'import plattli; print(plattli.__version__)')"
    "$python" examples/show.py "$run" | tee build/demo-reference.txt
    if diff <(sed '/^$/,$d' build/demo-ours.txt) build/demo-reference.txt >/dev/null; then
        echo
        echo "── the two readers agree on every metric: type, rows, steps, minimum and maximum"
    else
        echo "── THE TWO READERS DISAGREE" >&2
        exit 1
    fi
else
    [ "${CI:-}" != true ]
    echo "── (no Python for the PyPI package here: its reader was not asked)"
fi
