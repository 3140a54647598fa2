"""Start programs on a free port in a clean environment, measure their memory, stop them."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.harness.http_requests import Answer, Request, send

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Program:
    """A server to start. {port} in the command is replaced. PORT is set, too."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A started program that listens on port, or will soon."""

    process: subprocess.Popen[bytes]
    port: int
    began: float

    def wait_until_listening(self) -> None:
        """Wait until the port is open. Raises RuntimeError if it ends or is too slow."""
        self._retry_until_connected(
            lambda: socket.create_connection(("127.0.0.1", self.port)).close()
        )

    def wait_for_answer(self, request: Request) -> Answer:
        """Retry until the server answers. Raises RuntimeError if it ends, is slow or fails."""
        answer = self._retry_until_connected(lambda: send(self.port, request))
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
        return answer

    def _retry_until_connected(self, attempt: Callable[[], Result]) -> Result:
        while time.perf_counter() - self.began < START_TIMEOUT_S and self.process.poll() is None:
            try:
                return attempt()
            except ConnectionError:
                time.sleep(0.002)
        raise RuntimeError(f"no answer from {self.process.args!r}")


@contextmanager
def run_program(program: Program, folder: Path) -> Iterator[Running]:
    """Run a program until the with block ends, with folder as HOME and for its log."""
    port = find_free_port()
    command = [part.replace("{port}", str(port)) for part in program.command]
    with (folder / f"{program.name.replace(' ', '-')}-{port}.log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_build_environment(program, port, folder),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Running(process, port, began)
        finally:
            stop(process)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure_memory_mib(pid: int) -> tuple[float, float]:
    """Return PSS and RSS in MiB of a process and its children (Linux, proc(5) smaps_rollup)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    lines = re.findall(r"^(Pss|Rss):\s+(\d+)", rollup, re.MULTILINE)
    kib = {name: int(value) for name, value in lines}
    below = [measure_memory_mib(int(child)) for child in children]
    pss_mib = kib["Pss"] / 1024 + sum(pss for pss, _ in below)
    return pss_mib, kib["Rss"] / 1024 + sum(rss for _, rss in below)


def _build_environment(program: Program, port: int, folder: Path) -> dict[str, str]:
    """
    Return a clean environment, with only PATH of the shell.

    PYTHONDONTWRITEBYTECODE, for example, makes a start four times slower.
    """
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT / 'lib'}:{ROOT}",
    }
    return clean | {"PORT": str(port)} | dict(program.env)


def stop(process: subprocess.Popen[bytes]) -> float:
    """Stop a process and return the milliseconds it took. It is killed after STOP_TIMEOUT_S."""
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return (time.perf_counter() - began) * 1e3
