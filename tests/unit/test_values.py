"""Keys, identifiers, errors and documents."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from circles.domain import errors
from circles.domain.blobs import check_key
from circles.domain.detections import FoundObject
from circles.domain.errors import CirclesError, Malformed
from circles.domain.identifiers import new_id, object_id, parse_id, upload_id
from circles.domain.images import Image, Status
from circles.formats.documents import image_document, object_document, object_summary
from tests.unit.fakes import CIRCLE

GOOD_KEYS = [
    "a",
    "images/0190.jpg",
    "a b+c%20d/ü/日本/🪙.png",
    "...",
    "a/...b",
    ".hidden",
    "a\\b",
    "-",
    "~",
    "a" * 1024,
    "ü" * 512,
]
BAD_KEYS = ["", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "../a", "a/..", "a/../b", "a\0b", "\0", "a" * 1025,
            "ü" * 513, "a/" * 600, "\ud800"]  # fmt: skip


@pytest.mark.parametrize("key", GOOD_KEYS)
def test_a_relative_path_is_a_key(key):
    assert check_key(key) == key


@pytest.mark.parametrize("key", BAD_KEYS)
def test_what_could_leave_a_folder_or_is_no_path_is_no_key(key):
    with pytest.raises(Malformed):
        check_key(key)


def test_new_ids_are_uuids_of_version_7_that_sort_by_age():
    ids = [new_id() for _ in range(1000)]

    assert ids == sorted(set(ids))
    assert {UUID(each).version for each in ids} == {7}
    assert [parse_id(each) for each in ids] == ids


def test_an_upload_id_follows_from_key_and_bytes():
    assert upload_id("k", "a" * 64) == upload_id("k", "a" * 64)
    assert len({upload_id("k", "a"), upload_id("k", "b"), upload_id("l", "a"), upload_id("l", "b")}) == 4
    assert parse_id(upload_id("k", "a"))


def test_an_objects_id_follows_from_bucket_key_and_etag_and_stays_what_it_is():
    etag = "d41d8cd98f00b204e9800998ecf8427e"
    assert object_id("circles", "incoming/ü.jpg", etag) == "9a331dc2-79f6-5641-a506-07760d999c6d"
    others = [("a", "b/c", "d"), ("a/b", "c", "d"), ("a", "b", "c/d"), ("a", "b/c", "e"), ("a", 'b", "c', "d")]
    assert len({object_id(*each) for each in others}) == len(others)


def test_an_id_is_read_in_either_case_and_written_in_lower_case():
    assert parse_id("01890A5D-AC96-774B-BCCE-B302099A8057") == "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "01890a5dac96774bbcceb302099a8057",
        "{01890a5d-ac96-774b-bcce-b302099a8057}",
        "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a8057\n",
        " 01890a5d-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5d-ac96-774b-bcce-b302099a805７",
        "01890a5d-ac96-774b-bcce-b302099a8057/..",
        "../../../../../../../etc/passwd",
    ],
)
def test_what_is_no_canonical_uuid_is_malformed(text):
    with pytest.raises(Malformed):
        parse_id(text)


def family():
    found = [CirclesError]
    for each in found:
        found += each.__subclasses__()
    return [each for each in found if each.__module__ == errors.__name__ and each is not CirclesError]


def test_the_table_of_errors_is_true():
    row = re.compile(r"[├└]── (\w+) +([a-z-]+) +(\d+) +(\d+)")
    written = {name: (code, int(http), int(event)) for name, code, http, event in row.findall(errors.__doc__)}

    assert written == {each.__name__: (each.code, each.http_status, each.event_status) for each in family()}


def test_only_what_a_retry_may_help_says_when_to_retry():
    assert {each.__name__ for each in family() if each.retry_after_s} == {"Unavailable", "DetectorFailed"}
    assert all(each.http_status == 503 for each in family() if each.retry_after_s)


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


def test_an_image_that_is_pending_is_described_without_what_is_not_known_yet():
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
        "created_at": "2026-03-01T12:30:15.123Z",
        "detected_at": None,
        "detection_ms": None,
        "model": None,
        "model_version": None,
        "attempts": 0,
        "error": None,
    }


def test_an_image_that_is_detected_says_by_whom_and_when():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    image = replace(
        IMAGE, status=Status.DETECTED, detected_at=moment, model="m", model_version="7", detection_ms=1.5,
        object_count=2, attempts=3, file_name="ü.jpg",
    )  # fmt: skip
    document = json.loads(json.dumps(image_document(image)))

    assert document["status"] == "detected"
    assert (document["detected_at"], document["detection_ms"]) == ("2026-03-01T12:00:00.000Z", 1.5)
    assert (document["model"], document["model_version"]) == ("m", "7")
    assert (document["object_count"], document["attempts"], document["file_name"]) == (2, 3, "ü.jpg")


def test_a_record_shows_neither_the_blobs_key_nor_the_clients_key():
    assert "secret" not in json.dumps(image_document(IMAGE))


def test_an_object_in_a_list_is_its_id_and_its_box():
    found = FoundObject("o", "i", CIRCLE, "m", "7")

    assert json.loads(json.dumps(object_summary(found))) == {"object_id": "o", "bbox": [10, 20, 30, 30]}


@pytest.mark.parametrize("score", [0.9, 0.0, None])
def test_an_object_alone_is_all_that_is_known_of_it(score):
    found = FoundObject("o", "i", replace(CIRCLE, score=score), "m", "7")

    assert json.loads(json.dumps(object_document(found))) == {
        "object_id": "o",
        "image_id": "i",
        "bbox": [10, 20, 30, 30],
        "centroid": [25.0, 35.0],
        "radius": 15.0,
        "score": score,
        "label": "coin",
        "model": "m",
        "model_version": "7",
    }
