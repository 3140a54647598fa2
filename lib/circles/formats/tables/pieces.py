"""Join small pieces of an export to blocks."""

from collections.abc import Iterable, Iterator

BLOCK_BYTES = 64 * 1024
"""Sending a block costs the server a lock and a system call."""


def join_pieces(pieces: Iterable[str | bytes]) -> Iterator[bytes]:
    """Yield blocks of at least BLOCK_BYTES, and the rest. Text becomes UTF-8."""
    block = bytearray()
    for piece in pieces:
        block += piece.encode() if isinstance(piece, str) else piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
