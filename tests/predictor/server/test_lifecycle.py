"""Test how the process starts and ends."""

import os
import signal
import socket

import pytest

from tests.predictor.asking import PREDICT, opened, received
from tests.predictor.drawing import disc, encoded

JPEG = encoded(disc())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_finishes_the_request_and_exits_cleanly(start_ready, number):
    process, client = start_ready(with_process=True)
    unfinished = opened(client, head=["Expect: 100-continue", f"Content-Length: {len(JPEG)}"])
    assert unfinished.recv(100).startswith(b"HTTP/1.1 100")

    process.popen.send_signal(number)
    process.logged("Shutting down")
    wait_until_refused(client.port)
    unfinished.sendall(JPEG)
    status, _, body = received(unfinished)

    assert status == 200
    assert len(body["predictions"][0]["objects"]) == 1
    assert process.wait() == 0


def wait_until_refused(port):
    with pytest.raises((ConnectionRefusedError, ConnectionResetError)):
        while True:
            socket.create_connection(("127.0.0.1", port), timeout=30).close()


def test_idle_connection_does_not_block_the_exit(start_ready):
    process, client = start_ready(with_process=True)
    client.get("/")

    assert process.stop() == 0


def test_port_opens_only_when_the_model_is_ready(start):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    process = start(PREDICTOR_PORT=str(port))
    connection = None
    while connection is None:
        assert process.popen.poll() is None
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            pass

    head = f"POST {PREDICT} HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(JPEG)}\r\n\r\n"
    connection.sendall(head.encode() + JPEG)

    assert received(connection)[0] == 200


def test_warm_up_runs_before_the_first_request(start_ready):
    objects = 'circles_predictor_objects_total{model_name="circles"} 0.0'

    assert objects in start_ready().get("/metrics").text


def test_port_in_use_ends_the_start_with_a_message(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(PREDICTOR_PORT=str(taken.getsockname()[1]))
        status = process.wait()

    assert status == 1
    assert process.logged(r"^Cannot listen on 127\.0\.0\.1:\d+: Address already in use\.$")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PREDICTOR_PORT", "many"), ("PREDICTOR_PORT", "70000"), ("PREDICTOR_MAX_PIXELS", "0")],
)
def test_invalid_setting_ends_the_start(start, name, value):
    process = start(**{name: value})

    assert process.wait() == 1
    assert process.logged(f"^{name} must be a number")


def test_other_model_name_is_served(start_ready):
    client = start_ready(PREDICTOR_MODEL_NAME="coins")

    assert client.get("/v1/models").json() == {"models": ["coins"]}
    assert client.post("/v1/models/coins:predict", JPEG, kind="image/jpeg").status_code == 200
    assert client.get("/v1/models/circles").status_code == 404


def test_no_file_is_kept_open(server, process):
    server.raw(JPEG)
    held = [
        os.readlink(f"/proc/{process.popen.pid}/fd/{each}")
        for each in os.listdir(f"/proc/{process.popen.pid}/fd")
    ]

    files = [each for each in held if each.startswith("/") and not each.startswith("/dev/")]
    assert files == []
