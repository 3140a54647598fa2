"""Test slow clients at the gateway: timeouts, memory and other clients."""

import contextlib
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest
import requests
import yaml

from tests.functions.conftest import Volume
from tests.functions.pictures import png
from tests.system.clients import Client, post_and_disconnect
from tests.system.processes import ROOT, Function, Gateway, memory_peak_bytes, wait_for
from tests.system.slow_clients import SlowClient, SlowClients

MIB = 1024 * 1024
CADDYFILE = (ROOT / "manifests/local/Caddyfile").read_text()
MAX_OPEN_BODIES = int(re.search(r"GATEWAY_MAX_OPEN_BODIES:(\d+)", CADDYFILE)[1])
BUFFER_BYTES = int(re.search(r"request_buffers (\d+)KiB", CADDYFILE)[1]) * 1024


def deployed():
    """Return the gateway's container of manifests/base."""
    text = (ROOT / "manifests/base/gateway.yaml").read_text()
    kinds = {document["kind"]: document for document in yaml.safe_load_all(text)}
    [container] = kinds["Deployment"]["spec"]["template"]["spec"]["containers"]
    return container


LIMIT_BYTES = int(deployed()["resources"]["limits"]["memory"].removesuffix("Mi")) * MIB
GOMEMLIMIT = {each["name"]: each.get("value") for each in deployed()["env"]}["GOMEMLIMIT"]


class Site:
    """The three functions, with a method that starts gateways."""

    def __init__(self, folder, stack):
        self._folder, self._stack = folder, stack
        self.volume = Volume(folder / "volume")
        self.functions = {name: self._start(name) for name in ("upload", "list", "detail")}

    def _start(self, name):
        settings = {"detector": "fixed", "data_dir": self.volume.folder}
        function = Function(name, self._folder / f"{name}.log", **settings)
        self._stack.callback(function.stop)
        return function.wait_until_ready()

    def gateway(self, **variables):
        """Start a gateway with the memory limit of manifests/base."""
        urls = {name: function.url for name, function in self.functions.items()}
        log = self._folder / "gateway.log"
        gateway = Gateway(log, urls, GOMEMLIMIT=GOMEMLIMIT, **variables)
        self._stack.callback(gateway.stop)
        return gateway.wait_until_ready()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("site"), stack)


@pytest.fixture(scope="module")
def fast(site):
    """Return a gateway with a short body timeout."""
    return site.gateway(GATEWAY_BODY_TIMEOUT="4s")


def timed(call):
    """Return the answer of call() and the seconds it took."""
    began = time.monotonic()
    return call(), time.monotonic() - began


