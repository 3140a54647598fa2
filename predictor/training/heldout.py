"""
Write held-out pictures as folders that predictor.evaluation reads.

There is one for each side of the split, and one of rendered scenes that training never saw.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.progress import track

from predictor.training.data.negatives import GROUNDS, gather, read_negatives
from predictor.training.data.photographs import read_split, split_of
from predictor.training.data.scenes import SCENE_SIDE_PX
from predictor.training.rendering.scenes import render_scene

HELD_OUT = ("validation", "test")
_SEED, _SCENES = 77, 400
"""Training's scenes have another seed."""


def write_split(data: Path, target: Path, split: str) -> int:
    """
    Write target/annotations.json with one side's pictures and return their number.

    Pictures are named by their paths.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for path in sorted(data.glob("*/annotations.json")):
        document = json.loads(path.read_text())
        chosen = {
            image["id"]: image for image in document["images"] if split_of(image["source"]) == split
        }
        shift = 1_000_000 * (len(images) + 1)
        for image in chosen.values():
            file_name = str((path.parent / "images" / image["file_name"]).resolve())
            images.append({**image, "id": image["id"] + shift, "file_name": file_name})
        kept = [a for a in document["annotations"] if a["image_id"] in chosen]
        annotations += [
            {**a, "id": len(annotations) + n, "image_id": a["image_id"] + shift}
            for n, a in enumerate(kept, 1)
        ]
    target.mkdir(parents=True, exist_ok=True)
    _write_document(target, images, annotations)
    return len(images)


def write_scenes(data: Path, backgrounds: Path, target: Path) -> int:
    """
    Render scenes into target/images, label them, and return their number.

    Their grounds and cut-outs are those of training, their seed is not.
    """
    photographs = read_split(data, "train")
    empty = [crop for name in GROUNDS for crop in read_negatives(backgrounds / name)]
    materials = gather(photographs, empty, backgrounds)
    (target / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in track(range(_SCENES), "scenes"):
        scene = render_scene(np.random.default_rng((_SEED, number)), SCENE_SIDE_PX, materials)
        file_name = f"{number}.png"
        cv2.imwrite(str(target / "images" / file_name), scene.pixels[..., ::-1])
        side = {"width": SCENE_SIDE_PX, "height": SCENE_SIDE_PX}
        images.append({"id": number, "file_name": file_name, "domain": "scenes", **side})
        for boxes, crowd in ((scene.boxes, 0), (scene.ignored, 1)):
            annotations += [
                {"image_id": number, "category_id": 1, "iscrowd": crowd, "bbox": _corner(box)}
                for box in boxes.tolist()
            ]
    for n, annotation in enumerate(annotations, 1):
        annotation["id"] = n
    _write_document(target, images, annotations)
    return len(images)


def _corner(box: list[float]) -> list[float]:
    """Turn centre x, centre y, width, height into COCO's left, top, width, height."""
    x, y, width, height = box
    return [x - width / 2, y - height / 2, width, height]


def _write_document(
    target: Path, images: list[dict[str, Any]], annotations: list[dict[str, Any]]
) -> None:
    categories = [{"id": 1, "name": "circle"}]
    (target / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )


def main() -> None:
    """Write both sides, and the scenes where there are backgrounds."""
    parser = argparse.ArgumentParser(
        prog="python -m predictor.training.heldout", description=__doc__
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--backgrounds", type=Path, help="also render scenes on these")
    arguments = parser.parse_args()
    for split in HELD_OUT:
        print(split, write_split(arguments.data, arguments.target / split, split))
    if arguments.backgrounds:
        target = arguments.target / "scenes"
        print("scenes", write_scenes(arguments.data, arguments.backgrounds, target))


if __name__ == "__main__":
    main()
