"""
Compute COCO's average precision with faster-coco-eval.

Figures equal those of pycocotools, which tests/evaluation checks.
"""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster  # type: ignore[import-untyped]

from predictor.evaluation.dataset import Floats, Labelled
from predictor.evaluation.matching import Found

MOST_PER_IMAGE = 1000


def average_precision(found: Sequence[Found], labelled: Sequence[Labelled]) -> tuple[float, float]:
    """
    Return AP50 and AP50:95 over all pictures.

    All found boxes with their scores count; both are nan if nothing is labelled.
    """
    truth = coco_document(labelled)
    if not any(not a["iscrowd"] for a in truth["annotations"]):
        return float("nan"), float("nan")
    answers = coco_answers(found)
    if not answers:
        return 0.0, 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval_faster(reference := COCO(truth), reference.loadRes(answers), "bbox")
        evaluation.params.maxDets = [1, 100, MOST_PER_IMAGE]
        evaluation.evaluate()
        evaluation.accumulate()
    # IoU, recall, category; all areas, most boxes
    precision = np.asarray(evaluation.eval["precision"])[:, :, :, 0, 2]
    return float(precision[0].mean()), float(precision.mean())


def coco_document(labelled: Sequence[Labelled]) -> dict[str, Any]:
    """Return the labels as one COCO document. Picture ids count from 1."""
    annotations = [
        {
            "id": 0,
            "image_id": number,
            "category_id": 1,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": crowd,
        }
        for number, picture in enumerate(labelled, 1)
        for crowd, boxes in ((0, picture.boxes), (1, picture.ignored))
        for box in boxes.tolist()
    ]
    for number, annotation in enumerate(annotations, 1):
        annotation["id"] = number
    images = [
        {"id": n, "file_name": p.file.name, "width": 1, "height": 1}
        for n, p in enumerate(labelled, 1)
    ]
    return {
        "info": {},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "circle"}],
    }


def coco_answers(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return the finds as COCO results."""
    return [
        {"image_id": number, "category_id": 1, "bbox": box, "score": score}
        for number, each in enumerate(found, 1)
        for box, score in zip(_list(each.boxes), _list(each.scores), strict=True)
    ]


def _list(values: Floats) -> list[Any]:
    return list(values.tolist())
