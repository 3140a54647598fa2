"""
Test the Detector contract on KserveDetector and FixedDetector.

KserveDetector talks to real HTTP servers in every protocol and with every fault.
"""

import base64
import gzip
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from werkzeug import Request, Response

from circles.adapters.fixed_detector import FixedDetector
from circles.adapters.kserve.detector import MAX_ANSWER_BYTES
from circles.bootstrap import ConfiguredServices
from circles.domain.detections import Circle
from circles.domain.errors import DetectorFailed
from circles.domain.pictures import Picture
from circles.serve.wake import wake
from circles.settings import Settings
from tests.contract.faulty_server import faulty_server
from tests.scraping import Counted
from tests.servers import free_ports

PICTURE = Picture(bytes(range(256)) * 20, "image/png", width=120, height=80)
COIN = {
    "bbox": [10, 20, 30, 40],
    "centroid": [25.5, 40.25],
    "radius": 17.5,
    "score": 0.75,
    "label": "coin",
}
FLAT = {
    "bounding_box": {"xmin": 10, "ymin": 20, "xmax": 40, "ymax": 60},
    "centroid": {"x": 25.5, "y": 40.25},
    "radius": {"radius": 17.5},
    "score": 0.75,
    "label": "coin",
}
FOUND = Circle((10, 20, 30, 40), (25.5, 40.25), 17.5, 0.75, "coin")
ANSWERS = {
    "ours": [{"model_version": "7", "width": 120, "height": 80, "objects": [COIN]}],
    "flat": [FLAT],
}
PATHS = {
    "v1": "/v1/models/coins:predict",
    "v1-raw": "/v1/models/coins:predict",
    "v2-binary": "/v2/models/coins/infer",
}
every_protocol = pytest.mark.parametrize("protocol", PATHS)


def v1(predictions):
    return json.dumps({"predictions": predictions}).encode()


def v2(predictions):
    data = [json.dumps(each) for each in predictions]
    output = {"name": "objects", "shape": [len(data)], "datatype": "BYTES", "data": data}
    return json.dumps({"model_name": "coins", "model_version": "9", "outputs": [output]}).encode()


GOOD = v1(ANSWERS["ours"])


def settings_for(url, **settings):
    return Settings(
        predictor_url=url, **{"predictor_model": "coins", "predictor_timeout_s": 20, **settings}
    )


@pytest.fixture
def detector_at():
    """Return a function that makes a detector for a URL."""
    return lambda url, **settings: ConfiguredServices(settings_for(url, **settings)).detector


# Log


def test_predictor_cannot_forge_a_line_of_the_log(httpserver, detector_at, caplog):
    forged = "7\n2026-11-25 12:00:00 INFO FAKE LOG \u2028 FAKE LOG"
    answer = json.dumps({"predictions": [{"model_version": forged, "objects": []}]})
    httpserver.expect_ordered_request(PATHS["v1"]).respond_with_data(answer)
    httpserver.expect_ordered_request(PATHS["v1"]).respond_with_data(forged, status=400)
    detector = detector_at(httpserver.url_for(""), predictor_protocol="v1")

    with caplog.at_level(logging.INFO, "circles.detector"):
        detector.detect(PICTURE)
        with pytest.raises(DetectorFailed):
            detector.detect(PICTURE)

    lines = [record.getMessage() for record in caplog.records if record.name == "circles.detector"]
    assert len(lines) == 2
    assert all(line.isprintable() and "FAKE LOG" in line for line in lines)


# Protocols


def picture_in_v1(request: Request):
    """
    Return the picture as a KServe V1 server reads it.

    It parses JSON only for this exact content type.
    """
    assert request.headers["Content-Type"] == "application/json"
    (instance,) = request.get_json()["instances"]
    return base64.b64decode(instance["image_bytes"]["b64"], validate=True)


def picture_in_v1_raw(request: Request):
    assert request.headers["Content-Type"] == "image/png"
    return request.get_data()


def picture_in_v2_binary(request: Request):
    """
    Return the picture of a binary V2 request.

    The body is JSON, then the tensor, whose elements start with their length.
    """
    body = request.get_data()
    size = int(request.headers["Inference-Header-Content-Length"])
    (tensor,) = json.loads(body[:size])["inputs"]
    element = body[size:]
    assert (tensor["datatype"], tensor["shape"]) == ("BYTES", [1])
    assert tensor["parameters"]["binary_data_size"] == len(element)
    assert int.from_bytes(element[:4], "little") == len(element) - 4
    return element[4:]


