"""Batches: images that a client names together."""

from dataclasses import dataclass
from datetime import datetime

from circles.domain.errors import Malformed

MAX_NAME = 100
_REFUSED = set("/\\\ufffd")
"""The last one stands for bytes that are not UTF-8."""


def parse_batch(text: str) -> str:
    """
    Return the name of a batch, unchanged.

    It is a folder of the bucket's incoming prefix: raises Malformed for a slash, ".", "..", control
    and format characters, and more than 100 characters.
    """
    if not 0 < len(text) <= MAX_NAME or not text.isprintable() or text in (".", ".."):
        raise Malformed(f"A batch has a name of 1 to {MAX_NAME} printable characters.")
    if set(text) & _REFUSED:
        raise Malformed("The name of a batch has no slash, and is UTF-8.")
    return text


@dataclass(frozen=True, slots=True)
class Batch:
    """
    One batch with its images by state.

    revision counts how often it was announced as completed, quiet_at is the last time. open means
    that an image arrived since.
    """

    name: str
    created_at: datetime
    arrived_at: datetime
    revision: int = 0
    open: bool = True
    quiet_at: datetime | None = None
    pending: int = 0
    detected: int = 0
    failed: int = 0
