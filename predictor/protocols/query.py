"""What a request asks. Its two knobs are read strictly: what is not a number in range is refused, never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from predictor.errors import Refusal


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    What a request asks of the detector; None leaves it to the server.

    min_score: drop circles that score lower, 0..1. max_objects: at most so many per picture, from 1.
    """

    min_score: float | None = None
    max_objects: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What a request asks: its encoded pictures, in order, and what it wants of them."""

    pictures: Sequence[bytes]
    parameters: Parameters


def from_json(given: Any, *, max_objects: int, known_only: bool = True) -> Parameters:
    """
    Read Parameters from a decoded JSON object; null and absence are the same.

    Args:
        given: what stood under "parameters".
        max_objects: the most that may be asked for.
        known_only: refuse other names (V1); V2 leaves its object open to extensions, so there they pass.
    """
    if given is None:
        return Parameters()
    if not isinstance(given, dict):
        raise Refusal(400, "'parameters' must be an object.")
    if known_only:
        _refuse_unknown(given)
    return Parameters(_min_score(given.get("min_score")), _max_objects(given.get("max_objects"), max_objects))


def from_query(given: Mapping[str, str], *, max_objects: int) -> Parameters:
    """Read Parameters from a query string (V1 with a raw body, which has no other place for them)."""
    _refuse_unknown(given)
    return from_json({name: _number(name, text) for name, text in given.items()}, max_objects=max_objects)


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    if set(given) - {"min_score", "max_objects"}:
        raise Refusal(400, "Unknown parameter: there are 'min_score' and 'max_objects'.")


def _number(name: str, text: str) -> float | int | None:
    try:
        return int(text) if name == "max_objects" else float(text)
    except ValueError:
        raise Refusal(400, "Query parameters must be numbers: 'min_score' (0..1) and 'max_objects'.") from None


def _min_score(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refusal(400, "'min_score' must be a number from 0 to 1.")
    return float(value)


def _max_objects(value: Any, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Refusal(400, f"'max_objects' must be a whole number from 1 to {most}.")
    return value