def chunked(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


REQUESTS = [
    ("POST", "/images/"),
    ("PUT", "/images/"),
    ("GET", "/images/"),
    ("POST", "/images/x/detections"),
]
LENGTHS = [1000, 300_000, 20_000_000, None]


def slow_clients(url, *, drips, count=60):
    """Yield slow clients of all methods, with and without an announced length."""
    for number in range(count):
        method, path = REQUESTS[number % len(REQUESTS)]
        announced = LENGTHS[number // len(REQUESTS) % len(LENGTHS)]
        first = b"1" if drips else b""
        yield SlowClient(url, method, path, announced, first=first, drips=drips)


@pytest.mark.timeout(300)
def test_slow_clients_are_cut_off_and_delay_no_other(site):
    gateway = site.gateway()
    client = Client(gateway.url)
    took_s = {"list": [], "liveness": [], "upload": []}
    calls = {
        "list": lambda shade: client.get("/images/"),
        "liveness": lambda shade: client.get("/health/liveness"),
        "upload": lambda shade: client.upload(png(shade)),
    }

    def make():
        yield from slow_clients(gateway.url, drips=False)
        yield from slow_clients(gateway.url, drips=True)

    with SlowClients(make) as slow:
        for shade in range(10):
            for name, call in calls.items():
                response, seconds = timed(lambda call=call, shade=shade: call(shade))
                assert response.status_code == 200
                took_s[name].append(seconds)
        assert len(slow.open) >= 60  # all but those that were refused by their heads
        wait_for(lambda: not slow.open, "all slow clients to be cut off", 120)

    silent = [each.closed_s for each in slow.clients if not each.drips]
    dripping = [each.closed_s for each in slow.clients if each.drips]
    print({name: round(max(seconds), 3) for name, seconds in took_s.items()})
    print(f"cut off: silent {max(silent):.1f} s, dripping {max(dripping):.1f} s")
    assert max(silent) <= 40 and max(dripping) <= 80
    assert median(took_s["list"]) <= 0.5
    assert median(took_s["liveness"]) <= 0.2
    assert median(took_s["upload"]) <= 2


CASES = [(announced, size) for announced in LENGTHS for size in (0, 100, 1_500_000)]


@pytest.mark.timeout(120)
def test_slow_bodies_are_408(fast):
    def make():
        for announced, size in CASES:
            first = bytes(min(size, (announced or size + 1) - 1))
            if announced is None and first:
                first = chunked(first)
            yield SlowClient(fast.url, "POST", "/images/", announced, first=first)

    with SlowClients(make) as slow:
        wait_for(lambda: not slow.open, "the clients to be cut off", 60)

    for client in slow.clients:
        head, _, body = client.answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 "), (client.what, client.answer[:300])
        assert b"Connection: close" in head and b"application/problem+json" in head
        assert json.loads(body)["type"] == "urn:circles:problem:timeout"


@pytest.mark.timeout(120)
def test_half_a_body_never_becomes_an_image(site, fast):
    picture = png() + bytes(1_500_000)  # decodes at half its length
    before = len(site.volume.rows("images"))

    def make():
        for size in (len(png()), len(png()) + 1_200_000):
            yield SlowClient(fast.url, "POST", "/images/", len(picture), first=picture[:size])
        for size in (1000, len(png()) + 1_200_000):
            first = chunked(picture[:size])
            yield SlowClient(fast.url, "POST", "/images/", None, first=first)

    for size in (len(png()), len(png()) + 1_200_000):
        data = picture[:size]
        post_and_disconnect(fast.url, "image/png", data, announced_bytes=len(picture))
    with SlowClients(make) as slow:
        wait_for(lambda: not slow.open, "the clients to be cut off", 60)

    assert Client(fast.url).upload(png()).status_code == 200
    assert len(site.volume.rows("images")) == before + 1


def test_unexpected_bodies_are_refused_by_the_head(site, fast):
    image = "/images/01890a5d-ac96-774b-bcce-b302099a8057"
    requests_ = [("GET", "/images/"), ("HEAD", "/images/"), ("GET", image), ("DELETE", image)]
    before = [function.log for function in site.functions.values()]

    def make():
        for method, path in requests_:
            yield SlowClient(fast.url, method, path, 1000)
            yield SlowClient(fast.url, method, path, None)

    with SlowClients(make) as slow:
        wait_for(lambda: all(client.status for client in slow.clients), "the refusals", 20)

    for client in slow.clients:
        head, _, body = client.answer.partition(b"\r\n\r\n")
        assert client.status == 400, (client.what, client.answer)
        assert b"Connection: close" in head and b"application/problem+json" in head
        assert b"takes no body" in body or client.what.startswith("HEAD")
    assert [function.log for function in site.functions.values()] == before


@pytest.mark.timeout(300)
def test_memory_stays_within_the_limit_of_the_manifest(site):
    gateway = site.gateway()

    def make():
        for _ in range(60):  # fast to 8 MiB, and then silent
            yield SlowClient(gateway.url, "POST", "/images/", 20 * MIB, first=bytes(8 * MIB))
        for _ in range(2 * MAX_OPEN_BODIES):  # each fills its buffer
            first = bytes(BUFFER_BYTES - 1)
            yield SlowClient(gateway.url, "PUT", "/images/", 2 * MIB, first=first)

    with SlowClients(make) as slow:
        wait_for(lambda: len(slow.open) <= MAX_OPEN_BODIES, "the surplus to be refused", 60)
        time.sleep(2)  # for the buffers of the others to fill
        response, list_s = timed(lambda: Client(gateway.url).get("/images/"))
        peak = memory_peak_bytes(gateway.popen.pid)
        full = [client for client in slow.clients if client.status == 503]

    print(f"peak {peak / MIB:.0f} MiB, {len(full)} refused, list {list_s:.3f} s")
    assert response.status_code == 200
    assert gateway.popen.poll() is None
    assert peak < LIMIT_BYTES
    assert full and all(b"Retry-After: 5" in client.answer for client in full)


def test_slow_function_outlasts_the_body_timeout(site, fast, predictor, tmp_path):
    settings = {"predictor_url": predictor.url, "predictor_timeout_s": 30}
    function = Function("upload", tmp_path / "log", data_dir=tmp_path / "volume", **settings)
    urls = {"upload": function.url, "list": function.url, "detail": function.url}
    gateway = Gateway(tmp_path / "gateway.log", urls, GATEWAY_BODY_TIMEOUT="2s")
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as clients:
        stack.callback(function.stop)
        stack.callback(gateway.stop)
        function.wait_until_ready()
        gateway.wait_until_ready()
        predictor.hold()
        answer = clients.submit(Client(gateway.url).upload, png())
        time.sleep(4)
        predictor.release()
        response = answer.result(30)

    assert (response.status_code, response.json()["status"]) == (200, "detected")


def test_gateway_starts_again_after_it_was_killed(site):
    gateway = site.gateway()
    gateway.kill()  # leaves its socket behind
    log, urls = gateway.log_file, {name: each.url for name, each in site.functions.items()}
    again = Gateway(log, urls, port=gateway.port)
    try:
        again.wait_until_ready()
        assert Client(again.url).upload(png()).status_code == 200
    finally:
        again.stop()


def test_long_uris_are_414(fast):
    response = requests.get(f"{fast.url}/images/?x={'a' * 9000}", timeout=20)

    assert response.status_code == 414
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "8 KiB" in response.json()["detail"]
