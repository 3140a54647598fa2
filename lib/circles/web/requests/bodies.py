"""Read JSON bodies strictly."""

import json
from collections.abc import Collection
from math import isfinite
from typing import Any

from flask import Request

from circles.domain.errors import Malformed, TooLarge
from circles.domain.identifiers import parse_id
from circles.web.requests.uploads import check_encoding, read_body

MAX_BYTES = 1024**2
"""Of a JSON document. It takes up to 25 times as much when it is parsed: "{}," is a dict."""

MAX_NUMBER = 1e9
"""No pixel and no millimetre is further away."""


def has_body(request: Request) -> bool:
    """Return whether a request comes with a body, which may be chunked."""
    return bool(request.content_length) or "HTTP_TRANSFER_ENCODING" in request.environ


def read_object(request: Request) -> dict[str, Any]:
    """
    Return the JSON object of a body.

    Raises Malformed, TooLarge, UnsupportedEncoding.
    """
    check_encoding(request)
    _check_size(request.content_length or 0)
    request.max_content_length = MAX_BYTES + 1  # of a chunked body no more is read
    body = read_body(request)
    _check_size(len(body))
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error
    if not isinstance(document, dict):
        raise Malformed("The body is not a JSON object.")
    return document


def check_names(document: Any, names: Collection[str], what: str) -> dict[str, Any]:
    """Return a JSON object that has no other names. Raises Malformed."""
    if not isinstance(document, dict):
        raise Malformed(f"{what} is not a JSON object.")
    if unknown := sorted(set(document) - set(names)):
        raise Malformed(f"{what} has no field {unknown[0][:50]!r}; known: {', '.join(names)}.")
    return document


def read_number(value: Any, what: str, *, above: float | None = None) -> float:
    """Return a finite number of at most MAX_NUMBER, above a limit. Raises Malformed."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"{what} is not a number.")
    if not abs(value) <= MAX_NUMBER or not isfinite(value):
        raise Malformed(f"{what} is out of range.")
    if above is not None and value <= above:
        raise Malformed(f"{what} must be above {above:g}.")
    return float(value)


def read_id(value: Any, what: str) -> str:
    """Return an id in canonical form. Raises Malformed."""
    if not isinstance(value, str):
        raise Malformed(f"{what} is not an id.")
    return parse_id(value)


def _check_size(size_bytes: int) -> None:
    if size_bytes > MAX_BYTES:
        raise TooLarge(f"The body is too large; at most {MAX_BYTES:,} bytes are taken here.")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
