"""What the use cases need from the world, in prose that a second implementer can work from."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from circles.images import Detection, OutgoingEvent, Picture, StoredObject
from circles.records import Catalogue, Outbox, Upkeep
from circles.rules import Rules


class Pictures(Protocol):
    """Reads encoded pictures; the only place that knows an image library."""

    def read(self, data: bytes) -> Picture:
        """
        Check that data is a picture we take and decodes to its end; of an animation the first frame counts.

        Raises:
            UnsupportedPicture: the content is none of images.EXTENSIONS, whatever its name or header says.
            TooLarge: more than Settings.max_pixels pixels, told by the header before anything is decoded.
            UndecodablePicture: it is cut off or broken.
        """

    def upright(self, picture: Picture) -> Picture:
        """Return the same picture with orientation 1 and no EXIF: itself where it is upright already."""


class ObjectStore(Protocol):
    """Keeps blobs under keys such as "images/0190….jpg". Safe from many threads and processes."""

    @property
    def bucket(self) -> str:
        """The bucket's name, as its events tell it."""

    def put(self, key: str, data: bytes, *, media_type: str, sha256: str) -> None:
        """
        Store data under key, all of it or nothing; a second put replaces the first. sha256 is data's, in hex.

        Raises:
            Unavailable: the store is away or full; no part of data can be read under key.
            Malformed: the key is empty, absolute, over 1,024 bytes, or has an empty, "." or ".." segment or a NUL.
        """

    def get(
        self, key: str, *, sha256: str | None = None, etag: str | None = None, max_bytes: int | None = None
    ) -> bytes:
        """
        Return exactly what was put under key: with these bytes, this version, at most so much, where that is said.

        Raises:
            NotFound: nothing is stored under key, or another version than etag's.
            Damaged: the stored bytes do not have this sha256.
            TooLarge: there are more than max_bytes; not much more than that was read.
            Unavailable: the store is away.
            Malformed: as for put.
        """

    def stat(self, key: str) -> StoredObject:
        """Tell what is stored under key without reading it. Raises NotFound, Unavailable and Malformed as get does."""

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """
        Tell of everything whose key begins with prefix, in the store's own order, a page at a time.

        A listing after a key that an earlier one gave goes on behind it. Keys that put would not take are left out.
        prefix is empty or ends in "/". Raises Unavailable, while it is iterated.
        """

    def delete(self, key: str) -> None:
        """Forget key; forgetting what is not there is no error. Raises Unavailable and Malformed as put does."""

    def ping(self) -> None:
        """Raise Unavailable unless the store can be read now."""


class Detector(Protocol):
    """Finds circles in one picture."""

    def detect(self, picture: Picture) -> Detection:
        """
        Return what was found in an upright picture; nothing found is an empty tuple of circles.

        Returns:
            Circles whose bbox lies within the picture and has whole pixels, at most Settings.max_objects, best first.

        Raises:
            DetectorFailed: no answer, or none that can be used, within Settings.predictor_timeout_s seconds.
        """


BROKER = "broker"
"""The name of the sink that K_SINK names, in Services.sinks."""


class EventSink(Protocol):
    """One receiver of events. Safe from many threads."""

    def send(self, event: OutgoingEvent) -> None:
        """
        Deliver one event, and return when the receiver has taken it.

        Raises:
            Unavailable: not now; it will be sent again.
            Rejected: it will never be taken.
        """


class Services(Protocol):
    """What every use case is handed: the ports, the rules, the clock, and what happens after the answer."""

    @property
    def rules(self) -> Rules: ...

    @property
    def pictures(self) -> Pictures: ...
    @property
    def store(self) -> ObjectStore: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def detector(self) -> Detector: ...
    @property
    def sinks(self) -> Mapping[str, EventSink]:
        """Who is told of events, by a name that stays the same; nobody where it is empty. Names of sinks are in the
        outbox's rows: an event waits for a sink that is not in the mapping any more, and nothing else waits for it."""

    def soon(self, work: Callable[[], object], *, key: str) -> None:
        """
        Do work in the background, after the answer, and log what it raises.

        What is waiting under the same key is enough: then work is dropped. It is lost with the process; whoever calls
        this leaves a row from which repair does the same.
        """

    def now(self) -> datetime:
        """Return the present moment with its time zone."""
