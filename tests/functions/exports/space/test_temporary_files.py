"""Test that pictures and tables share the temporary folder, and what a full one answers."""

import tempfile

import numpy
import pytest
from PIL import Image

from circles.adapters.spool import MAX_BYTES
from circles.bootstrap import load_services
from tests.contract.sqlite.full_disks import tiny_disk
from tests.functions.pictures import encode

SPOOLED = ["coco", "yolo", "yolo&images=1", "xlsx"]
LARGE = ["thumbnail?width=2048", "overlay", "overlay?format=png", "overlay?format=png&size=full"]


@pytest.fixture
def image(upload):
    """Upload noise, whose thumbnail has a megabyte."""
    noise = numpy.random.default_rng(3).integers(0, 256, (900, 1200, 3)).astype(numpy.uint8)
    data = encode(Image.fromarray(noise), "JPEG", quality=90)
    return upload.post("/images/", data=data, content_type="image/jpeg").json["image_id"]


@pytest.fixture
def export(load, image):
    return load("export")


@pytest.fixture
def files(export):
    return load_services().temporary


@pytest.mark.parametrize("name", LARGE)
def test_picture_releases_its_space(export, image, files, name):
    for _ in range(2):  # made, and perhaps kept
        response = export.get(f"/images/{image}/{name}")
        assert response.status_code == 200
        assert len(response.data) > 300_000
    response.close()

    assert files._held_bytes == 0


@pytest.mark.parametrize("chosen", SPOOLED)
def test_table_releases_its_space(export, files, chosen):
    assert export.get(f"/export?format={chosen}").status_code == 200
    assert files._held_bytes == 0


def test_space_that_others_take_is_503(export, image, files):
    files.take(MAX_BYTES)
    asked = [f"/images/{image}/{name}" for name in LARGE]
    asked += [f"/export?format={chosen}" for chosen in SPOOLED]
    for path in asked:
        response = export.get(path)
        assert response.status_code == 503, path
        assert response.headers["Retry-After"] == "5"
    assert export.get("/export?format=csv").status_code == 200  # this one needs none
    assert export.get(f"/images/{image}/thumbnail").status_code == 200

    files.release(MAX_BYTES)
    assert [export.get(path).status_code for path in asked] == [200] * len(asked)
    assert files._held_bytes == 0


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # xlsxwriter leaves its archive open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_full_disk_is_503_and_the_next_one_works(export, image, files, tmp_path, monkeypatch):
    with tiny_disk(tmp_path / "tmp", 16 * 1024) as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        for path in (f"/images/{image}/overlay?format=png", "/export?format=xlsx"):
            response = export.get(path)
            assert (response.status_code, response.json["title"]) == (503, "Storage full"), path
        monkeypatch.undo()
        assert list(folder.iterdir()) == []

    assert export.get("/export?format=xlsx").status_code == 200
    assert files._held_bytes == 0
