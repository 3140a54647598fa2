"""Test tables over HTTP: what they hold, as the API says it, and requests that are wrong."""

import hashlib
import io
import json
import zipfile

import openpyxl
import pandas
import pytest

from circles import bootstrap
from circles.domain.exports import selections
from circles.formats.tables import report, workbook
from tests.functions.pictures import png, turned
from tests.functions.predictors import answer_objects, answer_text

SURE = {"bbox": [10, 10, 20, 20], "centroid": [20, 20.5], "radius": 10.25, "score": 0.97}
FOUND = {"bbox": [40, 0, 20, 20], "centroid": [50, 9.5], "radius": 10.5, "score": 0.9}
FAINT = {"bbox": [70, 10, 20, 20], "centroid": [80, 20], "radius": 10.0, "score": 0.5}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def images(predicted, predictor):
    """Upload six: two with two circles and a candidate, empty, turned, pending, corrected."""
    client = predicted(max_attempts=1)
    ids = []

    def send(data, name, batch):
        response = client.post(f"/images/?batch={batch}", data={"file": (io.BytesIO(data), name)})
        ids.append(response.json["image_id"])
        return response.json

    predictor.answer = answer_objects(SURE, FOUND, FAINT, threshold=0.85)
    send(png(), "=1+1, a;b.png", "d7")
    send(png(41), "second.png", "d7")
    predictor.answer = answer_objects(threshold=0.85)
    send(png(42), "empty.png", "d7")
    predictor.answer = answer_objects({**SURE, "bbox": [10, 10, 21, 21]}, threshold=0.85)
    send(turned(6), "turned.jpg", "d8")
    predictor.answer = answer_text("", 500)
    send(png(43), "pending.png", "d8")
    predictor.answer = answer_objects(SURE, threshold=0.85)
    image = send(png(44), "corrected.png", "d8")
    drawn = {"centroid": [60, 40.5], "radius": 12}
    answer = client.post(
        f"/images/{image['image_id']}/detections",
        data=json.dumps({"based_on": image["served"], "objects": [drawn]}),
        headers={**JSON, "If-Match": f'"{image["served"]}"'},
    )
    assert answer.status_code == 201
    client.put(f"/images/{image['image_id']}/scale", json={"mm_per_px": 0.5})
    return ids


@pytest.fixture
def export(load, images):
    return load("export")


def get(export, query):
    response = export.get(f"/export?{query}")
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    return response.data


def get_csv(export, query):
    return pandas.read_csv(io.BytesIO(get(export, query)), comment="#")


def get_objects(load, image_id, query=""):
    return load("list").get(f"/images/{image_id}/objects?fields=full{query}").json


def test_rows_are_the_objects_of_the_api(load, export, images):
    table = get_csv(export, "format=csv")

    assert len(table) == 2 + 2 + 1 + 1
    for image_id in images:
        rows = table[table.image_id == image_id].to_dict("records")
        for row, found in zip(rows, get_objects(load, image_id), strict=True):
            assert row["object_id"] == found["object_id"]
            assert [row["centroid_x"], row["centroid_y"]] == found["centroid"]
            assert row["radius"] == found["radius"]
            assert row["edge"] == found["edge"]
            assert (
                pandas.isna(row["score"])
                if found["score"] is None
                else row["score"] == (found["score"])
            )
            for name in ("diameter_mm", "diameter_error"):
                assert pandas.isna(row[name]) if found[name] is None else row[name] == found[name]
    [corrected] = table[table.review == "corrected"].to_dict("records")
    assert (corrected["model"], corrected["diameter_mm"]) == ("human", 12)


def test_rows_of_images_count_what_was_found(export, images):
    table = get_csv(export, "format=csv-images")

    assert list(table.image_id) == images[::-1]
    assert list(table.status) == ["detected", "pending", *["detected"] * 4]
    assert list(table.object_count.fillna(-1)) == [1, -1, 1, 0, 2, 2]
    assert table.file_name[5] == "'=1+1, a;b.png"


def test_candidates_are_included_if_asked_for(load, export, images):
    table = get_csv(export, "format=csv&batch=d7&candidates=include")

    assert list(table.kind) == ["object", "object", "candidate"] * 2
    revealed = get_objects(load, images[0], "&min_score=0.3")
    assert list(table[table.image_id == images[0]].object_id) == [
        each["object_id"] for each in revealed
    ]


FILTERS = {
    "batch=d7": 3,
    "status=pending": 1,
    "review=corrected": 1,
    "min_count=2": 2,
    "max_count=0&batch=d7": 1,
    "source=s3": 0,
    "since=2100-01-01T00:00:00Z": 0,
}


@pytest.mark.parametrize("query", FILTERS)
def test_filters_select_as_in_a_list(load, export, query):
    listed = [each["image_id"] for each in load("list").get(f"/images/?{query}").json["images"]]

    table = get_csv(export, f"format=csv-images&{query}")

    assert list(table.image_id) == listed
    assert len(listed) == FILTERS[query]


def test_pages_are_read_to_the_end(monkeypatch, export, images):
    monkeypatch.setattr(selections, "PAGE", 2)

    assert list(get_csv(export, "format=csv-images").image_id) == images[::-1]


def test_images_that_arrive_meanwhile_are_left_out(monkeypatch, upload, export, images):
    monkeypatch.setattr(selections, "PAGE", 1)
    pages = bootstrap.load_services().selections
    real = pages.entries

    def entries(*args, **options):
        upload.post("/images/", data=png(99), content_type="image/png")
        return real(*args, **options)

    monkeypatch.setattr(pages, "entries", entries)

    table = get_csv(export, "format=csv-images")
    assert list(table.image_id)[1:] == images[::-1]  # the first one arrived before the first page


