"""Compare AP with a case worked out by hand and with pycocotools."""

from pathlib import Path

import numpy as np
import pytest

from predictor.evaluation.average_precision import average_precision, coco_answers, coco_document
from predictor.evaluation.dataset import Labelled
from predictor.evaluation.matching import Found


def picture(boxes, ignored=()):
    array = np.array(boxes, float).reshape(-1, 4)
    return Labelled(
        Path("p.png"),
        "all",
        array,
        np.array(ignored, float).reshape(-1, 4),
        np.zeros((len(array), 3)),
    )


def answer(boxes, scores):
    array = np.array(boxes, float).reshape(-1, 4)
    return Found(array, np.zeros((len(array), 3)), np.array(scores, float), 0.0)


def test_ap_of_a_hit_a_miss_and_a_hit():
    # Precision at the two hits is 1, then 2/3. Both labels are found: 51 recall levels at 1, 50
    # at 2/3
    truth = [picture([[0, 0, 10, 10], [50, 50, 10, 10]])]
    found = [answer([[0, 0, 10, 10], [90, 90, 10, 10], [50, 50, 10, 10]], [0.9, 0.8, 0.7])]
    ap50, ap = average_precision(found, truth)
    assert ap50 == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    assert ap == pytest.approx(ap50), "the hits are exact, so every IoU threshold agrees"


def test_ignored_region_does_not_lower_ap():
    truth = [picture([[0, 0, 10, 10]], ignored=[[80, 80, 40, 40]])]
    found = [answer([[90, 90, 10, 10], [0, 0, 10, 10]], [0.9, 0.8])]
    assert average_precision(found, truth)[0] == pytest.approx(1.0)


def test_ap_without_labels_or_without_detections():
    assert np.isnan(average_precision([answer([[0, 0, 9, 9]], [0.5])], [picture([])])).all()
    assert average_precision([answer([], [])], [picture([[0, 0, 9, 9]])]) == (0.0, 0.0)


def test_more_than_100_objects_in_a_picture_count():
    boxes = [[20.0 * (i % 30), 20.0 * (i // 30), 10, 10] for i in range(300)]
    ap50, _ = average_precision([answer(boxes, np.linspace(1, 0.5, 300))], [picture(boxes)])
    assert ap50 == pytest.approx(1.0)


def test_ap_equals_pycocotools_on_random_pictures(capsys):
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    rng = np.random.default_rng(3)
    truth, found = [], []
    for _ in range(30):
        boxes = np.hstack([rng.uniform(0, 400, (9, 2)), rng.uniform(10, 80, (9, 2))])
        truth.append(picture(boxes[:7], boxes[7:]))
        guesses = np.vstack([boxes + rng.normal(size=boxes.shape) * 4, rng.uniform(5, 200, (3, 4))])
        found.append(answer(guesses, rng.uniform(0, 1, len(guesses))))
    reference = coco.COCO()
    reference.dataset = coco_document(truth)
    reference.createIndex()
    judged = cocoeval.COCOeval(reference, reference.loadRes(coco_answers(found)), "bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    ap50, ap = average_precision(found, truth)
    assert ap == pytest.approx(judged.stats[0], abs=1e-6)
    assert ap50 == pytest.approx(judged.stats[1], abs=1e-6)
    assert 0.1 < ap < ap50 < 0.95
