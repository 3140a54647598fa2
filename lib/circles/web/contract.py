"""Serve the contract, openapi.json."""

import json
import re
from functools import cache
from pathlib import Path

from circles.domain.access.principals import ANY, PUBLIC, SCOPES
from circles.version import read_version

_OPENAPI = Path(__file__).with_name("openapi.json")


@cache
def contract() -> bytes:
    """Return the document with the version of this installation."""
    document = json.loads(_OPENAPI.read_bytes())
    document["info"]["version"] = read_version()
    return json.dumps(document, ensure_ascii=False).encode()


@cache
def _scopes() -> dict[tuple[str, str], str]:
    paths = json.loads(_OPENAPI.read_bytes())["paths"]
    return {
        (method.upper(), path): operation.get("x-scope", "")
        for path, item in paths.items()
        for method, operation in item.items()
        if method != "parameters"
    }


def find_scope(method: str, path: str) -> str:
    """
    Return the scope that a route such as GET /images/<image_id> needs.

    Raises LookupError for a route without one: a function with such a route does not start.
    """
    scope = _scopes().get((method, path.replace("<", "{").replace(">", "}")))
    if scope not in (PUBLIC, ANY, *SCOPES):
        raise LookupError(f"openapi.json names no scope for {method} {path}")
    return scope


def methods(path: str) -> set[str]:
    """
    Return the contract's methods for a path, of all functions.

    A function knows only its own routes: GET /images/ and POST /images/ belong to two functions
    behind one gateway. Other paths have no methods.
    """
    paths = json.loads(contract())["paths"]
    known = {
        method.upper()
        for template, item in paths.items()
        if re.fullmatch(
            re.sub(r"\{\w+\}", "[^/]+", template.rstrip("/") or "/"), path.removesuffix("/") or "/"
        )
        for method in item
        if method != "parameters"
    }
    return known | {"HEAD"} if "GET" in known else known
