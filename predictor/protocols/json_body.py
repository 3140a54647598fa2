"""Read JSON bodies with base64 in them, as TensorFlow Serving and KServe write bytes."""

import base64
import binascii
from typing import Any

import orjson

from predictor.errors import Refusal

LINE_BREAKS = str.maketrans("", "", "\r\n")


def parse_object(body: bytes | memoryview) -> dict[str, Any]:
    """Parse a JSON object. Raises Refusal 400 for anything else, including NaN and Infinity."""
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
        joined = text.translate(LINE_BREAKS) if "\n" in text else text
        return base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, f"{where} is not valid base64.") from None
