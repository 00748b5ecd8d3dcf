"""A folder on the file system with slow metadata (benches/slowfs.c), mounted for as long as it is used."""
import json
import os
import signal
import subprocess
import time


class Unavailable(Exception):
    pass


class SlowFolder:
    """`with SlowFolder(…) as slow`: slow.mount is slow, slow.backing the same files at once. Never left mounted:
    whatever ends the `with` takes the mount down, and the file system ends with the process that started it."""

    def __init__(self, program, folder, writeback):
        self.backing, self.mount, self.told = f"{folder}/backing", f"{folder}/mount", f"{folder}/counts.json"
        self.command = [program, self.backing, self.mount, self.told, *(["writeback"] if writeback else [])]
        self.process = None
        os.makedirs(self.backing)
        os.makedirs(self.mount)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        environment = {**os.environ, "META_US": "500", "DATA_US": "200"}
        # In a session of its own: Ctrl-C is for this process, which then takes the mount down in order.
        self.process = subprocess.Popen(self.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        for _ in range(500):
            if os.path.ismount(self.mount):
                return
            if self.process.poll() is not None:
                raise Unavailable(self.process.stderr.read().strip() or f"exit code {self.process.returncode}")
            time.sleep(0.01)
        raise Unavailable("it does not mount")

    def stop(self):
        if self.process is None:
            return
        for attempt in range(20):
            if not os.path.ismount(self.mount):
                break
            lazy = "-uz" if attempt > 10 else "-u"  # busy at first: a program that was just killed is still closing
            subprocess.run(["fusermount3", lazy, self.mount], capture_output=True)
            time.sleep(0.05 if os.path.ismount(self.mount) else 0)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.process.stderr.close()
        self.process = None

    def forget(self):
        """Mounts anew: the kernel has no names, attributes or pages of it any more."""
        self.stop()
        self.start()

    def counts(self):
        try:
            os.stat(f"{self.mount}/.counts")
        except FileNotFoundError:
            pass
        with open(self.told) as told:
            return json.load(told)
