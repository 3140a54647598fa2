"""Exported weights read back: the network answers as before, and goes on training from there."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("rich")

from predictor.training.export import Calibration, export  # noqa: E402
from predictor.training.network import CircleNet  # noqa: E402
from predictor.training.warm_start import warm_start  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.*legacy TorchScript.*:DeprecationWarning")


@pytest.fixture
def sample():
    return torch.randn(2, 3, 128, 192, generator=torch.Generator().manual_seed(4))


@pytest.fixture
def trained(sample):
    """A network whose normalisations are far from where they start."""
    torch.manual_seed(2)
    network = CircleNet()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    with torch.no_grad():
        for _ in range(5):
            network(sample * 1.5 + 0.2)
    return network.eval()


def test_the_network_answers_as_the_one_that_was_exported(tmp_path, trained, sample):
    export(trained, tmp_path / "n.onnx", Calibration(2.0, 0.5, 0.3), min_score=0.4, date="2026-11")
    network = CircleNet()
    warm_start(network, tmp_path / "n.onnx", sample)
    other = torch.randn(1, 3, 64, 128, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        for pictures in (sample, other):
            assert torch.allclose(network(pictures), trained(pictures), atol=1e-3)


def test_normalisations_hold_the_statistics_of_the_sample(tmp_path, trained, sample):
    export(trained, tmp_path / "n.onnx", Calibration(), min_score=0.4, date="2026-11")
    network = CircleNet()
    warm_start(network, tmp_path / "n.onnx", sample)
    with torch.no_grad():
        quiet = network(sample)
        assert torch.allclose(network.train()(sample), quiet, atol=1e-2), "training starts with a jump"
    kernels = [m.weight.flatten(1).norm(dim=1) for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert sum(bool(torch.allclose(k, torch.ones_like(k), atol=1e-4)) for k in kernels) > 20


def test_another_network_is_refused(tmp_path, sample):
    network = CircleNet()
    network.out = torch.nn.Conv2d(32, 6, 1)
    export(network, tmp_path / "other.onnx", Calibration(), min_score=0.4, date="2026-11")
    with pytest.raises(ValueError, match="another network"):
        warm_start(CircleNet(), tmp_path / "other.onnx", sample)


def test_answers_are_numbers_after_one_step(tmp_path, trained, sample):
    export(trained, tmp_path / "n.onnx", Calibration(), min_score=0.4, date="2026-11")
    network = CircleNet()
    warm_start(network, tmp_path / "n.onnx", sample)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    network.train()(sample).square().mean().backward()
    optimiser.step()
    with torch.no_grad():
        assert np.isfinite(network.eval()(sample).numpy()).all()
