"""
Pack the page into a folder for the gateway: python console/pack.py FOLDER.

Scripts and styles lose comments, white space and long local names. Beside each file is what Caddy's
file_server sends instead of it: NAME.br, NAME.gz, and the ETag of each of the three in NAME.etag.
"""

import gzip
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import brotli

try:
    import minify
except ImportError:  # it has no wheel for Apple silicon: there, the page is only compressed
    minify = None

SOURCE = Path(__file__).parent
SHORTENED = {".js": "text/javascript", ".css": "text/css"}
"""Media types of what is shortened, by suffix."""

COMPRESSED = {*SHORTENED, ".html", ".svg"}
LIBRARIES = "vendor"
"""The folder of scripts that are short already, with their licences in comments."""


def main() -> None:
    target = Path(sys.argv[1])
    files = {target / name: content for name, content in pack()}
    for path, content in files.items():
        write(path, content)
    for path in target.rglob("*"):
        if path.is_file() and path not in files:
            path.unlink()


def pack() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of the packed page."""
    for path in sorted(SOURCE.glob("[a-z]*/*")):  # not the caches of tools
        for name, content in forms(path):
            yield name, content
            yield f"{name}.etag", etag(content)


def forms(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a file as name and content: as it is and, if it is text, compressed."""
    name, content = path.relative_to(SOURCE).as_posix(), shorten(path)
    yield name, content
    if path.suffix in COMPRESSED:
        yield f"{name}.br", brotli.compress(content)
        yield f"{name}.gz", gzip.compress(content, mtime=0)


def shorten(path: Path) -> bytes:
    """
    Return a file's content, shortened if it is a script or style of ours.

    Line breaks remain in templates only. Those are markup, and htm drops white space around them.
    """
    if minify is None or path.suffix not in SHORTENED or path.parent.name == LIBRARIES:
        return path.read_bytes()
    short = minify.string(SHORTENED[path.suffix], path.read_text("utf-8"))
    return re.sub(r"\n\s+", "\n", short).encode()


def etag(content: bytes) -> bytes:
    """
    Return an ETag (RFC 9110, section 8.8.3).

    Caddy's own is made of time and size: it would differ between pods and after each restart.
    """
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"'.encode()


def write(path: Path, content: bytes) -> None:
    """Replace a file at once, because a gateway may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


if __name__ == "__main__":
    main()
