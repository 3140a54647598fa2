"""Return fixed circles, for demos and tests without a predictor."""

from typing import TYPE_CHECKING

from circles.domain.detections import Circle, Detection
from circles.domain.pictures import Picture

FIXED = (
    Circle(bbox=(10, 20, 30, 30), centroid=(25.0, 35.0), radius_px=15.0, score=0.9, label="circle"),
    Circle(bbox=(60, 20, 20, 24), centroid=(70.0, 32.0), radius_px=11.0, score=0.6, label="circle"),
)


class FixedDetector:
    """Returns those of `circles` that fit into the picture. It does not read the picture."""

    def __init__(self, circles: tuple[Circle, ...] = FIXED) -> None:
        self._circles = circles

    def detect(self, picture: Picture) -> Detection:
        fitting = (circle for circle in self._circles if _fits(circle, picture))
        return Detection("fixed", "1", "none", 0.0, tuple(fitting))


def _fits(circle: Circle, picture: Picture) -> bool:
    x, y, width, height = circle.bbox
    return x + width <= picture.width and y + height <= picture.height


if TYPE_CHECKING:
    from circles.domain.detections import Detector

    _: type[Detector] = FixedDetector
