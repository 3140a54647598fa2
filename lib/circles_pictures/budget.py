"""
One budget of bytes for a process: what holds memory takes its bytes here first, and waits for them.

Large pictures wait in the order they came and never take the reserve, so small ones go on beside
them. A wait is bounded in time, and so is what waits: beyond that, the answer is "come again".
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from circles_pictures.errors import Overloaded, TooLarge
from circles_pictures.limits import MAX_DECODING_BYTES, MAX_PICTURE_BYTES, MIB

RESERVE_BYTES = 64 * MIB
"""Only small pictures and bodies take these."""
BUDGET_BYTES = MAX_DECODING_BYTES + MAX_PICTURE_BYTES + RESERVE_BYTES
"""The costliest picture, beside its own encoded bytes, and small ones."""
WAIT_S = 5.0


@dataclass(eq=False, slots=True)
class _Claim:
    """Bytes that are waited for; grant is called without the lock once they are there."""

    size: int
    grant: Callable[[], None]
    granted: bool = field(default=False)


class Budget:
    """Thread-safe. A size is what its holder may take at its peak; it may shrink, never grow."""

    def __init__(
        self,
        total_bytes: int = BUDGET_BYTES,
        *,
        reserve_bytes: int = RESERVE_BYTES,
        wait_s: float = WAIT_S,
    ) -> None:
        self._total = total_bytes
        self._reserve = reserve_bytes
        self._small = reserve_bytes // 4
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._held_small = self._held_large = 0
        self._waiting_small: deque[_Claim] = deque()
        self._waiting_large: deque[_Claim] = deque()

    @property
    def held_bytes(self) -> int:
        """What is held at this moment."""
        return self._held_small + self._held_large

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """
        Wait for bytes, and hold them until the with block ends.

        Raises TooLarge where they can never be had, Overloaded where they are not there in time.
        """
        arrived = threading.Event()
        claim = self._claim(size, arrived.set)
        with self._giving_back(claim):
            arrived.wait(self._wait_s)
        self._require(claim)
        try:
            yield
        finally:
            self._release(size)

    @asynccontextmanager
    async def hold_async(self, size: int) -> AsyncIterator[None]:
        """Do as hold does, without a thread that waits."""
        loop = asyncio.get_running_loop()
        arrived = asyncio.Event()
        claim = self._claim(size, lambda: loop.call_soon_threadsafe(arrived.set))
        with self._giving_back(claim), suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                await arrived.wait()
        self._require(claim)
        try:
            yield
        finally:
            self._release(size)

    def _claim(self, size: int, grant: Callable[[], None]) -> _Claim:
        claim = _Claim(size, grant)
        large = size > self._small
        if size > self._total - self._reserve * large:
            raise TooLarge(f"It takes {size / MIB:,.0f} MiB of memory, more than there is.")
        with self._lock:
            queue = self._waiting_large if large else self._waiting_small
            if large and sum(each.size for each in queue) > self._total:
                raise _overloaded()
            queue.append(claim)
        self._grant()
        return claim

    @contextmanager
    def _giving_back(self, claim: _Claim) -> Iterator[None]:
        """Give a claim up where the wait for it is cut off, as by a client that goes away."""
        try:
            yield
        except BaseException:
            if self._withdraw(claim):
                self._release(claim.size)
            raise

    def _require(self, claim: _Claim) -> None:
        """Raise Overloaded unless the bytes have come."""
        if not self._withdraw(claim):
            raise _overloaded()

    def _withdraw(self, claim: _Claim) -> bool:
        """Stop waiting. Return whether the bytes have come meanwhile, and are held."""
        with self._lock:
            if claim.granted:
                return True
            queue = self._waiting_small if claim.size <= self._small else self._waiting_large
            queue.remove(claim)
        self._grant()  # a smaller one may have waited behind it
        return False

    def _release(self, size: int) -> None:
        with self._lock:
            if size > self._small:
                self._held_large -= size
            else:
                self._held_small -= size
        self._grant()

    def _grant(self) -> None:
        granted = []
        with self._lock:
            while self._waiting_small and self._fits_small(self._waiting_small[0].size):
                self._held_small += self._waiting_small[0].size
                granted.append(self._waiting_small.popleft())
            while self._waiting_large and self._fits_large(self._waiting_large[0].size):
                self._held_large += self._waiting_large[0].size
                granted.append(self._waiting_large.popleft())
            for claim in granted:
                claim.granted = True
        for claim in granted:
            claim.grant()

    def _fits_small(self, size: int) -> bool:
        """Beyond the reserve small ones take what is free, unless a large one waits for it."""
        room = self._reserve if self._waiting_large else self._total - self._held_large
        return self._held_small + size <= room

    def _fits_large(self, size: int) -> bool:
        beyond = max(self._held_small - self._reserve, 0)
        return self._held_large + beyond + size <= self._total - self._reserve


def _overloaded() -> Overloaded:
    return Overloaded("Other pictures need the memory at this moment. Try again in a few seconds.")
