"""Test each table with its own reader, on an album whose circles are known."""

import csv
import io
import json
import math
import zipfile
from html.parser import HTMLParser

import openpyxl
import pandas
import pytest
import yaml
from pycocotools.coco import COCO

from circles.domain.errors import NotPossible
from circles.formats.tables import comma_separated, workbook
from circles.formats.tables.coco import write_coco
from circles.formats.tables.histogram import count_bins
from circles.formats.tables.label_studio import write_label_studio
from circles.formats.tables.pieces import BLOCK_BYTES, join_pieces
from circles.formats.tables.report import write_report
from circles.formats.tables.rows import IMAGE_COLUMNS, OBJECT_COLUMNS
from circles.formats.tables.yolo import write_yolo
from tests.unit.exports.album import NOW, draw_entry, make_album

ALBUM = make_album()
SEARCHED = [entry for entry in ALBUM if entry.image.detection_id]
FOUND = [found for entry in ALBUM for found in entry.objects]


def read_all(pieces):
    return b"".join(join_pieces(pieces))


def read_csv(text):
    return pandas.read_csv(io.BytesIO(text), comment="#")


def write_object_csv(album=ALBUM):
    return read_all(comma_separated.write_object_rows(album))


# CSV


def test_pandas_reads_a_row_for_each_object():
    table = read_csv(write_object_csv())

    assert tuple(table.columns) == OBJECT_COLUMNS
    objects = table[table.kind == "object"]
    assert list(objects.object_id) == [found.object_id for found in FOUND]
    assert list(zip(objects.centroid_x, objects.centroid_y, strict=True)) == [
        found.circle.centroid for found in FOUND
    ]
    assert list(objects.radius) == [found.circle.radius_px for found in FOUND]
    boxes = objects[["bbox_x", "bbox_y", "bbox_width", "bbox_height"]]
    assert boxes.dtypes.eq("int64").all()
    assert list(boxes.itertuples(index=False, name=None)) == [found.circle.bbox for found in FOUND]
    assert table.edge.dtype == bool and table.edge.any() and not table.edge.all()
    assert table.score.isna().sum() == 1  # the circle that a person drew


def test_candidates_are_rows_of_another_kind():
    table = read_csv(write_object_csv())

    [candidate] = table[table.kind == "candidate"].itertuples()
    assert (candidate.score, candidate.threshold) == (0.4, 0.85)


def test_rows_say_how_they_were_found():
    table = read_csv(write_object_csv())

    corrected = table[table.review == "corrected"]
    assert set(corrected.model) == {"human"}
    assert set(corrected.created_by) == {"'=ann"}
    [*_, last] = table[table.review == "none"].itertuples()
    assert (last.model, last.model_version, last.sha256) == ("circles", "net-7", f"{19:064x}")


def test_millimetres_come_with_their_error():
    table = read_csv(write_object_csv())

    measured = table[table.diameter_mm.notna()]
    assert len(measured) == len(ALBUM[12].objects)
    for row in measured.itertuples():
        assert row.diameter_mm == pytest.approx(row.radius * 2 * 0.2, rel=1e-5)
        assert row.diameter_error == pytest.approx(math.hypot(0.012, 0.5 / row.radius), abs=1e-4)


def test_pandas_reads_a_row_for_each_image():
    table = read_csv(read_all(comma_separated.write_image_rows(ALBUM)))

    assert tuple(table.columns) == IMAGE_COLUMNS
    assert list(table.image_id) == [entry.image.image_id for entry in ALBUM]
    assert list(table.object_count.fillna(-1)) == [
        len(entry.objects) if entry.image.detection_id else -1 for entry in ALBUM
    ]
    assert table.mean_diameter[12] * 0.2 == pytest.approx(table.mean_diameter_mm[12], rel=1e-4)


def test_no_text_of_a_csv_begins_a_formula():
    """Check 5 of a user: CSV."""
    for text in (write_object_csv(), read_all(comma_separated.write_image_rows(ALBUM))):
        *rows, end = csv.reader(io.StringIO(text.decode(), newline=""))
        assert end[0].startswith("# complete")
        cells = [cell for row in rows for cell in row]
        assert any(cell.startswith("'=HYPERLINK(") for cell in cells)
        for cell in cells:
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
            assert not cell.startswith("-") or float(cell) < 0


def test_last_line_of_a_csv_has_the_totals():
    lines = write_object_csv().decode().splitlines()
    assert lines[-1] == f"# complete: {len(FOUND) + 1} objects of 20 images"
    assert len(lines) == 1 + len(FOUND) + 1 + 1

    empty = write_object_csv([]).decode().splitlines()
    assert empty[1:] == ["# complete: 0 objects of 0 images"]
    assert len(read_csv(write_object_csv([]))) == 0


# COCO


