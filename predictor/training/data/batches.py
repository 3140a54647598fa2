"""
Build batches of training squares.

Step n of a seed is always the same batch, so a resumed run equals an uninterrupted one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from predictor.training.data.crops import Crop, cut_crop, recolour
from predictor.training.data.photographs import Photograph, draw_weights
from predictor.training.data.scenes import SceneStock
from predictor.training.data.targets import build_targets

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Pictures (uint8, batch, side, side, 3) and the four parts of Targets, stacked."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """
    The composition of a batch. It has the sides of the crops in px, one of them for each batch,
    their number, and the shares of photographs and of empty pictures.

    untouched_share: share of the empty crops that keep their colours and contrast.
    """

    sides_px: tuple[int, ...]
    size: int
    photograph_share: float = 0.4
    negative_share: float = 0.24
    photograph_scales: tuple[float, float] = (0.35, 1.8)
    scene_scales: tuple[float, float] = (0.5, 1.5)
    untouched_share: float = 0.4


class Batches(Dataset[Batch]):
    """Batch number n, n from 0 to length - 1."""

    def __init__(
        self,
        seed: int,
        length: int,
        scenes: SceneStock,
        photographs: list[Photograph],
        negatives: Sequence[Crop],
        mixture: Mixture,
    ) -> None:
        self._seed, self._length, self._scenes, self._mixture = seed, length, scenes, mixture
        self._photographs = [
            Crop(photo.pixels, photo.boxes, photo.ignored) for photo in photographs
        ]
        self._weights = draw_weights(photographs)
        self._negatives = negatives

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng((self._seed, step))
        side = int(rng.choice(self._mixture.sides_px))
        crops = [self._crop(rng, side) for _ in range(self._mixture.size)]
        targets = [build_targets(crop.boxes, crop.ignored, side) for crop in crops]
        stacked = [
            np.stack([getattr(t, name) for t in targets])
            for name in ("heat", "box", "weight", "judged")
        ]
        pictures = np.stack([crop.pixels for crop in crops])
        heat, box, weight, judged = (torch.from_numpy(part) for part in stacked)
        return torch.from_numpy(pictures), heat, box, weight, judged

    def _crop(self, rng: np.random.Generator, side: int) -> Crop:
        mixture, dice = self._mixture, rng.random()
        if dice < mixture.photograph_share:
            source = self._photographs[rng.choice(len(self._photographs), p=self._weights)]
            crop = cut_crop(rng, source, side, mixture.photograph_scales)
        elif self._negatives and dice < mixture.photograph_share + mixture.negative_share:
            crop = cut_crop(
                rng,
                self._negatives[rng.integers(len(self._negatives))],
                side,
                mixture.photograph_scales,
            )
            if rng.random() < mixture.untouched_share:
                return crop
        else:
            crop = cut_crop(
                rng,
                self._scenes[int(rng.integers(len(self._scenes)))],
                side,
                mixture.scene_scales,
            )
            if rng.random() < 0.6:
                return crop
        return Crop(recolour(rng, crop.pixels), crop.boxes, crop.ignored)
