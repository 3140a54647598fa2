"""Keep threads for usual pictures while costly ones wait for the predictor."""

from collections.abc import Iterator
from contextlib import contextmanager

from circles.domain.pictures import Picture
from circles.domain.services import Services


@contextmanager
def costly_turn(picture: Picture, services: Services) -> Iterator[bool]:
    """Yield whether the client may wait for the detection."""
    turns = services.costly_turns
    has_turn = not picture.costly or turns.acquire(blocking=False)
    try:
        yield has_turn
    finally:
        if picture.costly and has_turn:
            turns.release()