READERS = {"v1": picture_in_v1, "v1-raw": picture_in_v1_raw, "v2-binary": picture_in_v2_binary}


@every_protocol
@pytest.mark.parametrize("form", ANSWERS)
def test_every_protocol_and_answer_format_works(httpserver, detector_at, protocol, form):
    pictures = []

    def predict(request):
        pictures.append(READERS[protocol](request))
        return Response(
            (v2 if protocol == "v2-binary" else v1)(ANSWERS[form]), content_type="application/json"
        )

    httpserver.expect_request(PATHS[protocol], method="POST").respond_with_handler(predict)
    detection = detector_at(httpserver.url_for(""), predictor_protocol=protocol).detect(PICTURE)
    httpserver.check()

    assert pictures == [PICTURE.data]
    assert detection.circles == (FOUND,)
    assert (detection.model, detection.protocol) == ("coins", protocol)
    expected_version = "7" if form == "ours" else "9" if protocol == "v2-binary" else "unknown"
    assert detection.model_version == expected_version
    assert detection.duration_ms > 0


def asked_of_v2(request: Request):
    size = int(request.headers["Inference-Header-Content-Length"])
    return json.loads(request.get_data()[:size]).get("parameters", {})


ASKED = {
    "v1": lambda request: request.get_json().get("parameters", {}),
    "v1-raw": lambda request: {name: float(text) for name, text in request.args.items()},
    "v2-binary": asked_of_v2,
}


@every_protocol
@pytest.mark.parametrize("floor", [0.3, None])
def test_candidates_are_asked_for(httpserver, detector_at, protocol, floor):
    asked = []
    objects = [COIN, {**COIN, "score": 0.31}]

    def predict(request):
        asked.append(ASKED[protocol](request))
        answer = (v2 if protocol == "v2-binary" else v1)([{"objects": objects, "threshold": 0.7}])
        return Response(answer, content_type="application/json")

    httpserver.expect_request(PATHS[protocol], method="POST").respond_with_handler(predict)
    settings = {"predictor_protocol": protocol, "candidate_min_score": floor}
    detection = detector_at(httpserver.url_for(""), **settings).detect(PICTURE)
    httpserver.check()

    assert asked == [{} if floor is None else {"min_score": floor}]
    assert (detection.circles, detection.threshold, detection.floor) == ((FOUND,), 0.7, floor)
    assert [circle.score for circle in detection.candidates] == [0.31]


def test_setting_overrides_the_threshold(httpserver, detector_at):
    httpserver.expect_request(PATHS["v1"]).respond_with_data(
        v1([{"objects": [COIN], "threshold": 0.5}]), content_type="application/json"
    )
    detection = detector_at(httpserver.url_for(""), min_score=0.8).detect(PICTURE)

    assert (detection.circles, detection.candidates) == ((), (FOUND,))
    assert detection.threshold == 0.8


@every_protocol
def test_empty_answer_means_no_circles(httpserver, detector_at, protocol):
    empty = (v2 if protocol == "v2-binary" else v1)([{"objects": []}])
    httpserver.expect_request(PATHS[protocol]).respond_with_data(
        empty, content_type="application/json"
    )

    assert (
        detector_at(httpserver.url_for(""), predictor_protocol=protocol).detect(PICTURE).circles
        == ()
    )


def test_threads_get_their_own_answers(httpserver, detector_at):
    def predict(request):
        (number,) = picture_in_v1(request)
        return Response(
            v1([{"objects": [{**COIN, "bbox": [number, 0, 5, 5]}]}]),
            content_type="application/json",
        )

    httpserver.expect_request(PATHS["v1"]).respond_with_handler(predict)
    detector = detector_at(httpserver.url_for(""), threads=4)

    def left_edge(number):
        return detector.detect(Picture(bytes([number]), "image/png", 120, 80)).circles[0].bbox[0]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(left_edge, range(40))) == list(range(40))


def test_best_100_of_10000_objects_are_kept(httpserver, detector_at):
    objects = [{**COIN, "score": number / 10_000} for number in range(10_000)]
    httpserver.expect_request(PATHS["v1"]).respond_with_data(v1([{"objects": objects}]))
    circles = detector_at(httpserver.url_for(""), max_objects=100).detect(PICTURE).circles

    assert [circle.score for circle in circles] == [
        number / 10_000 for number in range(9_999, 9_899, -1)
    ]