def load_coco(tmp_path, album):
    with io.StringIO() as spool:
        path = tmp_path / "coco.json"
        path.write_bytes(read_all(write_coco(album, spool)))
    return COCO(path)


def test_pycocotools_reads_the_album(tmp_path):
    coco = load_coco(tmp_path, ALBUM)

    images = {image["image_id"]: image for image in coco.loadImgs(coco.getImgIds())}
    assert sorted(coco.getImgIds()) == list(range(1, len(SEARCHED) + 1))
    names = {each["id"]: each["name"] for each in coco.loadCats(coco.getCatIds())}
    assert sorted(names.items()) == [(1, "circle"), (2, "coin")]
    for entry in SEARCHED:
        image = images[entry.image.image_id]
        assert (image["width"], image["height"]) == (entry.image.width, entry.image.height)
        known = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        assert [each["object_id"] for each in known] == [
            found.object_id for found in (*entry.objects, *entry.candidates)
        ]
        for each, found in zip(known, (*entry.objects, *entry.candidates), strict=True):
            assert tuple(each["bbox"]) == found.circle.bbox
            assert tuple(each["centroid"]) == found.circle.centroid
            assert names[each["category_id"]] == found.circle.label
            assert each["candidate"] == (found in entry.candidates)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools
def test_coco_masks_are_the_discs_in_the_picture(tmp_path):
    coco = load_coco(tmp_path, ALBUM)

    for each in coco.loadAnns(coco.getAnnIds()):
        drawn = int(coco.annToMask(each).sum())
        assert drawn == pytest.approx(each["area"], abs=4 * each["radius"] + 4)
        x, y, width, height = each["bbox"]
        if not each["edge"]:
            assert each["area"] == pytest.approx(math.pi * each["radius"] ** 2, abs=0.01)


def test_coco_leaves_out_what_was_not_searched(tmp_path):
    coco = load_coco(tmp_path, ALBUM)

    empty = [each for each in coco.getImgIds() if not coco.getAnnIds(imgIds=each)]
    assert len(empty) == 2
    assert coco.dataset["complete"] == {
        "images": 19,
        "annotations": len(FOUND) + 1,
        "without_run": 1,
    }


def test_empty_coco_is_read_too(tmp_path):
    coco = load_coco(tmp_path, [])

    assert (coco.getImgIds(), coco.getAnnIds(), coco.getCatIds()) == ([], [], [1])


# YOLO


def open_yolo(read_picture=None):
    with io.StringIO() as spool:
        return zipfile.ZipFile(io.BytesIO(read_all(write_yolo(ALBUM, spool, read_picture))))


def read_labels(archive, entry):
    text = archive.read(f"labels/{entry.image.image_id}.txt").decode()
    return [[float(number) for number in line.split()] for line in text.splitlines()]


def test_yolo_labels_are_the_boxes():
    archive = open_yolo()

    described = yaml.safe_load(archive.read("data.yaml"))
    assert (described["names"], described["nc"]) == (["circle", "coin"], 2)
    for entry in SEARCHED:
        width, height = entry.image.width, entry.image.height
        for label, found in zip(read_labels(archive, entry), entry.objects, strict=True):
            number, x, y, box_width, box_height = label
            assert described["names"][int(number)] == found.circle.label
            left, top, right, bottom = (
                (x - box_width / 2) * width,
                (y - box_height / 2) * height,
                box_width * width,
                box_height * height,
            )
            assert (left, top, right, bottom) == pytest.approx(found.circle.bbox, abs=1e-3)


def test_yolo_has_the_pictures_if_asked_for():
    pictures = {entry.image.image_id: draw_entry(entry) for entry in ALBUM}
    del pictures[ALBUM[0].image.image_id]  # its blob is gone
    archive = open_yolo(lambda image: pictures.get(image.image_id))

    names = archive.namelist()
    assert archive.testzip() is None
    assert len([name for name in names if name.startswith("images/")]) == 18
    assert len([name for name in names if name.startswith("labels/")]) == 18
    assert names[-1] == "complete.json"
    assert json.loads(archive.read("complete.json")) == {
        "complete": True,
        "images": 18,
        "objects": len(FOUND) - len(ALBUM[0].objects),
        "without_run": 1,
        "without_picture": 1,
    }
    table = pandas.read_csv(archive.open("images.csv"))
    assert list(table.image_id) == [entry.image.image_id for entry in SEARCHED[1:]]


# Label Studio


def read_tasks(album=ALBUM, **options):
    return json.loads(read_all(write_label_studio(album, lambda image: image.key, **options)))


