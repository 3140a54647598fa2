"""
Read tensors of encoded pictures from JSON and from bytes.

BYTES [n] (any shape of n elements) holds n pictures. UINT8 [n] or [1, n] holds the n bytes of one.
Binary form: the binary tensor data extension (kserve/website
.../v2-protocol/binary-tensor-data-extension.md), where a BYTES element is a 4-byte little-endian
length and that number of bytes. JSON form of BYTES: base64 text, as in KServe's own samples.
"""

import math
import struct
from collections.abc import Iterator
from typing import Any

from predictor.errors import Refusal
from predictor.protocols.json_body import decode_base64

MAX_DIMENSIONS = 8
LENGTH = struct.Struct("<I")


def read_json(datatype: str, shape: list[int], data: Any, *, max_pictures: int) -> list[bytes]:
    """Read the pictures of a tensor with its data in JSON, flat or nested row by row."""
    flat = _flatten(data, depth=len(shape))
    if len(flat) != math.prod(shape):
        message = "The tensor's 'data' does not have as many elements as its 'shape' says."
        raise Refusal(400, message)
    if datatype == "UINT8":
        return [_to_bytes(flat)]
    _check_count(len(flat), max_pictures)
    return [decode_base64(each, where="An element of the BYTES tensor") for each in flat]


def read_binary(
    datatype: str, shape: list[int], data: memoryview, *, max_pictures: int
) -> list[bytes]:
    """Read the pictures of a tensor with its data behind the JSON. Every size in it is checked."""
    count = math.prod(shape)
    if datatype == "UINT8":
        if len(data) != count:
            raise Refusal(400, "'binary_data_size' of the UINT8 tensor does not match its 'shape'.")
        return [bytes(data)]
    _check_count(count, max_pictures)
    pictures = list(_split_elements(data))
    if len(pictures) != count:
        raise Refusal(400, "The BYTES tensor does not have as many elements as its 'shape' says.")
    return pictures


def write_binary(elements: list[bytes]) -> bytes:
    """Write the data of a BYTES tensor."""
    return b"".join(LENGTH.pack(len(each)) + each for each in elements)


def check_tensor(datatype: Any, shape: Any) -> None:
    """Raise Refusal 400 unless the tensor is of one of the two kinds above."""
    if not isinstance(shape, list) or not 1 <= len(shape) <= MAX_DIMENSIONS:
        message = f"The tensor's 'shape' must be a list of 1 to {MAX_DIMENSIONS} whole numbers."
        raise Refusal(400, message)
    if not all(type(size) is int and size >= 0 for size in shape):
        raise Refusal(400, "The tensor's 'shape' must be a list of whole numbers.")
    if datatype not in ("BYTES", "UINT8"):
        raise Refusal(
            400,
            "The tensor's 'datatype' must be BYTES (encoded pictures) or UINT8 (the bytes of one).",
        )
    if datatype == "UINT8" and math.prod(shape) != shape[-1]:
        raise Refusal(
            400,
            "A UINT8 tensor holds the bytes of one encoded picture: its shape is [n] or [1, n].",
        )


def _check_count(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise Refusal(400, f"A request must hold from 1 to {most} pictures.")


def _split_elements(data: memoryview) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at + LENGTH.size
        if start > len(data):
            raise Refusal(400, "The BYTES tensor ends inside the length of an element.")
        at = start + LENGTH.unpack_from(data, at)[0]
        if at > len(data):
            raise Refusal(400, "An element of the BYTES tensor is longer than the tensor.")
        yield bytes(data[start:at])


def _flatten(data: Any, *, depth: int) -> list[Any]:
    """Flatten lists down to depth. Deeper ones stay, so that deep nesting does not cost time."""
    if not isinstance(data, list):
        raise Refusal(400, "The tensor needs 'data', a list.")
    flat: list[Any] = data
    for _ in range(depth - 1):
        if not any(isinstance(each, list) for each in flat):
            break
        flat = [inner for each in flat for inner in (each if isinstance(each, list) else [each])]
    return flat


def _to_bytes(numbers: list[Any]) -> bytes:
    try:
        return bytes(numbers)
    except (TypeError, ValueError):
        message = "The elements of a UINT8 tensor must be whole numbers from 0 to 255."
        raise Refusal(400, message) from None
