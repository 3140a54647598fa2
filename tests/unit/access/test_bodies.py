"""Test that the body of a stranger is not read."""

import pytest

from circles.domain.access.principals import EVERYBODY, Access, AccessRules
from circles.web.access.credentials import has_credentials
from circles.web.problems import answer_problem
from circles.web.routing import Router
from circles.web.rules import Rule

PROXY = AccessRules(trusted_header="Remote-User")


def takes_body(rules, *headers, scope="images:write", size_bytes=10):
    rule = Rule.read("POST /images/", lambda request: None, False, scope)
    router = Router([rule], 100, Access(lambda _: EVERYBODY, rules), answer_problem)
    return router.takes_body("POST", "/images/", size_bytes, headers)


@pytest.mark.parametrize("header", ["AUTHORIZATION", "COOKIE"])
def test_body_with_credentials_is_read(header):
    assert takes_body(AccessRules(), "HOST", header)


def test_body_without_credentials_is_not_read():
    assert not takes_body(AccessRules(), "HOST", "CONTENT_LENGTH", "REMOTE_USER")


def test_body_is_read_where_none_are_asked_for():
    assert takes_body(AccessRules(is_open=True))
    assert takes_body(AccessRules(), scope="none")


def test_body_of_a_proxy_is_read():
    assert takes_body(PROXY, "REMOTE_USER")
    assert not has_credentials(["REMOTE_GROUPS"], PROXY)


def test_large_body_is_not_read_with_credentials_either():
    assert not takes_body(AccessRules(), "AUTHORIZATION", size_bytes=101)
