"""Test filters that match nothing: every format is complete, readable and says 0."""

import csv
import io
import json
import zipfile

import openpyxl
import pytest

from circles.bootstrap import load_services
from tests.functions.pictures import png

NOTHING = "batch=none&since=2020-01-01T00:00:00Z"


@pytest.fixture
def export(load, upload):
    upload.post("/images/?batch=d7", data=png(), content_type="image/png")
    return load("export")


@pytest.fixture
def read(export):
    """Return a function that reads a table of nothing."""

    def get(chosen):
        response = export.get(f"/export?format={chosen}&{NOTHING}")
        assert response.status_code == 200, response.text
        return response

    return get


@pytest.mark.parametrize("chosen, end", [
    ("csv", "# complete: 0 objects of 0 images"), ("csv-images", "# complete: 0 images")
])  # fmt: skip
def test_rows_of_nothing_are_a_head(read, chosen, end):
    head, last = read(chosen).text.splitlines()

    assert next(csv.reader([head]))[0] == "image_id"
    assert last == end


def test_data_set_of_nothing_is_whole(read):
    document = read("coco").json

    assert document == {
        "annotations": [],
        "images": [],
        "categories": [{"id": 1, "name": "circle"}],
        "complete": {"images": 0, "annotations": 0, "without_run": 0},
    }


@pytest.mark.parametrize("options", ["", "&images=1"])
def test_archive_of_nothing_can_be_opened(read, options):
    archive = zipfile.ZipFile(io.BytesIO(read(f"yolo{options}").data))

    assert archive.testzip() is None
    assert json.loads(archive.read("complete.json"))["images"] == 0
    assert b"nc: 1" in archive.read("data.yaml")


def test_tasks_of_nothing_are_a_list(read):
    assert read("label-studio").json == []


def test_workbook_of_nothing_has_heads(read):
    book = openpyxl.load_workbook(io.BytesIO(read("xlsx").data))

    assert [book[name].max_row for name in ("objects", "images", "complete")] == [1, 1, 2]


def test_report_of_nothing_says_so(read):
    assert "<p>Complete: 0 objects of 0 images.</p>" in read("report").text


def test_statistics_of_nothing_are_empty(export):
    for options in ("", "&by=batch", "&measure=diameter", "&bins=5"):
        response = export.get(f"/stats?{NOTHING}{options}")
        assert response.status_code == 200, response.text
        assert (response.json["images"]["total"], response.json["objects"]) == (0, 0)


def test_job_of_nothing_is_written(export):
    job = export.post(f"/exports?format=csv&{NOTHING}").json
    assert load_services().background.drain(timeout_s=20)
    text = export.get(f"/exports/{job['export_id']}/content").text
    assert text.endswith("# complete: 0 objects of 0 images\r\n")
