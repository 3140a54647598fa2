"""Test that the table of errors matches the classes."""

import re

from circles.domain import errors
from circles.domain.errors import CirclesError


def family():
    found = [CirclesError]
    for each in found:
        found += each.__subclasses__()
    return [
        each for each in found if each.__module__ == errors.__name__ and each is not CirclesError
    ]


def test_error_table_in_the_docstring_is_correct():
    row = re.compile(r"[├└]── (\w+) +([a-z-]+) +(\d+) +(\d+)")
    written = {
        name: (code, int(http), int(event))
        for name, code, http, event in row.findall(errors.__doc__)
    }

    assert written == {
        each.__name__: (each.code, each.http_status, each.event_status) for each in family()
    }


def test_only_unavailable_errors_have_retry_after():
    assert {each.__name__ for each in family() if each.retry_after_s} == {
        "Unavailable",
        "StorageFull",
        "ObjectRefused",
        "DetectorUnavailable",
        "Overloaded",
        "Backlogged",
        "DetectorFailed",
    }
    assert all(each.http_status == 503 for each in family() if each.retry_after_s)
