"""Test oversized bodies, direct and through the gateway."""

import contextlib

import pytest

from circles.settings import Settings
from tests.functions.conftest import Volume
from tests.functions.pictures import jpeg
from tests.system.clients import (
    Client,
    post_and_disconnect,
    post_until_refused,
    send_then_read,
    start_post,
)
from tests.system.processes import Function, Gateway, memory_peak_bytes

LIMIT = Settings().max_upload_bytes
FAR_TOO_MUCH = 10 * LIMIT
FORM = "multipart/form-data; boundary=frontier"


class Server:
    """An upload function and a gateway with their idle memory peaks."""

    def __init__(self, folder, stack):
        self.volume = Volume(folder / "volume")
        self.function = Function(
            "upload", folder / "upload.log", detector="fixed", data_dir=self.volume.folder
        )
        stack.callback(self.function.stop)
        urls = dict.fromkeys(("upload", "list", "detail"), self.function.url)
        self.gateway = Gateway(folder / "gateway.log", urls)
        stack.callback(self.gateway.stop)
        self.function.wait_until_ready()
        self.gateway.wait_until_ready()
        self.idle = self.peaks()

    def peaks(self):
        return [memory_peak_bytes(each.popen.pid) for each in (self.function, self.gateway)]

    def growth(self):
        """Return the growth of each memory peak in bytes."""
        return [now - idle for now, idle in zip(self.peaks(), self.idle, strict=True)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield Server(tmp_path_factory.mktemp("limits"), stack)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "announced", [True, False], ids=["with Content-Length", "without Content-Length"]
)
@pytest.mark.parametrize("content_type", ["image/png", FORM, "text/plain"])
@pytest.mark.parametrize("way", ["function", "gateway"])
def test_oversized_body_is_refused_without_buffering(server, way, content_type, announced):
    url = getattr(server, way).url

    status, headers, problem, sent = post_until_refused(
        url, content_type, FAR_TOO_MUCH, announced=announced
    )

    codes = {413: "too-large", 415: "unsupported-picture"}
    assert status == 413 or (
        status == 415 and content_type == "text/plain"
    )  # the order of checks decides
    assert headers.get("content-type", headers.get("Content-Type")) == "application/problem+json"
    assert problem["type"] == f"urn:circles:problem:{codes[status]}"
    assert problem["detail"]
    assert sent < FAR_TOO_MUCH
    assert max(server.growth()) <= 3 * LIMIT
    assert server.volume.is_empty()
    assert Client(url).get("/health/liveness").json() == {"status": "alive"}


def test_gateway_refuses_an_oversized_length_unread(server):
    status, _, problem, sent = post_until_refused(
        server.gateway.url, "image/png", FAR_TOO_MUCH, announced=True, request_id="never-passed-on"
    )

    assert (status, problem["status"]) == (413, 413)
    assert sent <= LIMIT  # the socket buffers until the answer arrived
    assert "never-passed-on" not in server.function.log


REFUSED_UNREAD = {
    "PUT": ("PUT", "image/png", LIMIT, 405),
    "text": ("POST", "text/plain", LIMIT, 415),
    "too long": ("POST", "image/png", LIMIT + LIMIT // 2, 413),
}


@pytest.mark.parametrize("case", REFUSED_UNREAD)
def test_client_that_sends_first_receives_the_refusal(server, case):
    """Closing with an unread body would reset the connection."""
    method, content_type, size_bytes, status = REFUSED_UNREAD[case]

    answered, problem = send_then_read(server.function.url, method, content_type, size_bytes)

    assert (answered, problem["status"]) == (status, status)


def test_aborted_upload_leaves_nothing(server):
    """The received part is a complete JPEG. Only the length shows the abort."""
    before = server.function.log.count("POST /images/")

    post_and_disconnect(
        server.function.url, "image/jpeg", jpeg(), announced_bytes=len(jpeg()) + 1000
    )

    assert Client(server.function.url).get("/health/readiness").json() == {"status": "ready"}
    assert server.function.log.count("POST /images/") == before
    assert server.volume.is_empty()


def test_slow_senders_do_not_block_others(server):
    slow = 2 * Settings().threads
    with contextlib.ExitStack() as stack:
        for _ in range(slow):
            stack.enter_context(start_post(server.gateway.url, announced_bytes=1_000_000))
        response = Client(server.gateway.url).request(
            "POST",
            "/images/",
            data=b"no picture",
            headers={"Content-Type": "image/png"},
            timeout=20,
        )

    assert (response.status_code, response.json()["type"]) == (
        415,
        "urn:circles:problem:unsupported-picture",
    )


@pytest.mark.parametrize("way", ["function", "gateway"])
def test_one_byte_over_the_limit_is_413(server, way):
    """The gateway's limit is higher, so the function itself refuses it."""
    client = Client(getattr(server, way).url)

    response = client.request(
        "POST", "/images/", data=bytes(LIMIT + 1), headers={"Content-Type": "image/png"}
    )

    assert response.status_code == 413
    assert (
        response.json()["detail"] == f"The picture is too large; at most {LIMIT:,} bytes are taken."
    )
    assert server.volume.is_empty()


def test_picture_of_the_maximum_size_is_accepted(server, coins):
    data = coins + bytes(LIMIT - len(coins))  # bytes after a PNG's end are ignored

    response = Client(server.gateway.url).upload(data)

    assert (response.status_code, response.json()["size_bytes"]) == (200, LIMIT)
    [blob] = server.volume.blobs()
    assert blob.stat().st_size == LIMIT
    assert max(server.growth()) <= 4 * LIMIT
