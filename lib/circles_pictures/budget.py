"""
One budget of bytes for a process: what holds memory takes its bytes here first, and waits for them.

Large pictures wait in the order they came and never take the reserve, so small ones go on beside
them. A wait is bounded in time, and so is what waits: beyond that, the answer is "come again".
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from circles_pictures.errors import Overloaded, TooLarge
from circles_pictures.limits import MAX_DECODING_BYTES, MAX_PICTURE_BYTES, MIB

RESERVE_BYTES = 64 * MIB
"""Only small pictures and bodies take these."""
BUDGET_BYTES = MAX_DECODING_BYTES + MAX_PICTURE_BYTES + RESERVE_BYTES
"""The costliest picture, beside its own encoded bytes, and small ones."""
WAIT_S = 5.0


@dataclass(eq=False, slots=True)
class Claim:
    """Bytes that are waited for or held. grant is called without the lock once they are there."""

    size: int
    large: bool
    grant: Callable[[], object]
    granted: bool = field(default=False)


class Budget:
    """Thread-safe. A size is what its holder may take at its peak."""

    def __init__(
        self,
        total_bytes: int = BUDGET_BYTES,
        *,
        reserve_bytes: int = RESERVE_BYTES,
        wait_s: float = WAIT_S,
    ) -> None:
        self._total = total_bytes
        self._reserve = reserve_bytes
        self.wait_s = wait_s
        self._lock = threading.Lock()
        self._held = {False: 0, True: 0}
        self._waiting: dict[bool, deque[Claim]] = {False: deque(), True: deque()}

    @property
    def held_bytes(self) -> int:
        """What is held at this moment."""
        return sum(self._held.values())

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """
        Wait for bytes, and hold them until the with block ends.

        Raises TooLarge where they can never be had, Overloaded where they are not there in time.
        """
        arrived = threading.Event()
        claim = self.claim(size, arrived.set)
        try:
            arrived.wait(self.wait_s)
            self.require(claim)
            yield
        finally:
            self.release(claim)

    def claim(self, size: int, grant: Callable[[], object]) -> Claim:
        """
        Ask for bytes, and give them back by release, whether they came or not.

        grant is called once they are held, perhaps at once, from any thread. Raises as hold does.
        """
        claim = Claim(size, size > self._reserve // 4, grant)
        if size > self._total - self._reserve * claim.large:
            raise TooLarge(f"It takes {size / MIB:,.0f} MiB of memory, more than there is.")
        with self._lock:
            waiting = self._waiting[claim.large]
            if claim.large and sum(each.size for each in waiting) > self._total:
                raise _overloaded()
            waiting.append(claim)
        self._grant()
        return claim

    def require(self, claim: Claim) -> None:
        """Raise Overloaded unless the bytes have come. To call once the wait is over."""
        with self._lock:
            if not claim.granted:
                raise _overloaded()

    def grow(self, claim: Claim, more: int) -> bool:
        """Add bytes to a small claim that is held, if they are there at this moment."""
        with self._lock:
            if not self._fits(False, more):
                return False
            self._held[False] += more
            claim.size += more
            return True

    def shrink(self, claim: Claim, size: int) -> None:
        """Give bytes of a held claim back until so many are left."""
        with self._lock:
            self._held[claim.large] -= claim.size - size
            claim.size = size
        self._grant()

    def release(self, claim: Claim) -> None:
        """Give held bytes back, or stop waiting for them."""
        with self._lock:
            if claim.granted:
                self._held[claim.large] -= claim.size
            else:
                self._waiting[claim.large].remove(claim)
        self._grant()

    def _grant(self) -> None:
        granted = []
        with self._lock:
            for large, waiting in self._waiting.items():
                while waiting and self._fits(large, waiting[0].size):
                    self._held[large] += waiting[0].size
                    waiting[0].granted = True
                    granted.append(waiting.popleft())
        for claim in granted:
            claim.grant()

    def _fits(self, large: bool, size: int) -> bool:
        """Beyond the reserve small ones take what is free, unless a large one waits for it."""
        if large:
            beyond = max(self._held[False] - self._reserve, 0)
            return self._held[True] + beyond + size <= self._total - self._reserve
        room = self._reserve if self._waiting[True] else self._total - self._held[True]
        return self._held[False] + size <= room


def _overloaded() -> Overloaded:
    return Overloaded("Other pictures need the memory at this moment. Try again in a few seconds.")
