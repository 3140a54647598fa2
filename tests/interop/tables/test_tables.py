"""Test tables with readers that are too large for the other environment."""

import io
import json
import zipfile

import pytest

from circles.formats.tables.label_studio import write_label_studio
from circles.formats.tables.pieces import join_pieces
from circles.formats.tables.yolo import write_yolo
from tests.unit.exports.album import draw_entry, make_album

ALBUM = make_album()
SEARCHED = [entry for entry in ALBUM if entry.image.detection_id]


@pytest.fixture
def data_set(tmp_path):
    """Unpack an archive for YOLO, with its pictures."""
    pictures = {entry.image.image_id: draw_entry(entry) for entry in ALBUM}
    with io.StringIO() as spool:
        pieces = write_yolo(ALBUM, spool, lambda image: pictures[image.image_id])
        archive = zipfile.ZipFile(io.BytesIO(b"".join(join_pieces(pieces))))
    archive.extractall(tmp_path)
    return tmp_path


def test_supervision_reads_the_yolo_album(data_set):
    supervision = pytest.importorskip("supervision")

    read = supervision.DetectionDataset.from_yolo(
        images_directory_path=str(data_set / "images"),
        annotations_directory_path=str(data_set / "labels"),
        data_yaml_path=str(data_set / "data.yaml"),
    )

    assert read.classes == ["circle", "coin"]
    assert len(read) == len(SEARCHED)
    for entry in SEARCHED:
        path = str(data_set / "images" / f"{entry.image.image_id}.png")
        detections = read.annotations[path]
        assert len(detections) == len(entry.objects)
        for box, number, found in zip(
            detections.xyxy, detections.class_id, entry.objects, strict=True
        ):
            x, y, width, height = found.circle.bbox
            assert list(box) == pytest.approx([x, y, x + width, y + height], abs=0.01)
            assert read.classes[number] == found.circle.label


@pytest.mark.parametrize("rectangles", [False, True])
def test_label_studio_takes_the_tasks(tmp_path, rectangles):
    interfaces = pytest.importorskip("label_studio_sdk.label_interface")
    shape = "RectangleLabels" if rectangles else "EllipseLabels"
    config = f"""<View><Image name="image" value="$image"/>
      <{shape} name="label" toName="image"><Label value="circle"/><Label value="coin"/></{shape}>
    </View>"""
    pieces = write_label_studio(SEARCHED, lambda image: image.key, rectangles=rectangles)
    tasks = json.loads(b"".join(join_pieces(pieces)))

    interface = interfaces.LabelInterface(config)
    for task, entry in zip(tasks, SEARCHED, strict=True):
        [shapes] = task.get("predictions") or task["annotations"]
        assert interface.validate_prediction(shapes, return_errors=True) == []
        assert len(shapes["result"]) == len(entry.objects)
    for read, entry in zip(_convert(config, tasks, tmp_path), SEARCHED, strict=True):
        for label, found in zip(read.get("label", []), entry.objects, strict=True):
            _compare(label, found.circle, entry.image)


def _convert(config, tasks, folder):
    """Return the annotations as the SDK's own converter understands them."""
    converter = pytest.importorskip("label_studio_sdk.converter")
    annotated = [
        {**task, "id": number, "annotations": task.get("annotations") or task["predictions"]}
        for number, task in enumerate(tasks, start=1)
    ]
    source = folder / "tasks.json"
    source.write_text(json.dumps(annotated))
    made = converter.Converter(config, project_dir=None, download_resources=False)
    made.convert_to_json_min(str(source), str(folder / "out"), is_dir=False)
    return json.loads((folder / "out" / "result.json").read_text())


def _compare(label, circle, image):
    width, height = image.width / 100, image.height / 100
    assert (label["original_width"], label["original_height"]) == (image.width, image.height)
    if "radiusX" in label:
        assert (label["x"] * width, label["y"] * height) == pytest.approx(circle.centroid)
        assert label["radiusX"] * width == pytest.approx(circle.radius_px)
        assert label["radiusY"] * height == pytest.approx(circle.radius_px)
        assert label["ellipselabels"] == [circle.label]
    else:
        box = (label["x"] * width, label["y"] * height, label["width"] * width)
        assert box == pytest.approx(circle.bbox[:3])
        assert label["height"] * height == pytest.approx(circle.bbox[3])
        assert label["rectanglelabels"] == [circle.label]
