"""Limit concurrent requests, how long they wait, and the work done in parallel."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from predictor.errors import Refusal
from predictor.inference.memory import Held, Memory
from predictor.server.turns import Turns
from predictor.settings import Settings

Result = TypeVar("Result")
WAIT_S = 4.0
"""
All that one request may wait for memory and turns, from when its body is there.

A client that waits less says so: Prefer: wait=2 (RFC 7240, section 4.3).
"""
_PREFERRED_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,6})\b")


class Gate:
    """
    The limits of one process, used from the event loop only.

    The work itself runs in threads, settings.concurrency of them.
    """

    def __init__(self, settings: Settings, memory: Memory) -> None:
        self._settings = settings
        self._memory = memory
        self._free_slots = settings.concurrency + settings.max_waiting
        self._turns = Turns(settings.concurrency)
        self._threads = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="predict")

    @asynccontextmanager
    async def receive_body(self, request: Request) -> AsyncIterator["Body"]:
        """
        Receive the body of a request and hold its slot and its memory until the with block ends.

        Raises Refusal: 413 body too large (by Content-Length or while receiving), 408 too slow,
        415 compressed, 503 too many requests or bytes.
        """
        if not self._free_slots:
            raise _Busy
        self._free_slots -= 1
        body = Body(request, self._settings, self._memory.open())
        try:
            await body.receive()
            yield body
        finally:
            self._free_slots += 1
            body.memory.close()

    async def run(
        self, request: Request, work: Callable[[], Result], *, costly: bool, timeout_s: float
    ) -> Result:
        """
        Run work in a thread when it is its turn.

        Raises Refusal without running work: 499 if the client has closed the connection by then,
        503 if the turn does not come in time.
        """
        async with self._turns.take(costly=costly, timeout_s=timeout_s):
            if await request.is_disconnected():
                raise _ClientGone
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class Body:
    """The body of one request, while it is received and until its pictures are taken out of it."""

    def __init__(self, request: Request, settings: Settings, memory: Held) -> None:
        self._request = request
        self._settings = settings
        self.memory = memory
        self.bytes = 0
        self.data = b""
        self._deadline = math.inf

    @property
    def remaining_s(self) -> float:
        """Return how long its request may still wait, in seconds."""
        return max(self._deadline - time.monotonic(), 0.0)

    def replace(self, size: int) -> None:
        """Forget the body, and hold so many bytes for what was taken out of it."""
        self.data = b""
        self.memory.shrink(size)

    async def receive(self) -> None:
        if self._request.headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, "Send the body as it is: Content-Encoding is not supported.")
        self._check(int(self._request.headers.get("content-length", "0")))
        try:
            async with asyncio.timeout(self._settings.body_timeout_s):
                self.data = await self._join()
        except TimeoutError:
            raise Refusal(408, "The body did not arrive in time.") from None
        except ClientDisconnect:
            raise _ClientGone from None
        self._deadline = time.monotonic() + _preferred_wait_s(self._request)

    async def _join(self) -> bytes:
        # One block that grows: freed pieces of several bodies would stay between each other's.
        received = bytearray()
        async for chunk in self._request.stream():
            self._check(self.bytes + len(chunk))
            self.bytes += len(chunk)
            self.memory.grow(2 * len(chunk))  # once as it grows, and once as bytes
            received += chunk
        data = bytes(received)
        self.memory.shrink(len(data))
        return data

    def _check(self, size: int) -> None:
        if size > self._settings.max_body_bytes:
            raise Refusal(413, f"The body is larger than {self._settings.max_body_bytes:,} bytes.")


def _preferred_wait_s(request: Request) -> float:
    found = _PREFERRED_WAIT.search(",".join(request.headers.getlist("prefer")).lower())
    return min(float(found[1]), WAIT_S) if found else WAIT_S


class _Busy(Refusal):
    """The limit of requests is reached."""

    def __init__(self) -> None:
        message = "Too many requests are waiting: try again in a moment."
        super().__init__(503, message, retry_after_s=1)


class _ClientGone(Refusal):
    """The client cannot read an answer. 499 is what nginx logs for this."""

    def __init__(self) -> None:
        super().__init__(499, "The client closed the connection.")
