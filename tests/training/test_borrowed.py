"""Test pictures borrowed from packages: which file, flattened or cut out, labelled empty."""

import json

from PIL import Image

from predictor.training.borrowed.__main__ import WALLPAPERS, keep, keep_stamp, write_labels
from predictor.training.borrowed.packages import pick, resource_pictures


def picture(path, size=(40, 30), colour="red", mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)
    return path


def test_picture_is_picked_by_file_or_folder_name(tmp_path):
    named = picture(tmp_path / "usr" / "share" / "Dune.png")
    small = picture(tmp_path / "wallpapers" / "Kite" / "contents" / "images" / "800x600.png")
    picture(tmp_path / "wallpapers" / "Kite" / "contents" / "images" / "3840x2160.png", (400, 300))
    picture(tmp_path / "wallpapers" / "Kite" / "contents" / "screenshot.png", (2, 2))
    assert pick(tmp_path, "Dune") == named
    assert pick(tmp_path, "Kite") == small
    assert pick(tmp_path, "Nowhere") is None


def test_kept_picture_is_flattened_and_shrunk(tmp_path):
    keep(
        picture(tmp_path / "wide.png", (4000, 500), (255, 0, 0, 0), "RGBA"),
        tmp_path / "kept" / "wide.png",
    )
    with Image.open(tmp_path / "kept" / "wide.png") as kept:
        assert (kept.mode, kept.size) == ("RGB", (1600, 200))
        assert kept.getpixel((5, 5)) == (255, 255, 255)


def test_cut_out_needs_transparency(tmp_path):
    opaque = picture(tmp_path / "opaque.png")
    clear = picture(tmp_path / "clear.png", colour=(9, 9, 9, 0), mode="RGBA")
    assert not keep_stamp(opaque, tmp_path / "stamps" / "opaque.png")
    assert keep_stamp(clear, tmp_path / "stamps" / "clear.png")
    assert [p.name for p in (tmp_path / "stamps").iterdir()] == ["clear.png"]


def test_borrowed_validation_pictures_have_no_labels(tmp_path):
    from predictor.evaluation.dataset import read_dataset

    picture(tmp_path / "a.png")
    write_labels(tmp_path)
    (labelled,) = read_dataset(tmp_path)
    assert labelled.domain == "negatives" and len(labelled.boxes) == 0
    assert json.loads((tmp_path / "annotations.json").read_text())["images"][0]["width"] == 40


def test_training_and_validation_share_no_picture():
    held_out = {name for names in WALLPAPERS["validation"].values() for name in names.split()}
    for use in set(WALLPAPERS) - {"validation"}:
        assert held_out.isdisjoint(
            name for names in WALLPAPERS[use].values() for name in names.split()
        )


def test_photographs_are_extracted_from_a_resource_file(tmp_path):
    noise = Image.effect_noise((200, 150), 90).convert("RGB")
    large, small = tmp_path / "large", tmp_path / "small.jpg"
    noise.save(large.with_suffix(".webp"), lossless=True)
    noise.save(large.with_suffix(".jpg"), quality=95)
    noise.resize((20, 15)).save(small)
    photographs = [large.with_suffix(suffix).read_bytes() for suffix in (".webp", ".jpg")]
    resource = (
        b"qres"
        + b"\0" * 30
        + photographs[0]
        + small.read_bytes()
        + b"tree"
        + photographs[1]
        + b"names"
    )
    found = dict(resource_pictures(resource))
    assert list(found.values()) == photographs
    assert all(len(digest) == 8 for digest in found)
