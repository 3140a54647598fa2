"""
Define the stages of training.

Small squares come first, because they teach as much in half the time. The later stages show
squares of every size, so that things as large as a view are known too, and small things alone.
The last, short one is there for things on bare ground.
"""

from dataclasses import dataclass, replace

from predictor.training.data.batches import Mixture

SCENE_SEED, SCENE_COUNT = 40, 12000

EMPTIES = {"a": 3, "b": 3, "c": 2, "d": 3, "e": 1}
"""
How many times each subfolder's pictures count among the empty pictures of batches. A rendered
one counts once.
"""

PAGES, SIGNS, PATTERNS, FOLIAGE = 150, 1600, 200, 280
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
    ema_decay: float = 0.999


_ALONE = Mixture(
    (192, 256, 384, 512),
    size=32,
    negative_share=0.27,
    photograph_scales=(0.3, 1.8),
    scene_scales=(0.4, 1.8),
)
_BARE = replace(_ALONE, size=16, photograph_share=0.3)
PLAN = (
    Stage("small squares", 5000, 2.5e-3, 1.8e-3, Mixture((256,), size=64), batch_seed=41),
    Stage("large squares", 5500, 1.8e-3, 1e-3, Mixture((384,), size=48), batch_seed=42),
    Stage("all sizes", 2300, 1e-3, 4e-6, Mixture((256, 384, 512), size=32), batch_seed=43),
    Stage("small and lettered", 18600, 6e-4, 2e-6, _ALONE, batch_seed=44),
    Stage("bare", 940, 1.5e-4, 2e-6, _BARE, batch_seed=46, ema_decay=0.998),
)
WARM_STAGE = "bare"
"""Training that starts from shipped weights begins with this stage."""
