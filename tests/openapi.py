"""Check an HTTP response against the OpenAPI contract."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012


def _without_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. Python would keep the last of several values and drop the others."""
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"openapi.json repeats one of {names}"
    return dict(pairs)


CONTRACT: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "lib/circles/web/openapi.json").read_text(),
    object_pairs_hook=_without_repeated_names,
)
_URI = "urn:circles:contract"
_REGISTRY = Registry().with_resource(_URI, DRAFT202012.create_resource(CONTRACT))
_PROBLEM = f"{_URI}#/components/schemas/Problem"
_INSIDE = {"/metrics"}
"""Paths that a function serves but the gateway does not."""
_ANYWHERE = {404, 405}
"""Statuses that the contract promises for paths and methods it does not list."""
_ANY_ROUTE = {400, 401, 403, 408, 413, 429, 431, 501, 503}
"""Statuses that the contract promises for every route, listed there or not."""


def check_answer(
    method: str,
    path: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    function: str | None = None,
) -> None:
    """
    Raise AssertionError for a response that violates the contract.

    Args:
        method, path: of the request; path as it was sent, without the query.
        headers: of the response, in any case.
        body: of the response, decoded; empty for HEAD.
        function: the tag of the function that was called, or None behind the gateway.
    """
    asked = f"{method} {path} answered {status}"
    headers = {name.lower(): value for name, value in headers.items()}
    operation = _operation(method, path)
    if function is None and path.rstrip("/") in _INSIDE:
        operation = None
    if operation is None or (
        function and not {function, "all"} & set(_resolved(operation)["tags"])
    ):
        assert status in _ANYWHERE | _ANY_ROUTE, f"{asked}, but there is no such route"
        _check_problem(asked, method, status, headers, body)
        return
    route = _resolved(operation)
    if str(status) not in route["responses"] and status in _ANY_ROUTE:
        _check_problem(asked, method, status, headers, body)
        return
    assert str(status) in route["responses"], f"{asked}, which the contract does not list"
    response = _resolved(f"{operation}/responses/{status}")
    pointer = _pointer(f"{operation}/responses/{status}")
    _check_headers(asked, pointer, response.get("headers", {}), headers)
    _check_body(asked, method, pointer, response.get("content", {}), headers, body)
    if status >= 400:
        _check_problem(asked, method, status, headers, body)


def _operation(method: str, path: str) -> str | None:
    """Return the JSON pointer of an operation. HEAD uses GET's. Literal paths precede templates."""
    method = {"HEAD": "get"}.get(method, method.lower())
    for template in sorted(CONTRACT["paths"], key=lambda each: each.count("{")):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template.rstrip("/")))
        if re.fullmatch(pattern + "/?", path) and method in CONTRACT["paths"][template]:
            return f"/paths/{template.replace('/', '~1')}/{method}"
    return None


def operation_tags(method: str, path: str) -> list[str]:
    """Return the functions that answer a request, or nothing for an unknown one."""
    operation = _operation(method, path)
    return list(_resolved(operation)["tags"]) if operation else []


def _pointer(pointer: str) -> str:
    """Resolve a $ref at the pointer's end."""
    node = _at(pointer)
    return node["$ref"].removeprefix("#") if "$ref" in node else pointer


def _resolved(pointer: str) -> dict[str, Any]:
    return _at(_pointer(pointer))


def _at(pointer: str) -> dict[str, Any]:
    node: Any = CONTRACT
    for step in pointer.split("/")[1:]:
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return dict(node)


def _check_headers(
    asked: str, pointer: str, documented: Mapping[str, Any], headers: Mapping[str, str]
) -> None:
    for name, header in documented.items():
        value = headers.get(name.lower())
        assert value is not None or not header.get("required"), f"{asked} without the header {name}"
        if value is not None:
            _validate(asked, {"$ref": f"{_URI}#{pointer}/headers/{name}/schema"}, value)


def _check_body(
    asked: str,
    method: str,
    pointer: str,
    documented: Mapping[str, Any],
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    media_type = headers.get("content-type", "").partition(";")[0]
    if not documented:
        assert body == b"", f"{asked} with a body that the contract does not know"
        return
    assert media_type in documented, (
        f"{asked} as {media_type!r}; the contract says {', '.join(documented)}"
    )
    if method == "HEAD":
        assert body == b"", f"{asked} with a body"
    elif media_type.endswith("json"):
        escaped = media_type.replace("/", "~1")
        _validate(asked, {"$ref": f"{_URI}#{pointer}/content/{escaped}/schema"}, read_json(body))


def read_json(body: bytes) -> Any:
    """Parse JSON strictly. Python accepts NaN, which is not JSON (RFC 8259, section 6)."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(body, parse_constant=refuse)


def _check_problem(
    asked: str, method: str, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """
    Check a problem document (RFC 9457).

    Its type is our urn, its instance the request's id.
    """
    assert headers.get("content-type") == "application/problem+json", (
        f"{asked} as {headers.get('content-type')}"
    )
    assert status != 405 or headers.get("allow"), f"{asked} without Allow"
    if method == "HEAD":
        return
    problem = read_json(body)
    _validate(asked, {"$ref": _PROBLEM}, problem)
    assert problem["status"] == status, f"{asked}, and its body says {problem['status']}"
    assert re.fullmatch(r"urn:circles:problem:[a-z]+(-[a-z]+)*", problem["type"]), (
        f"{asked}: {problem['type']}"
    )
    assert problem["instance"].startswith("urn:circles:request:"), f"{asked}: {problem['instance']}"
    assert problem["title"] and problem["detail"], f"{asked} without words"


def _validate(asked: str, schema: Mapping[str, Any], instance: Any) -> None:
    validator = Draft202012Validator(
        schema, registry=_REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    error = next(validator.iter_errors(instance), None)
    assert error is None, f"{asked}: {error.message} at {error.json_path}"
