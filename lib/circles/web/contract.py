"""Serve the contract, openapi.json."""

import json
import re
from functools import cache
from pathlib import Path

from circles.version import read_version

_OPENAPI = Path(__file__).with_name("openapi.json")


@cache
def contract() -> bytes:
    """Return the document with the version of this installation."""
    document = json.loads(_OPENAPI.read_bytes())
    document["info"]["version"] = read_version()
    return json.dumps(document, ensure_ascii=False).encode()


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
