#!/usr/bin/env python3
"""Real kills: SIGKILL at a random instant while a C program writes, compacts, finishes or resumes a run.

    python tests/interop/kill_loop.py --kills 300 [--seed N]

After each kill both readers must find every step acknowledged before it, with the right values; then the run is
opened again, and the next kill waits. A run is begun anew once it has survived enough.

A restart at step S gives up the rows from S on (docs/durability.md). After one that was killed both readers must find
every row below S; of those from S on some may be left, and none with a wrong value. Once it was restarted at S again,
killed on the way or not, the run holds the rows below S and nothing else.
"""

import argparse
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pattern
import reference
from live import Board
from ours import Driver, Failed, scratch, word

IDLE, OPENING, WRITING, FINISHING = range(4)


class Loop:
    def __init__(self, scratch, seed):
        self.scratch, self.rng = scratch, random.Random(seed)
        self.counts, self.reader = Counter(), Driver()
        self.board = Board(scratch / "board")
        self.number = 0
        self.begin()

    def begin(self):
        self.number += 1
        self.run = self.scratch / f"run{self.number}"
        self.survived = 0
        self.board.path.write_bytes(bytes(16))

    def exists(self):
        return any((self.run / p).exists() for p in ("plattli/plattli.json", "metrics.plattli"))

    def open_line(self):
        rng = self.rng
        words = [f"open_on {word(str(self.board.path))} {word(str(self.run))}",
                 f"hotsize={rng.choice([1, 2, 7, 50])}", f"threads={rng.choice([0, 1, 1])}", "reopen=1"]
        if rng.random() < 0.4:  # restart from a checkpoint: later rows are dropped and computed again
            step = rng.randint(max(0, self.board.acked() - 30), self.board.acked())
            words.append(f"step={step}")
            return " ".join(words), step
        return " ".join(words), None

    def kill_in(self, driver, phase, lines, delay):
        """Sends the lines, waits until the driver announces `phase`, then `delay`, then SIGKILL."""
        process = driver.process
        process.stdin.write("".join(line + "\n" for line in lines).encode())
        process.stdin.flush()
        limit = time.monotonic() + 600
        while self.board.phase() != phase and process.poll() is None and time.monotonic() < limit:
            pass
        if self.board.phase() != phase:
            raise Failed(f"the driver is in phase {self.board.phase()} instead of {phase}, and status {process.poll()}, after {lines}")
        if delay:
            time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        out = process.stdout.read().decode("utf-8", "replace").splitlines()
        status = driver.end()
        if status != -signal.SIGKILL:
            raise Failed(f"the driver ended with {status} before the kill: {out}")
        bad = [line for line in out if not line.startswith("0")]
        if bad:
            raise Failed(f"the driver answered {bad} to {lines}")

    def kill_once(self):
        rng = self.rng
        kind = rng.choice(["writing"] * 4 + ["finishing"] * 2 + ["resuming"] * 2)
        driver = Driver()
        driver.start()
        opening, step = self.open_line()
        self.set_phase_idle()
        before = self.board.acked()
        floor = before if step is None else step
        if kind == "resuming":
            self.kill_in(driver, OPENING, [opening], rng.choice([0, 0, rng.uniform(0, 0.003)]))
            if step is not None:
                self.restart_again(opening, step)
        else:
            driver.must(opening)
            self.set_acked(floor)
            board = word(str(self.board.path))
            if kind == "writing":
                self.kill_in(driver, WRITING, [f"busy {board} 100000000 {rng.choice([0, 0, 20, 100])}"], rng.uniform(0, 0.02))
            else:
                driver.must(f"busy {board} {rng.choice([1, 10, 300])} 0")
                options = f"optimize={rng.randrange(2)} archive={rng.choice([0, 1, 1])}"
                self.kill_in(driver, FINISHING, [f"finish_on {board} {options}", "close"],
                             rng.choice([0, 0, rng.uniform(0, 0.004), rng.uniform(0, 0.01)]))
        self.counts["killed while " + kind] += 1
        self.survived += 1
        self.verify()

    def restart_again(self, opening, step):
        """After a restart at `step` that was killed: what it must not have given up, and that another one is exact."""
        self.set_acked(step)
        self.verify_below(step)
        while self.rng.random() < 0.3:
            driver = Driver()
            driver.start()
            self.set_phase_idle()
            self.kill_in(driver, OPENING, [opening], self.rng.choice([0, self.rng.uniform(0, 0.003)]))
            self.counts["killed while restarting once more"] += 1
            self.verify_below(step)
        driver = Driver()
        driver.start()
        driver.must(opening)
        driver.must("close")
        driver.end()
        for reader, found in self.found():
            more = [name for name, (_, steps, _) in found.items() if steps and steps[-1] >= step]
            wrong = f"rows from {step} on in {more}" if more else pattern.difference(found, step)
            if wrong:
                raise Failed(f"{reader}, after another restart at {step}: {wrong}")
        self.counts["restarted again and exact"] += 1

    def verify_below(self, step):
        for reader, found in self.found():
            wrong = pattern.difference_below(found, step)
            if wrong:
                raise Failed(f"{reader}, after a restart at {step} that was killed: {wrong}")

    def found(self):
        """What each reader finds; nothing if there is no run."""
        if not self.exists():
            return [("no run", {})]
        ours, _, _, warnings = self.reader.read(self.run)
        if warnings:
            raise Failed(f"our reader warned about the run: {warnings}")
        return [("our reader", ours), ("the reference's reader", reference.read(self.run)[0])]

    def set_phase_idle(self):
        with open(self.board.path, "r+b") as f:
            f.seek(8)
            f.write(bytes(4))

    def set_acked(self, step):
        with open(self.board.path, "r+b") as f:
            f.write(step.to_bytes(8, "little"))

    def verify(self):
        acked = self.board.acked()
        if not self.exists():
            if acked:
                raise Failed(f"{acked} steps were acknowledged and there is no run")
            return
        self.reader.must(f"ropen {word(str(self.run))}")
        head = self.reader.must(f"check 0 {acked}")[0]
        if self.reader.one("dump")[2][0]["warnings"]:
            raise Failed("our reader warned about the run")
        self.reader.must("rclose")
        found, _ = reference.read(self.run)
        wrong = pattern.difference(found, acked)
        if wrong:
            raise Failed("the reference's reader: " + wrong)
        state = "archive" if (self.run / "metrics.plattli").exists() else "folder"
        if (self.run / "plattli").exists() and state == "archive":
            state = "archive and folder"
        elif state == "folder" and (self.run / "plattli" / "hot.compacting.jsonl").exists():
            state = "folder in compaction"
        self.counts["left behind: " + state] += 1
        self.counts["steps verified"] += int(head)
        if self.survived >= 12 or int(head) > 6000:
            shutil.rmtree(self.run)
            self.begin()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    folder = scratch("kills")
    loop, began = Loop(folder, options.seed), time.monotonic()
    print(f"kill loop: seed {options.seed} (the instants of the kills differ from run to run)")
    for kill in range(options.kills):
        try:
            loop.kill_once()
        except (Failed, Exception) as e:
            print(f"LOST at kill {kill}: {e}\n    the run is left in {loop.run}")
            raise SystemExit(1)
    shutil.rmtree(folder, ignore_errors=True)
    for what, n in sorted(loop.counts.items()):
        print(f"  {n:8d}  {what}")
    print(f"kill loop: {options.kills} kills, 0 acknowledged steps lost, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
