"""Stored blobs, their keys, and the object store's port."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from circles.domain.errors import Malformed

MAX_KEY_BYTES = 1024
"""Amazon S3 User Guide, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8."""


def check_key(key: str) -> str:
    """
    Return a valid key, unchanged.

    Raises Malformed if it is absolute, not UTF-8, too long, or has an empty, "." or ".." segment or
    a NUL.
    """
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
    """Describes a blob without its content. etag changes with the content; it is not quoted."""

    bucket: str
    key: str
    etag: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class UploadForm:
    """
    A form with which a client puts one object into the store, past this service.

    The client posts fields and then the file, as multipart/form-data, to url before expires_at.
    """

    url: str
    key: str
    fields: Mapping[str, str]
    expires_at: datetime
    max_bytes: int


class UploadForms(Protocol):
    """Signs forms. Nothing is stored, and nothing is called."""

    def sign(self, key: str, *, expires_at: datetime, max_bytes: int) -> UploadForm:
        """
        Return a form for one object of 1 to max_bytes bytes.

        Raises Malformed as check_key does.
        """


class ObjectStore(Protocol):
    """Stores blobs under keys such as "images/0190….jpg". Safe from many threads and processes."""

    @property
    def bucket(self) -> str:
        """Return the bucket's name, as in its notifications."""

    def put(self, key: str, data: bytes, *, media_type: str, sha256: str) -> None:
        """
        Store data under key atomically.

        A second put replaces the first. sha256 is that of data, in hex.

        Raises:
            Unavailable: the store is unavailable or full (StorageFull); no part of data can be
                read under key.
            Malformed: as for check_key.
        """

    def put_blocks(self, key: str, blocks: Iterator[bytes], *, media_type: str) -> None:
        """
        Store blocks under key atomically, in bounded memory, whatever their total.

        An exception of blocks is raised again. Then, and where the process ends, no part can be
        read under key. Raises Unavailable and Malformed as put does.
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
        Return the bytes under key, optionally checked against sha256, etag and max_bytes.

        Raises:
            NotFound: nothing is stored under key, or a version other than etag.
            Damaged: the stored bytes do not have this sha256.
            TooLarge: there are more than max_bytes; little more than that was read.
            ObjectRefused: the store answers and refuses this one object, with its reason.
            Unavailable: the store is unavailable.
            Malformed: as for put.
        """

    def open(
        self, key: str, *, size_bytes: int, first: int = 0, last: int | None = None
    ) -> IO[bytes]:
        """
        Open a blob of size_bytes for reading bytes first to last.

        last is inclusive; None is the end. The file is seekable and may hold more after last.
        The caller closes it soon, because it may use space in the temporary folder.

        Raises:
            Damaged: the blob has another size.
            NotFound, Unavailable, Malformed: as get; Unavailable also while that space is used up.
        """

    def stat(self, key: str) -> StoredObject:
        """
        Return what is stored under key, without its content.

        Raises NotFound, ObjectRefused, Unavailable and Malformed as get does.
        """

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """
        List the blobs whose key begins with prefix.

        They come in the store's own order, a page at a time. prefix is empty or ends in "/".
        after, a key of an earlier listing, continues behind that key.
        Keys that put would reject are left out. Raises Unavailable during iteration.
        """

    def delete(self, key: str) -> None:
        """
        Delete a blob. A missing blob is not an error.

        Raises ObjectRefused as get does, Unavailable and Malformed as put does.
        """

    def remove_leftovers(self, *, before: datetime) -> int:
        """
        Remove the leftovers of puts killed before a time.

        Returns the number of files.         Raises Unavailable.
        """

    def ping(self) -> None:
        """Raise Unavailable unless the store can be read now."""
