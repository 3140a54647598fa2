"""An album: twenty pictures whose circles are known, as entries of an export."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

from PIL import Image as Canvas
from PIL import ImageDraw

from circles.domain.counting.scales import Scale
from circles.domain.detections import HUMAN, Circle, FoundObject
from circles.domain.exports.selections import Entry
from circles.domain.exports.tables import PictureFile
from circles.domain.images import Image, Review, Status

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
NAMES = {
    0: '=HYPERLINK("http://x","y")<b>.png',
    1: "+1,2.png",
    2: "-2+3.png",
    3: "@sum(a1).png",
    4: "# not a comment.png",
    5: "Münzen 🪙; 'a' \"b\".png",
    6: None,
}
LABELS = ("circle", "coin")


def an_id(kind, number):
    return f"{kind:08x}-0000-7000-8000-{number:012x}"


def make_album():
    """
    Return twenty entries, newest first.

    Number 7 and 8 are empty, 9 is pending, 10 is corrected, 11 confirmed, 12 has a scale, 13
    candidates. In each of the others a circle touches the edge.
    """
    return [_entry(number) for number in range(20)]


def _entry(number):
    chance = random.Random(number)
    width, height = chance.randint(200, 300), chance.randint(150, 250)
    image = Image(
        image_id=an_id(1, number),
        key=f"images/{an_id(1, number)}.png",
        media_type="image/png",
        size_bytes=1000,
        sha256=f"{number:064x}",
        width=width,
        height=height,
        source="upload",
        created_at=NOW - timedelta(seconds=number),
        file_name=NAMES.get(number, f"{number}.png"),
        batch="=d7",
    )
    if number == 9:
        return Entry(image, ())
    objects = [] if number in (7, 8) else _circles(chance, number, width, height)
    served = replace(
        image,
        status=Status.DETECTED,
        object_count=len(objects),
        sure_count=len(objects),
        doubtful_count=0,
        model="circles",
        model_version="net-7",
        detected_at=image.created_at,
        detection_id=an_id(3, number),
        threshold=0.85,
    )
    return _change(Entry(served, objects), number)


def _circles(chance, number, width, height):
    found = []
    for place in range(chance.randint(1, 8)):
        radius = round(chance.uniform(6, 30), 2)
        x, y = round(chance.uniform(0, width), 2), round(chance.uniform(0, height), 2)
        found.append(_found(number, place, (x, y), radius, round(chance.uniform(0.85, 1), 3),
                            LABELS[place % 2], width, height))  # fmt: skip
    return found


def _found(number, place, centroid, radius, score, label, width, height):
    (x, y), object_id = centroid, an_id(2, number * 100 + place)
    left, top = max(int(x - radius), 0), max(int(y - radius), 0)
    right, bottom = min(int(x + radius) + 1, width), min(int(y + radius) + 1, height)
    circle = Circle((left, top, right - left, bottom - top), centroid, radius, score, label)
    return FoundObject(object_id, an_id(1, number), circle, "circles", "net-7", object_id)


def _change(entry, number):
    image = entry.image
    if number in (10, 11):
        review = Review.CORRECTED if number == 10 else Review.CONFIRMED
        image = replace(image, model=HUMAN, model_version="2026-11-26", review=review)
        first, *others = entry.objects
        drawn = replace(first, circle=replace(first.circle, score=None))
        objects = [drawn, *others] if number == 10 else entry.objects
        return replace(entry, image=image, objects=objects, created_by="=ann")
    if number == 12:
        return replace(entry, image=replace(image, scale=Scale(an_id(4, 1), 0.2, NOW)))
    if number == 13:
        doubtful = _found(number, 99, (50.0, 50.0), 9.5, 0.4, "circle", image.width, image.height)
        return replace(entry, candidates=[doubtful])
    return entry


def draw_entry(entry):
    """Return the picture of an entry with its circles."""
    canvas = Canvas.new("RGB", (entry.image.width, entry.image.height), "white")
    for found in entry.objects:
        (x, y), radius = found.circle.centroid, found.circle.radius_px
        ImageDraw.Draw(canvas).ellipse((x - radius, y - radius, x + radius, y + radius), "black")
    file = BytesIO()
    canvas.save(file, "PNG")
    file.seek(0)
    return PictureFile("image/png", file)
