"""Several threads through one handle, many writers in one process, text and JSON; beside snprintf and write(2) doing the same."""
from ..measure import middle
from ..tables import number, ratio

PLAN = {
    "1 thread": ("threads", 1),
    "8 threads through one handle": ("threads", 8),
    "1 writer": ("writers", 1),
    "64 writers in one process": ("writers", 64),
    "strings": ("text",),
    "JSON objects": ("json",),
}
OURS, BARE = "plattli", "snprintf + write(2)"


def measure(bench):
    for title, (verb, *rest) in PLAN.items():
        seen = {OURS: [], BARE: []}
        for _ in range(3):
            for name, words in ((OURS, []), (BARE, ["bare"])):
                seen[name].append(bench.run(bench.made["many"], *words, verb, bench.fresh("many"), *rest))
        for name, runs in seen.items():
            bench.put(name, title, middle(runs))


def tables(results):
    rows = []
    for title in PLAN:
        ours, bare = (results.get("many", name, title) for name in (OURS, BARE))
        if ours:
            rows.append((title, number(ours["ns_per_value"]), number(bare["ns_per_value"]), number(ratio(ours["ns_per_value"], bare["ns_per_value"])),
                         number(ours["kib"] / 1024, 1), number(ours["threads"], 0)))
    yield "Threads, writers, texts", ("", "ns a value, end of step included", BARE, "to it", "MB added", "threads"), rows
