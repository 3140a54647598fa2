"""Test what all functions share: probes, paths and problem details."""

import logging

import pytest

from circles.bootstrap import load_services
from circles.version import read_version
from tests.functions.conftest import TARGETS
from tests.functions.pictures import png
from tests.openapi import CONTRACT

FUNCTIONS = tuple(TARGETS)
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
ROUTES = {
    "upload": {
        "/images/": "POST",
        f"/images/{ID}/detections": "POST",
        f"/images/{ID}": "DELETE",
        f"/images/{ID}/scale": "DELETE, PUT",
        "/batches/a/scale": "DELETE, PUT",
        f"/deliveries/{ID}/replay": "POST",
        "/uploads": "POST",
    },
    "list": {f"/images/{ID}/objects": "GET", "/images/": "GET"},
    "detail": {
        f"/images/{ID}": "GET",
        f"/images/{ID}/objects/{ID}": "GET",
        f"/images/{ID}/detections": "GET",
        f"/images/{ID}/content": "GET",
    },
    "export": {
        f"/images/{ID}/thumbnail": "GET",
        f"/images/{ID}/overlay": "GET",
        f"/images/{ID}/objects/{ID}/crop": "GET",
        "/export": "GET",
        "/exports": "POST",
        "/stats": "GET",
        "/batches/a": "GET",
    },
}
TOGETHER = {
    "/images": "GET, HEAD, POST",
    f"/images/{ID}": "DELETE, GET, HEAD",
    f"/images/{ID}/detections": "GET, HEAD, POST",
}
"""Allowed methods of paths that several functions share."""

METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "CONNECT",
)
ABSENT = (
    "/",
    "/index.html",
    "/robots.txt",
    "/favicon.ico",
    "/health",
    "/metrics/x",
    "/%2e%2e/etc/passwd",
    "/images/%ff/x",
    "/images//objects",
    "/images//",
    "/images/a/b/c/d",
    f"/images/{ID}%0a",
)
every_function = pytest.mark.parametrize("function", FUNCTIONS)


def body_for(method):
    """What a request of this method is sent with."""
    return {"data": png(), "content_type": "image/png"} if method == "POST" else {}


@every_function
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_unexpected_body_is_refused(load, function, method):
    known = {"GET": "/health/liveness", "HEAD": "/openapi.json", "DELETE": f"/images/{ID}"}
    response = load(function).open(known[method], method=method, data=b"x")

    if method == "DELETE" and function != "upload":
        assert response.status_code in (404, 405)
    else:
        assert response.status_code == 400
        assert method == "HEAD" or "takes no body" in response.json["detail"]


@every_function
def test_probes_answer(load, function):
    client = load(function)
    alive, ready = client.get("/health/liveness"), client.get("/health/readiness")

    assert (alive.status_code, alive.json) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json) == (200, {"status": "ready"})


@every_function
def test_unavailable_catalogue_is_alive_but_not_ready(load, volume, function):
    volume.folder.mkdir()
    volume.database.mkdir()  # a folder instead of the file
    client = load(function)
    alive, ready = client.get("/health/liveness"), client.get("/health/readiness")

    assert (alive.status_code, alive.json) == (200, {"status": "alive"})
    assert ready.status_code == 503
    assert ready.headers["Retry-After"] == "5"
    assert ready.json["type"] == "urn:circles:problem:unavailable"


def test_upload_is_not_ready_without_its_store(upload, volume):
    volume.folder.mkdir()
    (volume.folder / "blobs").write_text("a file where the folder should be")

    response = upload.get("/health/readiness")

    assert response.status_code == 503
    assert response.json["detail"] == "The object store cannot be read now."


@every_function
def test_openapi_contract_is_served(load, function):
    response = load(function).get("/openapi.json")

    assert response.status_code == 200
    assert response.json["info"] == {**CONTRACT["info"], "version": read_version()}
    assert response.json["components"] == CONTRACT["components"]
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            served = response.json["paths"][path][method]
            if method != "parameters":
                implied = {"401", "403"} if operation["x-scope"] != "none" else set()
                assert served["responses"].keys() == operation["responses"].keys() | implied
                served = {**served, "responses": operation["responses"]}
            assert served == operation


@every_function
@pytest.mark.parametrize("path", ABSENT)
def test_unknown_path_is_not_found(load, function, path):
    response = load(function).get(path)

    assert response.status_code == 404
    assert response.json["type"] == "urn:circles:problem:not-found"
    assert "/openapi.json" in response.json["detail"]


@every_function
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_flask_static_files_are_not_served(load, function, method):
    response = load(function).open("/static/main.py", method=method)

    assert response.status_code == 404
    assert method == "HEAD" or response.json["type"] == "urn:circles:problem:not-found"


@every_function
def test_routes_of_other_functions_are_not_found(load, function):
    client = load(function)
    for other in set(FUNCTIONS) - {function}:
        for path, method in ROUTES[other].items():
            response = client.open(path, method=method)
            assert response.status_code in (404, 405), path
            assert response.json["status"] == response.status_code


@every_function
@pytest.mark.parametrize("method", METHODS)
def test_wrong_method_is_405_with_allow(load, function, method):
    client = load(function)
    known = {
        **ROUTES[function],
        "/health/liveness": "GET",
        "/metrics": "GET",
        "/openapi.json": "GET",
    }
    for path, allowed in [
        *known.items(),
        *((path.rstrip("/"), allowed) for path, allowed in known.items()),
    ]:
        if method in allowed.split(", ") or (method, allowed) == ("HEAD", "GET"):
            continue
        response = client.open(path, method=method)
        assert response.status_code == 405, path
        assert response.headers["Allow"] == TOGETHER.get(
            path.rstrip("/"), "GET, HEAD" if allowed == "GET" else allowed
        )
        assert method == "HEAD" or response.json["type"] == "urn:circles:problem:method-not-allowed"
        assert method == "HEAD" or "Allow" in response.json["detail"]


