"""Turn encoded pictures into answers, in several worker threads at once."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Protocol

from PIL import Image

from circles_pictures.limits import COSTLY_BYTES, COSTLY_PIXELS
from circles_pictures.memory import return_free_pages
from circles_pictures.source import Source
from predictor import metrics
from predictor.detector import Circle, Detector, Pixels
from predictor.inference import pictures
from predictor.protocols.answers import PictureAnswer, build_answer
from predictor.protocols.query import Parameters
from predictor.settings import Settings


class Shrinks(Protocol):
    """Held memory."""

    def shrink(self, size: int) -> None:
        """Give back what is more than size."""


Sources = Sequence[Source]
"""Encoded pictures whose headers have been read."""

_FACTORS = (8, 4, 2)
"""What a JPEG's decoder can divide a picture's sides by."""
_DETECTOR_BYTES = 64 * 1024 * 1024
"""What the detector takes beside the pixels, at most: views, and the network's own."""


class Inference:
    """A detector with the limits of the settings around it."""

    def __init__(self, detector: Detector, settings: Settings) -> None:
        self.detector = detector
        self.settings = settings

    def is_long(self, body_bytes: int) -> bool:
        """Return whether taking the pictures out of a body is long work."""
        return body_bytes > COSTLY_BYTES

    def warm_up(self) -> None:
        """
        Answer for a small picture, so that the first request does not pay for lazy set-up.

        Then give back the memory that loading left free.
        """
        small = BytesIO()
        Image.new("RGB", (64, 64)).save(small, "JPEG")
        self.answers(self.open([small.getvalue()]), Parameters(), metrics.Stages(), _Unlimited())
        return_free_pages()

    def open(self, encoded: Sequence[bytes]) -> Sources:
        """Read the headers of pictures. Raises Refusal as pictures.open_source does."""
        return [pictures.open_source(data, max_pixels=self.settings.max_pixels) for data in encoded]

    def peak_bytes(self, sources: Sources) -> int:
        """Return what answering takes: pictures are worked on one after the other."""
        return max(max(self._reading_bytes(each), self._detecting_bytes(each)) for each in sources)

    def is_costly(self, sources: Sources) -> bool:
        """Return whether answering takes far more time than for a usual photograph."""
        return sum(source.pixels for source in sources) > COSTLY_PIXELS

    def answers(
        self, sources: Sources, parameters: Parameters, stages: metrics.Stages, memory: Shrinks
    ) -> list[PictureAnswer]:
        """
        Return one answer per picture, in order. A refused picture refuses the request.

        To call while memory holds peak_bytes. What the last picture's decoding took is given back
        before the detector begins. Raises Refusal 422 as pictures.read_pixels does.
        """
        answers = []
        for number, source in enumerate(sources, 1):
            factor = self._factor(source)
            with stages.timed(metrics.PREPROCESS):
                pixels = pictures.read_pixels(source, factor)
            if number == len(sources):
                memory.shrink(self._detecting_bytes(source))
            with stages.timed(metrics.PREDICT):
                answers.append(self._detect(pixels, factor, source.upright_size, parameters))
        return answers

    def _factor(self, source: Source) -> int:
        """Return by how much the picture may be smaller without fewer px in the finest look."""
        finest = self.detector.finest_scale(*source.upright_size)
        return next((factor for factor in _FACTORS if factor * finest <= 1), 1)

    def _reading_bytes(self, source: Source) -> int:
        factor = self._factor(source)
        return source.rgb_bytes if factor == 1 else source.reduced_bytes(factor)

    def _detecting_bytes(self, source: Source) -> int:
        """Return what pixels and detector take."""
        pixels = source.pixels // self._factor(source) ** 2
        return 3 * pixels + min(_DETECTOR_BYTES, 8 * source.pixels)

    def _detect(
        self, pixels: Pixels, factor: int, size: tuple[int, int], parameters: Parameters
    ) -> PictureAnswer:
        min_score = (
            self.detector.default_min_score
            if parameters.min_score is None
            else parameters.min_score
        )
        most = parameters.max_objects or self.settings.max_objects
        circles = self.detector.detect(pixels, min_score=min_score, max_objects=most)
        metrics.OBJECTS.labels(self.settings.model_name).inc(len(circles))
        width, height = size
        enlarged = circles if factor == 1 else [_enlarged(each, factor, size) for each in circles]
        return build_answer(self.detector, width, height, enlarged)


class _Unlimited:
    def shrink(self, size: int) -> None:
        pass


def _enlarged(circle: Circle, factor: int, size: tuple[int, int]) -> Circle:
    """Return a circle in px of the picture; the last px of a smaller one may reach over it."""
    left, top, width, height = (factor * each for each in circle.bbox)
    x, y = circle.centroid
    return replace(
        circle,
        bbox=(left, top, min(width, size[0] - left), min(height, size[1] - top)),
        centroid=(factor * x, factor * y),
        radius_px=factor * circle.radius_px,
    )
