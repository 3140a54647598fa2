"""Test which blob keys are valid."""

import pytest

from circles.domain.blobs import check_key
from circles.domain.errors import Malformed

GOOD_KEYS = [
    "a",
    "images/0190.jpg",
    "a b+c%20d/ü/日本/🪙.png",
    "...",
    "a/...b",
    ".hidden",
    "a\\b",
    "-",
    "~",
    "a" * 1024,
    "ü" * 512,
]
BAD_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "./a",
    "a/.",
    "../a",
    "a/..",
    "a/../b",
    "a\0b",
    "\0",
    "a" * 1025,
    "ü" * 513,
    "a/" * 600,
    "\ud800",
]


@pytest.mark.parametrize("key", GOOD_KEYS)
def test_relative_path_is_a_key(key):
    assert check_key(key) == key


@pytest.mark.parametrize("key", BAD_KEYS)
def test_invalid_key_is_malformed(key):
    with pytest.raises(Malformed):
        check_key(key)
