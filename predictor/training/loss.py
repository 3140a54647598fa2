"""
Define what training minimises.

It is focal loss on centres, and log-size, offset and overlap of boxes near the centres.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from predictor.training.circle_net import SIZE_UNIT_PX, STRIDE_PX


@dataclass(frozen=True, slots=True)
class Loss:
    """The sum to minimise and its parts, each a scalar tensor."""

    total: Tensor
    centre: Tensor
    size: Tensor
    offset: Tensor
    overlap: Tensor


def detection_loss(
    output: Tensor, heat: Tensor, box: Tensor, weight: Tensor, judged: Tensor
) -> Loss:
    """
    Compute the loss of a batch.

    Args:
        output: what CircleNet gives, shape (batch, 5, cells, cells).
        heat, box, weight, judged: Targets stacked over the batch.
    """
    centre = _focal(output[:, 0], heat, judged)
    total_weight = weight.sum().clamp(min=1)
    error = (output[:, 1:] - box).abs()
    size = (error[:, :2].sum(1) * weight).sum() / total_weight
    offset = (error[:, 2:].sum(1) * weight).sum() / total_weight
    overlap = ((1 - _iou(output[:, 1:], box)) * weight).sum() / total_weight
    return Loss(centre + size + 0.5 * offset + 1.5 * overlap, centre, size, offset, overlap)


def _focal(logit: Tensor, heat: Tensor, judged: Tensor) -> Tensor:
    """
    Compute CenterNet's focal loss, divided by the number of centres.

    Its source is arXiv 1904.07850, eq. 1, with alpha 2 and beta 4.
    """
    p = torch.sigmoid(logit).clamp(1e-4, 1 - 1e-4)
    positive = heat.eq(1).float()
    hit = positive * (1 - p) ** 2 * torch.log(p)
    miss = (1 - positive) * judged * (1 - heat) ** 4 * p**2 * torch.log(1 - p)
    return -(hit + miss).sum() / positive.sum().clamp(min=1)


def _iou(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Return each cell's intersection over union. Both shapes are (batch, 4, cells, cells)."""
    cell = STRIDE_PX / SIZE_UNIT_PX
    half_p, half_w = predicted[:, :2].clamp(-6, 6).exp() / 2, wanted[:, :2].exp() / 2
    centre_p, centre_w = predicted[:, 2:] * cell, wanted[:, 2:] * cell
    low = torch.maximum(centre_p - half_p, centre_w - half_w)
    high = torch.minimum(centre_p + half_p, centre_w + half_w)
    inter = (high - low).clamp(min=0).prod(1)
    union = 4 * half_p.prod(1) + 4 * half_w.prod(1) - inter
    return inter / union.clamp(min=1e-6)
