"""
Detect circles.

The network looks at a picture from coarse to fine; edges then add to what it found.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from predictor.detector import Circle, Pixels
from predictor.network.decoding import Boxes, Floats, between, decode, mirrored, suppress
from predictor.network.edges import find_circles
from predictor.network.evidence import keep_outermost, support, weigh
from predictor.network.lone import look_again
from predictor.network.rim import refine
from predictor.network.scales import (
    COARSE_SHARE,
    COARSE_SIZES_PX,
    FINEST,
    FIRST_SIZES_PX,
    finer_scale,
    join_large,
    joined,
    mostly_small,
)
from predictor.network.views import SIDE_PX, View, affordable_scale, show, tiles, whole

MODEL_PATH = Path(__file__).parents[1] / "model" / "circles.onnx"

REVISION = "r6"
"""Revision of the code around the weights. An answer depends on both, and version names both."""
_MOST_PEAKS = 1000
_MOST_ENLARGED = 2.0
"""Limit of enlarging a picture smaller than the first look. Further enlarging adds no detail."""
_TILED_FROM_PX = 1600
"""Pictures with a longer side above always get a second, tiled look."""
_REFINED_PX = 1280
"""The rim is measured on a picture of this longer side at most."""
_DOUBTFUL_SCORES = (0.7, 0.95)
"""
A view with any score between them is also looked at mirrored. A round thing is round from both
sides.
"""
_OUTER_SCORE = 0.7
"""From this score on a circle replaces the smaller ones around the same centre."""
_FLOOR_SCORE = 0.1
"""
Everything down to this score is searched, so that the answer does not depend on the request's
threshold.
"""


class NetworkDetector:
    """
    The network predictor.training.circle_net on the CPU, one thread per call. It is fully
    convolutional.

    The weights file carries version and threshold as metadata "version" and "min_score", and
    its scores are calibrated. Calls from any number of threads share the session, which
    onnxruntime allows.
    """

    def __init__(self, model_path: Path = MODEL_PATH) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # the input's size changes from call to call
        # the arena would keep the memory of the largest picture until the process ends
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            model_path, options, providers=["CPUExecutionProvider"]
        )
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.version = f"{metadata['version']}-{REVISION}"
        self.default_min_score = float(metadata["min_score"])

    def finest_scale(self, width: int, height: int) -> float:
        """See Detector.finest_scale."""
        return affordable_scale(width, height, FINEST)

    def detect(self, pixels: Pixels, *, min_score: float, max_objects: int) -> list[Circle]:
        """See Detector.detect."""
        height, width, _ = pixels.shape
        found = weigh(self._search(pixels, min(min_score, _FLOOR_SCORE)), find_circles(pixels))
        found = support(keep_outermost(found, _OUTER_SCORE))
        best = np.flatnonzero(found.scores >= min_score)[:max_objects]
        found = _refined(pixels, found.take(best))
        return [
            _circle(box, score, width, height)
            for box, score in zip(found.values, found.scores, strict=True)
        ]

    def _search(self, pixels: Pixels, floor: float) -> Boxes:
        """Look at the whole, at finer scales where worthwhile, then at small doubtful finds."""
        height, width, _ = pixels.shape
        scale = first_scale(width, height)
        found, coarse = (
            self.look(pixels, whole(width, height, part * scale), floor, sizes_px)
            for part, sizes_px in ((1, FIRST_SIZES_PX), (COARSE_SHARE, COARSE_SIZES_PX))
        )
        found = join_large(coarse, found, scale)
        due = max(height, width) > _TILED_FROM_PX
        while (due or mostly_small(found, scale)) and (
            finer := finer_scale(width, height, scale, found)
        ):
            parts = [self.look(pixels, view, floor) for view in tiles(width, height, finer)]
            found = joined(found, parts, scale, finer)
            due, scale = False, finer
        return look_again(self._answers, pixels, found, first_scale(width, height))

    def look(
        self,
        pixels: Pixels,
        view: View,
        floor: float,
        sizes_px: tuple[float, float] = (0.0, np.inf),
    ) -> Boxes:
        """
        Return what one view shows, in px of the picture.

        Finds cut by the view's edge are left out.

        Args:
            sizes_px: the diameters that matter, in px of the view.
        """
        shown, (scale_x, scale_y) = show(pixels, view)
        boxes = find_boxes(self._answer, shown, floor, sizes_px)
        scales = np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
        values = np.asarray(boxes.values / scales, np.float32)
        values[:, :2] += (view.left, view.top)
        height, width, _ = pixels.shape
        low, high = (view.left, view.top), (view.left + view.width, view.top + view.height)
        inside = np.all((values[:, :2] >= low) & (values[:, :2] < high), axis=1)
        return suppress(
            Boxes(values, boxes.scores).take(inside & ~view.cuts(values, (width, height)))
        )

    def _answer(self, shown: Pixels) -> Floats:
        return np.asarray(self._answers(shown[None])[0], np.float32)

    def _answers(self, views: Pixels) -> Floats:
        answers: Floats = self._session.run(None, {"pixels": views})[0]
        return answers


def first_scale(width: int, height: int) -> float:
    """Return the px of the first look per px of the picture."""
    return min(_MOST_ENLARGED, SIDE_PX / max(height, width))


def find_boxes(
    ask: Callable[[Pixels], Floats], shown: Pixels, floor: float, sizes_px: tuple[float, float]
) -> Boxes:
    """
    Return the peaks of the network's output.

    If one of these diameters is doubtful, they are of the mean of that and the mirrored view's
    output.
    """
    answer = ask(shown)
    boxes = decode(answer, floor, _MOST_PEAKS)
    sizes = boxes.values[:, 2:].mean(1)
    doubtful = between(boxes.scores, _DOUBTFUL_SCORES) & between(sizes, sizes_px)
    if not doubtful.any():
        return boxes
    other = mirrored(ask(np.ascontiguousarray(shown[:, ::-1])))
    return decode(np.asarray((answer + other) / 2, np.float32), floor, _MOST_PEAKS)


def _refined(pixels: Pixels, boxes: Boxes) -> Boxes:
    """
    Measure centres and sizes at the rim.

    A large picture is measured on a smaller copy, where rays do not skip any pixel.
    """
    height, width, _ = pixels.shape
    scale = _REFINED_PX / max(height, width)
    if scale >= 1 or not len(boxes.scores):
        return refine(pixels, boxes)
    small, scales = show(pixels, whole(width, height, scale))
    factor = np.array([*scales, *scales], np.float32)
    return Boxes(
        refine(small, Boxes(boxes.values * factor, boxes.scores)).values / factor, boxes.scores
    )


def _circle(box: Floats, score: np.float32, width: int, height: int) -> Circle:
    """
    Build the circle of one box.

    Its bbox ends at the picture's border; its radius is the whole disc's.
    """
    x, y, w, h = (float(v) for v in box)
    left, right = max(0.0, x - w / 2), min(float(width), x + w / 2)
    top, bottom = max(0.0, y - h / 2), min(float(height), y + h / 2)
    return Circle((left, top, right - left, bottom - top), (x, y), (w + h) / 4, float(score))
