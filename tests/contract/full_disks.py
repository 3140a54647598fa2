"""Disks with no room: a tiny file system where this process may mount one, and a limit on file sizes everywhere."""

import subprocess
from contextlib import contextmanager

import pytest

LIMIT_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))\n"
"""To begin a script with: no file of that process gets larger than so many bytes."""


@contextmanager
def tiny_disk(folder, size_bytes):
    """A file system of so many bytes at folder. Skips the test where mounting is not allowed."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
