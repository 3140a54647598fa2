"""Make full disks: tiny file systems or file size limits."""

import subprocess
from contextlib import contextmanager

import pytest

LIMIT_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))\n"
"""First lines of a script: limit the files of its process to this many bytes."""


@contextmanager
def tiny_disk(folder, size_bytes):
    """Mount a file system of this size (bytes) at folder, or skip the test."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", folder],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        # lazily, because a traceback in a captured log may keep a file open
        subprocess.run(["umount", "--lazy", folder], check=True)
