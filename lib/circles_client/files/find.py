"""Find the files to send: named ones, those of folders, and patterns."""

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .gif .bmp .dib .tif .tiff .heic .heif .hif .avif".split()
)
"""Names of pictures that the API takes. Only in folders do they decide what is sent."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to send, or why it cannot be sent."""

    path: Path
    error: str | None = None


def find_files(given: Iterable[str], *, recursive: bool) -> Iterator[Found]:
    """
    Yield each file once, in the order of the arguments, sorted within a folder.

    A file that is named is always taken; of a folder only visible files with a picture's suffix
    are, and those of its subfolders with recursive. A pattern (*, ?, [ ]) that no file is named
    like is expanded here, ** too, for shells that do not.
    """
    seen: set[Path] = set()
    for argument in given:
        for found in _expand(argument, recursive):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def is_picture_name(name: str) -> bool:
    """Tell whether a file of this name in a folder would be sent."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES


def _expand(argument: str, recursive: bool) -> Iterator[Found]:
    if os.path.lexists(argument) or not glob.has_magic(argument):
        yield from _walk(argument, recursive) if os.path.isdir(argument) else [_check(argument)]
        return
    matches = sorted(glob.glob(argument, recursive=True))
    for match in matches:
        if os.path.isfile(match):
            yield _check(match)
    if not matches:
        yield Found(Path(argument), "no file is named like this pattern")


def _check(name: str) -> Found:
    try:
        status = os.stat(name)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        return Found(Path(name), getattr(error, "strerror", None) or "not a name of a file")
    if not stat.S_ISREG(status.st_mode):
        return Found(Path(name), "not a file")
    return Found(Path(name), None if status.st_size else "the file is empty")


def _walk(folder: str, recursive: bool) -> Iterator[Found]:
    """Follow links to folders too, but into each folder once, so that a loop ends."""
    visited: set[tuple[int, int]] = set()
    _is_new(folder, "", visited)
    errors: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=errors.append, followlinks=True):
        yield from _report(errors)
        folders[:] = sorted(
            each for each in folders
            if recursive and not each.startswith(".") and _is_new(place, each, visited)
        )  # fmt: skip
        for name in sorted(filter(is_picture_name, names)):
            yield _check(os.path.join(place, name))
    yield from _report(errors)


def _report(errors: list[OSError]) -> Iterator[Found]:
    while errors:
        error = errors.pop()
        yield Found(Path(os.fsdecode(error.filename)), error.strerror)


def _is_new(place: str, folder: str, visited: set[tuple[int, int]]) -> bool:
    try:
        status = os.stat(os.path.join(place, folder))
    except OSError:
        return False
    identity = (status.st_dev, status.st_ino)
    if identity in visited:
        return False
    visited.add(identity)
    return True
