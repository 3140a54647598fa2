"""Read a dataclass of settings from variables; one field is one variable."""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import Annotated, Any, get_origin, get_type_hints

PREFIX = "CIRCLES_"

_ECOSYSTEM = ("HOST", "PORT", "FUNCTION_SOURCE", "FUNCTION_TARGET", "K_SINK", "K_CE_OVERRIDES")
"""Variables named by functions-framework and Knative, so without our prefix."""

CLIENT_VARIABLES = ("CIRCLES_URL", "CIRCLES_TOKEN")
"""Variables of the command line, which the server ignores."""

_SERVICE_LINK = re.compile(
    r"_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$"
)
"""Kubernetes sets such variables in every pod for each Service, also for circles-…
(enableServiceLinks)."""


class SettingsError(Exception):
    """The environment is invalid. The message names every wrong variable."""


def variable_of(field: Field[Any]) -> str:
    """Return the name of a field's variable."""
    name = field.name.upper()
    return name if name in _ECOSYSTEM else PREFIX + name


def read_variables(kind: type, env: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """
    Return the values of the variables that are not empty, and what is wrong with others.

    A value of a field that repr hides is not in an error either.
    """
    hints = get_type_hints(kind, include_extras=True)
    values: dict[str, Any] = {}
    errors = _strays(env, {variable_of(field) for field in fields(kind)})
    for field in fields(kind):
        if text := env.get(variable_of(field), ""):
            try:
                values[field.name] = _parser(hints[field.name])(text)
            except ValueError as error:
                shown = repr(text) if field.repr else "…"
                errors.append(f"{variable_of(field)}={shown}: {error}")
    return values, errors


def _strays(env: Mapping[str, str], known: set[str]) -> list[str]:
    """
    Return an error for each variable that has our prefix but is not a setting (probably a typo).

    Kubernetes service links are ignored, and what the command line reads in the same terminal.
    """
    strange = [name for name in env if name.startswith(PREFIX) and name not in known]
    return [
        f"{name} is not a setting"
        for name in strange
        if name not in CLIENT_VARIABLES and not _SERVICE_LINK.search(name)
    ]


def _parser(hint: Any) -> Callable[[str], Any]:
    """Return a field's parser: the one annotated, or the type itself."""
    found: Callable[[str], Any] = hint.__metadata__[0] if get_origin(hint) is Annotated else hint
    return found
