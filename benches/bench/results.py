"""The figures, by section, program and shape. They live in build/bench/results.json; a section that is measured again
replaces its figures there."""
import json
import os
import platform
import time


def machine():
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo") as info:
            model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), model)
    except OSError:
        pass
    return {"processor": model, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}"}


class Results:
    def __init__(self, path):
        self.path = path
        self.sections = {}
        self.machine = machine()
        self.run = f"{os.uname().nodename} {time.time():.3f}"
        if path.exists():
            kept = json.loads(path.read_text())
            self.sections, self.machine = kept["sections"], kept["machine"]

    def begin(self, section, quick, disk):
        self.machine = machine()
        self.sections[section] = {"run": self.run, "when": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "quick": quick, "disk": disk, "left_out": [], "figures": {}}

    def end(self, section, seconds):
        self.sections[section].update(seconds=round(seconds, 1), load=os.getloadavg()[0])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        being_written = self.path.with_suffix(".tmp")
        being_written.write_text(json.dumps({"machine": self.machine, "sections": self.sections}, indent=1) + "\n")
        being_written.replace(self.path)

    def restore(self, section, kept):
        """A section that failed has the figures that it had before, if it had any."""
        if kept is None:
            del self.sections[section]
        else:
            self.sections[section] = kept

    def left_out(self):
        return sorted({what for section in self.sections.values() for what in section["left_out"]})

    def put(self, section, program, shape, figures):
        self.sections[section]["figures"].setdefault(program, {})[shape] = figures

    def get(self, section, program, shape, *keys):
        """The figures, or the one that the keys lead to; None where nothing was measured."""
        found = self.sections.get(section, {}).get("figures", {}).get(program, {}).get(shape)
        for key in keys:
            found = found.get(key) if found is not None else None
        return None if not keys and not found else found

    def programs(self, section):
        return list(self.sections.get(section, {}).get("figures", {}))
