"""Whose turn it is: usual photographs do not wait for costly ones."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from predictor.errors import Refusal


class Turns:
    """
    So many turns at once, used from the event loop only.

    Costly work takes all but one of them. It gets the next one if none of it is running, so that
    neither kind starves. With a single turn, both kinds go in the order in which they came.
    """

    def __init__(self, count: int) -> None:
        self._count = self._free = count
        self._most_costly = max(count - 1, 1)
        self._costly = 0
        self._waiting: deque[tuple[bool, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, *, costly: bool, timeout_s: float) -> AsyncIterator[None]:
        """Wait for a turn. Raises Refusal 503 if it does not come in time."""
        mine = costly, asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        self._give()
        try:
            async with asyncio.timeout(timeout_s):
                await mine[1]
        except TimeoutError:
            self._drop(mine)
            raise Refusal(503, "Other pictures have their turn: try again in a moment.",
                          retry_after_s=2) from None  # fmt: skip
        except asyncio.CancelledError:
            self._drop(mine)
            raise
        try:
            yield
        finally:
            self._end(costly)

    def _give(self) -> None:
        while self._free and (chosen := self._next()):
            self._waiting.remove(chosen)
            self._free -= 1
            self._costly += chosen[0]
            chosen[1].set_result(None)

    def _next(self) -> tuple[bool, asyncio.Future[None]] | None:
        """Return the first of those that may go, a costly one if none is running."""
        costly_may = self._costly < self._most_costly
        allowed = [
            each for each in self._waiting if not each[1].done() and (costly_may or not each[0])
        ]
        if self._count > 1 and not self._costly:
            allowed.sort(key=lambda each: not each[0])
        return next(iter(allowed), None)

    def _drop(self, mine: tuple[bool, asyncio.Future[None]]) -> None:
        if mine in self._waiting:
            self._waiting.remove(mine)
        elif not mine[1].cancelled():  # the turn came at the same moment
            self._end(mine[0])

    def _end(self, costly: bool) -> None:
        self._free += 1
        self._costly -= costly
        self._give()
