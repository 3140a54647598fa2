"""make evaluate's command: reads a folder, prints a table, writes JSON and drawings."""

import json
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from predictor.evaluation.__main__ import main
from predictor.evaluation.coco import DatasetError
from predictor.evaluation.dataset import read_dataset


@pytest.fixture
def dataset(tmp_path):
    """Two pictures beside their document, with one black disc each."""
    images, annotations = [], []
    for number, (x, y, r) in enumerate([(150, 120, 40), (200, 160, 60)], 1):
        image = Image.new("RGB", (400, 300), (225, 215, 200))
        ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=(60, 40, 30))
        image.save(tmp_path / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": 400, "height": 300})
        box = [x - r, y - r, 2 * r, 2 * r]
        annotations.append(
            {"id": number, "image_id": number, "category_id": 1, "bbox": box, "iscrowd": 0}
        )
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "coin"}],
    }
    (tmp_path / "_annotations.coco.json").write_text(json.dumps(document))
    return tmp_path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["evaluation", *map(str, arguments)])
    main()


def test_report_covers_every_detector(dataset, tmp_path, monkeypatch, capsys):
    report, drawings = tmp_path / "figures.json", tmp_path / "drawn"
    run(monkeypatch, dataset, "--json", report, "--draw", drawings)
    rows = {row["detector"]: row for row in json.loads(report.read_text())}
    assert set(rows) == {"network", "hough-tuned", "hough-tutorial"}
    assert rows["network"]["f1"]["value"] == 1.0
    assert rows["network"]["mean_iou"]["value"] > 0.9
    assert rows["network"]["median_radius_error"]["value"] < 0.03
    assert (rows["network"]["pictures"], rows["network"]["circles"]) == (2, 2)
    printed = capsys.readouterr().out
    assert all(name in printed for name in rows)
    assert len(list(drawings.glob("network/*.png"))) == 2


def test_dataset_may_have_an_image_folder_and_circles(dataset):
    (dataset / "images").mkdir()
    for picture in dataset.glob("*.png"):
        picture.rename(dataset / "images" / picture.name)
    document = json.loads((dataset / "_annotations.coco.json").read_text())
    document["annotations"][0] |= {"centroid": [151, 121], "radius": 41}
    document["annotations"][1]["iscrowd"] = 1
    (dataset / "_annotations.coco.json").rename(dataset / "annotations.json")
    (dataset / "annotations.json").write_text(json.dumps(document))
    first, second = read_dataset(dataset)
    assert first.circles.tolist() == [[151, 121, 41]]
    assert (len(second.boxes), second.ignored.tolist()) == (0, [[140, 100, 120, 120]])
    assert np.array_equal(first.boxes, [[110, 80, 80, 80]])


def test_folder_without_labels_is_refused(tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match=r"annotations\.json"):
        read_dataset(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, tmp_path)


def test_missing_picture_is_named(dataset):
    (dataset / "2.png").unlink()
    with pytest.raises(DatasetError, match=r"2\.png"):
        read_dataset(dataset)


def test_sweep_needs_no_data(tmp_path, monkeypatch, capsys):
    report = tmp_path / "sweep.json"
    run(monkeypatch, "--sweep", "--detector", "hough-tuned", "--json", report)
    (verdicts,) = json.loads(report.read_text()).values()
    assert len(verdicts) == 90
    assert f"{sum(each['right'] for each in verdicts)} of 90 right" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [(), ("folder", "--sweep")])
def test_data_and_sweep_exclude_each_other(monkeypatch, arguments):
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, *arguments)
    assert stopped.value.code == 2


def test_report_breaks_figures_down(dataset, tmp_path, monkeypatch):
    report = tmp_path / "figures.json"
    run(monkeypatch, dataset, "--detector", "network", "--json", report)
    (row,) = json.loads(report.read_text())
    assert [each["title"] for each in row["details"]] == ["found, by size", "right, by score"]
