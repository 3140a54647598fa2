"""Write files so that a whole one, or none, has the final name."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """
    Yield a file that gets its name when the block ends, and is removed when it raises.

    It lies beside the final one, because only there the rename is atomic. What is not a file, such
    as /dev/null, is written as it is.
    """
    path = path.resolve()  # of a link the file is replaced, not the link
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=".circles-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(number)
        os.chmod(name, 0o666 & ~_umask())  # mkstemp lets only its owner read
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file of these pieces, or none."""
    with replacing(path) as file:
        for piece in pieces:
            file.write(piece)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
