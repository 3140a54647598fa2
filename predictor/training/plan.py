"""Say how the detector is trained: three stages, small squares first, which teach as much in half the time."""

from dataclasses import dataclass

from predictor.training.data.batches import Mixture

SCENE_SEED, SCENE_COUNT = 30, 6000

GROUNDS = ("a", "b", "c", "d", "e")
"""Subfolders of the folder of borrowed pictures without round things that lie under scenes."""

EMPTIES = {"a": 3, "b": 3, "c": 2, "d": 3, "e": 1}
"""How many times a picture of each subfolder counts among the empty pictures of batches; a rendered one counts once."""

PAGES, SIGNS, PATTERNS, FOLIAGE = 150, 300, 200, 120
"""So many rendered empty pictures of each kind."""


@dataclass(frozen=True, slots=True)
class Stage:
    """
    One stretch of training.

    The learning rate goes up over 60 steps, then down half a cosine to learning_rate_end. ema_decay is of the running
    average of the weights, which is what ships.
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
