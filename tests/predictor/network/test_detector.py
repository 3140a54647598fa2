"""Test the shipped network as a Detector: drawn discs, any picture, any thread."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from predictor.network.detector import MODEL_PATH, NetworkDetector, find_boxes

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def detector():
    return NetworkDetector()


def find(detector, pixels, **changes):
    parameters = {"min_score": detector.default_min_score, "max_objects": 1000, **changes}
    return detector.detect(np.ascontiguousarray(pixels), **parameters)


def discs(width, height, *circles):
    """Draw flat discs (x, y, radius) on beige, four times as large, then shrunk to smooth rims."""
    image = Image.new("RGB", (4 * width, 4 * height), (215, 205, 185))
    for x, y, r in circles:
        ImageDraw.Draw(image).ellipse(
            (4 * (x - r), 4 * (y - r), 4 * (x + r), 4 * (y + r)), fill=(70, 45, 30)
        )
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def recall_of(detector, scenes, least_px):
    """The share of boxes, at least so many px wide and high, that some answer overlaps by half."""
    from predictor.evaluation.matching import box_ious

    hits = wanted = 0
    for scene in scenes:
        boxes = scene.boxes[scene.boxes[:, 2:].min(1) >= least_px].astype(float)
        truth = np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]])
        answers = np.array([c.bbox for c in find(detector, scene.pixels)], float).reshape(-1, 4)
        if len(truth):
            hits += int((box_ious(answers, truth).max(0, initial=0) >= 0.5).sum())
            wanted += len(truth)
    return hits / wanted


def test_weights_match_their_checksum_and_size_limit():
    digest, name = (MODEL_PATH.parent / "circles.onnx.sha256").read_text().split()
    assert hashlib.sha256(MODEL_PATH.read_bytes()).hexdigest() == digest
    assert name == MODEL_PATH.name
    assert MODEL_PATH.stat().st_size <= 12_000_000


def test_detector_has_a_version_and_a_threshold(detector):
    assert detector.version.startswith("net-")
    assert 0.1 < detector.default_min_score < 0.95


def test_discs_are_found_with_position_and_radius(detector):
    wanted = [(200, 150, 60), (420, 330, 45), (700, 400, 90), (560, 120, 30)]
    found = sorted(find(detector, discs(900, 560, *wanted)), key=lambda c: c.centroid)
    assert len(found) == 4
    for circle, (x, y, r) in zip(found, sorted(wanted), strict=True):
        assert circle.centroid == pytest.approx((x, y), abs=0.05 * r)
        assert circle.radius_px == pytest.approx(r, rel=0.04)
        assert circle.bbox == pytest.approx((x - r, y - r, 2 * r, 2 * r), abs=0.08 * r)
        assert circle.label == "circle"


def test_disc_cut_by_the_border_keeps_its_radius(detector):
    (circle,) = find(detector, discs(600, 450, (25, 200, 80)))
    left, top, width, height = circle.bbox
    assert left == 0 and width < 125
    assert circle.radius_px == pytest.approx(80, rel=0.12)


def test_best_detections_come_first_up_to_the_limit(detector):
    pixels = discs(900, 560, (200, 150, 60), (420, 330, 45), (700, 400, 90), (560, 120, 30))
    everything = find(detector, pixels, min_score=0.01)
    scores = [c.score for c in everything]
    assert scores == sorted(scores, reverse=True)
    assert [c.score for c in find(detector, pixels, max_objects=2)] == scores[:2]
    assert all(c.score >= 0.5 for c in find(detector, pixels, min_score=0.5))
    assert find(detector, pixels, min_score=1.0) == []


def test_touching_discs_are_separated(detector):
    wanted = [(200 + 80 * i, 200, 40) for i in range(5)]
    assert len(find(detector, discs(800, 400, *wanted))) == 5


def test_small_discs_in_a_large_picture_are_found(detector):
    wanted = [(300 + 500 * i, 250 + 420 * j, 14) for i in range(6) for j in range(5)]
    found = find(detector, discs(3200, 2400, *wanted))
    hits = sum(
        any(abs(c.centroid[0] - x) < 4 and abs(c.centroid[1] - y) < 4 for c in found)
        for x, y, _ in wanted
    )
    assert hits >= 28
    assert len(found) <= 32


def test_most_generated_circles_are_found(detector):
    from predictor.training.rendering.materials import Materials
    from predictor.training.rendering.scenes import render_scene

    scenes = [
        render_scene(np.random.default_rng((990_001, i)), 448, Materials()) for i in range(40)
    ]
    # these are far harder than photographs: half hidden, faint, on boards, out of focus
    assert recall_of(detector, scenes, least_px=20) > 0.5


def page_of_text():
    image = Image.new("RGB", (1000, 1400), "white")
    line = "Good code reads as if somebody cared about the odd one too. "
    for row in range(40):
        ImageDraw.Draw(image).text(
            (40, 30 + 33 * row), line * 2, fill="black", font=ImageFont.load_default(22)
        )
    return np.asarray(image)


FEATURELESS = {
    "one black pixel": lambda: np.zeros((1, 1, 3), np.uint8),
    "one column": lambda: np.full((700, 1, 3), 90, np.uint8),
    "all black": lambda: np.zeros((768, 1024, 3), np.uint8),
    "all white": lambda: np.full((768, 1024, 3), 255, np.uint8),
    "noise": lambda: np.random.default_rng(1).integers(0, 256, (768, 1024, 3)).astype(np.uint8),
    "checkerboard": lambda: (
        np.kron(np.indices((24, 32)).sum(0) % 2, np.ones((32, 32)))[..., None].repeat(3, 2) * 255
    ),
    "fine checkerboard": lambda: (np.indices((768, 1024)).sum(0) % 2)[..., None].repeat(3, 2) * 255,
    "eight by twenty thousand": lambda: np.random.default_rng(2).integers(0, 256, (8, 20000, 3)),
    "page of text": page_of_text,
}


@pytest.mark.parametrize("name", FEATURELESS)
def test_picture_without_circles_gives_few_detections(detector, name):
    pixels = np.asarray(FEATURELESS[name](), np.uint8)
    height, width, _ = pixels.shape
    found = find(detector, pixels)
    assert len(found) <= 3
    for circle in find(detector, pixels, min_score=0.0, max_objects=50):
        left, top, w, h = circle.bbox
        assert left >= 0 and top >= 0 and w >= 0 and h >= 0
        assert left + w <= width + 1e-3 and top + h <= height + 1e-3
        assert 0 <= circle.score <= 1 and np.isfinite(circle.radius_px)


EVERY = (0.0, np.inf)


@pytest.mark.parametrize(
    ("first_score", "sizes_px", "looks", "mean_score"),
    [
        (0.99, EVERY, 1, 0.99),
        (0.8, EVERY, 2, 0.5),
        (0.8, (33, np.inf), 1, 0.8),  # its diameter is 32 px
        (0.4, EVERY, 1, 0.4),
    ],
)
def test_only_a_doubtful_view_is_also_mirrored(first_score, sizes_px, looks, mean_score):
    answers = []

    def answer(shown):
        output = np.full((5, 64, 64), -9, np.float32)
        output[1:] = 0
        score, column = (0.2, 64 - 1 - 20) if answers else (first_score, 20)
        output[0, 30, column] = np.log(score / (1 - score))
        answers.append(shown)
        return output

    pixels = np.arange(256 * 256 * 3, dtype=np.uint32).astype(np.uint8).reshape(256, 256, 3)
    found = find_boxes(answer, pixels, 0.1, sizes_px)
    assert [view.tolist() for view in answers] == [pixels.tolist(), pixels[:, ::-1].tolist()][
        :looks
    ]
    assert found.scores.tolist() == [pytest.approx(mean_score, abs=1e-3)]


def test_threads_get_the_same_detections(detector):
    pictures = [
        discs(640, 480, (100 + 40 * i, 200, 50), (450, 120 + 20 * i, 35)) for i in range(6)
    ] * 3
    alone = [find(detector, pixels) for pixels in pictures]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda pixels: find(detector, pixels), pictures))
    assert together == alone
    assert all(len(circles) == 2 for circles in alone)


def test_input_pixels_are_not_changed(detector):
    pixels = discs(640, 480, (200, 200, 50))
    before = pixels.copy()
    pixels.setflags(write=False)
    assert detector.detect(pixels, min_score=0.3, max_objects=9)
    assert np.array_equal(pixels, before)


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc"
)
def test_largest_picture_needs_at_most_600_mib():
    program = (
        "import re, numpy as np\n"
        "from predictor.network.detector import NetworkDetector\n"
        "pixels = np.full((6325, 6325, 3), 130, np.uint8)\n"  # 40 megapixels
        "pixels[::7, ::5] = 90\n"
        "NetworkDetector().detect(pixels, min_score=0.05, max_objects=1000)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(run.stdout) / 1024 <= 600
