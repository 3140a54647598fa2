"""Lay out what an overlay shows: rings, numbers and a caption, in pixels of the upright picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from circles.domain.detections import FoundObject


class Kind(StrEnum):
    """What a ring says of its object."""

    SURE = "sure"
    DOUBTFUL = "doubtful"
    CANDIDATE = "candidate"
    HUMAN = "drawn by a person"


COLOURS = {
    Kind.SURE: "#56B4E9",
    Kind.DOUBTFUL: "#F0E442",
    Kind.CANDIDATE: "#E69F00",
    Kind.HUMAN: "#CC79A7",
}
"""Told apart by all kinds of colour vision (Okabe and Ito, "Color Universal Design", 2008)."""

_DIGIT_WIDTH = 0.6
"""Of a font's size."""
_LARGEST = 2
"""A ring whose radius exceeds this times width and height is not drawn, only its number."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An object with its number in the list of an image's objects, from 1."""

    number: int
    found: FoundObject
    kind: Kind


@dataclass(frozen=True, slots=True)
class Ring:
    """
    A circle's line, and what is said of it.

    dash is the length of a dash and its gap, 0 for a whole line.
    """

    x: float
    y: float
    radius: float
    line: float
    colour: str
    dash: float
    note: str


@dataclass(frozen=True, slots=True)
class Diamond:
    """A filled square that stands on a corner; size is half of its height."""

    x: float
    y: float
    size: float
    colour: str


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text. x, y is its centre, or else where its base line begins."""

    text: str
    x: float
    y: float
    size: float
    centred: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """
    What is drawn on a picture of width x height pixels.

    edge is the width of the dark edge that sets rings off from the picture; caption is a line at
    the bottom, text_size that of its font.
    """

    width: int
    height: int
    rings: Sequence[Ring]
    diamonds: Sequence[Diamond]
    labels: Sequence[Label]
    edge: float
    text_size: float
    caption: str | None = None


def lay_out(
    marks: Sequence[Mark], width: int, height: int, shown_px: int, caption: str | None = None
) -> Drawing:
    """
    Return a drawing for a picture that is shown with shown_px pixels on its longer side.

    Lines and numbers have about the same size on every screen, and are finer on tiny circles.
    """
    unit = max(width, height) / shown_px  # what one shown pixel is in the picture
    text_size = max(12.0, shown_px / 80) * unit
    widest_line = max(1.5, shown_px / 800) * unit
    rings, diamonds, labels = [], [], []
    for mark in marks:
        ring = _lay_out_ring(mark, widest_line, unit)
        label = _lay_out_label(str(mark.number), ring, text_size, unit, width)
        labels.append(replace(label, x=_within(label.x, width), y=_within(label.y, height)))
        if ring.radius > _LARGEST * (width + height):
            continue
        rings.append(ring)
        if mark.kind is Kind.HUMAN:
            size = max(2.5 * ring.line, 3 * unit)
            diamonds.append(Diamond(ring.x, ring.y - ring.radius, size, ring.colour))
    return Drawing(
        width, height, rings, diamonds, labels, 0.8 * max(unit, widest_line / 2), text_size, caption
    )


def _lay_out_ring(mark: Mark, widest_line: float, unit: float) -> Ring:
    (x, y), radius = mark.found.circle.centroid, mark.found.circle.radius_px
    line = min(widest_line, max(unit, radius / 6))
    dash = 6 * line if mark.kind is Kind.CANDIDATE else 0.0
    return Ring(x, y, radius, line, COLOURS[mark.kind], dash, _describe(mark))


def _describe(mark: Mark) -> str:
    circle = mark.found.circle
    score = "" if circle.score is None else f", score {circle.score:.2f}"
    return f"{mark.number}: {mark.kind}{score}, radius {circle.radius_px:.1f} px"


def _within(value: float, end: float) -> float:
    return min(max(value, 0.0), end)


def _lay_out_label(text: str, ring: Ring, size: float, unit: float, width: int) -> Label:
    """Return a number in the middle of its ring, or beside one that is too small for it."""
    text_width = _DIGIT_WIDTH * size * len(text)
    if max(size, text_width) <= 1.4 * ring.radius:
        x = min(max(ring.x, text_width / 2), width - text_width / 2)
        return Label(text, x, ring.y, size, centred=True)
    size = min(0.75 * size, max(0.5 * size, ring.radius, 9 * unit))
    aside, text_width = 0.75 * ring.radius + ring.line, _DIGIT_WIDTH * size * len(text)
    x = ring.x + aside
    if x + text_width > width:
        x = ring.x - aside - text_width
    return Label(text, x, max(ring.y - aside, size), size, centred=False)
