"""
Write the held-out photographs as folders that predictor.evaluation reads.

There is one for each side of the split.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from predictor.training.data.photographs import split_of

HELD_OUT = ("validation", "test")


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
    categories = [{"id": 1, "name": "circle"}]
    (target / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return len(images)


def main() -> None:
    """Write both sides."""
    parser = argparse.ArgumentParser(
        prog="python -m predictor.training.heldout", description=__doc__
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    for split in HELD_OUT:
        print(split, write_split(arguments.data, arguments.target / split, split))


if __name__ == "__main__":
    main()
