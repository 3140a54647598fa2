"""Test the strict reading of queries."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from circles.domain.errors import Malformed
from circles.web.requests.queries import number, read_query


def request(query=""):
    return Request(EnvironBuilder(query_string=query).get_environ())


def test_query_is_read_by_its_parsers():
    assert read_query(request("a=1&b=2.5"), a=int, b=float, c=str) == {"a": 1, "b": 2.5}
    assert read_query(request(), a=int) == {}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("b=1", "no query parameter 'b' here; known: a, score"),
        ("a=1&a=2", "'a' is given twice"),
        ("score=x", "'score' must be a number from 0 to 1"),
        (f"{'x' * 1000}=1", f"no query parameter '{'x' * 50}' here"),
    ],
)
def test_invalid_query_is_malformed(query, words):
    with pytest.raises(Malformed, match=words):
        read_query(request(query), a=int, score=number(0, 1))


@pytest.mark.parametrize("text", ["0", "1", "0.5", "1e-3", "+.5", "-0"])
def test_number_within_its_bounds_is_read(text):
    assert number(0, 1)(text) == float(text)


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "inf", "-inf", "1e400", "-0.001", "1.001", "0,5", "0x1"]
)
def test_number_outside_its_bounds_is_refused(text):
    with pytest.raises(ValueError, match="must be a number from 0 to 1"):
        number(0, 1)(text)
