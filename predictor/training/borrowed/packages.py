"""
Read pictures inside Debian packages, without installing them.

They are picked by name or cut out of Qt's resource files.
"""

import functools
import re
import subprocess
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_LEAST_BYTES = 15_000
"""Smaller pictures in resource files are icons."""
_WEBP = re.compile(rb"RIFF(....)WEBP", re.DOTALL)
_JPEG = re.compile(rb"\xff\xd8\xff[\xe0\xe1]")


def unpack(package: str, folder: Path) -> Path:
    """
    Download and unpack a Debian package of this system's release.

    It needs apt-get and dpkg-deb, but no root rights.
    """
    target = folder / package
    if not target.is_dir():
        subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        (file,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", file, target], check=True)
    return target


@functools.cache
def _pictures(root: Path) -> tuple[Path, ...]:
    return tuple(
        p for p in root.rglob("*") if p.suffix.lower() in _SUFFIXES and "screenshot" not in p.stem
    )


def pick(root: Path, name: str) -> Path | None:
    """
    Return the smallest picture of that name below root.

    A picture in a folder of that name counts if no file has the name. Without any the result is
    None.
    """
    pictures = _pictures(root)
    named = [p for p in pictures if p.stem == name] or [
        p for p in pictures if f"/{name}/" in str(p)
    ]
    return min(named, key=lambda p: (p.stat().st_size, p), default=None)


def resource_pictures(data: bytes) -> Iterator[tuple[str, bytes]]:
    """
    Yield JPEG and WebP pictures of a Qt resource file (.rcc).

    Each comes with the first eight digits of its SHA-1. The format stores files uncompressed if
    compression would not make them smaller, as with photographs. So a picture can be cut out by
    its own markers.
    """
    for match in _WEBP.finditer(data):
        length = int.from_bytes(match[1], "little") + 8
        yield from _large(data[match.start() : match.start() + length])
    for match in _JPEG.finditer(data):
        yield from _large(data[match.start() : data.find(b"\xff\xd9", match.start()) + 2])


def _large(picture: bytes) -> Iterator[tuple[str, bytes]]:
    if len(picture) >= _LEAST_BYTES:
        yield sha1(picture, usedforsecurity=False).hexdigest()[:8], picture
