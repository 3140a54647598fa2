"""Read JSON bodies with base64 in them, as TensorFlow Serving and KServe write bytes."""

import base64
import binascii
import re
from typing import Any

import orjson

from predictor.errors import Refusal

MAX_TOKENS = 500_000
"""Brackets, colons and commas of a body: a picture as base64 needs a few, as numbers one a byte."""
_TOKEN_BYTES = 80
"""The most that a token costs as a Python object: a dictionary with one entry has three."""
_BYTES_PER_BYTE = 24
"""The most that a byte of JSON costs so: three bytes can be an empty list."""

_TEXT_BYTES = 2
"""What a byte of a text costs: as a Python string, and as the bytes in base64."""
_WIDE_TEXT_BYTES = 4
"""The same where the text has escapes or is not ASCII: a string takes up to four a character."""
_JSON = re.compile(rb"\s*[{\[]")

LINE_BREAKS = str.maketrans("", "", "\r\n")


def estimate_parsing_bytes(body: bytes) -> int:
    """Return what parsing takes beside the body: its texts, their bytes, and objects."""
    if not _JSON.match(body):
        return 0
    text_bytes = _TEXT_BYTES if body.isascii() and b"\\" not in body else _WIDE_TEXT_BYTES
    return text_bytes * len(body) + min(_BYTES_PER_BYTE * len(body), _TOKEN_BYTES * MAX_TOKENS)


def parse_object(body: bytes | memoryview) -> dict[str, Any]:
    """
    Parse a JSON object.

    Raises Refusal 400 for anything else, including NaN and Infinity, and 413 before parsing what
    would become far more objects than a picture needs.
    """
    text = bytes(body)
    if sum(text.count(token) for token in (b"[", b"{", b",", b":")) > MAX_TOKENS:
        raise Refusal(
            413, "The JSON has too many values: send the picture as base64, or as the body itself."
        )
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(400, "The body is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise Refusal(400, "The JSON body must be an object.")
    return parsed


def decode_base64(text: Any, *, where: str) -> bytes:
    """
    Decode standard base64 (RFC 4648, section 4).

    It may be wrapped in lines, as the base64 command does. Raises Refusal 400, which names where,
    for other types, other characters and wrong padding.
    """
    if not isinstance(text, str):
        raise Refusal(400, f"{where} must be a base64 string.")
    try:
        text.encode("ascii")  # before another copy is made of it
        joined = text.translate(LINE_BREAKS) if "\n" in text else text
        return base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, f"{where} is not valid base64.") from None
