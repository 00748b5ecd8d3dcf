"""The table of examples/show.c through the PyPI package plattli: python examples/show.py RUN"""

import sys

import numpy as np
import plattli

run = plattli.Reader(sys.argv[1])
print("%-20s %-5s %9s  %10s %10s  %s" % ("metric", "type", "rows", "first step", "last step", "minimum, maximum"))
for name in run.metrics():
    steps, values = run.metric(name, dtype="storage")
    text = values.dtype == object
    dtype = "jsonl" if text else {"f": "f%d", "i": "i%d", "u": "u%d"}[values.dtype.kind] % (8 * values.dtype.itemsize)
    line = "%-20s %-5s %9d  " % (name, dtype, len(steps))
    line += "%10d %10d" % (steps[0], steps[-1]) if len(steps) else "         -          -"
    if len(steps) and not text:
        line += "  %.17g  %.17g" % (np.nanmin(values), np.nanmax(values))
    print(line)
