"""A file system where an operation on metadata takes 0.5 ms and one on data 0.2 ms (benches/slowfs.c), 100 metrics.

Written through, as without a cache, and written back, as with that of a client of Lustre. Programs that know the format
write at 1 ms a step, so that the background keeps up, and resume copies of one folder, all caches forgotten.
"""
import shutil

from .. import peers as the
from ..measure import middle
from ..slowfolder import SlowFolder, Unavailable
from ..tables import number, times
from .calls import less

OTHERS = (the.BINARY, the.SNPRINTF, the.CSV, the.EVENTS, the.SQLITE, the.TABLE)
STEPS = 1155  # so that no log was full shortly before the end, and its compaction is not in the figures of what follows
SHAPE = f"100x{STEPS}"
MODES = {"through": "written through", "back": "written back"}
METADATA = ("getattr", "open", "create", "unlink", "rename", "mkdir", "rmdir", "opendir", "truncate")
KINDS = (*METADATA, "write", "read", "fsync", "close")


def counted(slow, once):
    before = slow.counts()
    outcome = once()
    return outcome, less(slow.counts(), before)


def writing(bench, slow, peer, *finish):
    env = {"PACE_US": "1000", "SETTLE_MS": "800"} if peer.name in the.SAME_FORMAT else {}
    outcome = counted(slow, lambda: bench.run(peer.command, "write", SHAPE, f"{slow.mount}/run", *finish, env=env))
    shutil.rmtree(f"{slow.backing}/run")
    slow.forget()
    return outcome


def resuming(bench, slow, peer, source):
    shutil.copytree(source, f"{slow.backing}/left")
    outcome = counted(slow, lambda: bench.run(peer.command, "resume", SHAPE, f"{slow.mount}/left"))
    shutil.rmtree(f"{slow.backing}/left")
    slow.forget()
    return outcome


def one_round(bench, slow, peer, source):
    wrote, steps = writing(bench, slow, peer)
    finished, all_of_it = writing(bench, slow, peer, "finish")
    figures = {"step_us": wrote["step_us"], "finish_ms": finished["finish_ms"], "steps": steps, "finish": less(all_of_it, steps)}
    if source:
        resumed, operations = resuming(bench, slow, peer, source)
        figures.update(resume_ms=resumed["resume_ms"], resume=operations)
    return figures


def measure(bench):
    if "slowfs" not in bench.made:
        bench.left_out("slow metadata: slowfs is not built")
        return
    source = bench.left_run(SHAPE)
    for mode in MODES:
        rounds = 1 if bench.quick or mode == "back" else 2
        try:
            with SlowFolder(bench.made["slowfs"], bench.fresh("slow"), mode == "back") as slow:
                bench.medians(mode, bench.chosen(*the.SAME_FORMAT), rounds, lambda peer, _: one_round(bench, slow, peer, source))
                for peer in bench.chosen(*OTHERS):
                    bench.put(peer.name, mode, middle([one_round(bench, slow, peer, None)]))
        except Unavailable as why:
            bench.left_out(f"slow metadata: a FUSE file system cannot be mounted here: {why}")
            return


def metadata(results, program, mode, what):
    """Operations on metadata: of 1000 steps, of finish, of resume."""
    found = results.get("slow", program, mode, what)
    return found and sum(found[kind] for kind in METADATA) * (1000 / STEPS if what == "steps" else 1)


def tables(results):
    for mode, how in MODES.items():
        rows, kinds = [], []
        for name in results.programs("slow"):
            found = results.get("slow", name, mode)
            if not found:
                continue
            rows.append((name, *(number(found["step_us"][key]) for key in ("p50", "p99", "max")), *(number(metadata(results, name, mode, what), 0) for what in ("steps", "finish", "resume")),
                         number(found["finish_ms"]), number(found.get("resume_ms"))))
            kinds += [(f"{name}, {what}", *(number(times(found[what][kind], 1000 / STEPS if what == "steps" else 1), 0) for kind in KINDS))
                      for what in ("steps", "finish", "resume") if what in found and name in the.SAME_FORMAT]
        head = ("", "step p50 us", "p99", "max", "metadata operations, 1000 steps", "finish", "resume", "finish ms", "resume ms")
        yield f"0.5 ms an operation on metadata, 0.2 ms on data, {how}", head, rows
        yield f"The same by kind of operation, {how}; steps are 1000", ("", *KINDS), kinds