def test_chunked_gzip_answer_is_read(detector_at):
    packed = gzip.compress(GOOD)
    chunks = [packed[:20], packed[20:]]

    def behave(number, connection):
        connection.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
        )
        connection.send(
            b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        )

    with faulty_server(behave) as (url, _):
        assert detector_at(url).detect(PICTURE).circles == (FOUND,)


def test_answer_without_a_length_ends_at_close(detector_at):
    with faulty_server(
        lambda _, connection: connection.send(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD)
    ) as (url, _):
        assert detector_at(url).detect(PICTURE).circles == (FOUND,)


def test_detections_and_failures_are_logged(httpserver, detector_at):
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    log = logging.getLogger("circles.detector")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        httpserver.expect_oneshot_request(PATHS["v1"]).respond_with_data(GOOD)
        httpserver.expect_oneshot_request(PATHS["v1"]).respond_with_data(
            '{"error": "out of memory"}', status=500
        )
        detector = detector_at(httpserver.url_for(""))
        detector.detect(PICTURE)
        with pytest.raises(DetectorFailed):
            detector.detect(PICTURE)
    finally:
        log.removeHandler(handler)
        log.setLevel(level)

    assert "model coins 7 found 1 in" in lines[0]
    assert "500" in lines[1] and "out of memory" in lines[1]


# Retries


def then_good(fault):
    """Apply the fault to the first request and answer the second."""

    def behave(number, connection):
        if number == 0:
            fault(connection)
        else:
            connection.answer(200, GOOD)

    return behave


TRANSIENT = {
    "a reset": lambda connection: connection.reset(),
    "a hang-up": lambda connection: None,
    "502": lambda connection: connection.answer(502, b"<html>Bad Gateway</html>", "text/html"),
    "503": lambda connection: connection.answer(503, b'{"error": "loading"}'),
    "503 without a body": lambda connection: connection.answer(503),
    "429": lambda connection: connection.answer(429, b"slow down", "text/plain"),
    "429 with a moment to wait": lambda connection: connection.answer(429, Retry_After="1"),
    "429 with a date": lambda connection: connection.answer(
        429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"
    ),
    "429 with nonsense": lambda connection: connection.answer(429, Retry_After="-1e400"),
}


@pytest.mark.parametrize("fault", TRANSIENT)
@pytest.mark.timeout(30)
def test_transient_error_is_retried(detector_at, fault):
    with faulty_server(then_good(TRANSIENT[fault])) as (url, came):
        assert detector_at(url).detect(PICTURE).circles == (FOUND,)
        assert len(came) == 2
        assert (
            came[0].request.partition(b"\r\n\r\n")[2]
            == came[1].request.partition(b"\r\n\r\n")[2]
            != b""
        )


def test_closed_connection_is_reopened(detector_at):
    def behave(number, connection):
        connection.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD)
        )  # then closes

    with faulty_server(behave) as (url, came):
        detector = detector_at(url)
        assert [detector.detect(PICTURE).circles for _ in range(3)] == [(FOUND,)] * 3


@pytest.mark.timeout(30)
def test_unreachable_predictor_fails(detector_at):
    (port,) = free_ports(1)
    with pytest.raises(DetectorFailed, match="cannot be reached"):
        detector_at(f"http://127.0.0.1:{port}").detect(PICTURE)


@pytest.mark.parametrize("status", [429, 502, 503])
@pytest.mark.timeout(30)
def test_lasting_error_ends_after_a_few_retries(detector_at, status):
    with faulty_server(lambda number, connection: connection.answer(status, b"secret")) as (
        url,
        came,
    ):
        with pytest.raises(DetectorFailed, match=f"answered {status}"):
            detector_at(url).detect(PICTURE)
        assert 1 < len(came) < 10


@pytest.mark.parametrize("wait", ["1", "3600", "9" * 400])
@pytest.mark.timeout(30)
def test_retry_after_beyond_the_deadline_is_not_retried(detector_at, wait):
    with faulty_server(lambda number, connection: connection.answer(429, Retry_After=wait)) as (
        url,
        came,
    ):
        with pytest.raises(DetectorFailed, match="answered 429"):
            detector_at(url, predictor_timeout_s=0.9).detect(PICTURE)
        assert len(came) == 1


@pytest.mark.timeout(30)
def test_retries_share_one_deadline(detector_at):
    """Each try takes half of the deadline, so a third cannot complete."""

    def behave(number, connection):
        connection.pause(0.5)
        connection.answer(503)

    with faulty_server(behave) as (url, came):
        with pytest.raises(DetectorFailed):
            detector_at(url, predictor_timeout_s=1).detect(PICTURE)
        assert 1 < len(came) <= 3


