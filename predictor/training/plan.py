"""
Define the three stages of training.

Small squares come first, because they teach as much in half the time.
"""

from dataclasses import dataclass

from predictor.training.data.batches import Mixture

SCENE_SEED, SCENE_COUNT = 30, 6000

GROUNDS = ("a", "b", "c", "d", "e")
"""Subfolders of borrowed pictures without round things that serve as grounds of scenes."""

EMPTIES = {"a": 3, "b": 3, "c": 2, "d": 3, "e": 1}
"""
How many times each subfolder's pictures count among the empty pictures of batches. A rendered
one counts once.
"""

PAGES, SIGNS, PATTERNS, FOLIAGE = 150, 300, 200, 120
"""Numbers of rendered empty pictures of each kind."""


@dataclass(frozen=True, slots=True)
class Stage:
    """
    One stretch of training.

    The learning rate rises for 60 steps, then falls along half a cosine to learning_rate_end.
    ema_decay belongs to the running average of the weights, which ships.
    """

    name: str
    steps: int
    learning_rate: float
    learning_rate_end: float
    mixture: Mixture
    batch_seed: int
    ema_decay: float = 0.998


PLAN = (
    Stage("small squares", 5000, 2e-3, 1.4e-3, Mixture(side_px=256, size=16), batch_seed=21),
    Stage("large squares", 7000, 1.4e-3, 6e-4, Mixture(side_px=384, size=12), batch_seed=22),
    Stage("all kinds", 2500, 6e-4, 5e-6, Mixture(side_px=384, size=12), batch_seed=31),
)
WARM_STAGE = "all kinds"
"""Training that starts from shipped weights begins with this stage."""
