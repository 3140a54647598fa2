"""Read the COCO folders of Roboflow, Label Studio, CVAT and FiftyOne, or refuse them."""

import json
import sys

import pytest
from PIL import Image

from predictor.evaluation.__main__ import main
from predictor.evaluation.coco import DatasetError, find_picture
from predictor.evaluation.dataset import read_dataset


@pytest.fixture
def write(tmp_path):
    """Write a label file and one empty picture for each path."""

    def writer(label_file, document, *pictures):
        for picture in pictures:
            path = tmp_path / picture
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (40, 30)).save(path)
        path = tmp_path / label_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        return tmp_path

    return writer


def coco(*names, **label):
    """Return a document with one label for each name."""
    images = [
        {"id": number, "file_name": name, "width": 40, "height": 30}
        for number, name in enumerate(names)
    ]
    labels = [
        {
            "id": n,
            "image_id": n,
            "category_id": 0,
            "bbox": [5, 6, 10, 12],
            "area": 120,
            "iscrowd": 0,
            **label,
        }
        for n in range(len(names))
    ]
    return {
        "images": images,
        "annotations": labels,
        "categories": [{"id": 0, "name": "coin"}],
        "info": {},
    }


def files_of(folder):
    return [picture.file.relative_to(folder).as_posix() for picture in read_dataset(folder)]


@pytest.mark.parametrize(
    ("label_file", "name", "picture"),
    [
        ("_annotations.coco.json", "a.png", "a.png"),  # Roboflow
        ("annotations.json", "a.png", "images/a.png"),
        ("result.json", "images/1f-a.png", "images/1f-a.png"),  # Label Studio
        ("result.json", "images\\1f-a.png", "images/1f-a.png"),  # … on Windows
        ("result.json", "..\\media\\upload\\7\\1f-a.png", "images/1f-a.png"),
        ("result.json", "/data/upload/7/1f-a%20b.png", "images/1f-a b.png"),
        ("result.json", "/data/local-files/?d=shelf%2Fa.png", "images/a.png"),
        ("annotations/instances_default.json", "a.png", "images/default/a.png"),  # CVAT
        ("annotations/instances_default.json", "shelf/a.png", "images/shelf/a.png"),
        ("annotations/instances_train.json", "a.png", "train/a.png"),
        ("labels.json", "a.png", "data/a.png"),  # FiftyOne
        ("labels.json", "C:\\Users\\me\\data\\a.png", "data/a.png"),
        ("labels.json", "a%20b.png", "data/a%20b.png"),  # the escape is part of the file's name
        ("labels.json", "images\\a.png", "images\\a.png"),  # unpacked without regard to Windows
    ],
)
def test_folder_of_each_tool_is_read(write, label_file, name, picture):
    folder = write(label_file, coco(name), picture)

    (read,) = read_dataset(folder)

    assert read.file.relative_to(folder).as_posix() == picture
    assert read.boxes.tolist() == [[5, 6, 10, 12]]
    assert read.circles.tolist() == [[10, 12, 5.5]]


def test_absolute_path_is_read(write, tmp_path):
    folder = write(
        "labels/annotations.json",
        coco(str(tmp_path / "else" / "a.png")),
        "else/a.png",
        "labels/a.png",
    )

    assert [picture.file for picture in read_dataset(folder / "labels")] == [
        tmp_path / "else" / "a.png"
    ]


