"""Test that a picture of many pixels is read smaller, with the answer of the whole."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from predictor import metrics
from predictor.inference.pictures import read_pixels
from predictor.inference.pipeline import Inference
from predictor.network.detector import NetworkDetector
from predictor.protocols.query import Parameters
from predictor.settings import Settings

SIZE = (6401, 5001)
DISCS = [(1200, 1100, 420), (3300, 900, 240), (5200, 3600, 900), (2600, 3500, 330)]


class Unlimited:
    def shrink(self, size):
        pass


def draw():
    image = Image.new("RGB", SIZE, (215, 205, 185))
    for x, y, r in DISCS:
        ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=(70, 45, 30))
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_answer_is_that_of_the_whole(kind):
    inference = Inference(NetworkDetector(), Settings())
    out = io.BytesIO()
    draw().save(out, kind, **({"compress_level": 1} if kind == "PNG" else {}))
    sources = inference.open([out.getvalue()])

    answer = inference.answers(sources, Parameters(), metrics.Stages(), Unlimited())[0]
    whole = inference.detector.detect(
        read_pixels(sources[0]), min_score=inference.detector.default_min_score, max_objects=1000
    )

    assert inference.peak_bytes(sources) < sources[0].rgb_bytes
    assert (answer["width"], answer["height"]) == SIZE
    assert len(answer["objects"]) == len(whole) == len(DISCS)
    found = sorted(tuple(each["centroid"]) + (each["radius"],) for each in answer["objects"])
    expected = sorted(each.centroid + (each.radius_px,) for each in whole)
    assert np.abs(np.array(found) - np.array(expected)).max() < 3
    assert np.abs(np.array(found) - np.array(sorted(DISCS))).max() < 6


def test_few_pixels_are_not_read_smaller():
    inference = Inference(NetworkDetector(), Settings())
    out = io.BytesIO()
    Image.new("RGB", (4000, 3000)).save(out, "JPEG")
    sources = inference.open([out.getvalue()])

    assert inference.peak_bytes(sources) >= sources[0].rgb_bytes
