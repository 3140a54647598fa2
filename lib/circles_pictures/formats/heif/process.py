"""Run child.py, where a decoder that crashes or takes too much harms only itself."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from circles_pictures.errors import Overloaded, Undecodable
from circles_pictures.limits import MAX_DECODING_S, MAX_PICTURE_BYTES

Wanted = Literal["size", "rgb", "jpeg"]
_SCRIPT = Path(__file__).with_name("child.py")
_WAIT_FACTOR = 2
"""How many times the CPU time a process may last: others need the cores, too."""
_DAMAGED = "The picture is damaged, or takes too long to decode."
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
"""All that it gets: no secrets, and one heap instead of one a thread."""


@contextmanager
def decoding_process(
    codec: str, wanted: Wanted, data: bytes, memory_bytes: int
) -> Iterator[tuple[int, int, IO[bytes]]]:
    """
    Yield width, height and what was wanted as a stream.

    Raises Undecodable where the process ends before it has told the size, and Overloaded where it
    had to be ended because it did not get enough of the cores.
    """
    limits = (memory_bytes, round(MAX_DECODING_S), MAX_PICTURE_BYTES)
    process = subprocess.Popen(
        [sys.executable, "-IB", str(_SCRIPT), codec, wanted, *map(str, limits)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )
    too_slow = threading.Event()

    def end() -> None:
        too_slow.set()
        process.kill()

    last_resort = threading.Timer(MAX_DECODING_S * _WAIT_FACTOR, end)
    last_resort.daemon = True
    last_resort.start()
    assert process.stdin and process.stdout
    try:
        width, height = _exchange(process.stdin, process.stdout, data)
        yield width, height, process.stdout
    except Undecodable:
        if too_slow.is_set():
            raise Overloaded("Other pictures need the cores at this moment.") from None
        raise
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
        last_resort.cancel()


def _exchange(stdin: IO[bytes], stdout: IO[bytes], data: bytes) -> tuple[int, int]:
    try:
        with stdin:
            stdin.write(data)
        width, height = stdout.readline(32).split()
        return int(width), int(height)
    except (OSError, ValueError) as error:
        raise Undecodable(_DAMAGED) from error


def read_exactly(stream: IO[bytes], size: int) -> bytes:
    """Raise Undecodable where the stream ends before."""
    data = stream.read(size)
    if len(data) != size:
        raise Undecodable(_DAMAGED)
    return data
