"""Test requests during a running inference, and errors of the detector."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

from circles_pictures.budget import Budget
from circles_pictures.limits import MIB
from predictor.detector import Circle
from predictor.inference import pictures
from predictor.inference.memory import Memory
from predictor.inference.pictures import read_pixels
from tests.predictor.asking import PREDICT, assert_answer, assert_refused
from tests.predictor.drawing import HEIGHT, WIDTH, disc, encoded

JPEG = encoded(disc())
CIRCLE = Circle((1.0, 2.0, 3.0, 4.0), (2.5, 4.0), 1.75, 0.123456)


class HeldDetector:
    """A detector that ends a detection only when the test releases it."""

    version = "held-1"
    default_min_score = 0.5

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.release = threading.Event()
        self.calls = 0

    def finest_scale(self, width, height):
        return 1.0

    def detect(self, pixels, *, min_score, max_objects):
        self.calls += 1
        self.begun.release()
        assert self.release.wait(30)
        return [CIRCLE]


class FailingDetector:
    version = "failing-1"
    default_min_score = 0.5

    def __init__(self, outcome):
        self.outcome = outcome

    def finest_scale(self, width, height):
        return 1.0

    def detect(self, pixels, *, min_score, max_objects):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return [self.outcome]


def test_health_answers_during_inference(serve):
    detector = HeldDetector()
    client = serve(detector, concurrency=1)

    with ThreadPoolExecutor(1) as pool:
        prediction = pool.submit(client.raw, JPEG)
        assert detector.begun.acquire(timeout=30)
        health = [
            client.get(path).status_code
            for path in ("/", "/v1/models/circles", "/v2/health/ready", "/metrics")
        ]
        running = not prediction.done()
        detector.release.set()
        reply = prediction.result()

    assert running and health == [200, 200, 200, 200]
    assert reply.status_code == 200
    assert_answer(reply.json()["predictions"][0])


def test_concurrency_setting_limits_parallel_work(serve):
    detector = HeldDetector()
    client = serve(detector, concurrency=3)

    with ThreadPoolExecutor(5) as pool:
        predictions = [pool.submit(client.raw, JPEG) for _ in range(5)]
        begun = [detector.begun.acquire(timeout=30) for _ in range(3)]
        calls_while_held = detector.calls
        detector.release.set()
        statuses = [each.result().status_code for each in predictions]

    assert begun == [True] * 3
    assert calls_while_held == 3
    assert statuses == [200] * 5


def test_disconnected_client_costs_no_detection(serve):
    detector = HeldDetector()
    client = serve(detector, concurrency=1)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.raw, JPEG)
        assert detector.begun.acquire(timeout=30)
        leave_while_waiting(client)
        last = pool.submit(client.raw, JPEG)
        detector.release.set()
        statuses = [first.result().status_code, last.result().status_code]

    assert statuses == [200, 200]
    assert detector.calls == 2


def leave_while_waiting(client):
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as connection:
        lines = ["Host: x", "Expect: 100-continue", f"Content-Length: {len(JPEG)}"]
        connection.sendall("\r\n".join([f"POST {PREDICT} HTTP/1.1", *lines, "", ""]).encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100")  # the server waits for the body
        connection.sendall(JPEG)
    client.get("/")  # by now the server has read the request before


def test_large_pictures_are_decoded_one_at_a_time(serve, monkeypatch):
    begun, release = threading.Semaphore(0), threading.Event()

    def read_slowly(source, factor):
        begun.release()
        assert release.wait(30)
        return read_pixels(source, factor)

    monkeypatch.setattr(pictures, "read_pixels", read_slowly)
    source = pictures.open_source(JPEG, max_pixels=WIDTH * HEIGHT)
    memory = Memory(Budget(source.rgb_bytes * 3 // 2 + MIB, reserve_bytes=MIB))
    detector = HeldDetector()
    detector.release.set()
    client = serve(detector, memory, concurrency=2)

    with ThreadPoolExecutor(2) as pool:
        predictions = [pool.submit(client.raw, JPEG) for _ in range(2)]
        assert begun.acquire(timeout=30)
        second_began_too = begun.acquire(timeout=0.2)
        release.set()
        statuses = [each.result().status_code for each in predictions]

    assert not second_began_too
    assert statuses == [200, 200]


def test_numbers_are_rounded(serve):
    """Pixels keep two decimals, scores four."""
    client = serve(
        FailingDetector(Circle((1 / 3, 2 / 3, 10.005, 7), (5.33333, 4), 9.87654321, 0.123456))
    )

    (found,) = client.raw(JPEG).json()["predictions"][0]["objects"]

    assert found["bbox"][:2] == [0.33, 0.67]
    assert (found["centroid"], found["radius"], found["score"]) == ([5.33, 4.0], 9.88, 0.1235)


def test_unexpected_error_is_500_without_internals(serve):
    client = serve(FailingDetector(RuntimeError("secret /srv/model.onnx")))

    reply = client.raw(JPEG)

    assert_refused(reply, 500, "The predictor failed")
    assert "secret" not in reply.text


def test_nan_and_infinity_are_500_never_null(serve):
    for wrong in (float("nan"), float("inf")):
        client = serve(FailingDetector(Circle((1.0, 2.0, wrong, 4.0), (2.5, 4.0), 1.75, 0.5)))

        assert_refused(client.raw(JPEG), 500, "The predictor failed")


def test_next_request_is_served_after_an_error(serve):
    detector = FailingDetector(RuntimeError("once"))
    client = serve(detector, concurrency=1, max_waiting=1)
    statuses = [client.raw(JPEG).status_code for _ in range(4)]

    detector.outcome = CIRCLE

    assert statuses == [500] * 4
    assert client.raw(JPEG).status_code == 200
