"""Runs programs and takes medians."""
import json
import os
import shlex
import shutil
import statistics
import subprocess
from pathlib import Path

from . import peers as the

# Rows in the log of a run that is left.
FEWEST, MOST = 60, 200


def middle(runs):
    """The median of each number of several outcomes; all else as in the first."""
    out = {}
    for key, value in runs[0].items():
        if isinstance(value, dict):
            out[key] = middle([run[key] for run in runs])
        elif isinstance(value, list) and value and isinstance(value[0], float):
            out[key] = [statistics.median(at) for at in zip(*(run[key] for run in runs))]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            out[key] = statistics.median(run[key] for run in runs)
        else:
            out[key] = value
    return out


class Bench:
    """What a section needs: the programs, a folder of its own, the results."""

    def __init__(self, disk, quick, rounds, made, peers, python, results):
        self.disk, self.quick, self.rounds = disk, quick, rounds
        self.made, self.peers, self.python, self.results = made, peers, python, results
        self.section = None

    def left_out(self, what):
        print(f"*** left out: {what}", flush=True)
        self.results.sections[self.section]["left_out"].append(what)

    def put(self, program, shape, figures):
        self.results.put(self.section, program, shape, figures)

    def chosen(self, *names):
        """Those of the peers that are here."""
        return [self.peers[name] for name in names if name in self.peers]

    def run(self, command, *arguments, env=None, timeout=600):
        """The JSON in the last line that the program prints. A program that finds other values than were written fails."""
        words = [*shlex.split(command), *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})})
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: exit code {done.returncode}: {done.stderr[-500:]}")
        outcome = json.loads(done.stdout.strip().splitlines()[-1])
        if outcome.get("ok") is False:
            raise RuntimeError(f"{' '.join(words)}: what was read is not what was written: {outcome}")
        return outcome

    def fresh(self, name):
        """An empty folder."""
        folder = f"{self.disk}/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        return folder

    def copy(self, source, name):
        folder = f"{self.disk}/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        return folder

    def shape(self, shape, peer):
        """The shape with as many steps as this peer is asked for."""
        base, _, by = shape.partition("/")
        by = int(by or 1) * peer.share * (4 if self.quick else 1)
        return base if by == 1 else f"{base}/{by}"

    def in_turns(self, peers, rounds, once):
        """The outcomes of once(peer, round) by peer: all peers in each round, each time another one first."""
        seen = {peer.name: [] for peer in peers}
        for round in range(rounds):
            at = round % max(1, len(peers))
            for peer in peers[at:] + peers[:at]:
                if round < peer.rounds:
                    seen[peer.name].append(once(peer, round))
        return seen

    def medians(self, shape, peers, rounds, once):
        for name, runs in self.in_turns(peers, rounds, once).items():
            self.put(name, shape, middle(runs))

    def left_run(self, shape, name="left"):
        """A folder that a killed writer has left, all its background work done: where everyone that knows the format starts
        from. It has one log and less than a full one: a program that overlooks the other would have less to do."""
        for pace in (30, 100, 300, 1000):
            folder = self.fresh(name)
            self.run(self.peers[the.OURS].command, "write", shape, folder, env={"SETTLE_MS": "1500", "PACE_US": str(pace)})
            if FEWEST <= rows_in_log(folder) < MOST:
                return folder
        raise RuntimeError(f"{shape}: however slow the steps, the log that is left has not from {FEWEST} to {MOST} rows")


def rows_in_log(folder):
    """Rows of the one log of a run; none if it has two."""
    run = Path(folder) / "plattli"
    if (run / "hot.compacting.jsonl").exists() or not (run / "hot.jsonl").exists():
        return 0
    return (run / "hot.jsonl").read_bytes().count(b"\n")
