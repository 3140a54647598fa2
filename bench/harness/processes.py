"""Programs under measurement: started on a free port in a clean environment, stopped by us, weighed on the way."""

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

from bench.harness.asking import Answer, Request, send

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Program:
    """A server to start. {port} in the command is replaced; the same port is in PORT."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A started program that listens, or will soon, on port."""

    process: subprocess.Popen[bytes]
    port: int
    began: float

    def wait_until_it_listens(self) -> None:
        """Raises RuntimeError where it ends or is too slow."""
        self._until_connected(lambda: socket.create_connection(("127.0.0.1", self.port)).close())

    def first_answer(self, request: Request) -> Answer:
        """Ask until the server answers. Raises RuntimeError where it ends, is too slow, or answers anything but 200."""
        answer = self._until_connected(lambda: send(self.port, request))
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
        return answer

    def _until_connected(self, attempt: Callable[[], Result]) -> Result:
        while time.perf_counter() - self.began < START_TIMEOUT_S and self.process.poll() is None:
            try:
                return attempt()
            except ConnectionError:
                time.sleep(0.002)
        raise RuntimeError(f"no answer from {self.process.args!r}")


@contextmanager
def running(program: Program, folder: Path) -> Iterator[Running]:
    """Start a program with folder as HOME and its output in folder, and end it at the end, by force if need be."""
    port = free_port()
    command = [part.replace("{port}", str(port)) for part in program.command]
    with (folder / f"{program.name.replace(' ', '-')}-{port}.log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(program, port, folder), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield Running(process, port, began)
        finally:
            stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory_mib(pid: int) -> tuple[float, float]:
    """PSS and RSS in MiB, summed over the process and its children (Linux, proc(5) smaps_rollup)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(value) for name, value in re.findall(r"^(Pss|Rss):\s+(\d+)", rollup, re.MULTILINE)}
    below = [memory_mib(int(child)) for child in children]
    return kib["Pss"] / 1024 + sum(pss for pss, _ in below), kib["Rss"] / 1024 + sum(rss for _, rss in below)


def _environment(program: Program, port: int, folder: Path) -> dict[str, str]:
    """Nothing of the caller's shell but PATH: a stray PYTHONDONTWRITEBYTECODE alone makes a start four times slower."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": f"{ROOT / 'lib'}:{ROOT}"}
    return clean | {"PORT": str(port)} | dict(program.env)


def stop(process: subprocess.Popen[bytes]) -> float:
    """Milliseconds from SIGTERM to the end of the process, which is killed after STOP_TIMEOUT_S."""
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return (time.perf_counter() - began) * 1e3
