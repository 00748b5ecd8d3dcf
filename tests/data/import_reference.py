#!/usr/bin/env python3
"""Writes import_reference.jsonl: logs, and what the PyPI package plattli 0.19.0 makes of them.

    python3 import_reference.py path/to/jsonl2plattli > import_reference.jsonl

One object per line: "log", "config" (text or null), "options" and either "files" (members of the archive in hexadecimal, the
time of export masked as T) or "error" (the last line of what it printed).
"""
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import zipfile

TOOL = str(pathlib.Path(sys.argv[1]).resolve())
HAND = [
    ('{"step":0,"a":1,"b":1.5,"pgnorm":3,"gnorm/x":2,"pnorm":9,"xpgnorm":1}\n{"step":1,"a":2,"b":2}\n{"step":5,"a":300,"s":"x"}\n', []),
    ('{"step":0,"a":1,"b":1.5,"pgnorm":3,"gnorm/x":2,"pnorm":9,"xpgnorm":1}\n', ['--skipcols', 'DEFAULT']),
    ('{"aa":7,"ab":3,"b":4}\n', ['--skipcols', 'a', '--skipcols', 'b']),
    ('{"aa":7,"ab":3,"b":4}\n', ['--skipcols', 'a.']),
    ('{"aa":7,"ab":3,"b":4}\n', ['--skipcols', 'aa|b', '--skipcols', 'DEFAULT']),
    ('{"step":7,"ab":3,"b":4}\n', ['--skipcols', '.*']),
    ('{"../x":7,"ab":3}\n', ['--skipcols', r'\.\./x']),
    ('{"a":1}\n', ['--skipcols', '(']),
    ('{"a":1}\n{"a":2}\n{"b":3}\n', []),
    ('{}\n{}\n{"a":1}\n', []),
    ('', []),
    ('{"step":3}\n{"step":9}\n', []),
    ('{"step":4294967295,"a":1}\n', []),
    ('{"step":null,"a":1}\n{"step":null,"a":2}\n', []),
    ('{"step":1,"step":2,"a":1,"b":3,"a":5}\n', []),
    ('{"a":1.5}\n{"a":1}\n{"a":16777217}\n', []),
    ('{"a":0.1}\n{"a":NaN}\n{"a":-Infinity}\n{"a":1e400}\n', []),
    ('{"a":null}\n{"a":1}\n{"a":0.1}\n{"a":99999999999999999999999}\n', []),
    ('{"a":true}\n{"a":1}\n', []),
    ('{"a":"x\\u00e9\\/"}\n{"a":[1,{"b":2.50}]}\n', []),
    ('{"é/ü":"Hö"}\n', []),
    ('{"a":1}\r\n{"a":2}\r\n', []),
    (' { "a" : 1 } \n\t{"a":2}', []),
    ('{"a":1,"a/b":2}\n', []),
    ('{"step":2,"a":1,"z":1}\n{"step":3,"a":2}\n{"step":4,"a":7,"q":1}\n{"step":3,"a":3}\n', ['--allow-rewinds']),
    ('{"step":1,"a":7}\n{"step":2,"a":8}\n{"step":1,"a":1.5}\n', ['--allow-rewinds']),
    ('{"step":1,"a":7,"b":1}\n{"step":5,"b":8}\n{"step":2,"b":9,"c":1}\n{"step":0,"a":4}\n', ['--allow-rewinds']),
    ('{"step":5,"a":7,"b":1}\n{"step":7,"b":8}\n{"step":6}\n{"step":8,"b":1}\n', ['--allow-rewinds']),
    ('{"step":5,"a":"x"}\n{"step":7,"a":1}\n{"step":5}\n{"step":8,"a":1}\n', ['--allow-rewinds']),
    ('{"step":5,"b":1,"a":1}\n{"step":7,"a":1}\n{"step":5,"a":2}\n{"step":8,"b":1}\n', ['--allow-rewinds']),
    ('{"a":7}\n{"a":6}\n', ['--allow-rewinds']),
    # What is refused.
    ('{"a":1}\n{"step":2,"a":2}\n', []),
    ('{"step":2,"a":1}\n{"a":2}\n', []),
    ('{"step":2,"a":1}\n{"step":null,"a":2}\n', ['--allow-rewinds']),
    ('{"step":2,"a":1}\n{"step":2,"a":2}\n', []),
    ('{"step":2,"a":1}\n{"step":2,"a":2}\n', ['--allow-rewinds']),
    ('{"step":2,"a":1}\n{"step":1,"a":2}\n', []),
    ('{"step":true,"a":1}\n', []),
    ('{"step":3.0,"a":1}\n', []),
    ('{"step":"3","a":1}\n', []),
    ('{"step":-1,"a":1}\n', []),
    ('{"step":4294967296,"a":1}\n', []),
    ('{"a":1}\n{"a":1.5}\n', []),
    ('{"a":1.5}\n{"a":1e300}\n', []),
    ('{"a":1.5}\n{"a":9007199254740993}\n', []),
    ('{"a":1}\n{"a":9223372036854775808}\n', []),
    ('{"a":9223372036854775808}\n', []),
    ('{"a":1.5}\n{"a":null}\n', []),
    ('{"a":1}\n{"a":true}\n', []),
    ('{"a":1}\n\n{"a":2}\n', []),
    ('{"a":1}\n{"a":2', []),
    ('{"a":1}\n{"a"\n{"a":2}\n', []),
    ('{"a":1}\n[1]\n', []),
    ('\ufeff{"a":1}\n', []),
    ('{"a":"\\ud800"}\n', []),
    ('{"run_rows":1}\n', []),
    ('{"../x":1}\n', []),
    ('{"":1}\n', []),
    ('{"a":1.5,"a.f32/b":2}\n', []),
]


