"""Draw annotated pictures. Green was right, red wrong, blue missed and grey ignored."""

from pathlib import Path

from PIL import Image, ImageDraw

from predictor.evaluation.dataset import Floats, Labelled
from predictor.evaluation.matching import Found, match
from predictor.evaluation.subjects import read_pixels

_LONGEST_PX = 1200


def draw(found: Found, labelled: Labelled, target: Path) -> None:
    """
    Write the picture with all boxes as ellipses to target.

    The scores of the finds are added.
    """
    image = Image.fromarray(read_pixels(labelled.file.read_bytes()))
    scale = min(1.0, _LONGEST_PX / max(image.size))
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    right, met = (set(numbers.tolist()) for numbers in match(found, labelled))
    pen = ImageDraw.Draw(image)
    for box in labelled.ignored:
        pen.rectangle(_corners(box * scale), outline="grey")
    for index, box in enumerate(labelled.boxes):
        if index not in met:
            pen.ellipse(_corners(box * scale), outline="blue", width=3)
    for index, box in enumerate(found.boxes):
        colour = "lime" if index in right else "red"
        pen.ellipse(_corners(box * scale), outline=colour, width=2)
        pen.text((box[0] * scale, box[1] * scale), f"{found.scores[index]:.2f}", fill=colour)
    target.parent.mkdir(parents=True, exist_ok=True)
    image.save(target)


def _corners(box: Floats) -> tuple[float, float, float, float]:
    left, top, width, height = box.tolist()
    return left, top, left + max(0, width), top + max(0, height)
