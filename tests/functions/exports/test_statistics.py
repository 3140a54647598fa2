"""Test statistics over HTTP: a selection, its groups, and a batch."""

import contextlib
import sqlite3
import subprocess
import sys

import pytest

from tests.functions.conftest import ROOT
from tests.functions.pictures import png
from tests.functions.predictors import answer_objects, answer_text


def circles(*radii):
    """Return what a predictor answers."""
    found = [
        {"bbox": [5, 5, 10, 10], "centroid": [10, 10], "radius": radius, "score": 0.97}
        for radius in radii
    ]
    return answer_objects(*found, threshold=0.85)


@pytest.fixture
def send(predicted, predictor):
    """Return a function that uploads a picture with circles of these radii."""
    shades = iter(range(10, 200))

    def post(batch, *radii, answer=None):
        predictor.answer = answer or circles(*radii)
        given = {"data": png(next(shades)), "content_type": "image/png"}
        return predicted().post(f"/images/?batch={batch}", **given).json

    return post


@pytest.fixture
def stats(load):
    def get(query="", path="/stats"):
        response = load("export").get(f"{path}?{query}")
        assert response.status_code == 200, response.text
        return response.json

    return get


def test_radii_of_a_selection(send, stats):
    send("a", 5, 10, 20, 40)
    send("b", 80)
    send("b", answer=answer_text("", 503))

    assert stats() == {
        "images": {"total": 3, "pending": 1, "detected": 2, "failed": 0},
        "objects": 5,
        "measure": "radius",
        "unit": "px",
        "unscaled": 0,
        "mean": 31.0,
        "min": 5.0,
        "max": 80.0,
        "quantiles": {
            "p05": pytest.approx(5, rel=0.01),
            "p25": pytest.approx(10, rel=0.01),
            "p50": pytest.approx(20, rel=0.01),
            "p75": pytest.approx(40, rel=0.01),
            "p95": pytest.approx(40, rel=0.01),
        },
        "bins": stats()["bins"],
    }
    assert sum(each["count"] for each in stats()["bins"]) == 5
    assert (stats("batch=b")["objects"], stats("batch=b&status=pending")["objects"]) == (1, 0)
    assert stats("min_count=2")["max"] == 40.0
    assert len(stats("bins=2")["bins"]) == 2


def test_selection_of_nothing(send, stats):
    send("a", 5)
    found = stats("batch=nothing&by=day&measure=diameter")

    assert found["images"] == {"total": 0, "pending": 0, "detected": 0, "failed": 0}
    assert (found["objects"], found["mean"], found["bins"], found["groups"]) == (0, None, [], [])
    assert set(found["quantiles"].values()) == {None}


def test_groups(send, stats):
    record = send("b", 5)
    send("a", 10, 20)
    by_batch = stats("by=batch")["groups"]
    [day] = stats("by=day")["groups"]
    [model] = stats("by=model")["groups"]

    assert [(each["batch"], each["objects"], each["max"]) for each in by_batch] == [
        ("a", 2, 20.0),
        ("b", 1, 5.0),
    ]
    assert (day["day"], day["objects"]) == (record["created_at"][:10], 3)
    assert (model["model"], model["objects"]) == ("circles 7", 3)


def test_diameters_follow_the_scales(send, stats, load):
    first, second = send("a", 10), send("a", 30)
    send("b", 7)
    scale(load, f"/images/{first['image_id']}", 0.5)
    scale(load, "/batches/a", 0.1)

    found = stats("measure=diameter")
    assert (found["objects"], found["unscaled"], found["unit"]) == (3, 1, "mm")
    assert (found["min"], found["max"], found["mean"]) == (6.0, 10.0, 8.0)
    assert stats("measure=diameter&batch=b")["unscaled"] == 1
    assert second["scale"] is None


def test_stale_scale_gives_no_diameter(send, stats, load):
    record = send("a", 10)
    [found] = load("list").get(f"/images/{record['image_id']}/objects").json
    scale(load, f"/images/{record['image_id']}", object_id=found["object_id"], diameter_mm=5)
    assert stats("measure=diameter")["max"] == 5.0

    response = load("upload").post(
        f"/images/{record['image_id']}/detections",
        json={"based_on": record["served"], "objects": [{"centroid": [10, 10], "radius": 12}]},
        headers={"If-Match": f'"{record["served"]}"'},
    )
    assert response.status_code == 201
    assert (stats("measure=diameter")["unscaled"], stats()["max"]) == (1, 12.0)


def scale(load, path, mm_per_px=None, **document):
    response = load("upload").put(f"{path}/scale", json=document or {"mm_per_px": mm_per_px})
    assert response.status_code == 200, response.text


def test_deleted_and_corrected_images(send, stats, load):
    first = send("a", 10)
    send("a", 20)
    load("upload").delete(f"/images/{first['image_id']}")

    assert (stats()["objects"], stats()["min"]) == (1, 20.0)


def test_batch_has_its_counts_and_sizes(send, stats, load):
    send("a", 10, 20)
    send("b", 30)
    found = stats(path="/batches/a")
    [_, listed] = load("list").get("/batches/").json["batches"]

    assert {name: value for name, value in found.items() if name != "statistics"} == listed
    assert found["statistics"] == stats("batch=a")
    assert stats("bins=1&measure=diameter", "/batches/a")["statistics"]["unscaled"] == 2


def test_unknown_batch_is_not_found(load):
    response = load("export").get("/batches/none")

    assert (response.status_code, response.json["detail"]) == (404, "There is no such batch.")


WRONG = ["measure=area", "by=hour", "bins=0", "bins=201", "limit=5", "order=doubt", "min_count=x"]


@pytest.mark.parametrize("query", WRONG)
def test_wrong_query_is_malformed(load, query):
    response = load("export").get(f"/stats?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.json["detail"]


def test_current_answer_is_304(send, load):
    send("a", 10)
    client = load("export")
    tag = client.get("/stats").headers["ETag"]

    assert client.get("/stats", headers={"If-None-Match": tag}).status_code == 304


def test_runs_of_older_code_are_measured_and_filled_in(send, stats, volume):
    send("a", 10, 20)
    send("a")
    with contextlib.closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("UPDATE detections SET size_bins = NULL, size_total_px = NULL")
    before = stats()
    command = [sys.executable, "-m", "circles.repair"]
    environment = {"PYTHONPATH": "lib", "CIRCLES_DATA_DIR": str(volume.folder)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60)

    assert {row["size_bins"] is None for row in volume.rows("detections")} == {False}
    assert before == stats()
    assert (before["objects"], before["max"]) == (2, 20.0)
