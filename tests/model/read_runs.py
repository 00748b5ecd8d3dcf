import json
import sys

import numpy
import plattli


def read(path):
    if not plattli.is_run(path):
        return {"rows": {}, "config": None}
    rows = {}
    with plattli.Reader(path) as reader:
        for name in reader.metrics():
            steps, values = reader.metric(name, dtype="storage")
            if not isinstance(values, numpy.ndarray):
                raise TypeError(f"{name}: values are a {type(values)}")
            if values.dtype.kind == "f":
                column = ("f", values.astype("f8").view("u8").tolist())
            elif values.dtype.kind in "iu":
                column = ("i", values.tolist())
            else:
                column = ("j", [json.dumps(value, ensure_ascii=False) for value in values.tolist()])
            if len(steps) != len(values):
                raise ValueError(f"{name}: {len(steps)} steps, {len(values)} values")
            rows[name] = {"kind": column[0], "steps": steps.tolist(), "values": column[1]}
        return {"rows": rows, "config": json.dumps(reader.config(), ensure_ascii=False)}


for line in sys.stdin:
    try:
        reply = read(line.rstrip("\n"))
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
