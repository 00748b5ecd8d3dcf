#!/usr/bin/env python3
"""Live reading: our reader beside a busy writer of ours that compacts every seven steps.

    python tests/interop/live.py --reads 10000

Each read must be a consistent prefix of the run that holds every row acknowledged before the read began. The writer
acknowledges through a small shared file, so nothing slows it down; both run as separate processes.
"""

import argparse
import shutil
import sys
import threading
import time
from pathlib import Path

from ours import Driver, scratch, word


class Board:
    """The shared file of c_tests/pattern.h: acknowledged steps, phase, stop."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.write_bytes(bytes(16))

    def acked(self):
        return int.from_bytes(self.path.read_bytes()[:8], "little")

    def phase(self):
        return int.from_bytes(self.path.read_bytes()[8:12], "little")

    def stop(self):
        with open(self.path, "r+b") as f:
            f.seek(12)
            f.write((1).to_bytes(4, "little"))


def round_of_reads(folder, number, reads, pause, threads):
    run, board = folder / f"run{number}", Board(folder / f"board{number}")
    writer, reader = Driver(), Driver()
    writer.must(f"open {word(str(run))} hotsize=7 threads={int(threads)}")
    answers = []
    busy = threading.Thread(target=lambda: answers.append(writer.one(f"busy {word(str(board.path))} 100000000 {pause}")))
    busy.start()
    while board.acked() == 0 and busy.is_alive():
        time.sleep(0.001)
    code, text, _ = reader.one(f"live {word(str(board.path))} {word(str(run))} {reads}")
    board.stop()
    busy.join()
    if answers[0][0] != 0:
        raise AssertionError(f"the writer: {answers[0]}")
    writer.must("close")
    if code != 0:
        raise AssertionError(f"the reader: {text}\n    the run, as the writer left it afterwards: {run}")
    reader.must(f"ropen {word(str(run))}")
    reader.must(f"check 0 {board.acked()}")
    reader.must("rclose")
    writer.end()
    reader.end()
    shutil.rmtree(run)
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reads", type=int, default=10000)
    options = parser.parse_args()
    folder = scratch("live")
    began, done, rounds = time.monotonic(), 0, 8
    for number in range(rounds):
        reads = options.reads // rounds + (number < options.reads % rounds)
        # Paced and unpaced writers, with and without a background thread.
        text = round_of_reads(folder, number, reads, [0, 0, 10, 100][number % 4], number % 3 != 2)
        print(f"  round {number}: {text}", flush=True)
        done += reads
    shutil.rmtree(folder, ignore_errors=True)
    print(f"live: {done} reads beside a busy writer at hotsize 7, 0 bad, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
