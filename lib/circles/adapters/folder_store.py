"""Store blobs in a local folder: the embedded default."""

import errno
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from circles.adapters.volume import free_bytes, make_folder, sync_folder
from circles.domain.blobs import StoredObject, check_key
from circles.domain.errors import (
    Damaged,
    Malformed,
    NotFound,
    ObjectRefused,
    StorageFull,
    TooLarge,
    Unavailable,
)

_PART = re.compile(r"\.\w{8}\.part")
"""Name of an unfinished put."""


class FolderStore:
    """
    Stores blobs under root; keys are relative paths.

    A put is atomic and durable (fsync, rename, fsync of the folder).
    """

    def __init__(self, root: Path, *, keep_free_bytes: int = 0) -> None:
        self._root = root
        self._keep_free_bytes = keep_free_bytes
        self.bucket = root.name

    def put(self, key: str, data: bytes, *, media_type: str, sha256: str) -> None:
        self._put(key, iter([data]), len(data))

    def put_blocks(self, key: str, blocks: Iterator[bytes], *, media_type: str) -> None:
        self._put(key, self._leave_free(blocks), 0)

    def _leave_free(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield blocks while the volume has room for them."""
        for block in blocks:
            self._check_room(self._root, len(block))
            yield block

    def _check_room(self, folder: Path, size_bytes: int) -> None:
        if self._keep_free_bytes and free_bytes(folder) < self._keep_free_bytes + size_bytes:
            raise OSError(errno.ENOSPC, "the rest is kept free")

    def _put(self, key: str, blocks: Iterator[bytes], size_bytes: int) -> None:
        path = self._path(key)
        try:
            make_folder(path.parent)
            self._check_room(path.parent, size_bytes)
            _write_whole(path, blocks)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(
                    "The object store is full. Delete images or enlarge it."
                ) from error
            raise Unavailable("The object store cannot take the picture now.") from error

    def get(
        self,
        key: str,
        *,
        sha256: str | None = None,
        etag: str | None = None,
        max_bytes: int | None = None,
    ) -> bytes:
        with _faults_named(), open(self._path(key), "rb") as file:
            if etag and _etag(os.fstat(file.fileno())) != etag:
                raise NotFound("The stored picture was replaced.")
            data = file.read() if max_bytes is None else file.read(max_bytes + 1)
        if max_bytes is not None and len(data) > max_bytes:
            raise TooLarge(f"The picture is too large; at most {max_bytes:,} bytes are taken.")
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged("The stored picture is not the one that was uploaded.")
        return data

    def open(
        self, key: str, *, size_bytes: int, first: int = 0, last: int | None = None
    ) -> IO[bytes]:
        with _faults_named():
            file = self._path(key).open("rb")
            if os.fstat(file.fileno()).st_size != size_bytes:
                file.close()
                raise Damaged("The stored picture is not the one that was uploaded.")
            file.seek(first)
        return file

    def stat(self, key: str) -> StoredObject:
        path = self._path(key)
        with _faults_named():
            return self._object(key, path.stat())

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        for key in _keys(self._root / prefix, prefix, after or ""):
            try:
                check_key(key)
                yield self.stat(key)
            except (Malformed, NotFound):
                continue  # an invalid name from another program, or deleted since the scan

    def _object(self, key: str, facts: os.stat_result) -> StoredObject:
        if not stat.S_ISREG(facts.st_mode):
            raise NotFound("The stored picture is gone.")
        modified_at = datetime.fromtimestamp(facts.st_mtime, UTC)
        return StoredObject(self.bucket, key, _etag(facts), facts.st_size, modified_at)

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except (IsADirectoryError, NotADirectoryError):
            return  # no such key
        except PermissionError as error:
            raise ObjectRefused("The object store does not let this picture be deleted.") from error
        except OSError as error:
            raise Unavailable("The object store cannot be written now.") from error

    def remove_leftovers(self, *, before: datetime) -> int:
        removed = 0
        for folder, _, names in os.walk(self._root):
            for path in (Path(folder, name) for name in names if _PART.fullmatch(name)):
                with suppress(OSError):  # another process removed it, or we lack the permission
                    if path.stat().st_mtime < before.timestamp():
                        path.unlink()
                        removed += 1
        return removed

    def ping(self) -> None:
        try:
            make_folder(self._root)
            os.stat(self._root)
        except OSError as error:
            raise Unavailable("The object store cannot be read now.") from error

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)


def _etag(facts: os.stat_result) -> str:
    """Return an ETag that changes with the content. A copy with its times keeps it."""
    return f"{facts.st_mtime_ns:x}-{facts.st_size:x}"


def _keys(folder: Path, prefix: str, after: str) -> Iterator[str]:
    """Return the keys of files in folder after a key. The order is UTF-8, as in S3."""
    try:
        with os.scandir(folder) as entries:
            found = {
                entry.name + "/" * entry.is_dir(follow_symlinks=False): entry for entry in entries
            }
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        if prefix and isinstance(error, PermissionError):
            return  # a folder that only another program may read
        raise Unavailable("The object store cannot be read now.") from error
    for name, entry in sorted(found.items()):
        key = prefix + name
        if name.endswith("/"):
            if key > after or after.startswith(key):
                yield from _keys(folder / name, key, after)
        elif key > after and entry.is_file(follow_symlinks=False) and not _PART.fullmatch(name):
            yield key


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound("The stored picture is gone.") from error
    except PermissionError as error:
        raise ObjectRefused("The object store does not let this picture be read.") from error
    except OSError as error:
        raise Unavailable("The object store cannot be read now.") from error


def _write_whole(path: Path, blocks: Iterator[bytes]) -> None:
    """Write a file atomically. A crash leaves path unchanged and at most a ".part" file."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # see _PART
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


if TYPE_CHECKING:
    from circles.domain.blobs import ObjectStore

    _: type[ObjectStore] = FolderStore
