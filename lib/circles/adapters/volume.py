"""What adapters that keep files need of a volume: its free space, and names that last."""

import os
from pathlib import Path


def free_bytes(folder: Path) -> int:
    """Return how many bytes this user may still write to the folder's volume. Raises OSError."""
    volume = os.statvfs(folder)
    return volume.f_bavail * volume.f_frsize


def make_folder(folder: Path) -> None:
    """Make a folder and its parents where they are missing, durably. Raises OSError."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (POSIX: a name lies in its folder's own data). Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
