"""Test fields that several formats share: times, parts and text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.formats.fields import clean_text, format_time, get_object, parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:30:15.123Z", datetime(2026, 3, 1, 12, 30, 15, 123000, UTC)),
        ("2026-03-01T14:30:15+02:00", datetime(2026, 3, 1, 12, 30, 15, 0, UTC)),
        ("2026-03-01T12:30:15", datetime(2026, 3, 1, 12, 30, 15, 0, UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("soon", None),
        ("", None),
        (None, None),
        (7, None),
        (["2026-03-01T12:30:15Z"], None),
    ],
)
def test_time_is_read_or_none(text, moment):
    assert parse_time(text) == moment


@given(
    st.datetimes(
        timezones=st.sampled_from(
            [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))]
        )
    )
)
def test_any_time_that_is_read_can_be_written(moment):
    read = parse_time(moment.isoformat())

    assert read is None or parse_time(format_time(read)) == read.replace(
        microsecond=read.microsecond // 1000 * 1000
    )


@pytest.mark.parametrize("value", [None, 7, "text", [{}]])
def test_missing_or_other_part_is_an_empty_object(value):
    assert get_object({"part": value}, "part") == get_object({}, "part") == {}
    assert get_object({"part": {"a": 1}}, "part") == {"a": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("net-2026-11", "net-2026-11"),
        ("a\nFAKE LOG", "a FAKE LOG"),
        ("a\r\n\x1b[31mb\u2028c\u202ed", "a   [31mb c d"),
        ("\ud800a", "a"),
        ("äö 円", "äö 円"),
        ("x" * 200, "x" * 100),
        (" \n ", ""),
        (None, ""),
        (7, ""),
        ({"a": "b"}, ""),
    ],
)
def test_text_of_others_is_one_printable_line(value, text):
    assert clean_text(value, 100) == text


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_can_be_logged_and_stored(text):
    cleaned = clean_text(text, 50)

    assert cleaned.isprintable() and len(cleaned.encode()) <= 200
