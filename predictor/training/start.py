"""Load an exported ONNX file's weights into a network that can be trained further."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import Tensor, nn

from predictor.training.circle_net import CircleNet
from predictor.training.rendering.camera import Bytes
from predictor.training.validation import as_input

_SIDE_PX = 384
_PICTURES = 24
"""Enough for the means and variances of activations."""


def load_exported(network: CircleNet, weights: Path, pictures: Sequence[Bytes]) -> None:
    """
    Give the network the weights that export wrote. In evaluation mode it then gives the same
    output.

    An exported file has its batch normalisation folded into the convolutions before. Each
    normalisation gets the mean and variance that the pictures cause, and a scale and shift that
    undo them.
    """
    was_training = network.training
    network.eval()
    with torch.no_grad():
        _copy_convolutions(network, weights)
        _set_normalisations(network, _batch(pictures))
    network.train(was_training)


def _copy_convolutions(network: CircleNet, weights: Path) -> None:
    graph = onnx.load(weights).graph
    values = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    for (convolution, normalisation), node in zip(_in_order(network), nodes, strict=True):
        weight, bias = (torch.from_numpy(values[name].copy()) for name in node.input[1:3])
        convolution.weight.copy_(weight)
        target = convolution.bias if normalisation is None else normalisation.bias
        assert target is not None
        target.copy_(bias)


def _in_order(network: CircleNet) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Return the convolutions in execution order, each with its normalisation."""
    ran: list[nn.Module] = []
    kinds = (nn.Conv2d, nn.BatchNorm2d)
    hooks = [
        module.register_forward_pre_hook(lambda module, _: ran.append(module))
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    network(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d | None]] = []
    for module, after in zip(ran, [*ran[1:], None], strict=True):
        if isinstance(module, nn.Conv2d):
            pairs.append((module, after if isinstance(after, nn.BatchNorm2d) else None))
    return pairs


def _batch(pictures: Sequence[Bytes]) -> Tensor:
    """Return evenly chosen pictures, squared, as the network takes them."""
    chosen = [
        pictures[i]
        for i in np.linspace(0, len(pictures) - 1, min(_PICTURES, len(pictures))).astype(int)
    ]
    squares = [
        cv2.resize(each, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA) for each in chosen
    ]
    return as_input(torch.from_numpy(np.stack(squares)))


def _set_normalisations(network: CircleNet, batch: Tensor) -> None:
    def set_from(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert (
            isinstance(module, nn.BatchNorm2d)
            and module.running_mean is not None
            and module.running_var is not None
        )
        variance, mean = torch.var_mean(inputs[0], (0, 2, 3), correction=0)
        module.running_mean.copy_(mean)
        module.running_var.copy_(variance)
        module.weight.copy_((variance + module.eps).sqrt())
        module.bias.add_(mean)

    hooks = [
        m.register_forward_pre_hook(set_from)
        for m in network.modules()
        if isinstance(m, nn.BatchNorm2d)
    ]
    network(batch)
    for hook in hooks:
        hook.remove()
