"""
Judge detectors on one disc of every size.

Pictures have five shapes and are drawn, so that the disc's place is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from predictor.evaluation.matching import box_ious
from predictor.evaluation.subjects import Subject

SHAPES_PX = ((480, 480), (1024, 768), (768, 1024), (1920, 1080), (640, 240))
"""Width and height of the pictures: square, landscape, portrait, large, wide."""
SHARES = (
    0.02,
    0.03,
    0.04,
    0.06,
    0.08,
    0.1,
    0.15,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1.0,
    1.1,
    1.2,
)
"""Diameters as shares of the shorter side."""
LEAST_PX = 6.0
SHARE_OF_LARGE = 1 / 270
LARGE_FROM_PX = 1600
"""
Discs measure at least LEAST_PX. In pictures longer than LARGE_FROM_PX they also measure at
least SHARE_OF_LARGE of the longer side.
"""
PICTURES = len(SHAPES_PX) * len(SHARES)
LEAST_IOU, LEAST_IOU_SMALL, SMALL_PX = 0.92, 0.75, 30.0
_NOISE_LEVELS = 2.5


@dataclass(frozen=True, slots=True)
class SweepPicture:
    """
    A drawn picture with one disc.

    pixels: (height, width, 3) uint8 RGB.
    box: left, top, width, height in px, cut at the border.
    circle: x, y, radius in px.
    diameter_px: of the whole disc.
    share: of the shorter side.
    """

    name: str
    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    circle: tuple[float, float, float]
    share: float

    @property
    def diameter_px(self) -> float:
        """Return the diameter of the whole disc."""
        return 2 * self.circle[2]


@dataclass(frozen=True, slots=True)
class SweepVerdict:
    """
    The verdict on one picture.

    It has the IoU of the best find with the disc, the number of finds, and whether that is
    right.
    """

    shape: str
    share: float
    diameter_px: float
    iou: float
    finds: int
    right: bool


def judge_picture(judged: Subject, picture: SweepPicture) -> SweepVerdict:
    """
    Judge a detector at its own threshold.

    Right is one find, of at least LEAST_IOU (LEAST_IOU_SMALL below SMALL_PX).
    """
    data = BytesIO()
    Image.fromarray(picture.pixels).save(data, "PNG", compress_level=1)
    boxes = judged.find(data.getvalue(), unsure=False).boxes
    iou = float(box_ious(boxes, np.array([picture.box])).max(initial=0))
    wanted = LEAST_IOU if picture.diameter_px >= SMALL_PX else LEAST_IOU_SMALL
    height, width, _ = picture.pixels.shape
    right = len(boxes) == 1 and iou >= wanted
    return SweepVerdict(
        f"{width} x {height}", picture.share, picture.diameter_px, iou, len(boxes), right
    )


def draw_sweep() -> Iterator[SweepPicture]:
    """Draw the 90 pictures, the same ones each time."""
    for shape, (width, height) in enumerate(SHAPES_PX):
        for size, share in enumerate(SHARES):
            rng = np.random.default_rng((20261126, shape, size))
            yield _draw(rng, width, height, share)


def _draw(rng: np.random.Generator, width: int, height: int, share: float) -> SweepPicture:
    least_px = max(
        LEAST_PX, max(width, height) * SHARE_OF_LARGE if max(width, height) > LARGE_FROM_PX else 0.0
    )
    radius = max(share * min(width, height), least_px) / 2
    x, y = (_middle(rng, side, radius) for side in (width, height))
    pixels = _picture(rng, (width, height), (x, y, radius))
    left, top = max(0.0, x - radius), max(0.0, y - radius)
    right, bottom = min(float(width), x + radius), min(float(height), y + radius)
    name = f"{width}x{height}-{round(100 * share)}"
    return SweepPicture(
        name, pixels, (left, top, right - left, bottom - top), (x, y, radius), share
    )


def _middle(rng: np.random.Generator, side: int, radius: float) -> float:
    """
    Return a place for the centre.

    The disc is inside where it fits, else near the middle of the frame.
    """
    room = side - 2 * radius - 4
    return side / 2 + float(rng.uniform(-0.5, 0.5)) * (room if room > 0 else 0.06 * side)


def _picture(
    rng: np.random.Generator, size: tuple[int, int], circle: tuple[float, float, float]
) -> NDArray[np.uint8]:
    """
    Return a shaded disc with a darker rim on a shaded ground.

    It is smooth at the edge, with a little noise.
    """
    (width, height), (x, y, radius) = size, circle
    ground = rng.uniform(70, 150, 3).astype(np.float32)
    disc = (ground + rng.choice([-1, 1]) * rng.uniform(45, 75, 3)).astype(np.float32)
    ys, xs = np.mgrid[:height, :width].astype(np.float32) + 0.5
    across = (xs / width - 0.5) * rng.uniform(-20, 20) + (ys / height - 0.5) * rng.uniform(-20, 20)
    distance = np.hypot(xs - x, ys - y)
    inside = np.clip(radius - distance + 0.5, 0, 1)[..., None]
    rim = np.exp(-(((distance - 0.94 * radius) / max(0.03 * radius, 0.5)) ** 2))[..., None]
    paint = disc - 12 * rim * (radius > 20)
    picture = ground + across[..., None] + (paint - ground) * inside
    picture += rng.standard_normal((height, width, 1), np.float32) * np.float32(_NOISE_LEVELS)
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)
