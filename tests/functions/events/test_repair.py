"""Test repair: a PingSource tick completes interrupted work."""

import json
import logging
import os
import subprocess
import sys

import pytest

from tests.functions.conftest import ROOT
from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects, answer_text


def tick(client, kind="dev.knative.sources.ping", body=b"{}", **more):
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": kind, "ce-source": "/ping", **more}
    response = client.post("/", data=body, headers={"content-type": "application/json", **headers})
    assert response.data == b""
    return response.status_code


def test_tick_detects_a_pending_image(load, predictor, volume):
    known = {
        "detector": "kserve",
        "predictor_url": predictor.url,
        "repair_after_s": 0.001,
        "predictor_timeout_s": 5,
    }
    predictor.answer = answer_text("", 500)
    sent = load("upload", **known).post("/images/", data=png(), content_type="image/png")
    assert (sent.status_code, sent.json["status"]) == (202, "pending")
    predictor.answer = answer_objects(CIRCLE)

    assert tick(load("repair", **known)) == 204

    assert [row["status"] for row in volume.rows("images")] == ["detected"]
    assert len(volume.rows("objects")) == 1


def test_tick_without_work_changes_nothing(load, volume):
    assert tick(load("repair")) == 204
    assert volume.is_empty()


@pytest.mark.parametrize(
    "kind", ["dev.circles.image.detected", "com.amazonaws.s3.ObjectCreated:Put", "ping"]
)
def test_other_event_type_starts_no_repair(load, monkeypatch, kind):
    client = load("repair")
    monkeypatch.setattr(sys.modules["main"], "repair_images", lambda _: 1 / 0)

    assert tick(client, kind) == 204
    assert tick(client) == 500  # the patch works


def test_non_cloud_event_is_refused(load):
    response = load("repair").post(
        "/", data=json.dumps({"tick": 1}), content_type="application/json"
    )

    assert (response.status_code, response.data) == (422, b"")


def test_tick_may_have_any_data(load):
    client = load("repair")

    assert [tick(client, body=body) for body in (b"", b"{", b"\xff", b'"x"')] == [204] * 4


def test_broken_catalogue_is_503(load, volume):
    volume.folder.mkdir()
    volume.database.write_bytes(b"this is no database" * 100)
    client = load("repair")

    assert tick(client) == 503
    assert client.get("/health/readiness").status_code == 503


def run_repair_command(**settings):
    """Run `make repair` without make."""
    return subprocess.run(
        [sys.executable, "-m", "circles.repair"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "lib", **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_repair_command_prints_a_report(load, predictor, volume):
    known = {
        "detector": "kserve",
        "predictor_url": predictor.url,
        "repair_after_s": 0.001,
        "predictor_timeout_s": 5,
    }
    predictor.answer = answer_text("", 500)
    load("upload", **known).post("/images/", data=png(), content_type="image/png")
    predictor.answer = answer_objects(CIRCLE)

    done = run_repair_command()

    assert done.returncode == 0, done.stderr
    report = dict(line.split(": ") for line in done.stdout.splitlines())
    assert (report["detected"], report["failed"], report["rows without blob seen"]) == (
        "1",
        "0",
        "0",
    )
    assert [row["status"] for row in volume.rows("images")] == ["detected"]


def test_repair_command_prints_its_error(framework, volume):
    volume.folder.mkdir()
    volume.database.write_bytes(b"this is no database" * 100)

    for settings in ({}, {"CIRCLES_STORE": "tape"}):
        done = run_repair_command(**settings)
        assert done.returncode == 1
        assert done.stderr.startswith("nothing was repaired: ")
        assert "Traceback" not in done.stderr


def test_dead_letter_is_logged_and_starts_no_repair(load, monkeypatch, caplog):
    client = load("repair")
    monkeypatch.setattr(sys.modules["main"], "repair_images", lambda _: 1 / 0)
    given_up = {
        "ce-knativeerrorcode": "422",
        "ce-knativeerrordest": "http://ingest.circles.svc.cluster.local",
    }
    monkeypatch.setattr(logging.getLogger("circles"), "propagate", True)

    assert tick(client, "com.amazonaws.s3.ObjectCreated:Put", **given_up) == 204

    assert (
        "dead letter: com.amazonaws.s3.ObjectCreated:Put 1 of /ping: 422 from http://ingest"
        in caplog.text
    )
