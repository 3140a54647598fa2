"""Test bodies that are too large, too slow, too many or cut off."""

import json
import socket

import pytest

from tests.predictor.asking import (
    INFER,
    PREDICT,
    assert_disc_found,
    assert_refused,
    opened,
    received,
)
from tests.predictor.conftest import MAX_BODY_BYTES
from tests.predictor.drawing import b64, disc, encoded

JPEG = encoded(disc())


def chunks(count, size=65536):
    for _ in range(count):
        yield bytes(size)


@pytest.mark.parametrize("path", [PREDICT, INFER])
def test_too_large_announced_body_is_413(server, path):
    reply = server.post(path, bytes(MAX_BODY_BYTES + 1), kind="image/jpeg")

    assert_refused(reply, 413, "1,000,000 bytes")


@pytest.mark.parametrize("path", [PREDICT, INFER])
def test_too_large_chunked_body_is_413(server, path):
    assert_refused(server.post(path, chunks(40), kind="image/jpeg"), 413, "1,000,000 bytes")


def test_body_at_the_limit_is_read(server):
    padded = JPEG + bytes(MAX_BODY_BYTES - len(JPEG))

    assert_disc_found(server.raw(padded).json()["predictions"][0])


def test_chunked_body_is_read(server):
    parts = iter([JPEG[:100], JPEG[100:101], JPEG[101:]])

    assert_disc_found(server.post(PREDICT, parts, kind="image/jpeg").json()["predictions"][0])


def test_connection_survives_a_too_large_body(server):
    server.post(PREDICT, bytes(3 * MAX_BODY_BYTES), kind="image/jpeg")

    assert_disc_found(server.raw(JPEG).json()["predictions"][0])


def test_refusal_reaches_a_client_that_keeps_sending(server):
    head = ["Connection: close", f"Content-Length: {20 * MAX_BODY_BYTES}"]

    status, _, body = received(opened(server, head=head, body=bytes(20 * MAX_BODY_BYTES)))

    assert (status, set(body)) == (413, {"error"})


def test_expect_100_is_refused_before_the_body(server):
    head = ["Connection: close", "Expect: 100-continue", f"Content-Length: {20 * MAX_BODY_BYTES}"]

    status, text, _ = received(opened(server, head=head))

    assert status == 413
    assert "100 continue" not in text


def test_expect_100_is_accepted_within_the_limit(server):
    head = ["Expect: 100-continue", f"Content-Length: {len(JPEG)}"]
    with opened(server, head=head) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(JPEG)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_aborted_upload_does_no_harm(server, process):
    opened(server, head=["Content-Length: 5000"], body=JPEG[:50]).close()

    process.logged(f"POST {PREDICT} 499")
    assert_disc_found(server.raw(JPEG).json()["predictions"][0])


def test_non_http_bytes_are_answered_400(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    assert server.get("/").status_code == 200


def test_slow_body_times_out_with_408(start_ready):
    client = start_ready(PREDICTOR_BODY_TIMEOUT_S="1")

    status, _, body = received(
        opened(client, head=["Connection: close", "Content-Length: 5000"], body=b"slow")
    )

    assert status == 408
    assert "in time" in body["error"]


def test_request_over_the_limit_is_503_with_retry_after(start_ready):
    client = start_ready(PREDICTOR_CONCURRENCY="1", PREDICTOR_MAX_WAITING="1")
    head = ["Connection: close", f"Content-Length: {len(JPEG)}"]
    inside = [opened(client, head=[*head, "Expect: 100-continue"]) for _ in range(2)]
    for connection in inside:  # the 100 shows that the server waits for the body
        assert connection.recv(100).startswith(b"HTTP/1.1 100")

    status, text, body = received(opened(client, head=head, body=JPEG))
    for connection in inside:
        connection.sendall(JPEG)
    answers = [received(connection) for connection in inside]

    words = "Too many requests are waiting: try again in a moment."
    assert (status, body) == (503, {"error": words})
    assert "retry-after: 1" in text
    assert [status for status, _, _ in answers] == [200, 200]
    assert received(opened(client, head=head, body=JPEG))[0] == 200


def test_base64_body_has_the_same_limit(server):
    large = json.dumps({"instances": [{"b64": b64(bytes(MAX_BODY_BYTES))}]})

    assert_refused(server.post(PREDICT, large, kind="application/json"), 413, "1,000,000 bytes")