def random_log(rng):
    names = rng.sample(['a', 'b', 'loss/train', 'x y', 'ü', 'n.1', 'gnorm', 'pnorm/w', 'deep/er/still'], rng.randrange(1, 6))
    makers = {n: rng.choice([
        lambda: rng.randrange(-3, 300), lambda: rng.randrange(10 ** rng.randrange(1, 18)), lambda: round(rng.gauss(0, 1), rng.randrange(1, 9)),
        lambda: rng.gauss(0, 1) * 10.0 ** rng.randrange(-30, 30), lambda: rng.choice(['', 'é', 'a"b\\', 'line\nbreak']),
        lambda: rng.choice([None, True, [1, 2.5, {'k': 'v'}], {}, 'x', 3, 0.1]), lambda: rng.choice([0.5, -0.0, float('nan'), float('inf'), 3]),
    ]) for n in names}
    rewinds, numbered = rng.random() < .4, rng.random() < .7
    step, lines = rng.randrange(5), []
    for _ in range(rng.choice([1, 2, 5, 30, 80])):
        row = {'step': step} if numbered else {}
        row.update({n: makers[n]() for n in names if rng.random() < .8})
        lines.append(json.dumps(row, ensure_ascii=rng.random() < .5))
        step += rng.choice([1, 1, 1, 1, 2, 5]) if not (rewinds and rng.random() < .15) else -rng.randrange(1, min(step, 9) + 1) if step else 1
    options = ['--allow-rewinds'] if rewinds else []
    options += ['--skipcols', 'DEFAULT'] if rng.random() < .3 else []
    return '\n'.join(lines) + '\n', options


def convert(log, options, config):
    with tempfile.TemporaryDirectory() as tmp:
        run = pathlib.Path(tmp, 'run')
        run.mkdir()
        (run / 'metrics.jsonl').write_bytes(log.encode())
        if config is not None:
            (run / 'config.json').write_text(config)
        done = subprocess.run([TOOL, tmp, '-w', '1', *options], capture_output=True, text=True)
        if done.returncode:
            return {'error': done.stderr.strip().splitlines()[-1].replace(str(run), 'RUN')}
        with zipfile.ZipFile(run / 'metrics.plattli') as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        files['plattli.json'] = re.sub(rb'"when_exported": "[^"]*"', b'"when_exported": "T"', files['plattli.json'])
        return {'files': {name: data.hex() for name, data in files.items()}}


def main():
    rng = random.Random(11)
    cases = [(log, options, None) for log, options in HAND]
    cases += [('{"a":1}\n', [], config) for config in ('{"x": 1.5}', '{"x":1.50,\n "y":"\\u00e9"}\n', '[1,2]')]
    cases += [(*random_log(rng), None) for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 60)]
    for log, options, config in cases:
        print(json.dumps({'log': log, 'options': options, 'config': config, **convert(log, options, config)}, ensure_ascii=False))


main()