def test_every_subset_is_read(write):
    write("annotations/instances_train.json", coco("1.png"), "images/train/1.png")
    folder = write("annotations/instances_val.json", coco("1.png"), "images/val/1.png")

    assert files_of(folder) == ["images/train/1.png", "images/val/1.png"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_is_read(write, encoding):
    text = json.dumps(coco("prägung.png"), ensure_ascii=False)

    assert files_of(write("result.json", text.encode(encoding), "images/prägung.png")) == [
        "images/prägung.png"
    ]


@pytest.mark.parametrize("missing", ["annotations", "categories", "info"])
def test_missing_list_counts_as_empty(write, missing):
    document = coco("a.png")
    del document[missing]

    (read,) = read_dataset(write("labels.json", document, "data/a.png"))

    assert len(read.boxes) == (missing != "annotations")


def test_longest_matching_path_wins(tmp_path):
    for name in ("images/left/1.png", "images/right/1.png", "images/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert find_picture(tmp_path, "upload\\right\\1.png") == tmp_path / "images/right/1.png"
    assert find_picture(tmp_path, "upload\\middle\\1.png") == tmp_path / "images/1.png"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not in COCO form"),
        (b"{}", "not in COCO form"),
        ({"images": {}}, "not in COCO form"),
        ({"images": [7]}, "not in COCO form"),
        ({"images": [], "annotations": 7}, "not in COCO form"),
        ({"images": []}, "does not list any picture"),
        ({"images": [{"id": 1}]}, "'file_name'"),
        ({"images": [{"file_name": "a.png"}]}, "'id'"),
        ({"images": [{"id": [1], "file_name": "a.png"}]}, "'id'"),
        ({"images": [{"id": 1, "file_name": 7}]}, "'file_name'"),
        ({"images": [{"id": 1, "file_name": "a.png"}] * 2}, "two images have the id 1"),
        (coco("a.png", "images/a.png"), "Two pictures of the labels are the file"),
        (coco("b.png"), "does not hold the picture b.png"),
        (coco(".."), r"does not hold the picture \.\."),
        (coco("a\0.png"), "does not hold the picture"),
        (coco("\ud800.png"), "does not hold the picture"),
        (coco("a" * 5000), "does not hold the picture"),
        (coco("a.png", image_id=99), "not listed"),
        (coco("a.png", image_id=None), "not listed"),
        (coco("a.png", image_id=[0]), "not listed"),
        (coco("a.png", bbox=None), "'bbox'"),
        (coco("a.png", bbox=[]), "'bbox'"),
        (coco("a.png", bbox=[1, 2, 3]), "'bbox'"),
        (coco("a.png", bbox="1234"), "'bbox'"),
        (coco("a.png", bbox=[1, 2, "3", 4]), "'bbox'"),
        (coco("a.png", bbox=[1, 2, 0, 4]), "'bbox'"),
        (coco("a.png", bbox=[1, 2, -3, 4]), "'bbox'"),
        (coco("a.png", bbox=[1, 2, float("nan"), 4]), "'bbox'"),
        (coco("a.png", bbox=[1, 2, 10**400, 4]), "'bbox'"),
        (coco("a.png", centroid=[1]), "'centroid'"),
        (coco("a.png", radius="7"), "'radius'"),
        (coco("a.png", radius=-7), "'radius'"),
    ],
)
def test_unusable_document_is_refused(write, document, words):
    with pytest.raises(DatasetError, match=words):
        read_dataset(write("annotations.json", document, "a.png"))


def test_label_without_a_bbox_is_refused(write):
    document = coco("a.png")
    del document["annotations"][0]["bbox"]

    with pytest.raises(DatasetError, match=r'"id": 0, "image_id": 0.*needs a \'bbox\''):
        read_dataset(write("annotations.json", document, "a.png"))


@pytest.mark.parametrize("case", ["no labels", "unknown image", "broken picture", "unknown domain"])
def test_command_exits_with_2_on_bad_input(write, tmp_path, monkeypatch, capsys, case):
    if case != "no labels":
        write(
            "labels.json",
            coco("a.png", **({"image_id": 9} if case == "unknown image" else {})),
            "data/a.png",
        )
    if case == "broken picture":
        (tmp_path / "data" / "a.png").write_bytes((tmp_path / "data" / "a.png").read_bytes()[:40])
    domain = ["--domain", "moons"] if case == "unknown domain" else []
    monkeypatch.setattr(
        sys, "argv", ["evaluation", str(tmp_path), "--detector", "hough-tutorial", *domain]
    )

    with pytest.raises(SystemExit) as stopped:
        main()

    assert stopped.value.code == 2
    assert "evaluation: " in capsys.readouterr().err
