"""Test training: targets, loss, a resumed run that equals an uninterrupted one, the export."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from predictor.network.decoding import decode
from predictor.training.circle_net import CircleNet
from predictor.training.data.batches import Batches, Mixture
from predictor.training.data.crops import Crop, cut_crop
from predictor.training.data.photographs import Photograph
from predictor.training.data.scenes import render_stock
from predictor.training.data.targets import build_targets
from predictor.training.export import Calibration, export
from predictor.training.loop import Trainer
from predictor.training.loss import detection_loss
from predictor.training.plan import PLAN, Stage
from predictor.training.rendering.materials import Materials
from predictor.training.start import load_exported
from predictor.training.validation import as_input

NONE = np.zeros((0, 4), np.float32)


def output_of(targets):
    """What a perfect network would answer: sure of the centres, boxes as wanted."""
    logit = np.where(targets.heat == 1, 9.0, -9.0)
    return np.concatenate([logit[None], targets.box]).astype(np.float32)


def test_targets_decode_to_the_boxes_they_encode():
    boxes = np.array([[40.3, 70.9, 30, 44], [130, 22.2, 12, 12], [100, 110, 90, 60]], np.float32)
    found = decode(output_of(build_targets(boxes, NONE, 160)), 0.5, 10)
    order = np.argsort(found.values[:, 0])
    assert found.values[order] == pytest.approx(boxes[np.argsort(boxes[:, 0])], abs=1e-3)


def test_perfect_output_has_zero_loss():
    boxes = np.array([[40.3, 70.9, 30, 44]], np.float32)
    targets = build_targets(boxes, NONE, 128)
    parts = [
        torch.from_numpy(v)[None]
        for v in (targets.heat, targets.box, targets.weight, targets.judged)
    ]
    perfect = torch.from_numpy(output_of(targets))[None]
    assert detection_loss(perfect, *parts).total.item() == pytest.approx(0, abs=1e-3)
    shifted = perfect.clone()
    shifted[:, 1] += 0.3
    loss = detection_loss(shifted, *parts)
    assert loss.size.item() == pytest.approx(0.3, abs=1e-3)
    assert loss.overlap.item() == pytest.approx(1 - np.exp(-0.3), abs=1e-2)


def test_detection_in_an_ignored_region_costs_nothing():
    targets = build_targets(NONE, np.array([[64, 64, 60, 60]], np.float32), 128)
    parts = [
        torch.from_numpy(v)[None]
        for v in (targets.heat, targets.box, targets.weight, targets.judged)
    ]
    answer = torch.full((1, 5, 32, 32), -9.0)
    answer[:, 0, 16, 16] = 6
    assert detection_loss(answer, *parts).total.item() == pytest.approx(0, abs=1e-3)
    answer[:, 0, 2, 2] = 6
    assert detection_loss(answer, *parts).total.item() > 3


def test_crops_keep_labels_on_what_they_show():
    pixels = np.full((300, 500, 3), 200, np.uint8)
    ys, xs = np.mgrid[:300, :500] + 0.5
    pixels[((xs - 330) / 60) ** 2 + ((ys - 140) / 40) ** 2 < 1] = 20
    source = Crop(pixels, np.array([[330, 140, 120, 80]], np.float32), NONE)
    shown = 0
    for seed in range(40):
        crop = cut_crop(np.random.default_rng(seed), source, 128, (0.4, 1.5))
        for x, y, w, h in crop.boxes:
            dark = np.argwhere(crop.pixels.max(2) < 110)
            low, high = dark.min(0), dark.max(0) + 1
            assert (max(0, x - w / 2), max(0, y - h / 2)) == pytest.approx(
                (low[1], low[0]), abs=2.5
            )
            assert (min(128, x + w / 2), min(128, y + h / 2)) == pytest.approx(
                (high[1], high[0]), abs=2.5
            )
            shown += 1
    assert shown > 15


@pytest.fixture
def ingredients(tmp_path):
    scenes = render_stock(tmp_path / "scenes", 5, 6, Materials(), 1)
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    photographs = [
        Photograph(
            pixels, np.array([[60, 40, 30, 30]], np.float32), NONE, "somewhere", "coins", "a.jpg"
        )
    ]
    mixture = Mixture(sides_px=(64,), size=2)
    stage = Stage(
        "first", 4, learning_rate=1e-3, learning_rate_end=1e-4, mixture=mixture, batch_seed=3
    )
    return stage, Batches(3, 4, scenes, photographs, [], mixture), photographs


def weights(trainer):
    return torch.cat([value.flatten().float() for value in trainer.average.state_dict().values()])


def test_resumed_run_equals_an_uninterrupted_one(tmp_path, ingredients):
    stage, batches, photographs = ingredients

    def trainer():
        torch.manual_seed(7)
        torch.set_num_threads(1)
        return Trainer(torch.device("cpu"), workers=1)

    uncut = trainer()
    uncut.run(stage, batches, photographs, tmp_path)
    cut = trainer()
    for step in (0, 1):
        cut._train(stage, batches[step])
        cut.step += 1
    cut.stage = stage.name
    cut.save(tmp_path / "half.pt")
    resumed = trainer()
    resumed.load(tmp_path / "half.pt")
    assert (resumed.stage, resumed.step) == ("first", 2)
    resumed.run(stage, batches, photographs, tmp_path)
    assert torch.allclose(weights(resumed), weights(uncut), atol=1e-6)
    assert not torch.allclose(weights(uncut), weights(trainer()), atol=1e-3)
    assert (tmp_path / "checkpoint.pt").exists() and "validation" in (
        tmp_path / "log.jsonl"
    ).read_text()


@pytest.mark.filterwarnings("ignore:.*legacy TorchScript.*:DeprecationWarning")
def test_exported_file_answers_like_the_network(tmp_path):
    import onnxruntime

    torch.manual_seed(1)
    network = CircleNet().eval()
    version = export(
        network, tmp_path / "n.onnx", Calibration(1.5, -0.25, 0.8), min_score=0.4, date="2026-11"
    )
    session = onnxruntime.InferenceSession(tmp_path / "n.onnx", providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(2).integers(0, 256, (1, 128, 192, 3)).astype(np.uint8)
    (answer,) = session.run(None, {"pixels": pixels})
    with torch.no_grad():
        wanted = network(
            torch.from_numpy((pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127) / 128)
        ).numpy()
    small = np.minimum(0, wanted[:, 1:3].mean(1) - np.log(28 / 32))
    wanted[:, 0] = wanted[:, 0] * 1.5 - 0.25 + 0.8 * small
    assert answer == pytest.approx(wanted, abs=1e-3)
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata == {"version": version, "min_score": "0.4000"}
    assert (tmp_path / "n.onnx.sha256").read_text().endswith("  n.onnx\n")


def test_next_stage_starts_from_the_current_weights(tmp_path, ingredients):
    stage, batches, photographs = ingredients
    trainer = Trainer(torch.device("cpu"), workers=1)
    trainer._train(stage, batches[0])
    trainer.stage, trainer.step = stage.name, stage.steps
    before = weights(trainer)
    trainer.run(replace(stage, name="next", steps=0), batches, photographs, tmp_path)
    assert (trainer.stage, trainer.step) == ("next", 0)
    assert torch.equal(weights(trainer), before) and trainer.optimiser.state


def test_plan_names_are_unique_and_the_rate_falls():
    assert len({stage.name for stage in PLAN}) == len(PLAN)
    assert PLAN[-1].learning_rate_end < PLAN[0].learning_rate_end


def test_exported_weights_go_on_training(tmp_path):
    torch.manual_seed(4)
    network = CircleNet()
    pictures = [
        np.random.default_rng(n).integers(0, 256, (96, 128, 3)).astype(np.uint8) for n in range(3)
    ]
    for _ in range(2):  # give the normalisations means and variances that are not 0 and 1
        network(as_input(torch.from_numpy(np.stack(pictures)[:, :64, :128])))
    export(network.eval(), tmp_path / "net.onnx", Calibration(), min_score=0.5, date="2026-11")
    loaded = CircleNet()

    load_exported(loaded, tmp_path / "net.onnx", pictures)

    shown = as_input(torch.from_numpy(pictures[0][:64, :128])[None])
    with torch.no_grad():
        assert torch.allclose(loaded.eval()(shown), network(shown), atol=1e-3)


def test_some_crops_show_things_larger_than_themselves():
    source = Crop(
        np.zeros((900, 900, 3), np.uint8), np.array([[450, 450, 600, 600]], np.float32), NONE
    )

    crops = [cut_crop(np.random.default_rng(seed), source, 128, (0.35, 1.8)) for seed in range(200)]

    sizes = np.concatenate([crop.boxes[:, 2:].mean(1) for crop in crops])
    assert 128 < sizes.max() < 1.3 * 128
    assert (sizes < 128).mean() > 0.6
