"""Run `make run`, single functions and the gateway as processes."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {
    "upload": "upload",
    "list": "list_images",
    "detail": "detail",
    "export": "export",
    "bridge": "bridge",
    "ingest": "ingest",
    "repair": "repair",
}
TIMEOUT_S = 60


def environment(**settings):
    """Return the environment without our variables, plus these settings."""
    ours = re.compile(
        r"CIRCLES_|PREDICTOR_|FUNCTION_|GATEWAY_|S3_|K_|BROKER_|WEED_|TICK_|MAKE|MFLAGS|PORT$|HOST$|STORE$|PYTHONPATH$"
    )
    return {**{name: text for name, text in os.environ.items() if not ours.match(name)}, **settings}


def wait_for(condition, what, timeout_s=TIMEOUT_S):
    """Poll until condition returns a true value, and return it."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)
    return result


def is_free(port):
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return taken.getsockname()[1]


def ports_from(port):
    """
    Return the ports that `make run PORT=…` uses.

    They are the block from PORT on, the gateway's metrics, and weed's gRPC, which adds 10,000 to
    three of them.
    """
    return [*range(port, port + 14), port + 19, *range(port + 10007, port + 10010)]


def free_block():
    """
    Return a free base port for `make run`.

    It is below Linux's ephemeral ports (from 32,768 on).
    """
    for _ in range(100):
        port = random.randrange(10_000, 22_000, 20)
        if all(map(is_free, ports_from(port))):
            return port
    raise AssertionError("no free block of ports")


class Process:
    """A process with a log file and a mark on all descendants."""

    def __init__(self, command, log, **settings):
        self.log_file = log
        self.mark = str(uuid.uuid4())
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(TESTS_RUN=self.mark, **settings),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_for(self, condition, what):
        def alive():
            assert self.popen.poll() is None, (
                f"{what}: it ended with {self.popen.returncode}\n{self.log}"
            )
            return condition()

        return wait_for(alive, what)

    def wait_for_line(self, text):
        """Wait until the log has a text: a port that answers may be another process's."""
        return self.wait_for(lambda: text in self.log, f"{text!r} in the log")

    def interrupt(self):
        """Send SIGINT to the process group, as Ctrl-C does. Returns the exit status."""
        os.killpg(self.popen.pid, signal.SIGINT)
        return self.popen.wait(TIMEOUT_S)

    def kill(self):
        """Kill -9, like a crash or the kernel's out-of-memory killer."""
        self.popen.kill()
        self.popen.wait(TIMEOUT_S)

    def descendants(self):
        """Return the ids of all live marked processes, from Linux's /proc."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (
                        (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    )
        return found

    def stop(self):
        """Terminate the process and kill what is left."""
        if self.popen.poll() is None:
            self.popen.terminate()
        try:
            self.popen.wait(TIMEOUT_S)
        finally:
            self.kill_all()

    def kill_all(self):
        """Kill the process and all its descendants."""
        for pid in self.descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.popen.wait(TIMEOUT_S)


class Run(Process):
    """`make run` as a process. url is that of the gateway."""

    def __init__(self, folder, **variables):
        folder.mkdir(exist_ok=True)
        self.port = free_block()
        self.url = f"http://127.0.0.1:{self.port}"
        self.volume = folder / "data"
        assignments = [f"{name}={text}" for name, text in {"PORT": self.port, **variables}.items()]
        super().__init__(
            ["make", "run", *assignments],
            folder / "log",
            CIRCLES_DATA_DIR=str(self.volume),
            PYTHONUNBUFFERED="1",
        )

    def wait_until_ready(self):
        self.wait_for_line(f"Circles is ready on {self.url}")
        return self

    def pid(self, name):
        """Return the process id of a Procfile entry."""
        return int(re.search(rf"{name}\.1 started \(pid=(\d+)\)", self.log)[1])


class Function(Process):
    """A function that python -m circles.serve serves."""

    def __init__(self, name, log, *, port=None, environment=None, **settings):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(
            [sys.executable, "-m", "circles.serve"],
            log,
            PYTHONPATH="lib",
            PYTHONUNBUFFERED="1",
            HOST="127.0.0.1",
            PORT=str(self.port),
            FUNCTION_SOURCE=f"functions/{name}/main.py",
            FUNCTION_TARGET=TARGETS[name],
            CIRCLES_ACCESS=settings.pop("access", "open"),
            **{f"CIRCLES_{key.upper()}": str(value) for key, value in settings.items()},
            **(environment or {}),
        )

    def wait_until_ready(self):
        self.wait_for(lambda: answers(f"{self.url}/health/readiness"), "the function to be ready")
        return self


class Gateway(Process):
    """Caddy with our Caddyfile in front of these function URLs."""

    def __init__(self, log, functions, *, port=None, **variables):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(
            [
                Path(sys.executable).with_name("caddy"),
                "run",
                "--config",
                "manifests/local/Caddyfile",
                "--adapter",
                "caddyfile",
            ],
            log,
            PORT=str(self.port),
            GATEWAY_BIND="127.0.0.1",
            GATEWAY_METRICS_PORT=str(free_port()),
            **{
                f"{name.upper()}_ADDRESS": url.removeprefix("http://")
                for name, url in functions.items()
            },
            **variables,
        )

    def wait_until_ready(self):
        self.wait_for(lambda: answers(f"{self.url}/health/gateway"), "the gateway to be ready")
        return self


def answers(url, *, anything=False):
    """
    Return the JSON of a URL, or None without an answer.

    With anything=True, return whether it answers at all.
    """
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return anything or json.loads(response.read())
    except (OSError, ValueError):
        return None


def memory_peak_bytes(pid):
    """Return the peak resident memory of a process in bytes (proc_pid_status(5), VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
