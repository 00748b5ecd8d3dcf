"""Our library behind c_tests/driver, one line per operation."""

import json
import os
import select
import signal
import struct
import subprocess
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")
DRIVER = Path(os.environ.get("PLATTLI_DRIVER", REPO / "build" / "driver"))
PLAIN = set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,{}[]\"")
FLOAT_BITS = {"f32": ("<f", "<I"), "f64": ("<d", "<Q")}


def scratch(name):
    """A new folder, in memory where there is room: tests that kill leave nothing that a power cut could take."""
    room = 0
    if os.access(MEMORY, os.W_OK):
        free = os.statvfs(MEMORY)
        room = free.f_bavail * free.f_frsize
    return Path(tempfile.mkdtemp(prefix=f"plattli-{name}-", dir=MEMORY if room >= 1 << 30 else None))


def word(text):
    """Text as one word of the driver's language."""
    data = text if isinstance(text, bytes) else text.encode()
    return "".join(chr(b) if b in PLAIN else f"%{b:02x}" for b in data) or "%"


def number(kind, value):
    if kind in FLOAT_BITS:
        pack, unpack = FLOAT_BITS[kind]
        return "0x%x" % struct.unpack(unpack, struct.pack(pack, value))[0]
    return str(value)


def from_bits(kind, text):
    pack, unpack = FLOAT_BITS[kind]
    return struct.unpack(pack, struct.pack(unpack, int(text, 16)))[0]


def json_input(value):
    """One of several spellings of the same JSON; what is stored must not depend on it."""
    text = json.dumps(value, ensure_ascii=False)
    style = len(text) % 4
    if style == 0:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    if style == 1:
        return " " + json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    if style == 2:
        return text.replace("/", "\\/")
    return text


def write_line(name, kind, value, index=None):
    """By name, or by the id that the `index`-th metric line of the session gave."""
    target = f"write_{kind} {word(name)}" if index is None else f"put_{kind} @{index}"
    if kind == "json":
        return f"{target} {word(json_input(value))}"
    if kind == "str":
        return f"{target} {word(value)}"
    return f"{target} {number(kind, int(value) if kind == 'bool' else value)}"


def session_lines(ops, known, by_id):
    """[(line, expected status)] of a session; with `by_id` metrics that are new in it are declared and put by id."""
    lines, indices = [], {}
    for op, code in ops:
        if op[0] != "write":
            lines.append((line_of(op), code))
            continue
        name, kind, value = op[1:]
        if by_id and code == 0 and name not in known and name not in indices:
            indices[name] = len(indices)
            lines.append((f"metric {word(name)} {'jsonl' if kind in ('str', 'bool', 'json') else kind}", 0))
        lines.append((write_line(name, kind, value, indices.get(name)), code))
    return lines


def line_of(op):
    if op[0] == "write":
        return write_line(*op[1:])
    if op[0] == "set_config":
        return "set_config " + word(json.dumps(op[1], ensure_ascii=False))
    return {"end": "end_step", "set_step": "set_step %s" % op[-1]}.get(op[0], op[0])


class Failed(Exception):
    """The driver answered something that was not asked for, or died."""


class Driver:
    def __init__(self, command=None):
        self.command = command or [str(DRIVER)]
        self.process = None

    def start(self):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, lines):
        """Sends all lines, returns [(code, text, [json, …])], fewer only if the driver died."""
        self.start()
        answers, data = [], []
        data_in = "".join(line + "\n" for line in lines).encode()
        fd = self.process.stdin.fileno()
        os.set_blocking(fd, False)
        out = self.process.stdout
        while len(answers) < len(lines):
            while data_in and select.select([], [fd], [], 0)[1]:
                try:
                    data_in = data_in[os.write(fd, data_in[:65536]):]
                except BlockingIOError:
                    break
                except BrokenPipeError:
                    data_in = b""
            if data_in and not select.select([out], [fd], [])[0]:
                continue
            line = out.readline()
            if not line:
                break
            if line.startswith(b"{"):
                data.append(json.loads(line))
            else:
                code, _, text = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
                answers.append((int(code), text, data))
                data = []
        return answers

    def one(self, line):
        answers = self.send([line])
        if not answers:
            raise Failed(f"the driver died at {line!r} ({self.end()})")
        return answers[0]

    def must(self, line):
        code, text, data = self.one(line)
        if code != 0:
            raise Failed(f"{line!r} answered {code} {text}")
        return text, data

    def die(self, lines):
        """Sends the lines and a SIGKILL to itself; returns their answers and waits for the death."""
        answers = self.send(lines + ["kill"])
        status = self.end()
        if status != -signal.SIGKILL:
            raise Failed(f"the driver ended with {status} instead of dying by SIGKILL")
        return answers

    def end(self):
        process, self.process = self.process, None
        if process is None:
            return None
        process.stdin.close()
        process.stdout.close()
        return process.wait(timeout=600)

    # -- whole operations --------------------------------------------------------------------------------

    def open_line(self, run_dir, session):
        words = ["open", word(str(run_dir)), "layout=" + session["layout"], "hotsize=%d" % session["hotsize"],
                 "threads=%d" % session.get("threads", 1)]
        if session["step"] is not None:
            words.append("step=%d" % session["step"])
        kind, *rest = session.get("config", ("nothing",))
        if kind == "value":
            words.append("config=" + word(json.dumps(rest[0], ensure_ascii=False)))
        elif kind == "path":
            words.append("config_path=" + word(rest[0]))
        for flag in ("reopen", "overwrite"):
            if session.get(flag):
                words.append(flag + "=1")
        return " ".join(words)

    def read(self, path, options=""):
        """({metric: (dtype, steps, values)}, config, {metric: info}, warnings)"""
        self.must(f"ropen {word(str(path))} {options}".rstrip())
        head, *columns = self.must("dump")[1]
        self.must("rclose")
        found = {}
        for c in columns:
            if c["rows"] != len(c["steps"]):
                raise Failed(f"rows of {c['name']!r} is {c['rows']} beside {len(c['steps'])} steps")
            if c["steps"] and (c["first"], c["last"]) != (c["steps"][0], c["steps"][-1]):
                raise Failed(f"first and last step of {c['name']!r}: {c['first']}, {c['last']}")
            found[c["name"]] = (c["dtype"], c["steps"], values_of(c))
        return found, json.loads(head["config"]), {c["name"]: c for c in columns}, head["warnings"]


def values_of(column):
    dtype, values = column["dtype"], column["values"]
    if dtype in FLOAT_BITS:
        return [from_bits(dtype, v) for v in values]
    if dtype == "jsonl":
        return [json.loads(v) for v in values]
    return values
