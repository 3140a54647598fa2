"""ObjectStore in a folder of the local file system: the embedded default."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from circles.errors import Damaged, NotFound, Unavailable
from circles.keys import check_key


class FolderStore:
    """Keys are relative paths below root. A put is complete on disk (fsync, rename, fsync of the folder) or absent."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes, *, media_type: str, sha256: str) -> None:
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, data)
        except OSError as error:
            raise Unavailable("The object store cannot take the picture now.") from error

    def get(self, key: str, *, sha256: str) -> bytes:
        try:
            data = self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound("The stored picture is gone.") from error
        except OSError as error:
            raise Unavailable("The object store cannot be read now.") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged("The stored picture is not the one that was uploaded.")
        return data

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except (IsADirectoryError, NotADirectoryError):
            return  # no such key
        except OSError as error:
            raise Unavailable("The object store cannot be written now.") from error

    def ping(self) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            os.stat(self._root)
        except OSError as error:
            raise Unavailable("The object store cannot be read now.") from error

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside path and rename over it. A crash leaves path as it was and at most a ".part" file."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    _fsync_folder(path.parent)


def _fsync_folder(folder: Path) -> None:
    """Make the rename itself durable (POSIX: a new name lives in its folder's own data)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


if TYPE_CHECKING:
    from circles.ports import ObjectStore

    _: type[ObjectStore] = FolderStore
