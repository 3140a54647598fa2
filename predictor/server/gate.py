"""Limit concurrent requests, the bytes of their bodies and the work done in parallel."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from predictor.errors import Refusal
from predictor.inference.memory import Held, Memory
from predictor.settings import Settings

Result = TypeVar("Result")
HELD_BODIES = 4
"""All bodies in memory together are limited to this number of largest bodies."""


class Gate:
    """
    The limits of one process, used from the event loop only.

    The work itself runs in threads, settings.concurrency of them.
    """

    def __init__(self, settings: Settings, memory: Memory) -> None:
        self._settings = settings
        self._memory = memory
        self._free_slots = settings.concurrency + settings.max_waiting
        self._held_bytes = 0
        self._turns = asyncio.Semaphore(settings.concurrency)
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
        body = Body(self, request, self._settings, self._memory.open())
        try:
            await body.receive()
            yield body
        finally:
            self._free_slots += 1
            self._held_bytes -= body.bytes
            body.memory.close()

    async def run(self, request: Request, work: Callable[[], Result]) -> Result:
        """
        Run work in a thread when it is its turn.

        Raises Refusal 499, without running work, if the client has closed the connection by then.
        """
        async with self._turns:
            if await request.is_disconnected():
                raise _ClientGone
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def reserve(self, more: int) -> None:
        """Count received bytes. Raises Refusal 503 if all requests together hold too many."""
        if self._held_bytes + more > HELD_BODIES * self._settings.max_body_bytes:
            raise _Busy
        self._held_bytes += more


class Body:
    """The body of one request, while it is received and until its pictures are taken out of it."""

    def __init__(self, gate: Gate, request: Request, settings: Settings, memory: Held) -> None:
        self._gate = gate
        self._request = request
        self._settings = settings
        self.memory = memory
        self.bytes = 0
        self.data = b""

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

    async def _join(self) -> bytes:
        chunks = []
        async for chunk in self._request.stream():
            self._check(self.bytes + len(chunk))
            self._gate.reserve(len(chunk))
            self.bytes += len(chunk)
            self.memory.grow(2 * len(chunk))  # once in pieces, and once joined
            chunks.append(chunk)
        data = b"".join(chunks)
        self.memory.shrink(len(data))
        return data

    def _check(self, size: int) -> None:
        if size > self._settings.max_body_bytes:
            raise Refusal(413, f"The body is larger than {self._settings.max_body_bytes:,} bytes.")


class _Busy(Refusal):
    """The limit of requests or bytes is reached."""

    def __init__(self) -> None:
        message = "Too many requests are waiting: try again in a moment."
        super().__init__(503, message, retry_after_s=1)


class _ClientGone(Refusal):
    """The client cannot read an answer. 499 is what nginx logs for this."""

    def __init__(self) -> None:
        super().__init__(499, "The client closed the connection.")
