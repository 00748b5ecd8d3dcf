#!/usr/bin/env python3
"""The heat programs of all languages leave the same archive, byte for byte: heat_alike.py SCRATCH NAME=COMMAND…

Each is run twice, once without a break and once killed in the middle and started again. Times are not compared: the
metric of wall time, when the run was described, and when files were packed. COMMAND is split at blanks, and is given the
run directory and the number of steps.
"""

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile

STEPS = 1000
WALL = "wall.f64"


def start(command, run, output=subprocess.DEVNULL):
    return subprocess.Popen(command.split() + [run, str(STEPS)], stdout=output, text=True)


def finish(command, run, killed):
    process = start(command, run, subprocess.PIPE)
    said = process.communicate()[0]
    if process.returncode != 0:
        sys.exit(f"heat_alike: {command} ends with status {process.returncode}: {said}")
    if ("heat: continues at step" in said) != killed:
        sys.exit(f"heat_alike: {command} {'was' if killed else 'was not'} killed, and says: {said}")


def killed_in_the_middle(command, run):
    """Kills the program once it is beyond its first restart file; False if it was quicker."""
    process = start(command, run)
    restart = os.path.join(run, "heat.restart")
    while not os.path.exists(restart) and process.poll() is None:
        time.sleep(0.002)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    status = process.wait()
    if status not in (0, -signal.SIGKILL):
        sys.exit(f"heat_alike: {command} ends with status {status}")
    return status == -signal.SIGKILL and not os.path.exists(os.path.join(run, "metrics.plattli"))


def kill_in_the_middle(kill, command, run):
    """Kills the program by `kill`; begins anew where it had ended before, as it may on a busy machine. Returns the answer of `kill`."""
    for _ in range(10):
        shutil.rmtree(run, ignore_errors=True)
        os.makedirs(run)
        answer = kill(command, run)
        if answer:
            return answer
    sys.exit(f"{os.path.basename(sys.argv[0])}: {command} has ended ten times before it could be killed; it needs more steps")


def masked(path):
    """The bytes of an archive with all times replaced by zeros, where they are."""
    data = bytearray(open(path, "rb").read())
    changed = set()
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name_length, extra_length = struct.unpack_from("<HH", data, member.header_offset + 26)
            begin = member.header_offset + 30 + name_length + extra_length
            if member.compress_type != zipfile.ZIP_STORED:
                sys.exit(f"heat_alike: {member.filename} in {path} is compressed")
            data[member.header_offset + 10 : member.header_offset + 14] = bytes(4)
            content = bytes(data[begin : begin + member.file_size])
            if member.filename == WALL:
                content = bytes(member.file_size)
            elif member.filename == "plattli.json":
                content = re.sub(rb'("when_exported": ")[0-9TZ:-]{20}', rb"\g<1>" + b"0" * 20, content)
            if content != data[begin : begin + member.file_size]:
                data[begin : begin + member.file_size] = content
                data[member.header_offset + 14 : member.header_offset + 18] = bytes(4)
                changed.add(member.filename)
        if changed != {WALL, "plattli.json"}:
            sys.exit(f"heat_alike: {path} should have times in {WALL} and plattli.json, and has them in {sorted(changed)}")
        at = archive.start_dir
        for member in archive.infolist():
            data[at + 12 : at + 16] = bytes(4)
            if member.filename in changed:
                data[at + 16 : at + 20] = bytes(4)
            at += 46 + sum(struct.unpack_from("<HHH", data, at + 28))
    return bytes(data)


def compare(path, reference):
    ours, theirs = masked(path), masked(reference)
    if ours == theirs:
        return
    with zipfile.ZipFile(path) as a, zipfile.ZipFile(reference) as b:
        differ = [n for n in sorted(set(a.namelist()) | set(b.namelist())) if n not in a.namelist() or n not in b.namelist() or a.read(n) != b.read(n)]
    sys.exit(f"heat_alike: {path} is not {reference}: {[n for n in differ if n != WALL]}")


def main():
    scratch, programs = sys.argv[1], [argument.split("=", 1) for argument in sys.argv[2:]]
    shutil.rmtree(scratch, ignore_errors=True)
    reference = None
    for name, command in programs:
        for broken in (False, True):
            run = os.path.join(scratch, name + ("-killed" if broken else ""))
            if broken:
                kill_in_the_middle(killed_in_the_middle, command, run)
            else:
                os.makedirs(run)
            finish(command, run, broken)
            archive = os.path.join(run, "metrics.plattli")
            reference = reference or archive
            compare(archive, reference)
    print(f"heat_alike: {len(programs)} programs, each whole and killed in the middle, leave the same archive of {os.path.getsize(reference)} bytes")


if __name__ == "__main__":
    main()
