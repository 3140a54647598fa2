"""Turn encoded pictures into answers, for every protocol. Runs in several worker threads."""

from io import BytesIO

from PIL import Image

from predictor import metrics
from predictor.detector import Detector, Pixels
from predictor.inference import pictures
from predictor.inference.pixel_budget import PixelBudget
from predictor.protocols.answers import PictureAnswer, build_answer
from predictor.protocols.query import Parameters, Query
from predictor.settings import Settings


class Inference:
    """A detector within the limits of the settings."""

    def __init__(self, detector: Detector, settings: Settings) -> None:
        self.detector = detector
        self.settings = settings
        self._budget = PixelBudget(settings.max_pixels)

    def warm_up(self) -> None:
        """Detect one small picture. The first request then does not wait for lazy library setup."""
        small = BytesIO()
        Image.new("RGB", (64, 64)).save(small, "JPEG")
        self.answers(Query([small.getvalue()], Parameters()), metrics.Stages())

    def answers(self, query: Query, stages: metrics.Stages) -> list[PictureAnswer]:
        """
        Return one answer per picture of query, in order.

        One refused picture refuses the request.

        Raises:
            Refusal: 400, 413, 415 or 422, as pictures.open_picture and pictures.decode.
        """
        return [self._answer(data, query.parameters, stages) for data in query.pictures]

    def _answer(self, data: bytes, parameters: Parameters, stages: metrics.Stages) -> PictureAnswer:
        with stages.timed(metrics.PREPROCESS):
            image = pictures.open_picture(data, max_pixels=self.settings.max_pixels)
        with self._budget.taken(image.width * image.height):
            with stages.timed(metrics.PREPROCESS):
                pixels = pictures.decode(image)
            with stages.timed(metrics.PREDICT):
                return self._detect(pixels, parameters)

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
