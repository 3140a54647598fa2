"""Weights that ship, read back for training: the file has each batch normalisation folded into its convolution."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from predictor.training.network import CircleNet

Floats = NDArray[np.float32]
_Pair = tuple[nn.Conv2d, nn.BatchNorm2d | None]


@torch.no_grad()
def warm_start(network: CircleNet, weights: Path, sample: Tensor) -> None:
    """
    Give the network the weights of an exported file.

    A folded convolution is unfolded so that the network in evaluation mode answers as the file does, before
    calibration, while each normalisation holds the mean and variance that its input has on the sample: training goes
    on without a jump. Each kernel gets length 1, which normalisation makes free.

    Args:
        network: of the architecture that was exported; changed in place and left in evaluation mode.
        weights: what predictor.training.export wrote.
        sample: pictures as the network takes them, (batch, 3, height, width), typical of training.

    Raises ValueError where the file's convolutions are not those of the network.
    """
    network.eval()
    pairs, folded = _pairs(network), list(_convolutions(weights))
    if [tuple(conv.weight.shape) for conv, _ in pairs] != [kernel.shape for kernel, _ in folded]:
        raise ValueError(f"{weights} holds another network.")
    hooks = [
        _unfold(conv, norm, torch.from_numpy(kernel), torch.from_numpy(bias))
        for (conv, norm), (kernel, bias) in zip(pairs, folded, strict=True)
    ]
    network(sample)
    for hook in filter(None, hooks):
        hook.remove()


def _convolutions(weights: Path) -> Iterator[tuple[Floats, Floats]]:
    """Kernel and bias of each convolution of the file, in the order of their use."""
    graph = onnx.load(weights).graph
    values = {each.name: onnx.numpy_helper.to_array(each).copy() for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in values:  # the exporter keeps equal tensors once
            values[node.output[0]] = values[node.input[0]]
        elif node.op_type == "Conv":
            kernel, bias = (values[name] for name in node.input[1:3])
            yield kernel, bias


def _pairs(network: CircleNet) -> list[_Pair]:
    """Each convolution in the order of its use, with the normalisation that follows it."""
    used: list[nn.Module] = []
    kinds = (nn.Conv2d, nn.BatchNorm2d)
    hooks = [
        module.register_forward_hook(lambda module, *_: used.append(module))
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    network(torch.zeros(1, 3, 64, 64, device=next(network.parameters()).device))
    for hook in hooks:
        hook.remove()
    following = [*used[1:], None]
    return [
        (module, after if isinstance(after, nn.BatchNorm2d) else None)
        for module, after in zip(used, following, strict=True)
        if isinstance(module, nn.Conv2d)
    ]


def _unfold(conv: nn.Conv2d, norm: nn.BatchNorm2d | None, kernel: Tensor, bias: Tensor) -> RemovableHandle | None:
    """Set the kernel; where a normalisation follows, of length 1, with a hook that sets that one in passing."""
    if norm is None:
        conv.weight.copy_(kernel)
        assert conv.bias is not None  # the architecture gives one wherever no normalisation follows
        conv.bias.copy_(bias)
        return None
    length = kernel.flatten(1).norm(dim=1).clamp(min=1e-6)
    conv.weight.copy_(kernel / length[:, None, None, None])
    return conv.register_forward_hook(partial(_measure, norm, length, bias))


def _measure(
    norm: nn.BatchNorm2d, length: Tensor, bias: Tensor, conv: nn.Conv2d, inputs: tuple[Tensor], output: Tensor
) -> None:
    """Let the normalisation hold its input's statistics, and scale and shift so that kernel and bias come out."""
    variance, mean = torch.var_mean(output, (0, 2, 3), correction=0)
    norm.running_mean.copy_(mean)  # type: ignore[union-attr]
    norm.running_var.copy_(variance)  # type: ignore[union-attr]
    norm.weight.copy_(length * torch.sqrt(variance + norm.eps))
    norm.bias.copy_(bias + length * mean)
