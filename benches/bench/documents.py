"""Puts figures into documents: what stands between <!-- bench:NAME --> and <!-- bench:end --> is written anew.

Names: machine, goals, step, ends (README), peers, and every section (all of its tables).
"""
import re
import sys

from . import goals
from . import peers as the
from .sections import ALL, languages, pinned, step
from .sections.write import step as step_of
from .tables import markdown, number, ratio, text

BLOCK = re.compile(r"(<!-- bench:(?!end -->)(\w+) -->\n).*?(<!-- bench:end -->)", re.S)


def machine(results):
    """Where and when, and whether it was one run."""
    about, sections = results.machine, results.sections
    if not sections:
        return "Nothing has been measured."
    when = sorted(section["when"] for section in sections.values())
    seconds = sum(section["seconds"] for section in sections.values())
    said = f"{about['cores']} cores, {about['processor']}, {about['system']}; {when[0]}, {seconds / 60:.0f} minutes"
    said += f"; load average up to {max(section['load'] for section in sections.values()):.1f}."
    quick = [name for name, section in sections.items() if section["quick"]]
    if quick:
        said += f" Measured in a hurry (`--quick`): {', '.join(quick)}."
    absent = [name for name in ALL if name not in sections]
    if absent:
        said += f" Not measured: {', '.join(absent)}."
    if len({section["run"] for section in sections.values()}) > 1:
        said += " The sections are not from one run."
    return said


def step_table(results):
    """The table of README."""
    names = {"snprintf + write(2)": "`snprintf` and `write`", "plattli, by id": "plattli, by id", "plattli, a row by id": "plattli, a row by id", "plattli, by name": "plattli, by name"}
    rows = [(shown, number(results.get("step", name, step.SHAPE, "us")), number(results.get("step", name, step.SHAPE, "ratio"))) for name, shown in names.items()]
    return None if rows[0][1] == "-" else markdown(("a step of 8 doubles", "µs", ""), rows)


def languages_and_pinned(results):
    """The sentences of README below its table."""
    costs = [results.get("languages", name, languages.SHAPE, "step_ratio") for name in ("C++", "Fortran", "Julia")]
    slower, bare = (results.get("pinned", name, pinned.SHAPE) for name in (the.OURS, the.ZMIJ))
    if None in costs or slower is None or bare is None:
        return None
    said = "From C++, Fortran and Julia a step of metrics by id costs {}, {} and {} times what it costs from C. ".format(*map(number, costs))
    return said + (f"A solver that shares its only processor with the background thread loses {number(slower['percent'])} % "
                   f"(quartiles {number(slower['lower'])} to {number(slower['upper'])}) to 100 metrics a millisecond, "
                   f"and {number(bare['percent'])} % to the bare JSON line with the shortest digits.\n")


def peers_table(results):
    """A step of the shapes W1 to W4 in f64 beside what people use, p50."""
    shapes = ("W1d", "W2d", "W3d", "W4d")
    rows = []
    for name in results.programs("write"):
        if results.get("write", name, "W2d"):
            costs = [step_of(results, name, shape) for shape in shapes]
            ours = [step_of(results, the.OURS, shape) for shape in shapes]
            rows.append((name, *(f"{number(cost)} ({number(ratio(cost, mine))})" for cost, mine in zip(costs, ours))))
    head = ("p50 of a step of f64, µs (to plattli by id)", "W1: 8 metrics", "W2: 100", "W3: 1000", "W4: 10, at times 100")
    return markdown(head, rows) if rows else None


BLOCKS = {
    "machine": lambda results: machine(results) + "\n",
    "goals": lambda results: markdown(*goals.table(results)),
    "step": step_table,
    "ends": languages_and_pinned,
    "peers": peers_table,
}


def block(name, results):
    if name in BLOCKS:
        return BLOCKS[name](results)
    return text(ALL[name].tables(results)) if name in ALL and name in results.sections else None


def fill(path, results):
    def anew(found):
        begin, name, end = found.groups()
        written = block(name, results)
        if written is None:
            print(f"*** {path}: nothing is known for {name}: left as it was", file=sys.stderr)
            return found[0]
        return f"{begin}{written}{end}"

    path.write_text(BLOCK.sub(anew, path.read_text()))
    print(f"{path}: figures of {results.path}", file=sys.stderr)