def test_coco_keeps_empty_images_but_not_pending_ones(export, images):
    document = json.loads(get(export, "format=coco"))

    assert [each["image_id"] for each in document["images"]] == [
        each for each in images[::-1] if each != images[4]
    ]
    assert document["complete"] == {"images": 5, "annotations": 6, "without_run": 1}
    [turned_image] = [each for each in document["images"] if each["file_name"] == "turned.jpg"]
    assert (turned_image["width"], turned_image["height"]) == (120, 80)


def test_yolo_with_images_has_the_upright_pictures(export, images):
    archive = zipfile.ZipFile(io.BytesIO(get(export, "format=yolo&images=1")))

    assert archive.testzip() is None
    stems = {name.partition("/")[2].partition(".")[0] for name in archive.namelist()
             if "/" in name}  # fmt: skip
    assert stems == {each for each in images if each != images[4]}
    assert json.loads(archive.read("complete.json"))["without_picture"] == 0


def test_yolo_leaves_out_a_lost_picture(export, images, volume):
    for blob in volume.blobs():
        if images[0] in blob.name:
            blob.unlink()

    archive = zipfile.ZipFile(io.BytesIO(get(export, "format=yolo&images=1")))

    counts = json.loads(archive.read("complete.json"))
    assert (counts["images"], counts["without_picture"]) == (4, 1)


def test_tasks_name_the_address_that_was_called(load, images):
    export = load("export", hosts="circles.example localhost")
    gateway = {"Circles-Host": "circles.example:8443", "X-Forwarded-Proto": "https"}
    tasks = export.get("/export?format=label-studio", headers=gateway).json

    assert tasks[0]["data"]["image"] == (
        f"https://circles.example:8443/images/{images[-1]}/content"
    )
    assert tasks[-1]["meta"] == {"complete": 6}
    stored = json.loads(get(export, "format=label-studio&image_url=s3&shape=rectangle"))
    assert stored[0]["data"]["image"].startswith("s3://blobs/images/")
    assert stored[0]["annotations"][0]["result"][0]["type"] == "rectanglelabels"


def test_workbook_is_sent_whole(export):
    book = openpyxl.load_workbook(io.BytesIO(get(export, "format=xlsx&candidates=include")))

    assert book.sheetnames == ["objects", "images", "complete"]
    assert book["objects"].max_row == 1 + 6 + 2


def test_report_has_overlays_and_checksums(load, export, images):
    response = export.get("/export?format=report&batch=d7")
    text = response.text

    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert text.count('<svg class="overlay"') == 3
    assert text.count("data:image/jpeg;base64,") == 3
    for image_id in images[:3]:
        answer = load("list").get(f"/images/{image_id}/objects?fields=full")
        assert hashlib.sha256(answer.data).hexdigest() in text
    assert "=1+1, a;b.png" in text
    assert text.endswith("<p>Complete: 4 objects of 3 images.</p>\n</body></html>\n")


def test_report_says_that_a_picture_is_gone(export, images, volume):
    for blob in volume.blobs():
        blob.unlink()

    text = export.get("/export?format=report").text

    assert text.count("No picture.") == 6


def test_too_large_report_is_422(monkeypatch, export):
    monkeypatch.setattr(report, "MAX_IMAGES", 5)

    assert export.get("/export?format=report").status_code == 422
    assert export.get("/export?format=report&batch=d7").status_code == 200


BAD_QUERIES = [
    "",
    "format=pdf",
    "format=CSV",
    "format=csv&format=coco",
    "format=csv&limit=3",
    "format=csv&order=doubt",
    "format=csv&cursor=x",
    "format=csv&images=1",
    "format=yolo&candidates=include",
    "format=yolo&images=2",
    "format=coco&shape=rectangle",
    "format=label-studio&image_url=ftp",
    "format=csv&batch=a/b",
    "format=csv&min_count=3&max_count=2",
    "format=csv&status=pending&min_count=1",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_wrong_query_of_a_table_is_refused(load, query):
    assert load("export").get(f"/export?{query}").status_code == 400


def test_forged_host_is_not_repeated(load):
    forged = {"Circles-Host": 'x/"<script>'}
    response = load("export").get("/export?format=label-studio", headers=forged)

    assert response.status_code in (400, 403)
    assert "script" not in response.text


def test_head_answers_without_a_table(export):
    turns = bootstrap.load_services().export_turns
    for _ in range(20):  # more than there are turns
        response = export.head("/export?format=csv")
        assert (response.status_code, response.data) == (200, b"")
        assert "Content-Length" not in response.headers
    assert turns.acquire(blocking=False)


def test_too_many_tables_at_once_are_refused(export):
    turns = bootstrap.load_services().export_turns
    while turns.acquire(blocking=False):
        pass
    response = export.get("/export?format=csv")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")

    turns.release()
    for _ in range(3):
        assert export.get("/export?format=csv").status_code == 200


def test_unavailable_catalogue_is_503(load, volume):
    volume.folder.mkdir()
    response = load("export", catalogue_path=volume.folder).get("/export?format=csv")

    assert response.status_code == 503


def test_too_large_workbook_is_422(monkeypatch, export):
    monkeypatch.setattr(workbook, "MAX_ROWS", 2)

    response = export.get("/export?format=xlsx")

    assert response.status_code == 422
    assert "csv" in response.json["detail"]
