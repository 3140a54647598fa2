"""Serve the contract, openapi.json."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from circles.domain.access.principals import ANY, PUBLIC, SCOPES
from circles.version import read_version

_OPENAPI = Path(__file__).with_name("openapi.json")


@cache
def contract() -> bytes:
    """Return the document with the version of this installation, and what x-scope implies."""
    document = json.loads(_OPENAPI.read_bytes())
    document["info"]["version"] = read_version()
    for _, _, operation in _operations(document):
        if operation["x-scope"] != PUBLIC:
            for status, name in _REFUSALS.items():
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return json.dumps(document, ensure_ascii=False).encode()


_REFUSALS = {"401": "Unauthorized", "403": "Forbidden"}
"""What every route that needs a token may answer."""


@cache
def _scopes() -> dict[tuple[str, str], str]:
    document = json.loads(_OPENAPI.read_bytes())
    return {
        (method.upper(), path): operation.get("x-scope", "")
        for path, method, operation in _operations(document)
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


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
