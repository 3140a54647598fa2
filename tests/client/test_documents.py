"""Run every command and program of docs/using.md and docs/own-predictor.md."""

import os
import re
import subprocess
import sys

import pytest

from tests.client.pictures import fill
from tests.functions.conftest import ROOT
from tests.functions.pictures import draw, encode, png
from tests.functions.predictors import answer_objects
from tests.system.processes import environment, free_port, wait_for

USING = (ROOT / "docs/using.md").read_text()
OWN_PREDICTOR = (ROOT / "docs/own-predictor.md").read_text()
COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.95}
FAINT = {**COIN, "bbox": [90, 50, 10, 10], "centroid": [95, 55], "radius": 5.0, "score": 0.4}
ELSEWHERE = r"pip install|make train|export CIRCLES_URL"
"""Commands that other tests run, or that take hours: test_package.py, tests/training/."""


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def commands(text):
    """Return the commands of all console blocks, in order."""
    return [
        line.removeprefix("$ ")
        for block in blocks(text, "console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


@pytest.fixture
def place(tmp_path, site, predictor):
    """Return a folder with what the documents take for granted, and its environment."""
    predictor.answer = answer_objects(COIN, FAINT, threshold=0.87)
    site.add("export")
    fill(tmp_path / "photos/sub", 2)
    (tmp_path / "photos/coins.png").write_bytes(png())
    fill(tmp_path / "scanner", 1, start=5)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "circles").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m circles_client "$@"\n'
    )
    (binaries / "circles").chmod(0o755)
    path = f"{binaries}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    names = {"PYTHONPATH": str(ROOT / "lib"), "CIRCLES_URL": site.url, "PATH": path}
    return tmp_path, environment(**names)


def as_test(command):
    """Return a command as the test can run it: a watch that ends, and make from its folder."""
    if command.startswith("circles watch"):
        return f"timeout -s INT 20 {command} --quiet 0.2 || [ $? = 124 ]"
    if command.startswith("make evaluate"):
        data = "--split train --detector hough-tutorial"
        return f'(cd "{ROOT}" && python -m predictor.evaluation "$OLDPWD/reviewed/coins" {data})'
    return command


def test_every_command_of_using_runs(place, client):
    folder, names = place
    wanted = [each for each in commands(USING) if not re.match(ELSEWHERE, each)]
    script = "\n".join(["set -euo pipefail", *map(as_test, wanted)])
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=names, capture_output=True, text=True, timeout=200
    )

    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-2000:]
    assert len(wanted) > 15
    told = {command.split()[1] for command in wanted if command.startswith("circles ")}
    assert {"upload", "watch", "list", "show", "objects", "export", "correct", "scale", "dataset",
            "deliveries", "tokens"} <= told  # fmt: skip
    assert {image["batch"] for image in client.images()} == {"d7", "today", None}
    assert (folder / "circles.xlsx").exists()


def test_python_of_using_runs(place):
    folder, names = place
    [program] = blocks(USING, "python")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=names, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[25.0, 35.0] 15.0 None\n404 not-found ")


def test_exit_codes_and_states_are_documented():
    from circles_client.commands import context

    codes = set(map(int, re.findall(r"^\| (\d+) \|", USING, re.M)))
    assert codes == {0, context.FAILED, context.USAGE, context.NOT_ALLOWED, context.PENDING,
                     context.INTERRUPTED}  # fmt: skip


@pytest.fixture
def own_predictor(tmp_path):
    """Start the documents' example as a person would, and return its URL."""
    [program] = blocks(OWN_PREDICTOR, "python")
    assert len(program.splitlines()) <= 45
    (tmp_path / "my_predictor.py").write_text(program)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, tmp_path / "my_predictor.py"], env=environment(PORT=str(port)),
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: is_open(port), "the example to listen")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def is_open(port):
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("protocol", ["v1", "v1-raw", "v2-binary"])
def test_own_predictor_speaks_every_form(load, own_predictor, protocol):  # noqa: F811
    upload = load(
        "upload", detector="kserve", predictor_url=own_predictor, predictor_protocol=protocol
    )
    image = upload.post("/images/", data=png(), content_type="image/png").json
    empty = encode(draw(shade=210), "PNG")

    assert (image["status"], image["object_count"]) == ("detected", 1)
    [found] = load("list").get(f"/images/{image['image_id']}/objects?fields=full").json
    assert found["centroid"] == pytest.approx([30.5, 25.5], abs=0.2)
    assert found["radius"] == pytest.approx(15.5, abs=0.6)
    assert upload.post("/images/", data=empty, content_type="image/png").json["object_count"] == 0


def test_make_run_takes_another_predictor():
    told = {"CIRCLES_PREDICTOR_URL": "http://127.0.0.1:9090"}
    done = subprocess.run(
        ["make", "-n", "-o", ".venv/run.stamp", "run"], cwd=ROOT, env=environment(**told),
        capture_output=True, text=True,
    )  # fmt: skip

    assert "CIRCLES_PREDICTOR_URL=http://127.0.0.1:9090 " in done.stdout
    assert "CIRCLES_PREDICTOR_URL=http://127.0.0.1:8085 " not in done.stdout
