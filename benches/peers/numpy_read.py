"""numpy_read.py FILE ROWS: steps and values of a column of f32 as numpy has them from the bare file, the median of 15 reads."""
import json
import sys
import time

import numpy as np

path, rows = sys.argv[1], int(sys.argv[2])
took = []
for _ in range(15):
    began = time.perf_counter()
    steps, values = np.arange(rows, dtype=np.uint32), np.fromfile(path, np.float32, rows)
    took.append(time.perf_counter() - began)
print(json.dumps({"col_ms": sorted(took)[7] * 1e3, "ok": len(steps) == len(values) == rows}))
