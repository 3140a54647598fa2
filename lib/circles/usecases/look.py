"""Count the processes that decoding an object ended."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from circles.domain.errors import CirclesError, Unavailable, UndecodablePicture
from circles.domain.services import Services


@contextmanager
def counted_look(image_id: str, services: Services) -> Iterator[None]:
    """
    Record that this process decodes an object, because that may end the process.

    The new image, a refusal or an error removes the record again.

    Raises:
        UndecodablePicture: decoding it ended Rules.max_looks processes.
        Unavailable: as many processes may still be decoding it.
    """
    now, holder, most = services.now(), services.process_id, services.rules.max_looks
    until = now + services.rules.lease
    cut_off, running = services.upkeep.begin_look(image_id, holder, now=now, until=until)
    if cut_off >= most:
        raise UndecodablePicture(f"Decoding it ended {cut_off} processes.")
    try:
        if cut_off + running >= most:
            raise Unavailable("Other processes are decoding this object; try again later.")
        yield
    except Exception:
        with suppress(CirclesError):
            services.upkeep.end_look(image_id, holder)
        raise
