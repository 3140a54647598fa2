"""How memory is given back: glibc keeps large freed blocks for later, which counts as used."""

import ctypes
import threading

_M_MMAP_THRESHOLD = -3
_MAPPED_FROM_BYTES = 8 * 1024 * 1024
"""
Blocks from this size on get a mapping of their own, which ends with them (mallopt(3)).

From 1 MiB on as little is kept, but detection takes twice the CPU time: every mapping begins with
empty pages.
"""
_once = threading.Lock()


def return_freed_memory() -> None:
    """Keep glibc from raising its threshold with every block; other C libraries need nothing."""
    if _once.acquire(blocking=False):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM_BYTES)


def return_free_pages() -> None:
    """Give back now what lies free between blocks, such as what loading has left (glibc only)."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)
