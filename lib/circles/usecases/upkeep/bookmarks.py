"""Positions of scans that span several repairs, and whose turn it is to be first."""

from collections.abc import Sequence
from types import TracebackType
from typing import TypeVar

from circles.domain.services import Services

Part = TypeVar("Part")


class Bookmark:
    """
    The saved position of a scan.

    The end of the with block saves it, also after an error. What may end the process calls save
    first.
    """

    def __init__(self, name: str, services: Services) -> None:
        self._name, self._services = name, services
        self.place = self._kept = services.upkeep.bookmark(name)

    def begin_again(self, *, at_end: bool) -> None:
        """Go back to the start if the scan is at its end."""
        if at_end:
            self.place = ""

    def save(self) -> None:
        """Save the position if it has changed. Raises Unavailable."""
        if self.place != self._kept:
            self._services.upkeep.set_bookmark(self._name, self.place)
            self._kept = self.place

    def __enter__(self) -> "Bookmark":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.save()


def in_turn(name: str, parts: Sequence[Part], services: Services) -> Sequence[Part]:
    """Return the parts, rotated by one at each call. So no part starves the others."""
    first = int(services.upkeep.bookmark(name) or 0)
    services.upkeep.set_bookmark(name, str((first + 1) % len(parts)))
    return [*parts[first:], *parts[:first]]
