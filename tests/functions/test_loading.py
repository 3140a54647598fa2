"""Test functions in their own process: cold-start imports and start commands."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import requests

from tests.functions.conftest import EVENT_TARGETS, ROOT, TARGETS
from tests.functions.pictures import png
from tests.openapi import check_answer

FRAMEWORK = {
    "functions_framework",
    "flask",
    "werkzeug",
    "jinja2",
    "markupsafe",
    "click",
    "itsdangerous",
    "blinker",
    "cloudevents",
    "deprecation",
    "packaging",
    "starlette",
    "anyio",
    "sniffio",
    "idna",
    "typing_extensions",
    "watchdog",
    "google",
}
"""Packages that any function under functions-framework may import."""

CATALOGUE = {
    "sqlite_utils",
    "sqlite_fts4",
    "pluggy",
    "click_default_group",
    "tabulate",
    "dateutil",
    "six",
}
PICTURES = {"circles_pictures", "PIL"}
PREDICTOR = {"requests", "urllib3", "charset_normalizer", "chardet", "certifi", "idna", "tenacity"}
MINTING = {"uuid_utils"}

PROBE = """
import json, sys
# sqlite-utils and urllib3 import these if present. They are not in requirements.txt, but the
# predictor and console/pack.py bring them into this venv.
sys.modules.update(numpy=None, pandas=None, brotli=None)
import functions_framework
app = functions_framework.create_app(sys.argv[1], sys.argv[2])
answers = []
for method, path, picture in json.loads(sys.argv[3]):
    data = open(picture, "rb").read() if picture else None
    answer = app.test_client().open(path, method=method, data=data, content_type="image/png")
    answers.append(answer.status_code)
modules = [name for name, module in sys.modules.items() if getattr(module, "__file__", None)]
loaded = {name.partition(".")[0] for name in modules}
ours = {"circles", "main", "__main__"}
print(json.dumps([answers, sorted(loaded - sys.stdlib_module_names - ours)]))
"""


def imports_of(function, asked, **settings):
    """Return statuses and imported packages of a new process."""
    out = subprocess.run(
        [
            sys.executable,
            "-c",
            PROBE,
            {**TARGETS, **EVENT_TARGETS}[function],
            f"functions/{function}/main.py",
            json.dumps(asked),
        ],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **settings, "PYTHONPATH": "lib", "CIRCLES_LOG_LEVEL": "ERROR"},
        text=True,
        timeout=60,
    )
    answers, loaded = json.loads(out.stdout.splitlines()[-1])
    return answers, {
        name for name in loaded if not re.fullmatch(r"_.*|.*_cffi_backend|.*finder", name)
    }


@pytest.fixture
def stored(upload, objects):
    """Upload an image and return its path and that of an object."""
    image_id = upload.post("/images/", data=png(), content_type="image/png").json["image_id"]
    [found, *_] = objects.get(f"/images/{image_id}/objects").json
    return {
        "image": f"/images/{image_id}",
        "object": f"/images/{image_id}/objects/{found['object_id']}",
    }


def test_list_imports_only_the_framework(stored):
    answers, loaded = imports_of(
        "list", [["GET", stored["image"] + "/objects", None], ["GET", "/openapi.json", None]]
    )

    assert answers == [200, 200]
    assert loaded - FRAMEWORK == set()


def test_detail_imports_only_the_framework(stored):
    asked = [
        ["GET", stored["image"], None],
        ["GET", stored["object"], None],
        ["GET", stored["image"] + "/content", None],
    ]

    answers, loaded = imports_of("detail", asked)

    assert answers == [200, 200, 200]
    assert loaded - FRAMEWORK == set()


COUNTING = ("batches", "corrections", "measuring", "runs", "scales")


@pytest.mark.parametrize("function", ["list", "detail"])
def test_cold_start_imports_no_types_of_counting(stored, function):
    """Each dataclass costs a cold start about a millisecond."""
    probe = """if True:
        import json, sys
        import functions_framework
        app = functions_framework.create_app(sys.argv[1], sys.argv[2])
        assert app.test_client().get(sys.argv[3]).status_code == 200
        print(json.dumps([name for name in sys.modules if name.startswith("circles.domain.")]))
    """
    path = {"list": "/images/", "detail": stored["image"]}[function]
    command = [
        sys.executable,
        "-c",
        probe,
        TARGETS[function],
        f"functions/{function}/main.py",
        path,
    ]
    environment = {**os.environ, "PYTHONPATH": "lib", "CIRCLES_LOG_LEVEL": "ERROR"}
    out = subprocess.run(
        command, check=True, capture_output=True, cwd=ROOT, env=environment, text=True, timeout=60
    )
    loaded = {name.rpartition(".")[2] for name in json.loads(out.stdout.splitlines()[-1])}

    assert loaded & set(COUNTING) == set()
    assert "images" in loaded


def test_upload_to_a_folder_imports_no_s3_client(framework, tmp_path, volume):
    picture = tmp_path / "a.png"
    picture.write_bytes(png())

    answers, loaded = imports_of("upload", [["POST", "/images/", str(picture)]])

    assert answers == [200]
    assert len(volume.blobs()) == 1
    assert loaded - FRAMEWORK - CATALOGUE - PICTURES - MINTING == set()


def test_upload_imports_requests_for_the_predictor(framework, tmp_path, predictor, volume):
    picture = tmp_path / "a.png"
    picture.write_bytes(png())

    answers, loaded = imports_of(
        "upload",
        [["POST", "/images/", str(picture)]],
        CIRCLES_DETECTOR="kserve",
        CIRCLES_PREDICTOR_URL=predictor.url,
    )

    assert answers == [200]
    assert len(predictor.requests) == 1
    assert loaded - FRAMEWORK - CATALOGUE - PICTURES - MINTING - PREDICTOR == set()
    assert "requests" in loaded


def test_loading_a_function_opens_nothing(framework, volume):
    for function in (*TARGETS, *EVENT_TARGETS):
        answers, loaded = imports_of(function, [["GET", "/health/liveness", None]])
        assert answers == [200]
        assert loaded - FRAMEWORK - CATALOGUE == set()
    assert not volume.folder.exists()


@contextlib.contextmanager
def run_functions_framework(target, function, folder):
    """Run functions-framework's own command. Yields URL and process."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [
        Path(sys.executable).with_name("functions-framework"),
        "--source",
        f"functions/{function}/main.py",
        "--target",
        target,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith("FUNCTION_")
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**environment, "PYTHONPATH": "lib"}, stdout=log, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("function", TARGETS)
def test_functions_framework_serves_http_functions(framework, tmp_path, function):
    with run_functions_framework(TARGETS[function], function, tmp_path) as (url, process):
        status, headers, body = wait_for_answer(f"{url}/health/readiness", process)

    assert (status, json.loads(body)) == (200, {"status": "ready"})
    check_answer("GET", "/health/readiness", status, headers, body, function=function)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("function", EVENT_TARGETS)
