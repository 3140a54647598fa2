"""The memory of bodies and pictures, taken from one budget without a thread that waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from circles_pictures.budget import Budget, Claim
from circles_pictures.memory import return_freed_memory
from predictor.errors import Refusal
from predictor.inference.pictures import refusing


class Memory:
    """Used from the event loop only."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        return_freed_memory()

    @asynccontextmanager
    async def hold(self, size: int, *, wait_s: float) -> AsyncIterator["Held"]:
        """Wait for bytes and hold them. Raises Refusal 413 or 503 where they are not to be had."""
        loop = asyncio.get_running_loop()
        arrived = asyncio.Event()
        with refusing():
            claim = self._budget.claim(size, lambda: loop.call_soon_threadsafe(arrived.set))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._budget.limit_wait(wait_s)):
                    await arrived.wait()
            with refusing():
                self._budget.require(claim)
            yield Held(self._budget, claim)
        finally:
            self._budget.release(claim)

    def open(self) -> "Held":
        """Return a hold of nothing, which can grow."""
        return Held(self._budget, self._budget.claim(0, lambda: None, is_body=True))


class Held:
    """Bytes that are held, more or less of them as time goes on. Threads may use it, too."""

    def __init__(self, budget: Budget, claim: Claim) -> None:
        self._budget = budget
        self._claim = claim

    def grow(self, more: int) -> None:
        """Raise Refusal 503 where there are not so many."""
        if not self._budget.grow(self._claim, more):
            raise Refusal(
                503, "Too much is held in memory: try again in a moment.", retry_after_s=1
            )

    def shrink(self, size: int) -> None:
        """Give back what is more than size."""
        self._budget.shrink(self._claim, size)

    def close(self) -> None:
        """Give everything back."""
        self._budget.release(self._claim)
