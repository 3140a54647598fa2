"""Reads a request's query strictly."""

from collections.abc import Callable
from math import isfinite
from typing import Any

from flask import Request

from circles.domain.errors import Malformed


def read_query(request: Request, **parsers: Callable[[str], Any]) -> dict[str, Any]:
    """
    Parse the query's parameters.

    Raises Malformed for unknown and repeated ones, and for values that do not parse.
    """
    values = {}
    for name, texts in request.args.lists():
        if name not in parsers:
            known = ", ".join(parsers) or "none"
            raise Malformed(f"There is no query parameter {name[:50]!r} here; known: {known}.")
        if len(texts) > 1:
            raise Malformed(f"The query parameter {name!r} is given twice.")
        try:
            values[name] = parsers[name](texts[0])
        except ValueError as error:
            raise Malformed(f"The query parameter {name!r} {error}.") from error
    return values


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser of these words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def short_text(most: int) -> Callable[[str], str]:
    """Return a parser of 1 to most characters."""

    def parse(text: str) -> str:
        if not 0 < len(text) <= most:
            raise ValueError(f"must have 1 to {most} characters")
        return text

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a parser of finite numbers within low..high."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not (isfinite(value) and low <= value <= high):
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return value

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within low..high."""

    def parse(text: str) -> int:
        if not (
            text.isascii() and text.isdecimal() and len(text) < 10 and low <= int(text) <= high
        ):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse
