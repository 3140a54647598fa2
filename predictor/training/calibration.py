"""
Calibrate scores, choose one threshold and write the file that ships.

Both use validation pictures alone.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize

from predictor.evaluation.dataset import Floats, Labelled, read_dataset
from predictor.evaluation.figures import f1
from predictor.evaluation.matching import Found, Verdict, box_ious, judge
from predictor.evaluation.subjects import found_circles, read_pixels
from predictor.network.detector import NetworkDetector, first_scale
from predictor.network.views import whole
from predictor.training.circle_net import CircleNet
from predictor.training.export import SMALL_PX, Calibration, export

_LOWEST = 0.05
_CANDIDATES = np.arange(0.2, 0.96, 0.01)
_CHANCE = 0.03
"""
Merits that differ by less are equal. Two false objects more in 78 empty pictures, or two circles
more in a small domain, change as much.
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """One validation picture and everything found in it, at any score."""

    labelled: Labelled
    found: Found

    def verdict(self, threshold: float) -> Verdict:
        """Judge the finds that reach a threshold."""
        keep = self.found.scores >= threshold
        kept = Found(self.found.boxes[keep], self.found.circles[keep], self.found.scores[keep], 0.0)
        return judge(kept, self.labelled)


def search(weights: Path, pictures: Sequence[Labelled]) -> list[Judged]:
    """Run the detector on every picture."""
    detector = NetworkDetector(weights)
    return [Judged(p, _found(detector, p)) for p in pictures]


def _found(detector: NetworkDetector, picture: Labelled) -> Found:
    pixels = read_pixels(picture.file.read_bytes())
    return found_circles(detector.detect(pixels, min_score=_LOWEST, max_objects=1000), 0.0)


def first_looks(weights: Path, pictures: Sequence[Labelled]) -> list[Judged]:
    """Run the first look on every picture. Boxes found and labelled are in px of that view."""
    detector = NetworkDetector(weights)
    return [_first_look(detector, picture) for picture in pictures]


def _first_look(detector: NetworkDetector, picture: Labelled) -> Judged:
    pixels = read_pixels(picture.file.read_bytes())
    height, width, _ = pixels.shape
    scale = first_scale(width, height)
    boxes = detector.look(pixels, whole(width, height, scale), _LOWEST)
    middle, size = boxes.values[:, :2].astype(np.float64), boxes.values[:, 2:].astype(np.float64)
    found = Found(
        np.hstack([middle - size / 2, size]) * scale,
        np.zeros((0, 3)),
        boxes.scores.astype(np.float64),
        0.0,
    )
    labelled = replace(picture, boxes=picture.boxes * scale, ignored=picture.ignored * scale)
    return Judged(labelled, found)


def fit(judged: Sequence[Judged]) -> Calibration:
    """
    Fit the calibration that turns scores into shares of right finds. It is of the first look's
    scores (J. Platt, 1999).

    Every domain weighs the same, or the one with the most objects would decide.
    """
    rows = np.concatenate([_outcomes(each) for each in judged])
    domains = np.concatenate([[each.labelled.domain] * len(_outcomes(each)) for each in judged])
    names, counts = np.unique(domains, return_counts=True)
    weights = 1 / counts[np.searchsorted(names, domains)]
    logit, small, right = (
        np.log(rows[:, 0] / (1 - rows[:, 0])),
        np.minimum(0, np.log(rows[:, 2] / SMALL_PX)),
        rows[:, 1],
    )

    def cost(parameters: Floats) -> float:
        z = parameters[0] * logit + parameters[1] + parameters[2] * small
        return float((weights * (np.logaddexp(0, z) - right * z)).sum() / weights.sum())

    slope, shift, tilt = minimize(cost, np.array([1.0, 0.0, 0.0])).x
    return Calibration(float(slope), float(shift), max(0.0, float(tilt)))


def _outcomes(each: Judged) -> Floats:
    """Return score, 1 (right) or 0 (wrong), and size of finds outside ignore regions."""
    ious = box_ious(each.found.boxes, each.labelled.boxes)
    hit = ious.max(1, initial=0) >= 0.5
    inside = box_ious(each.found.boxes, each.labelled.ignored).max(1, initial=0) > 0.3
    scores, sizes = (
        np.clip(each.found.scores, 1e-6, 1 - 1e-6),
        np.sqrt(each.found.boxes[:, 2:].prod(1)),
    )
    return np.stack([scores, hit.astype(np.float64), sizes], 1)[hit | ~inside]


def choose_threshold(judged: Sequence[Judged]) -> float:
    """
    Return the largest of the thresholds of nearly the greatest merit.

    Their merits differ from it by no more than chance. The largest one leaves most room for
    empty pictures of kinds that validation does not have.
    """
    merits = np.array([_merit(judged, threshold) for threshold in _CANDIDATES])
    good = _CANDIDATES[merits >= merits.max() - _CHANCE]
    return float(good[-1])


def _merit(judged: Sequence[Judged], threshold: float) -> float:
    """
    Return the merit of a threshold.

    It is F1 of coins, plus the mean F1 of other domains, less the false objects of an empty
    picture.
    """
    by_domain: dict[str, list[Verdict]] = {}
    for each in judged:
        by_domain.setdefault(each.labelled.domain, []).append(each.verdict(threshold))
    imagined = float(np.mean([verdict.wrong for verdict in by_domain.pop("negatives")]))
    coins = f1(by_domain.pop("coins"))
    return coins + float(np.mean([f1(verdicts) for verdicts in by_domain.values()])) - imagined


def main() -> None:
    """Calibrate the average weights of a checkpoint and write the ONNX file."""
    parser = argparse.ArgumentParser(
        prog="python -m predictor.training.calibration", description=__doc__
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument(
        "data", type=Path, nargs="+", help="validation folders that predictor.evaluation reads"
    )
    parser.add_argument("--date", default="2026-11")
    arguments = parser.parse_args()
    network = CircleNet()
    network.load_state_dict(
        torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)["average"]
    )
    pictures = [picture for folder in arguments.data for picture in read_dataset(folder)]
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        export(network, raw, Calibration(), min_score=0.5, date=arguments.date)
        calibration = fit(first_looks(raw, pictures))
    export(network, arguments.target, calibration, min_score=0.5, date=arguments.date)
    threshold = choose_threshold(search(arguments.target, pictures))
    version = export(
        network, arguments.target, calibration, min_score=threshold, date=arguments.date
    )
    print(f"{version}: {calibration}, threshold {threshold:.2f}")


if __name__ == "__main__":
    main()
