"""Builds the programs of the benches into build/bench."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHES = ROOT / "benches"
PEERS = BENCHES / "peers"
OUT = ROOT / "build" / "bench"
LIBRARY = ROOT / "build/lib/libplattli.a"

LINK = ["-lpthread", "-ldl", "-lm", "-lgcc_s"]
OURS = [str(LIBRARY), *LINK]
FLOOR = [str(OUT / "rs/release/libpeers_rs.a"), *LINK]

# name: source, what it is linked with
ALWAYS = {
    "ours": (PEERS / "ours.c", OURS),
    "floor": (PEERS / "floor.c", FLOOR),
    "raw": (PEERS / "raw.c", LINK),
    "tfevents": (PEERS / "tfevents.c", LINK),
    "many": (BENCHES / "many.c", OURS),
    "step": (BENCHES / "step.c", OURS),
}
# What needs a library that may not be there: name: source, package of pkg-config, what if there is no such package
OPTIONAL = {
    "sqlite": (PEERS / "sqlite.c", "sqlite3", ["-lsqlite3"]),
    "h5": (PEERS / "h5.c", "hdf5", ["-I/usr/include/hdf5/serial", "-L/usr/lib/x86_64-linux-gnu/hdf5/serial", "-lhdf5"]),
    "slowfs": (BENCHES / "slowfs.c", "fuse3", ["-lfuse3"]),
}


def package(name, otherwise):
    try:
        found = subprocess.run(["pkg-config", "--cflags", "--libs", name], capture_output=True, text=True)
    except FileNotFoundError:
        return otherwise
    return found.stdout.split() if found.returncode == 0 else otherwise


def up_to_date(made, source, link):
    """Whether nothing that the program is made of is newer than it."""
    parts = [source, Path(__file__), PEERS / "common.h", ROOT / "include/plattli.h", *(Path(word) for word in link if word.endswith(".a"))]
    return made.exists() and made.stat().st_mtime > max(part.stat().st_mtime for part in parts)


def compile_one(name, source, link):
    """What the compiler has to say, or None."""
    if up_to_date(OUT / name, source, link):
        return None
    compiler = [os.environ.get("CC", "cc"), "-O2", "-g", "-std=gnu11", "-w", f"-I{ROOT}/include", f"-I{PEERS}"]
    being_made = OUT / f"{name}.{os.getpid()}"
    done = subprocess.run([*compiler, str(source), "-o", str(being_made), *link], capture_output=True, text=True)
    if done.returncode:
        return done.stderr
    being_made.replace(OUT / name)
    return None


def build(left_out):
    """The programs by name. Those whose library is missing are left out: `left_out` is told."""
    if not LIBRARY.exists():
        sys.exit(f"there is no {LIBRARY}: make lib")
    OUT.mkdir(parents=True, exist_ok=True)
    rust = {**os.environ, "CARGO_TARGET_DIR": str(OUT / "rs")}
    cargo = [str(ROOT / "scripts/cargo"), "build", "-q", "--release", "--locked", "--manifest-path", str(PEERS / "rs/Cargo.toml")]
    subprocess.run(cargo, check=True, env=rust)
    for name, (source, link) in ALWAYS.items():
        error = compile_one(name, source, link)
        if error:
            sys.exit(error)
    made = {name: str(OUT / name) for name in ALWAYS}
    for name, (source, wanted, otherwise) in OPTIONAL.items():
        extra = ["-lhdf5_hl"] if name == "h5" else []
        if compile_one(name, source, [*extra, *package(wanted, otherwise), *extra, *LINK]) is None:
            made[name] = str(OUT / name)
        else:
            left_out(f"{name}: cannot be built here (scripts/bootstrap.sh bench)")
    return made


def python_with_plattli():
    """A Python that has the PyPI package plattli and numpy, or None."""
    for candidate in (os.environ.get("PLATTLI_PYTHON"), ROOT / "build/venv/bin/python", "python3"):
        if candidate is None:
            continue
        try:
            asked = subprocess.run([str(candidate), "-c", "import plattli, numpy"], capture_output=True)
        except OSError:
            continue
        if asked.returncode == 0:
            return str(candidate)
    return None
