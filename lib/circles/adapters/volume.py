"""Measure a volume's free space, and create folders durably."""

import os
from pathlib import Path


def free_bytes(folder: Path) -> int:
    """Return the bytes this user may still write to the volume. Raises OSError."""
    volume = os.statvfs(folder)
    return volume.f_bavail * volume.f_frsize


def make_folder(folder: Path) -> None:
    """Create a folder and missing parents durably. Raises OSError."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's names durable (POSIX: the folder's data holds them). Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