# No retries


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 413, 415, 422, 500, 501, 504])
@pytest.mark.timeout(30)
def test_other_status_is_not_retried(detector_at, status):
    with faulty_server(
        lambda number, connection: connection.answer(status, b'{"error": "no"}')
    ) as (url, came):
        with pytest.raises(DetectorFailed, match=f"answered {status}"):
            detector_at(url).detect(PICTURE)
        assert len(came) == 1


ERROR_BODIES = {
    "JSON": (b'{"error": "secret"}', "application/json"),
    "KServe's list": (b'{"detail": [{"loc": ["secret"]}]}', "application/json"),
    "HTML": (b"<html><body>secret</body></html>", "text/html"),
    "bytes": (b"\xff\xfe\x00secret", "application/octet-stream"),
    "nothing": (b"", "text/plain"),
    "megabytes": (b"secret" * 500_000, "text/plain"),
    "broken compression": (b"secret", "text/plain"),
}


@pytest.mark.parametrize("kind", ERROR_BODIES)
@pytest.mark.timeout(30)
def test_error_body_is_not_in_the_message(detector_at, kind):
    body, content_type = ERROR_BODIES[kind]
    headers = {"Content_Encoding": "gzip"} if kind == "broken compression" else {}

    with faulty_server(
        lambda _, connection: connection.answer(500, body, content_type, **headers)
    ) as (url, came):
        with pytest.raises(DetectorFailed) as raised:
            detector_at(url).detect(PICTURE)
        assert str(raised.value) == "The predictor answered 500."
        assert len(came) == 1


def test_truncated_error_body_keeps_its_status(detector_at):
    def behave(number, connection):
        connection.send(b"HTTP/1.1 500 Oh\r\nContent-Length: 1000\r\n\r\nhalf")

    with faulty_server(behave) as (url, came):
        with pytest.raises(DetectorFailed, match="answered 500"):
            detector_at(url).detect(PICTURE)
        assert len(came) == 1


UNUSABLE = {
    "HTML": b"<html><body>It works!</body></html>",
    "nothing": b"",
    "text": b"ok",
    "a list": b"[]",
    "an error": b'{"error": "no"}',
    "no list": b'{"predictions": {"objects": []}}',
    "NaN": b'{"predictions": [{"objects": [{"bbox": [NaN, 1, 2, 3]}]}]}',
    "Infinity": b'{"predictions": [{"objects": [{"bbox": [1, 2, Infinity, 3]}]}]}',
    "1e400": b'{"predictions": [{"objects": [{"bbox": [1, 2, 1e400, 3]}]}]}',
    "a half": GOOD[:-5],
    "another frame": v1([{"width": 80, "height": 120, "objects": []}]),
    "two pictures": v1(ANSWERS["ours"] * 2),
    "a string for a number": v1([{"objects": [{**COIN, "radius": "17"}]}]),
    "V2 for V1": v2(ANSWERS["ours"]),
    "invalid UTF-8": b'{"predictions": "\xff"}',
    "deep nesting": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("kind", UNUSABLE)
@pytest.mark.timeout(30)
def test_unusable_answer_is_not_retried(detector_at, kind):
    with faulty_server(lambda number, connection: connection.answer(200, UNUSABLE[kind])) as (
        url,
        came,
    ):
        with pytest.raises(
            DetectorFailed, match="^The predictor's answer cannot be used: "
        ) as raised:
            detector_at(url).detect(PICTURE)
        assert len(came) == 1
        assert not any(
            word in str(raised.value) for word in ("It works", "127.0.0.1", "Error", "{", "<")
        )


def test_truncated_answer_is_not_retried(detector_at):
    def behave(number, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + GOOD)

    with faulty_server(behave) as (url, came):
        with pytest.raises(DetectorFailed, match="broke off"):
            detector_at(url).detect(PICTURE)
        assert len(came) == 1


@pytest.mark.timeout(30)
def test_too_large_answer_fails(detector_at):
    with faulty_server(
        lambda _, connection: connection.answer(200, b" " * (MAX_ANSWER_BYTES + 1) + GOOD)
    ) as (url, _):
        with pytest.raises(DetectorFailed, match="too large"):
            detector_at(url).detect(PICTURE)


@pytest.mark.timeout(30)
def test_decompression_bomb_fails(detector_at):
    bomb = gzip.compress(b" " * 50_000_000)

    with faulty_server(
        lambda _, connection: connection.answer(200, bomb, Content_Encoding="gzip")
    ) as (url, _):
        with pytest.raises(DetectorFailed, match="too large"):
            detector_at(url).detect(PICTURE)


@pytest.mark.timeout(30)
def test_invalid_gzip_answer_fails(detector_at):
    with faulty_server(
        lambda _, connection: connection.answer(200, GOOD, Content_Encoding="gzip")
    ) as (url, came):
        with pytest.raises(DetectorFailed):
            detector_at(url).detect(PICTURE)
        assert len(came) == 1


@pytest.mark.timeout(30)
def test_non_http_answer_fails(detector_at):
    with faulty_server(lambda _, connection: connection.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as (
        url,
        _,
    ):
        with pytest.raises(DetectorFailed):
            detector_at(url).detect(PICTURE)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(detector_at, status):
    with faulty_server(lambda _, connection: connection.answer(200, GOOD)) as (
        elsewhere,
        came_elsewhere,
    ):
        with faulty_server(lambda _, connection: connection.answer(status, Location=elsewhere)) as (
            url,
            came,
        ):
            with pytest.raises(DetectorFailed, match=f"answered {status}"):
                detector_at(url).detect(PICTURE)
            assert (len(came), len(came_elsewhere)) == (1, 0)


def test_proxy_variables_are_ignored(detector_at, monkeypatch):
    with faulty_server(lambda _, connection: connection.answer(200, GOOD)) as (url, came):
        with faulty_server(lambda _, connection: connection.answer(500)) as (proxy, came_to_proxy):
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy)
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)

            assert detector_at(url).detect(PICTURE).circles == (FOUND,)
            assert (len(came), len(came_to_proxy)) == (1, 0)