def test_tasks_have_predictions_or_annotations():
    tasks = read_tasks()

    assert len(tasks) == 20
    assert tasks[-1]["meta"] == {"complete": 20}
    for number, (task, entry) in enumerate(zip(tasks, ALBUM, strict=True)):
        assert task["data"]["image"] == entry.image.key
        kind = {9: None, 10: "annotations", 11: "annotations"}.get(number, "predictions")
        assert {*task} - {"data", "meta"} == ({kind} if kind else set())
        regions = task[kind][0]["result"] if kind else []
        assert len(regions) == len(entry.objects)
    assert read_tasks([]) == []


@pytest.mark.parametrize("rectangles", [False, True])
def test_regions_are_in_percent(rectangles):
    for task, entry in zip(read_tasks(rectangles=rectangles), ALBUM, strict=True):
        [shapes] = task.get("predictions") or task.get("annotations") or [{"result": []}]
        width, height = entry.image.width / 100, entry.image.height / 100
        for region, found in zip(shapes["result"], entry.objects, strict=True):
            value, circle = region["value"], found.circle
            assert value[region["type"]] == [circle.label]
            if rectangles:
                x, y = value["x"] * width, value["y"] * height
                box = (x, y, value["width"] * width, value["height"] * height)
                assert box == pytest.approx(circle.bbox)
            else:
                assert (value["x"] * width, value["y"] * height) == pytest.approx(circle.centroid)
                assert value["radiusX"] * width == pytest.approx(circle.radius_px)
                assert value["radiusY"] * height == pytest.approx(circle.radius_px)


# XLSX


def test_openpyxl_reads_the_album(tmp_path):
    workbook.write_workbook(ALBUM, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")

    head, *rows = book["objects"].iter_rows()
    assert tuple(cell.value for cell in head) == OBJECT_COLUMNS
    found = [dict(zip(OBJECT_COLUMNS, row, strict=True)) for row in rows]
    objects = [row for row in found if row["kind"].value == "object"]
    assert [row["object_id"].value for row in objects] == [each.object_id for each in FOUND]
    for row, each in zip(objects, FOUND, strict=True):
        x, y = each.circle.centroid
        assert (row["centroid_x"].value, row["centroid_y"].value) == (x, y)
        assert row["radius"].value == each.circle.radius_px
    assert [cell.value for cell in next(iter(book["images"].iter_rows(max_row=1)))] == list(
        IMAGE_COLUMNS
    )
    assert book["images"].max_row == 21
    totals = [cell.value for cell in list(book["complete"].iter_rows())[1]]
    assert totals == [len(FOUND) + 1, 20]


def test_no_cell_of_a_workbook_is_a_formula(tmp_path):
    workbook.write_workbook(ALBUM, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "b"}
    assert any(cell.value == ALBUM[0].image.file_name for cell in cells)
    assert not any(cell.hyperlink for cell in cells)


def test_workbook_refuses_too_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 5)

    with pytest.raises(NotPossible, match="at most 5 rows"):
        workbook.write_workbook(ALBUM, tmp_path / "a.xlsx")


# Report


class Page(HTMLParser):
    """Collect the elements of a page, and the texts of its cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.links = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "onload")]

    def handle_data(self, text):
        self.cells.append(text)


def make_report(album=ALBUM, draw=lambda image: '<svg xmlns="http://www.w3.org/2000/svg"></svg>'):
    return read_all(write_report(album, draw, NOW)).decode()


def test_report_shows_every_image_and_object():
    text = make_report()
    page = Page(text)

    assert page.tags.count("section") == 21
    assert page.tags.count("svg") == 21  # a histogram, too
    assert text.endswith(f"<p>Complete: {len(FOUND)} objects of 20 images.</p>\n</body></html>\n")
    for entry in ALBUM:
        assert entry.image.sha256 in page.cells
        for found in entry.objects:
            assert f"{2 * found.circle.radius_px:.2f}" in page.cells


def test_report_escapes_every_text():
    text = make_report()

    assert "<b>" not in text and "&lt;b&gt;" in text
    assert {*Page(text).tags} & {"script", "link", "iframe", "b", "img"} == set()
    assert Page(text).links == []


def test_report_of_measured_images_is_in_millimetres():
    assert "Diameters (mm)" in make_report([ALBUM[12]])
    assert "Diameters (px)" in make_report(ALBUM)
    assert "There are no objects." in make_report([ALBUM[7]])
    assert "No picture." in make_report([ALBUM[12]], lambda image: None)


def test_every_value_is_in_one_bin():
    values = [1.0, 1.0, 1.05, 1.99, 2.0]
    assert count_bins(values, 1.0, 2.0) == [2, 1, *[0] * 17, 2]
    assert sum(count_bins([3.0] * 7, 3.0, 3.0)) == 7


# Blocks


def test_pieces_are_joined_to_blocks():
    blocks = list(join_pieces(["é" * 10_000] * 20))

    assert "".join(block.decode() for block in blocks) == "é" * 200_000
    assert all(len(block) >= BLOCK_BYTES for block in blocks[:-1])
    assert list(join_pieces([])) == []