def test_functions_framework_adds_no_body_to_event_answers(framework, tmp_path, function):
    """Its CloudEvent decorator answers "OK", which a broker takes for an invalid event."""
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "unknown", "ce-source": "/s"}
    with run_functions_framework(EVENT_TARGETS[function], function, tmp_path) as (url, process):
        wait_for_answer(f"{url}/health/liveness", process)
        answers = [
            requests.post(url, data=b"{}", headers=headers, timeout=10) for headers in (event, {})
        ]

    expected = {"bridge": [401, 401], "ingest": [204, 422], "repair": [204, 422]}
    assert [answer.status_code for answer in answers] == expected[function]
    assert [answer.content for answer in answers] == [b"", b""]


@pytest.mark.timeout(60)
def test_sigterm_waits_for_background_work(framework, tmp_path, volume, predictor):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": "lib",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FUNCTION_SOURCE": "functions/upload/main.py",
        "FUNCTION_TARGET": "upload",
        "CIRCLES_DETECTOR": "kserve",
        "CIRCLES_PREDICTOR_URL": predictor.url,
    }
    del environment["FUNCTION_SIGNATURE_TYPE"]
    predictor.hold()
    process = subprocess.Popen([sys.executable, "-m", "circles.serve"], cwd=ROOT, env=environment)
    try:
        wait_for_answer(f"http://127.0.0.1:{port}/health/readiness", process)
        headers = {"Content-Type": "image/png", "Prefer": "respond-async"}
        answer = requests.post(
            f"http://127.0.0.1:{port}/images/", data=png(), headers=headers, timeout=10
        )
        assert predictor.asked.wait(10)
        process.terminate()
        threading.Timer(0.5, predictor.release).start()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()

    assert answer.status_code == 202
    assert [row["status"] for row in volume.rows("images")] == ["detected"]


def wait_for_answer(url, process):
    """Poll until the process answers. Fails if it ends."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.status, dict(response.headers), response.read()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"it ended with {process.returncode}")