@every_function
def test_body_of_a_refused_method_is_not_buffered(load, function):
    class Endless:
        given = 0

        def read(self, size=-1):
            assert 0 < size <= 1024 * 1024, "asked for all of it at once"
            self.given += size
            return bytes(size)

    endless = Endless()
    response = load(function, max_upload_bytes=1_000_000).open(
        "/images/",
        method="PUT",
        environ_overrides={"wsgi.input": endless, "wsgi.input_terminated": True},
        headers={"Transfer-Encoding": "chunked"},
    )

    assert response.status_code in (404, 405)
    assert response.json["status"] == response.status_code
    assert endless.given < 10_000_000


@every_function
def test_every_answer_has_a_request_id(load, function):
    client = load(function)
    given = client.get("/health/liveness", headers={"X-Request-Id": "trace-7"})
    refused = client.get("/nothing", headers={"X-Request-Id": "trace-8"})
    minted = [client.get("/health/liveness").headers["X-Request-Id"] for _ in range(2)]

    assert (given.status_code, given.headers["X-Request-Id"]) == (200, "trace-7")
    assert (refused.status_code, refused.headers["X-Request-Id"]) == (404, "trace-8")
    assert refused.json["instance"] == "urn:circles:request:trace-8"
    assert minted[0] != minted[1]
    assert all(len(each) == 36 for each in minted)


@every_function
@pytest.mark.parametrize("given", ["x" * 129, "ä", "a\x1b[2J", ""], ids=ascii)
def test_invalid_request_id_is_replaced(load, function, given):
    response = load(function).get("/health/liveness", headers={"X-Request-Id": given})

    assert (response.status_code, len(response.headers["X-Request-Id"])) == (200, 36)


def test_log_line_escapes_line_breaks_in_a_path(detail, log):
    response = detail.get("/nothing%0a2026-01-01 INFO forged")

    assert (response.status_code, response.json["status"]) == (404, 404)
    [line] = log.getvalue().splitlines()
    assert "forged 404" in line


@every_function
def test_probes_are_not_logged(load, log, function):
    response = load(function).get("/health/liveness")

    assert (response.status_code, response.json) == (200, {"status": "alive"})
    assert log.getvalue() == ""


@every_function
def test_unexpected_error_is_logged_but_not_shown(load, log, monkeypatch, function):
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("the secret of /srv/data at 10.0.0.7:5432")

    client = load(function, checked=False)  # the contract does not promise 500
    [(path, method), *_] = ROUTES[function].items()
    with monkeypatch.context() as patch:
        patch.setattr(load_services(), "catalogue", Broken(), raising=False)
        response = client.open(path, method=method, **body_for(method))

    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert response.json["type"] == "urn:circles:problem:internal"
    for secret in ("secret", "/srv", "10.0.0.7", "Traceback", "RuntimeError", ".py"):
        assert secret not in response.text
    assert "RuntimeError: the secret of /srv/data" in log.getvalue()


def provoke_refusals(load, volume, tmp_path):
    """Provoke errors whose causes name paths, hosts and code. Yield the details shown."""
    upload, detail = (
        load(
            "upload", detector="kserve", predictor_url="http://127.0.0.1:9", predictor_timeout_s=1
        ),
        None,
    )
    pending = upload.post("/images/", data=png(), content_type="image/png")
    yield pending.json["error"]
    detail = load("detail")
    volume.blobs()[0].unlink()
    yield detail.get(f"/images/{pending.json['image_id']}/content").json["detail"]
    volume.blobs()
    (tmp_path / "elsewhere").write_text("no folder")
    away = load("upload", data_dir=tmp_path / "elsewhere")
    yield away.post("/images/", data=png(), content_type="image/png").json["detail"]
    yield away.get("/health/readiness").json["detail"]
    yield load("detail").get(f"/images/{ID}").json["detail"]


def test_problem_details_show_no_internals(load, volume, tmp_path):
    sentences = list(provoke_refusals(load, volume, tmp_path))

    assert len(sentences) == 5
    for sentence in sentences:
        assert sentence
        for secret in (
            str(tmp_path),
            "127.0.0.1",
            "localhost",
            "Errno",
            "Traceback",
            "sqlite",
            "http:",
            ".py",
            "0x",
        ):
            assert secret not in sentence


@every_function
def test_corrupt_catalogue_is_503_and_left_unchanged(load, volume, function):
    volume.folder.mkdir()
    volume.database.write_bytes(b"this is no database" * 100)
    [(path, method), *_] = ROUTES[function].items()

    response = load(function).open(path, method=method, **body_for(method))

    assert response.status_code == 503
    assert response.json["type"] == "urn:circles:problem:unavailable"
    assert volume.database.read_bytes() == b"this is no database" * 100
    assert volume.blobs() == []


def test_readiness_is_logged_only_when_it_changes(load, volume, monkeypatch, caplog):
    volume.folder.mkdir()
    volume.database.mkdir()
    client = load("detail")
    monkeypatch.setattr(logging.getLogger("circles"), "propagate", True)

    for _ in range(3):
        assert client.get("/health/readiness").status_code == 503
    volume.database.rmdir()
    for _ in range(3):
        assert client.get("/health/readiness").status_code == 200

    told = [record.message for record in caplog.records]
    assert [message.partition(":")[0] for message in told if "ready" in message] == [
        "not ready",
        "ready again",
    ]
    assert not [message for message in told if message.startswith("unavailable")]
