"""Test the JSON documents of images and objects."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from circles.domain.counting.runs import Run
from circles.domain.detections import HUMAN, FoundObject
from circles.domain.images import Image, Status
from circles.formats.documents import (
    image_document,
    object_document,
    object_summary,
    run_document,
)
from tests.unit.fakes.detector import CIRCLE

IMAGE = Image(
    image_id="01890a5d-ac96-774b-bcce-b302099a8057",
    key="images/secret-key.jpg",
    media_type="image/jpeg",
    size_bytes=3,
    sha256="ab" * 32,
    width=40,
    height=30,
    source="upload",
    created_at=datetime(2026, 3, 1, 14, 30, 15, 123456, timezone(timedelta(hours=2))),
    idempotency_key="secret",
    claimed_until=datetime(2026, 3, 1, tzinfo=UTC),
)


def test_pending_image_document():
    assert json.loads(json.dumps(image_document(IMAGE))) == {
        "image_id": IMAGE.image_id,
        "status": "pending",
        "object_count": 0,
        "width": 40,
        "height": 30,
        "media_type": "image/jpeg",
        "size_bytes": 3,
        "sha256": "ab" * 32,
        "file_name": None,
        "source": "upload",
        "batch": None,
        "created_at": "2026-03-01T12:30:15.123Z",
        "detected_at": None,
        "detection_ms": None,
        "model": None,
        "model_version": None,
        "attempts": 0,
        "error": None,
        "served": None,
        "pinned": False,
        "threshold": None,
        "sure_count": None,
        "doubtful_count": None,
        "review": "none",
        "scale": None,
        "created_by": None,
    }


def test_detected_image_document_names_its_model():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    image = replace(
        IMAGE,
        status=Status.DETECTED,
        detected_at=moment,
        model="m",
        model_version="7",
        detection_ms=1.5,
        object_count=2,
        attempts=3,
        file_name="ü.jpg",
    )
    document = json.loads(json.dumps(image_document(image)))

    assert document["status"] == "detected"
    assert (document["detected_at"], document["detection_ms"]) == ("2026-03-01T12:00:00.000Z", 1.5)
    assert (document["model"], document["model_version"]) == ("m", "7")
    assert (document["object_count"], document["attempts"], document["file_name"]) == (
        2,
        3,
        "ü.jpg",
    )


def test_image_document_shows_no_keys():
    assert "secret" not in json.dumps(image_document(IMAGE))


def test_object_summary_has_id_and_box():
    found = FoundObject("o", "i", CIRCLE, "m", "7", "p")

    assert json.loads(json.dumps(object_summary(found))) == {
        "object_id": "o",
        "bbox": [10, 20, 30, 30],
    }


@pytest.mark.parametrize("score", [0.9, 0.0, None])
def test_object_document_has_every_field(score):
    found = FoundObject("o", "i", replace(CIRCLE, score=score), "m", "7", "p")

    assert json.loads(json.dumps(object_document(found, IMAGE))) == {
        "object_id": "o",
        "image_id": "i",
        "bbox": [10, 20, 30, 30],
        "centroid": [25.0, 35.0],
        "radius": 15.0,
        "score": score,
        "label": "coin",
        "model": "m",
        "model_version": "7",
        "origin_id": "p",
        "edge": True,
        "diameter_mm": None,
        "diameter_error": None,
    }


@pytest.mark.parametrize(
    ("bbox", "touches"),
    [
        ((0, 5, 9, 9), True),
        ((5, 0, 9, 9), True),
        ((31, 5, 9, 9), True),
        ((5, 21, 9, 9), True),
        ((1, 1, 38, 28), False),
    ],
)
def test_edge_is_that_of_the_picture(bbox, touches):
    found = FoundObject("o", "i", replace(CIRCLE, bbox=bbox), "m", "7", "o")

    assert object_document(found, IMAGE)["edge"] is touches


def test_run_document_has_every_field():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    run = Run("r", "i", HUMAN, "t", HUMAN, 0.0, 2, moment, 0.87, None, None, "p", pinned=True)

    assert json.loads(json.dumps(run_document(run))) == {
        "detection_id": "r",
        "image_id": "i",
        "kind": "human",
        "model": "human",
        "model_version": "t",
        "threshold": 0.87,
        "object_count": 2,
        "sure_count": None,
        "doubtful_count": None,
        "parent_id": "p",
        "created_at": "2026-03-01T12:00:00.000Z",
        "created_by": None,
        "review": "none",
        "served": False,
        "pinned": True,
    }
