"""Test every route of openapi.json with every kind of credentials."""

import re
from datetime import timedelta

import pytest

from circles import bootstrap
from circles.domain.access.principals import SCOPES
from circles.usecases.access.manage import revoke_token
from tests.functions.conftest import TARGETS
from tests.openapi import CONTRACT

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
PARTS = {"batch": "b", "token_id": "0" * 16}
ORIGIN = {"Origin": "http://localhost"}
METHODS = {"get", "put", "post", "delete", "patch"}
ROUTES = [
    (method.upper(), path, operation["x-scope"], tag)
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
    for tag in operation["tags"]
]
"""Method, path, scope and tag of every route."""

GUARDED = [route for route in ROUTES if route[2] != "none"]


def name(route):
    return f"{route[0]} {route[1]}" if isinstance(route, tuple) else None


def ask(client, route, **headers):
    """Send a request without a body. Returns the response."""
    method, path, *_ = route
    asked = re.sub(r"\{(\w+)\}", lambda found: PARTS.get(found[1], ID), path)
    return client.open(asked, method=method, headers=headers)


def is_let_in(response):
    """Return whether a request reached its handler, which may have refused it for what it says."""
    return response.status_code not in (401, 403)


def spoiled(text):
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def expired(create):
    services = bootstrap.load_services()
    text, token = create()
    secret = text.rpartition("_")[2]
    past = services.now() - timedelta(seconds=1)
    services.tokens.add(token._replace(token_id="e" * 16, expires_at=past))
    return f"crc_{'e' * 16}_{secret}"


def revoked(create):
    text, token = create()
    revoke_token(token.token_id, bootstrap.load_services())
    return text


REFUSED = {
    "no token": lambda create: {},
    "a wrong token": lambda create: {"Authorization": f"Bearer {spoiled(create()[0])}"},
    "an unknown token": lambda create: {"Authorization": f"Bearer crc_{'0' * 16}_{'0' * 64}"},
    "an expired token": lambda create: {"Authorization": f"Bearer {expired(create)}"},
    "a revoked token": lambda create: {"Authorization": f"Bearer {revoked(create)}"},
    "a token as a password": lambda create: {"Authorization": f"Basic {create()[0]}"},
    "a token as a cookie": lambda create: {"Cookie": f"circles={create()[0]}"},
    "a wrong cookie": lambda create: {"Cookie": f"circles=crs_{'0' * 16}_{'0' * 64}"},
    "a proxy's header": lambda create: {"Remote-User": "root", "Remote-Groups": "admins"},
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("function", TARGETS)
def test_every_route_refuses_strangers(closed, create, function, case):
    headers = REFUSED[case](create)
    client = closed(function)
    routes = [route for route in GUARDED if route[3] == function]

    for route in routes:
        response = ask(client, route, **headers, **ORIGIN)
        assert response.status_code == 401, name(route)
        assert response.headers["WWW-Authenticate"].startswith('Bearer realm="circles"')
        was_given = case not in ("no token", "a proxy's header")
        assert ("invalid_token" in response.headers["WWW-Authenticate"]) == was_given
        told = ("Bearer", "sign in", "send another")
        assert any(words in response.json["detail"] for words in told)
    assert routes


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("function", TARGETS)
def test_every_route_takes_its_scope_only(closed, bearer, function, scope):
    headers = bearer(scope)
    client = closed(function)

    for route in [route for route in GUARDED if route[3] == function]:
        response = ask(client, route, **headers)
        needed = route[2]
        assert is_let_in(response) == (needed in (scope, "any")), name(route)
        if not is_let_in(response):
            assert response.status_code == 403
            assert needed in response.json["detail"]
            assert f'scope="{needed}"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("function", TARGETS)
def test_every_route_takes_a_cookie_of_its_own_origin(closed, bearer, function):
    signed_in = closed("upload").post("/session", headers=bearer())
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    client = closed(function)

    for route in [route for route in GUARDED if route[3] == function]:
        if route[:2] == ("DELETE", "/session"):
            continue  # the next would have none
        foreign = ask(client, route, **cookie, Origin="https://evil.example")
        missing = ask(client, route, **cookie)
        own = ask(client, route, **cookie, **ORIGIN)
        assert is_let_in(foreign) == is_let_in(missing) == (route[0] == "GET"), name(route)
        assert is_let_in(own) or route[:2] == ("POST", "/session"), name(route)


@pytest.mark.parametrize("function", TARGETS)
def test_public_routes_need_no_token(closed, function):
    client = closed(function)

    for route in ROUTES:
        if route[2] == "none":
            assert ask(client, route).status_code == 200, name(route)


@pytest.mark.parametrize("function", TARGETS)
def test_unavailable_catalogue_lets_nobody_in(closed, bearer, volume, function):
    headers = bearer()
    client = closed(function, catalogue_path=volume.folder)  # not a database

    for route in [route for route in GUARDED if route[3] == function]:
        response = ask(client, route, **headers)
        assert response.status_code == 503, name(route)
        assert response.headers["Retry-After"]
        assert ask(client, route).status_code == 401


def test_a_route_without_a_scope_does_not_start(framework):
    from circles.web.contract import find_scope

    with pytest.raises(LookupError, match="no scope for GET /nothing"):
        find_scope("GET", "/nothing")