# Metrics


OUTCOMES = {
    "detected": lambda number, connection: connection.answer(200, GOOD),
    "refused": lambda number, connection: connection.answer(500, b"broken"),
    "unusable": lambda number, connection: connection.answer(200, b"no JSON"),
    "timeout": lambda number, connection: connection.hold(),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.timeout(15)
def test_detection_is_counted_once_by_outcome(detector_at, outcome):
    counted = Counted()
    with faulty_server(OUTCOMES[outcome]) as (url, _), suppress(DetectorFailed):
        detector_at(url, predictor_timeout_s=0.5).detect(PICTURE)

    assert counted("circles_predictor_call_seconds_count", outcome=outcome) == 1
    assert counted("circles_predictor_call_seconds_count") == 1


@pytest.mark.timeout(15)
def test_retried_detection_is_counted_once(detector_at):
    counted = Counted()
    answers = {
        0: lambda connection: connection.answer(503),
        1: lambda connection: connection.answer(200, GOOD),
    }
    with faulty_server(lambda number, connection: answers[number](connection)) as (url, came):
        detector_at(url).detect(PICTURE)

    assert len(came) == 2
    assert counted("circles_predictor_call_seconds_count", outcome="detected") == 1
    assert counted("circles_predictor_call_seconds_count") == 1


@pytest.mark.timeout(30)
def test_down_predictor_is_counted_unreachable(detector_at):
    counted = Counted()
    [port] = free_ports(1)
    with pytest.raises(DetectorFailed):
        detector_at(f"http://127.0.0.1:{port}", predictor_timeout_s=2).detect(PICTURE)

    assert counted("circles_predictor_call_seconds_count", outcome="unreachable") == 1


# Too slow: these servers go on until the client disconnects, so a test only ends by its timeout


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SLOW = {
    "says nothing": lambda connection: connection.hold(),
    "drips its status line": lambda connection: connection.drip(b"H", 0.02),
    "drips its headers": lambda connection: (connection.send(HEAD), connection.drip(b"X", 0.02)),
    "says nothing after its headers": lambda connection: (
        connection.send(HEAD + b"Content-Length: 1000\r\n\r\n"),
        connection.hold(),
    ),
    "stops in the middle": lambda connection: (
        connection.send(HEAD + b"Content-Length: 1000\r\n\r\n" + GOOD),
        connection.hold(),
    ),
    "drips a body of known length": lambda connection: (
        connection.send(HEAD + b"Content-Length: 1000000\r\n\r\n"),
        connection.drip(b" ", 0.02),
    ),
    "drips chunks": lambda connection: (
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        connection.drip(b"1\r\n \r\n", 0.02),
    ),
    "drips the length of a chunk": lambda connection: (
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        connection.drip(b"0", 0.02),
    ),
    "drips a body without a length": lambda connection: (
        connection.send(HEAD + b"\r\n"),
        connection.drip(b" ", 0.02),
    ),
}


@pytest.mark.parametrize("slow", SLOW)
@pytest.mark.timeout(15)
def test_slow_predictor_times_out_without_retry(detector_at, slow):
    with faulty_server(lambda number, connection: SLOW[slow](connection)) as (url, came):
        with pytest.raises(DetectorFailed, match="did not answer in time"):
            detector_at(url, predictor_timeout_s=0.3).detect(PICTURE)
        assert len(came) == 1


@pytest.mark.timeout(15)
def test_slow_error_body_keeps_the_deadline(detector_at):
    def behave(number, connection):
        connection.send(b"HTTP/1.1 500 Oh\r\nContent-Length: 1000000\r\n\r\n")
        connection.drip(b" ", 0.02)

    with faulty_server(behave) as (url, came):
        with pytest.raises(DetectorFailed, match="answered 500"):
            detector_at(url, predictor_timeout_s=0.3).detect(PICTURE)
        assert len(came) == 1


@pytest.mark.timeout(15)
def test_timed_out_connection_is_not_reused(detector_at):
    """An abandoned connection must not serve another picture."""

    def behave(number, connection):
        if number == 0:
            connection.send(HEAD + b"Content-Length: 1000000\r\n\r\n")
            connection.drip(b" ", 0.02)
        else:
            connection.answer(200, GOOD)

    with faulty_server(behave) as (url, _):
        detector = detector_at(url, predictor_timeout_s=0.3)
        with pytest.raises(DetectorFailed):
            detector.detect(PICTURE)
        assert detector.detect(PICTURE).circles == (FOUND,)


@pytest.mark.timeout(15)
def test_answer_in_pieces_is_read(detector_at):
    def behave(number, connection):
        connection.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD))
        for at in range(0, len(GOOD), 40):
            connection.send(GOOD[at : at + 40])
            connection.pause(0.01)

    with faulty_server(behave) as (url, _):
        assert detector_at(url).detect(PICTURE).circles == (FOUND,)


