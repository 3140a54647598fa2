"""Test surfaces from game packages: by name or whole, without icons and near copies."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from predictor.training.borrowed.surfaces import LOTS, OPENCV, Lot, pictures


def noise(seed, side=240, opacity=255):
    values = np.random.default_rng(seed).integers(0, 256, (side, side, 4)).astype(np.uint8)
    values[..., 3] = opacity
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()


FILES = {
    "walls/brick.png": noise(1),
    "walls/brick_copy.png": noise(1),
    "walls/brick_nm.png": noise(2),
    "walls/glass.png": noise(3, opacity=90),
    "walls/icon.png": noise(4, side=40),
    "walls/readme.txt": b"x" * 60_000,
    "floors/tile.png": noise(5),
}


@pytest.fixture
def package(tmp_path):
    share = tmp_path / "usr" / "share"
    for name, data in FILES.items():
        (share / "game" / name).parent.mkdir(parents=True, exist_ok=True)
        (share / "game" / name).write_bytes(data)
    with zipfile.ZipFile(share / "all.pk3", "w") as archive:
        for name, data in FILES.items():
            archive.writestr(f"textures/{name}", data)
    return tmp_path


def names(package, lot):
    return [name for name, _ in pictures(package, lot)]


@pytest.mark.parametrize(
    "place",
    [{"folder": "game"}, {"folder": "textures", "archive": "all.pk3"}],
    ids=["folder", "zip"],
)
def test_whole_lot_skips_copies_icons_and_exclusions(package, place):
    assert names(package, Lot("g", "some", left_out="*_nm", **place)) == [
        "g-floors-tile",
        "g-walls-brick",
    ]


def test_named_pictures_are_taken_at_any_size(package):
    assert names(package, Lot("g", "some", "game", "walls/icon walls/glass")) == [
        "g-walls-glass",
        "g-walls-icon",
    ]


def test_training_and_evaluation_share_no_package():
    assert OPENCV.package not in {lot.package for lot in LOTS}
