"""Test that JSON which would become far more than its bytes is refused before it is built."""

import pytest

from circles_pictures.limits import MIB
from predictor.protocols.json_body import estimate_parsing_bytes
from tests.predictor.asking import INFER, PREDICT, assert_refused
from tests.predictor.process import Process

SIZE = 30 * MIB
MOST_GROWN_MIB = 260
"""Twice the body, four times its text, and 500,000 values, which are as many as are built."""


def v1(instance, between=b","):
    """A V1 body of about SIZE bytes that repeats an instance."""
    count = SIZE // (len(instance) + len(between))
    return b'{"instances":[' + between.join([instance] * count) + b"]}"


def v2(numbers):
    tensor = b'{"name":"image","shape":[1],"datatype":"UINT8","data":[' + numbers + b"]}"
    return b'{"inputs":[' + tensor + b"]}"


def text(character):
    return b'{"instances":[{"b64":"' + character + b"A" * SIZE + b'"}]}'


BOMBS = {
    "lists": (PREDICT, v1(b"[]"), 413),
    "dictionaries": (PREDICT, v1(b"{}"), 413),
    "entries": (PREDICT, v1(b'{"":1}'), 413),
    "numbers": (INFER, v2(b"7," * (SIZE // 2) + b"7"), 413),
    "deep": (PREDICT, b"[" * SIZE, 413),
    "blanks first": (PREDICT, b" " * 100 + v1(b"[]"), 413),
    "wide text": (PREDICT, text("😀".encode()), 400),
    "escaped text": (PREDICT, text(rb"\ud83d\ude00"), 400),
    "wrapped text": (PREDICT, text(rb"\n"), 415),
}

WORDS = {400: "base64", 413: "too many values", 415: "not a picture"}


@pytest.fixture(scope="module")
def process():
    predictor = Process(PREDICTOR_CONCURRENCY="2")
    yield predictor
    predictor.stop()


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused(process, name):
    path, body, status = BOMBS[name]
    client = process.client()
    with open(f"/proc/{process.popen.pid}/clear_refs", "w") as file:
        file.write("5")  # what the peak is counts from here
    idle_mib = process.peak_mib()

    assert_refused(client.post(path, body, kind="application/json"), status, WORDS[status])

    assert process.peak_mib() - idle_mib < MOST_GROWN_MIB
    client.session.close()


def test_estimate_knows_wide_texts():
    plain, wide = b'{"a": "' + b"A" * 10_000 + b'"}', b'{"a": "' + b"A" * 10_000 + rb'\n"}'

    assert estimate_parsing_bytes(b"\x89PNG" + plain) == 0
    assert estimate_parsing_bytes(b" " * 100 + plain) > 0
    assert estimate_parsing_bytes(wide) - estimate_parsing_bytes(plain) > 2 * len(plain)
