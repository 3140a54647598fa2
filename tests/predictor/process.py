"""Run the real predictor as a process. Other suites use it too, so it imports nothing of it."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

from tests.predictor.asking import Client

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """A running predictor. A thread reads its log, because a full pipe would block it."""

    def __init__(self, **env):
        settings = {
            "PREDICTOR_HOST": "127.0.0.1",
            "PREDICTOR_PORT": "0",
            "PYTHONPATH": "lib",
            **env,
        }
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "predictor"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self._grew = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.popen.stderr:
            with self._grew:
                self.lines.append(line.rstrip())
                self._grew.notify_all()
        with self._grew:
            self.lines.append("(end of the log)")
            self._grew.notify_all()

    def logged(self, pattern):
        """Wait for a line with this pattern, and return the match."""

        def found():
            return next((match for line in self.lines if (match := re.search(pattern, line))), None)

        with self._grew:
            self._grew.wait_for(lambda: found() or "(end of the log)" in self.lines, timeout=30)
            assert found(), f"{pattern!r} not in the log:\n" + "\n".join(self.lines)
            return found()

    def client(self):
        """Wait until it is ready, and return a client. The caller closes its session."""
        return Client(self.logged(r"ready on (http://127.0.0.1:\d+)")[1])

    def peak_mib(self):
        """Return the most memory that it had at once (VmHWM)."""
        with open(f"/proc/{self.popen.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) // 1024

    def stop(self):
        """End it by SIGTERM, and return its exit status."""
        self.popen.terminate()
        return self.wait()

    def wait(self):
        try:
            return self.popen.wait(timeout=30)
        finally:
            self.popen.kill()
            self.popen.wait()
            self._reader.join()
            self.popen.stderr.close()
