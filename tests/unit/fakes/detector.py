"""Fake detector that finds the circles that a test sets."""

from circles.domain.detections import Circle, Detection
from tests.unit.fakes.faults import Faults

CIRCLE = Circle(
    bbox=(10, 20, 30, 30), centroid=(25.0, 35.0), radius_px=15.0, score=0.9, label="coin"
)


class FakeDetector(Faults):
    port = "detector"

    def __init__(self, journal=None):
        super().__init__(journal)
        self.circles = (CIRCLE,)
        self.asked = []
        self.threshold, self.floor, self.candidates = None, None, ()

    def detect(self, picture):
        self.reach("detect")
        self.asked.append(picture)
        return Detection(
            "fake", "7", "none", 12.5, self.circles, self.threshold, self.floor, self.candidates
        )
