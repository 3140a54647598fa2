"""Turn encoded pictures into answers, in several worker threads at once."""

from collections.abc import Sequence
from io import BytesIO
from typing import Protocol

from PIL import Image

from circles_pictures.source import Source
from predictor import metrics
from predictor.detector import Detector, Pixels
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

_DETECTOR_BYTES = 64 * 1024 * 1024
"""What the detector takes beside the pixels, at most: views, and the network's own."""


class Inference:
    """A detector with the limits of the settings around it."""

    def __init__(self, detector: Detector, settings: Settings) -> None:
        self.detector = detector
        self.settings = settings

    def warm_up(self) -> None:
        """Answer for a small picture, so that the first request does not pay for lazy set-up."""
        small = BytesIO()
        Image.new("RGB", (64, 64)).save(small, "JPEG")
        self.answers(self.open([small.getvalue()]), Parameters(), metrics.Stages(), _Unlimited())

    def open(self, encoded: Sequence[bytes]) -> Sources:
        """Read the headers of pictures. Raises Refusal as pictures.open_source does."""
        return [pictures.open_source(data, max_pixels=self.settings.max_pixels) for data in encoded]

    def peak_bytes(self, sources: Sources) -> int:
        """Return what answering takes: pictures are worked on one after the other."""
        return max(max(source.rgb_bytes, _detecting_bytes(source)) for source in sources)

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
            with stages.timed(metrics.PREPROCESS):
                pixels = pictures.read_pixels(source)
            if number == len(sources):
                memory.shrink(_detecting_bytes(source))
            with stages.timed(metrics.PREDICT):
                answers.append(self._detect(pixels, parameters))
        return answers

    def _detect(self, pixels: Pixels, parameters: Parameters) -> PictureAnswer:
        min_score = (
            self.detector.default_min_score
            if parameters.min_score is None
            else parameters.min_score
        )
        most = parameters.max_objects or self.settings.max_objects
        circles = self.detector.detect(pixels, min_score=min_score, max_objects=most)
        metrics.OBJECTS.labels(self.settings.model_name).inc(len(circles))
        height, width, _ = pixels.shape
        return build_answer(self.detector, width, height, circles)


class _Unlimited:
    def shrink(self, size: int) -> None:
        pass


def _detecting_bytes(source: Source) -> int:
    """Return what pixels and detector take."""
    return 3 * source.pixels + min(_DETECTOR_BYTES, 8 * source.pixels)
