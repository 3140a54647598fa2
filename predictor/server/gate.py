"""Who may come in: bounds the requests inside, the bytes they hold, and how many are worked on at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from predictor.errors import Refusal
from predictor.settings import Settings

Result = TypeVar("Result")
HELD_BODIES = 4
"""All bodies in memory together may be as large as so many of the largest allowed."""


class Gate:
    """One per process, used from the event loop only; the work itself runs in as many threads as there are cores."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._room = settings.concurrency + settings.max_waiting
        self._held_bytes = 0
        self._turns = asyncio.Semaphore(settings.concurrency)
        self._threads = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="predict")

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """
        Take request in and receive its body; both are given back on leaving.

        Raises Refusal: 413 body too large (said by Content-Length, or found out while receiving), 408 too slow,
        415 compressed, 503 too many requests or bytes inside.
        """
        if not self._room:
            raise _busy()
        self._room -= 1
        held = _Held(self, request, self._settings)
        try:
            yield await held.receive()
        finally:
            self._room += 1
            self._held_bytes -= held.bytes

    async def run(self, request: Request, work: Callable[[], Result]) -> Result:
        """Run work in a thread when it is its turn; nobody's work is begun whose caller has gone meanwhile."""
        async with self._turns:
            if await request.is_disconnected():
                raise _gone()
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def hold(self, more: int) -> None:
        """Count bytes that a request has received; raise Refusal 503 where they are too many together."""
        if self._held_bytes + more > HELD_BODIES * self._settings.max_body_bytes:
            raise _busy()
        self._held_bytes += more


class _Held:
    """The body of one request while it comes in."""

    def __init__(self, gate: Gate, request: Request, settings: Settings) -> None:
        self._gate = gate
        self._request = request
        self._settings = settings
        self.bytes = 0

    async def receive(self) -> bytes:
        if self._request.headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, "Send the body as it is: Content-Encoding is not supported.")
        self._check(int(self._request.headers.get("content-length", "0")))
        try:
            async with asyncio.timeout(self._settings.body_timeout_s):
                return await self._join()
        except TimeoutError:
            raise Refusal(408, "The body did not arrive in time.") from None
        except ClientDisconnect:
            raise _gone() from None

    async def _join(self) -> bytes:
        chunks = []
        async for chunk in self._request.stream():
            self._check(self.bytes + len(chunk))
            self._gate.hold(len(chunk))
            self.bytes += len(chunk)
            chunks.append(chunk)
        return b"".join(chunks)

    def _check(self, size: int) -> None:
        if size > self._settings.max_body_bytes:
            raise Refusal(413, f"The body is larger than {self._settings.max_body_bytes:,} bytes.")


def _busy() -> Refusal:
    return Refusal(503, "Too many requests are waiting: try again in a moment.", retry_after_s=1)


def _gone() -> Refusal:
    """Nobody reads this; 499 is what nginx logs for it."""
    return Refusal(499, "The client closed the connection.")