# Wake-up calls


@pytest.mark.parametrize("path", ["/", "/below/it"])
def test_wake_sends_one_get_to_the_host(httpserver, path):
    httpserver.expect_request(path, method="GET").respond_with_json({"status": "alive"})
    wake(httpserver.url_for(path), 5)

    assert [(request.path, request.host) for request, _ in httpserver.log] == [
        (path, f"{httpserver.host}:{httpserver.port}")
    ]
    httpserver.check()


def test_wake_ignores_a_failed_tls_handshake(httpserver):
    wake(httpserver.url_for("/").replace("http://", "https://"), 2)


@pytest.mark.parametrize(
    "url", [f"http://{'a' * 70}.example", "http://predictor.invalid", "http://127.0.0.1:1"]
)
def test_wake_ignores_an_unreachable_host(url):
    wake(url, 1)


WAKE_ERRORS = {
    "resets": lambda connection: connection.reset(),
    "answers 503": lambda connection: connection.answer(503),
    "is no HTTP": lambda connection: connection.send(b"220 smtp\r\n\r\n"),
    **SLOW,
}


@pytest.mark.parametrize("error", WAKE_ERRORS)
@pytest.mark.timeout(15)
def test_wake_ignores_errors_and_ends_in_time(error):
    with faulty_server(lambda number, connection: WAKE_ERRORS[error](connection)) as (url, came):
        wake(url, 0.3)
        assert len(came) == 1


def test_wake_ignores_a_predictor_that_is_down():
    (port,) = free_ports(1)
    wake(f"http://127.0.0.1:{port}", 5)


# Fixed detector


@pytest.mark.parametrize("size", [(120, 80), (60, 60), (16, 16), (1, 1)])
def test_fixed_detector_stays_inside_the_picture(size):
    detector = FixedDetector()
    detection = detector.detect(Picture(b"", "image/png", *size))
    scores = [circle.score for circle in detection.circles]

    assert scores == sorted(scores, reverse=True)
    assert detection.circles or size != (120, 80)
    for circle in detection.circles:
        x, y, width, height = circle.bbox
        assert 0 <= x < x + width <= size[0] and 0 <= y < y + height <= size[1]
    assert (detection.model, detection.protocol, detection.duration_ms) == ("fixed", "none", 0.0)


def test_fixed_detector_returns_its_circles():
    assert FixedDetector((FOUND,)).detect(PICTURE).circles == (FOUND,)
