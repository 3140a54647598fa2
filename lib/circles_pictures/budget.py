"""
One budget of bytes for a process: what holds memory takes its bytes here first, and waits for them.

Small ones have a reserve that no other takes; a large body is not small. Giants, of more than half
of the budget, are served one at a time. Those of middle size pass the giants that wait for one, but
let a giant through that waits for them. A wait is bounded in time, and so is what waits: beyond
that, the answer is to retry later.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from circles_pictures.errors import Overloaded, TooLarge
from circles_pictures.limits import COSTLY_BYTES, MAX_DECODING_BYTES, MAX_PICTURE_BYTES, MIB

RESERVE_BYTES = 64 * MIB
"""Only small pictures and bodies take these."""
BUDGET_BYTES = MAX_DECODING_BYTES + MAX_PICTURE_BYTES + RESERVE_BYTES
"""The costliest picture, beside its own encoded bytes, and small ones."""
WAIT_S = 4.0
"""The longest wait of what has no deadline of its own."""


class _Lane(Enum):
    SMALL = auto()
    MIDDLE = auto()
    GIANT = auto()


@dataclass(eq=False, slots=True)
class Claim:
    """Bytes that are waited for or held. grant is called without the lock once they are there."""

    size: int
    lane: _Lane
    grant: Callable[[], object]
    granted: bool = field(default=False)


class Budget:
    """Thread-safe. A size is what its holder may take at its peak."""

    def __init__(
        self,
        total_bytes: int = BUDGET_BYTES,
        *,
        reserve_bytes: int = RESERVE_BYTES,
        large_body_bytes: int = COSTLY_BYTES,
        wait_s: float = WAIT_S,
    ) -> None:
        self._total = total_bytes
        self._reserve = reserve_bytes
        self._large_body = large_body_bytes
        self.wait_s = wait_s
        self._lock = threading.Lock()
        self._held = dict.fromkeys(_Lane, 0)
        self._waiting: dict[_Lane, deque[Claim]] = {lane: deque() for lane in _Lane}

    @property
    def held_bytes(self) -> int:
        """What is held at this moment."""
        return sum(self._held.values())

    @contextmanager
    def hold(
        self, size: int, *, wait_s: float | None = None, is_body: bool = False
    ) -> Iterator[None]:
        """
        Wait for bytes, and hold them until the with block ends.

        Args:
            wait_s: seconds; what the budget waits is the most.
            is_body: whether the bytes are an encoded picture, and not the cost of reading one.

        Raises TooLarge where they can never be had, Overloaded where they are not there in time.
        """
        arrived = threading.Event()
        claim = self.claim(size, arrived.set, is_body=is_body)
        try:
            arrived.wait(self.limit_wait(wait_s))
            self.require(claim)
            yield
        finally:
            self.release(claim)

    def limit_wait(self, wait_s: float | None) -> float:
        """Return how long to wait for bytes, in seconds."""
        return self.wait_s if wait_s is None else max(min(wait_s, self.wait_s), 0.0)

    def claim(self, size: int, grant: Callable[[], object], *, is_body: bool = False) -> Claim:
        """
        Ask for bytes, and give them back by release, whether they came or not.

        grant is called once they are held, perhaps before this returns, from any thread. Raises
        as hold does.
        """
        if size > self._total - self._reserve:
            raise TooLarge(f"It takes {size / MIB:,.0f} MiB of memory, more than there is.")
        claim = Claim(size, self._lane(size, is_body), grant)
        with self._lock:
            waiting = self._waiting[claim.lane]
            if sum(each.size for each in waiting) > self._total:
                raise _overloaded()
            waiting.append(claim)
        self._grant()
        return claim

    def require(self, claim: Claim) -> None:
        """Raise Overloaded unless the bytes have come. To call when the wait has ended."""
        with self._lock:
            if not claim.granted:
                raise _overloaded()

    def grow(self, claim: Claim, more: int) -> bool:
        """
        Add bytes to the claim of a body that is held, if they are there at this moment.

        A body that has become large no longer counts as small.
        """
        with self._lock:
            size, lane = claim.size + more, claim.lane
            self._held[lane] -= claim.size
            wanted = _Lane.MIDDLE if size > self._large_body else lane
            fits = self._fits(wanted, size)
            if fits:
                claim.size, claim.lane = size, wanted
            self._held[claim.lane] += claim.size
            return fits

    def shrink(self, claim: Claim, size: int) -> None:
        """Give bytes of a held claim back until size are left."""
        with self._lock:
            self._held[claim.lane] -= claim.size - min(size, claim.size)
            claim.size = min(size, claim.size)
        self._grant()

    def release(self, claim: Claim) -> None:
        """Give held bytes back, or stop waiting for them."""
        with self._lock:
            if claim.granted:
                self._held[claim.lane] -= claim.size
            else:
                self._waiting[claim.lane].remove(claim)
        self._grant()

    def _lane(self, size: int, is_body: bool) -> _Lane:
        if is_body:
            return _Lane.MIDDLE if size > self._large_body else _Lane.SMALL
        if size <= self._reserve // 2:
            return _Lane.SMALL
        return _Lane.GIANT if size > self._total // 2 else _Lane.MIDDLE

    def _grant(self) -> None:
        granted = []
        with self._lock:
            for lane, waiting in self._waiting.items():
                while waiting and self._fits(lane, waiting[0].size):
                    self._held[lane] += waiting[0].size
                    waiting[0].granted = True
                    granted.append(waiting.popleft())
        for claim in granted:
            claim.grant()

    def _fits(self, lane: _Lane, size: int) -> bool:
        small = self._held[_Lane.SMALL]
        others = self._held[_Lane.MIDDLE] + self._held[_Lane.GIANT]
        giant_waits = bool(self._waiting[_Lane.GIANT])
        if lane is _Lane.SMALL:  # beyond the reserve they take what is free and not waited for
            waited_for = giant_waits or self._waiting[_Lane.MIDDLE]
            return small + size <= (self._reserve if waited_for else self._total - others)
        if lane is _Lane.MIDDLE and giant_waits and not self._held[_Lane.GIANT]:
            return False
        return others + max(small - self._reserve, 0) + size <= self._total - self._reserve


def _overloaded() -> Overloaded:
    return Overloaded("Other pictures need the memory at this moment. Try again in a few seconds.")
