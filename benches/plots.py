#!/usr/bin/env python3
"""Draws the plots of README and docs/performance.md: plots.py RESULTS FOLDER [svg|png]. Needs matplotlib.

step.svg: the cost of a step against the number of metrics; pauses.svg: how many steps take longer than so long;
growth.svg: cost of a value, and memory, as runs grow. Nothing has a background and all ink is of middle grey or a strong
colour, so that they are readable on white and on black.
"""
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from bench import peers as the
from bench.results import Results
from bench.sections import sweeps

INK = "#808080"
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# The same colour for the same program in all plots; ours stands out.
COLOURS = {
    the.OURS: "#e4572e", the.ZMIJ: "#2e9e6b", the.SNPRINTF: "#7fb069", the.CSV: "#b8a038",
    the.BINARY: "#8d99ae", the.EVENTS: "#3d8bd4", the.SQLITE: "#00a5a8", the.TABLE: "#c05fa8", the.DATASETS: "#9b6fd0", the.PYTHON: "#b5835a",
}
SHOWN = {the.OURS: "plattli", the.PYTHON: "plattli (Python)", the.SQLITE: "SQLite", the.EVENTS: "TensorBoard events", the.DATASETS: "HDF5 data sets", the.ZMIJ: "JSON, zmij", the.SNPRINTF: "JSON, snprintf", the.CSV: "CSV"}

plt.rcParams.update({
    "font.size": 9, "font.family": "sans-serif", "svg.fonttype": "none", "savefig.transparent": True, "figure.facecolor": "none", "axes.facecolor": "none",
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": INK, "grid.alpha": 0.2, "grid.linewidth": 0.6, "svg.hashsalt": "plattli",
})


def plain(value, _=None):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def power(value, _=None):
    digits = f"{value:.0f}"
    return "10" + str(len(digits) - 1).translate(SUPERSCRIPT) if value >= 10_000 else plain(value)


def logarithmic(axes, x, y, x_format=plain):
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(x)
    axes.set_title(y, loc="left", fontsize=9, color=INK)
    axes.xaxis.set_major_formatter(FuncFormatter(x_format))
    axes.yaxis.set_major_formatter(FuncFormatter(plain))
    axes.minorticks_off()


def line(axes, name, xs, ys):
    ours = name == the.OURS
    axes.plot(xs, ys, color=COLOURS[name], linewidth=2.4 if ours else 1.2, marker="o", markersize=4 if ours else 2.5, zorder=3 if ours else 2, clip_on=False)


def named(axes, ends):
    """Names beside the ends of lines, in their colours, moved apart where they would cover each other."""
    height = 10.5 / 72 / (axes.figure.get_figheight() * axes.get_position().height)  # of a line of text, in heights of the axes
    there = axes.transAxes.inverted()
    ends = sorted(((name, x, y, there.transform(axes.transData.transform((x, y)))[1]) for name, x, y in ends), key=lambda end: end[2])
    places = [end[3] for end in ends]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + height)
    places[-1] = min(places[-1], 1.0)
    for i in reversed(range(len(places) - 1)):
        places[i] = min(places[i], places[i + 1] - height)
    for (name, x, y, _), place in zip(ends, places):
        axes.annotate(SHOWN.get(name, name), (x, y), xytext=(1.06, place), textcoords="axes fraction", va="center", fontsize=8, color=COLOURS[name],
                      fontweight="bold" if name == the.OURS else "normal", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": COLOURS[name], "alpha": 0.4, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3, "relpos": (0, 0.5)})


def step(results):
    """The cost of a step against the number of metrics."""
    curves = {}
    for name in results.programs("sweeps"):
        points = [(metrics, results.get("sweeps", name, sweeps.a_step(metrics), "step_us", "p50")) for metrics in sweeps.METRICS]
        points = [point for point in points if point[1]]
        if points and name in COLOURS:
            curves[name] = points
    if not curves:
        return None
    figure, axes = plt.subplots(figsize=(7, 3.8))
    figure.subplots_adjust(left=0.115, right=0.77, top=0.92, bottom=0.13)
    logarithmic(axes, "metrics in a step", "µs a step of f64, median", plain)
    for name, points in curves.items():
        line(axes, name, *zip(*points))
    named(axes, [(name, *points[-1]) for name, points in curves.items()])
    return figure


def pauses(results):
    """The share of steps that take longer than so long, 100 metrics, 1 ms of computing between the steps."""
    curves = {}
    for name in results.programs("paced"):
        upper = results.get("paced", name, "W2d", "upper_us")
        if upper and name in COLOURS:
            shares = [10 ** (-k / 10) for k in range(len(upper))]
            rows = results.get("paced", name, "W2d", "N")
            curves[name] = [(share, us) for share, us in zip(shares, upper) if share * rows >= 1]
    if not curves:
        return None
    figure, axes = plt.subplots(figsize=(7, 3.8))
    figure.subplots_adjust(left=0.115, right=0.77, top=0.92, bottom=0.13)
    logarithmic(axes, "of the steps take longer", "µs a step of 100 f64, with 1 ms of computing before each")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    for name, points in curves.items():
        xs, ys = zip(*points)
        axes.plot(xs, ys, color=COLOURS[name], linewidth=2.4 if name == the.OURS else 1.2, zorder=3 if name == the.OURS else 2)
    axes.invert_xaxis()
    named(axes, [(name, *points[-1]) for name, points in curves.items()])
    return figure


def growth(results):
    """Ours alone: cost of a value and memory, against metrics and against steps."""
    kinds = (("metrics, 1,000 steps", [(metrics, (metrics, 1000)) for metrics in sweeps.METRICS]), ("steps of 10 metrics", [(steps, (10, steps)) for steps in sweeps.STEPS]))
    figure, all_axes = plt.subplots(2, 2, figsize=(7, 3.8), sharex="col", sharey="row")
    figure.subplots_adjust(left=0.09, right=0.98, top=0.93, bottom=0.13, hspace=0.3, wspace=0.08)
    drawn = False
    for column, (x, points) in enumerate(kinds):
        for row, (key, by, y) in enumerate((("ns_per_value", 1, "ns a value"), ("kib", 1 / 1024, "MB added"))):
            axes = all_axes[row][column]
            logarithmic(axes, x if row else "", y if not column else "", power)
            known = [(at, results.get("sweeps", the.OURS, sweeps.a_run(*run), key)) for at, run in points]
            known = [(at, value * by) for at, value in known if value]
            if known:
                line(axes, the.OURS, *zip(*known))
                drawn = True
    for axes in all_axes[0]:
        axes.set_yscale("linear")
        axes.set_ylim(bottom=0)
    return figure if drawn else None


def main():
    results, folder, kind = Results(Path(sys.argv[1])), Path(sys.argv[2]), (sys.argv[3:] or ["svg"])[0]
    folder.mkdir(parents=True, exist_ok=True)
    for draw in (step, pauses, growth):
        figure = draw(results)
        if figure is None:
            print(f"*** {draw.__name__} is not drawn: not measured")
            continue
        where = folder / f"{draw.__name__}.{kind}"
        figure.savefig(where, dpi=150, metadata={"Date": None} if kind == "svg" else None)
        plt.close(figure)
        print(where)


if __name__ == "__main__":
    main()
