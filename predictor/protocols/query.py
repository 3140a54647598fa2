"""Read the parameters of a request. A value that is not a number in its range is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from predictor.errors import Refusal


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    Parameters of the detection. None means the default of the server.

    min_score: drop circles with a lower score, 0..1.
    max_objects: limit of circles for one picture, from 1.
    """

    min_score: float | None = None
    max_objects: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """The encoded pictures of a request, in order, and its parameters."""

    pictures: Sequence[bytes]
    parameters: Parameters


def read_json_parameters(given: Any, *, max_objects: int, known_only: bool = True) -> Parameters:
    """
    Read the parameters of a parsed JSON body. null counts as absent.

    Args:
        given: the value of "parameters".
        max_objects: the highest max_objects that a request may set.
        known_only: refuse other names, as for V1. V2 keeps this object open to extensions.
    """
    if given is None:
        return Parameters()
    if not isinstance(given, dict):
        raise Refusal(400, "'parameters' must be an object.")
    if known_only:
        _refuse_unknown(given)
    return Parameters(
        _check_min_score(given.get("min_score")),
        _check_max_objects(given.get("max_objects"), max_objects),
    )


def read_url_parameters(given: Mapping[str, str], *, max_objects: int) -> Parameters:
    """Read the parameters of a query string, which V1 uses with a raw body."""
    _refuse_unknown(given)
    numbers = {name: _parse_number(name, text) for name, text in given.items()}
    return read_json_parameters(numbers, max_objects=max_objects)


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    if set(given) - {"min_score", "max_objects"}:
        raise Refusal(400, "Unknown parameter: use 'min_score' and 'max_objects'.")


def _parse_number(name: str, text: str) -> float | int | None:
    try:
        return int(text) if name == "max_objects" else float(text)
    except ValueError:
        message = "Query parameters must be numbers: 'min_score' (0..1) and 'max_objects'."
        raise Refusal(400, message) from None


def _check_min_score(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refusal(400, "'min_score' must be a number from 0 to 1.")
    return float(value)


def _check_max_objects(value: Any, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Refusal(400, f"'max_objects' must be a whole number from 1 to {most}.")
    return value
