"""
Measure the network on pictures that it is not trained on.

Figures are AP and the best F1 at IoU 0.5, by domain.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from predictor.network.decoding import Boxes, decode, overlaps, suppress
from predictor.training.circle_net import INPUT_MULTIPLE_PX, CircleNet
from predictor.training.data.photographs import Photograph
from predictor.training.rendering.camera import Bytes
from predictor.training.rendering.textures import Floats

_LONGER_SIDE_PX = 512
_IGNORED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """One domain's average precision at IoU 0.5 and best F1 over all thresholds, both 0..1."""

    ap50: float
    best_f1: float


@torch.no_grad()
def predict(network: CircleNet, pixels: Bytes, longer_side_px: int = _LONGER_SIDE_PX) -> Boxes:
    """
    Return boxes of one picture, letter-boxed to a given longer side in px.

    The network must be in evaluation mode.
    """
    height, width = pixels.shape[:2]
    scale = longer_side_px / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(
        pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    padded = [-(-side // INPUT_MULTIPLE_PX) * INPUT_MULTIPLE_PX for side in size]
    canvas = np.full((padded[1], padded[0], 3), 127, np.uint8)
    canvas[: size[1], : size[0]] = small
    device = next(network.parameters()).device
    output = network(as_input(torch.from_numpy(canvas)[None].to(device)))[0]
    boxes = suppress(decode(output.float().cpu().numpy(), 0.03, 500))
    unscale = np.array([width / size[0], height / size[1]] * 2, np.float32)
    return Boxes(boxes.values * unscale, boxes.scores)


def as_input(pictures: torch.Tensor) -> torch.Tensor:
    """Turn (batch, height, width, 3) uint8 into the network's input."""
    return ((pictures.permute(0, 3, 1, 2).float() - 127) / 128).contiguous(
        memory_format=torch.channels_last
    )


def validate(network: CircleNet, photographs: list[Photograph]) -> dict[str, Figures]:
    """
    Compute figures by domain.

    Pictures without objects count in their own domain, "negatives", alone.
    """
    was_training = network.training
    network.eval()
    verdicts: dict[str, list[NDArray[np.float64]]] = {}
    wanted: dict[str, int] = {}
    for photo in photographs:
        domain = photo.domain
        verdicts.setdefault(domain, []).append(_verdicts(predict(network, photo.pixels), photo))
        wanted[domain] = wanted.get(domain, 0) + len(photo.boxes)
    network.train(was_training)
    return {name: _figures(np.concatenate(rows), wanted[name]) for name, rows in verdicts.items()}


def _verdicts(found: Boxes, photo: Photograph) -> NDArray[np.float64]:
    """
    Return rows of (score, 1 where right or 0 where wrong).

    What is in an ignore region is left out.
    """
    free = np.ones(len(photo.boxes), bool)
    rows = []
    for box, score in zip(found.values, found.scores, strict=True):
        shares = overlaps(box, photo.boxes) * free
        if len(shares) and shares.max() >= 0.5:
            free[shares.argmax()] = False
            rows.append((float(score), 1.0))
        elif not _ignored(box, photo.ignored):
            rows.append((float(score), 0.0))
    return np.array(rows).reshape(-1, 2)


def _ignored(box: Floats, regions: Floats) -> bool:
    """
    Tell whether a region covers half of the box.

    COCO's rule for crowds is the share of the found box inside.
    """
    reach = np.minimum(box[:2] + box[2:] / 2, regions[:, :2] + regions[:, 2:] / 2)
    reach = reach - np.maximum(box[:2] - box[2:] / 2, regions[:, :2] - regions[:, 2:] / 2)
    return bool((np.clip(reach, 0, None).prod(1) >= _IGNORED_SHARE * box[2:].prod()).any())


def _figures(rows: NDArray[np.float64], wanted: int) -> Figures:
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    right = np.cumsum(rows[:, 1])
    if not wanted or not len(rows):
        return Figures(0.0, 0.0)
    precision, recall = right / np.arange(1, len(rows) + 1), right / wanted
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return Figures(float(np.sum(np.diff(recall, prepend=0) * falling)), float(f1.max()))
