"""Send requests to a predictor, and check its answers and refusals."""

import json
import math
import socket
import struct

import pytest
import requests

from tests.predictor.drawing import CENTRE, HEIGHT, RADIUS, WIDTH, b64

PREDICT = "/v1/models/circles:predict"
INFER = "/v2/models/circles/infer"


class Client:
    """A session with the address of a server."""

    def __init__(self, url):
        self.url = url
        self.port = int(url.rsplit(":", 1)[1])
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path, **options):
        return self.session.get(self.url + path, timeout=30, **options)

    def post(self, path, body=None, *, kind=None, headers=None, **options):
        headers = {**(headers or {}), **({"Content-Type": kind} if kind else {})}
        return self.session.post(self.url + path, data=body, headers=headers, timeout=30, **options)

    def predict(self, *pictures, parameters=None):
        """Send pictures as V1 JSON."""
        body = {"instances": [{"image_bytes": {"b64": b64(each)}} for each in pictures]}
        if parameters is not None:
            body["parameters"] = parameters
        return self.post(PREDICT, json.dumps(body), kind="application/json")

    def raw(self, picture, kind="image/jpeg", query=""):
        """Send one picture as the body of a V1 request."""
        return self.post(PREDICT + query, picture, kind=kind)

    def infer(self, inputs, **rest):
        """Send tensors as V2 JSON."""
        return self.post(INFER, json.dumps({"inputs": inputs, **rest}), kind="application/json")

    def infer_binary(self, header, tail, length=None):
        """Send tensors behind the JSON of V2. length replaces the true size of the JSON."""
        text = json.dumps(header).encode()
        sizes = {"Inference-Header-Content-Length": str(len(text) if length is None else length)}
        return self.post(INFER, text + tail, kind="application/octet-stream", headers=sizes)


def opened(client, *, head, body=b""):
    """Open a connection and send the head of a request, and the beginning of its body."""
    connection = socket.create_connection(("127.0.0.1", client.port), timeout=30)
    lines = [f"POST {PREDICT} HTTP/1.1", "Host: test", "Content-Type: image/jpeg", *head]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return connection


def received(connection):
    """Read a response to its end. Return status, headers as text, and JSON."""
    with connection, connection.makefile("rb") as file:
        text = file.read()
    head, body = text.split(b"\r\n\r\n", 1)
    return int(head.split()[1]), head.decode().lower(), json.loads(body)


def element(data):
    """Return one element of a binary BYTES tensor."""
    return struct.pack("<I", len(data)) + data


def elements(data):
    """Return the elements of a binary BYTES tensor."""
    found = []
    while data:
        (size,) = struct.unpack("<I", data[:4])
        assert len(data) >= 4 + size
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


def assert_refused(reply, status, words):
    assert reply.status_code == status, reply.text
    assert reply.headers["Content-Type"] == "application/json"
    assert set(reply.json()) == {"error"}
    assert words in reply.json()["error"]


def assert_answer(answer, width=WIDTH, height=HEIGHT):
    """Check the answer for one picture against the contract."""
    assert set(answer) == {"model_version", "threshold", "width", "height", "objects"}
    assert 0 < answer["threshold"] < 1
    assert (answer["width"], answer["height"]) == (width, height)
    assert isinstance(answer["model_version"], str) and answer["model_version"]
    for each in answer["objects"]:
        assert set(each) == {"bbox", "centroid", "radius", "score", "label"}
        x, y, w, h = each["bbox"]
        assert (
            0 <= x
            and 0 <= y
            and x + w <= width + 0.01
            and y + h <= height + 0.01
            and w > 0
            and h > 0
        )
        assert all(
            math.isfinite(number) for number in [*each["bbox"], *each["centroid"], each["radius"]]
        )
        assert 0 <= each["score"] <= 1 and each["label"] == "circle"


def assert_disc_found(answer):
    """Check that the disc of drawing.disc() is the only object, at its place."""
    assert_answer(answer)
    (found,) = answer["objects"]
    assert found["centroid"] == pytest.approx(CENTRE, abs=2)
    assert found["radius"] == pytest.approx(RADIUS, abs=2)
    expected = [CENTRE[0] - RADIUS, CENTRE[1] - RADIUS, 2 * RADIUS, 2 * RADIUS]
    assert found["bbox"] == pytest.approx(expected, abs=4)
