"""Stored blobs, their keys, and the port that keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from circles.domain.errors import Malformed

MAX_KEY_BYTES = 1024
"""Amazon S3 User Guide, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8."""


def check_key(key: str) -> str:
    """Return key. Raises Malformed where it is absolute, no UTF-8, too long, or has an empty, "." or ".." segment or a
    NUL."""
    segments = key.split("/")
    if "\0" in key or any(segment in ("", ".", "..") for segment in segments):
        raise Malformed("An object key is a relative path without empty, '.' or '..' segments.")
    try:
        size_bytes = len(key.encode())
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise Malformed("An object key is UTF-8.") from error
    if size_bytes > MAX_KEY_BYTES:
        raise Malformed(f"An object key has at most {MAX_KEY_BYTES} bytes.")
    return key


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store tells of a blob without reading it. etag changes with the content; it is not quoted."""

    bucket: str
    key: str
    etag: str
    size_bytes: int
    modified_at: datetime


class ObjectStore(Protocol):
    """Keeps blobs under keys such as "images/0190….jpg". Safe from many threads and processes."""

    @property
    def bucket(self) -> str:
        """The bucket's name, as its events tell it."""

    def put(self, key: str, data: bytes, *, media_type: str, sha256: str) -> None:
        """
        Store data under key, all of it or nothing; a second put replaces the first. sha256 is data's, in hex.

        Raises:
            Unavailable: the store is away or, as StorageFull, has no room; no part of data can be read under key.
            Malformed: the key is empty, absolute, over 1,024 bytes, or has an empty, "." or ".." segment or a NUL.
        """

    def get(
        self,
        key: str,
        *,
        sha256: str | None = None,
        etag: str | None = None,
        max_bytes: int | None = None,
    ) -> bytes:
        """
        Return exactly what was put under key: with these bytes, this version, at most so much, where that is said.

        Raises:
            NotFound: nothing is stored under key, or another version than etag's.
            Damaged: the stored bytes do not have this sha256.
            TooLarge: there are more than max_bytes; not much more than that was read.
            ObjectRefused: the store answers and refuses this one object, with its reason.
            Unavailable: the store is away.
            Malformed: as for put.
        """

    def open(
        self, key: str, *, size_bytes: int, first: int = 0, last: int | None = None
    ) -> IO[bytes]:
        """
        Open a blob of size_bytes at byte first, for reading up to byte last; None is the end.

        The file can be sought in and may hold more behind last. The caller closes it, soon: it may
        occupy room of the temporary folder.

        Raises:
            Damaged: the blob has another size.
            NotFound, Unavailable, Malformed: as get; Unavailable also while others occupy that room.
        """

    def stat(self, key: str) -> StoredObject:
        """
        Tell what is stored under key without reading it.

        Raises NotFound, ObjectRefused, Unavailable and Malformed as get does.
        """

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """
        Tell of everything whose key begins with prefix, in the store's own order, a page at a time.

        A listing after a key that an earlier one gave goes on behind it. Keys that put would not take are left out.
        prefix is empty or ends in "/". Raises Unavailable, while it is iterated.
        """

    def delete(self, key: str) -> None:
        """
        Forget key; forgetting what is not there is no error.

        Raises ObjectRefused as get does, Unavailable and Malformed as put does.
        """

    def remove_leftovers(self, *, before: datetime) -> int:
        """
        Remove what puts that were killed before a moment left behind; return how many files.

        Raises Unavailable.
        """

    def ping(self) -> None:
        """Raise Unavailable unless the store can be read now."""
