"""The stages that made the shipped weights, one after the other: what each shows the network, for how many steps."""

from dataclasses import dataclass, field

from predictor.training.batches import Mixture
from predictor.training.photographs import MOVED_SOURCES
from predictor.training.recipes import FIFTH, FIRST, FOURTH, SECOND, THIRD, Recipe


@dataclass(frozen=True, slots=True)
class Stage:
    """
    One stretch of training.

    The learning rate goes up over 60 steps, then down half a cosine of curve_steps (0: all steps of the stage) from
    learning_rate to learning_rate_end. Scenes are rendered from scene_seed by the recipe. ema_decay is of the running
    average of the weights, which is what ships. backgrounds are subfolders of the folder of pictures without round
    things that lie under scenes; they, those of empties, so many pages of print and so many regular patterns are the
    empty pictures of batches, where each of the former counts as so many repeats. moved: validation sources that this
    stage trains on. from_random: the weights began at random with this stage. unfolded: they began as the running
    average of the stage before, exported and read back (predictor.training.warm_start).
    """

    name: str
    steps: int
    scene_seed: int
    scene_count: int
    learning_rate: float
    learning_rate_end: float
    batch_seed: int
    mixture: Mixture = field(default_factory=Mixture)
    recipe: Recipe = FIRST
    ema_decay: float = 0.995
    curve_steps: int = 0
    backgrounds: tuple[str, ...] = ("a",)
    empties: tuple[str, ...] = ()
    pages: int = 0
    patterns: int = 0
    repeats: int = 1
    moved: tuple[str, ...] = ()
    from_random: bool = False
    unfolded: bool = False


_LARGER = Mixture(side_px=384, size=12, photograph_share=0.45, negative_share=0.1)
_QUIETER = Mixture(side_px=384, size=12, photograph_share=0.45, negative_share=0.13)
_QUIETEST = Mixture(side_px=384, size=12, photograph_share=0.45, negative_share=0.17)
_REGULAR = Mixture(side_px=384, size=12, photograph_share=0.42, negative_share=0.32, untouched_share=0.4)
_LOOKALIKES = Mixture(side_px=384, size=12, photograph_share=0.42, negative_share=0.25, untouched_share=0.3)

PLAN = (
    Stage("first", 2500, 1, 4000, learning_rate=2e-3, learning_rate_end=8e-4, batch_seed=1, from_random=True),
    # this stage and the next two were ended early, each when the data of its successor was ready
    Stage("larger squares", 800, 1, 4000, 1.2e-3, 1e-3, batch_seed=2, mixture=_LARGER, curve_steps=1000),
    Stage("harder scenes", 400, 2, 5000, 1.2e-3, 8e-4, 3, mixture=_LARGER, recipe=SECOND, curve_steps=1200),
    Stage(
        "more grounds",
        200,
        3,
        4000,
        learning_rate=1.1e-3,
        learning_rate_end=1e-5,
        batch_seed=4,
        mixture=_QUIETER,
        recipe=THIRD,
        backgrounds=("a", "b"),
        curve_steps=1100,
    ),
    Stage(
        "cooling",
        1000,
        3,
        4000,
        learning_rate=1.1e-3,
        learning_rate_end=1e-5,
        batch_seed=5,
        mixture=_QUIETEST,
        recipe=THIRD,
        backgrounds=("a", "b"),
        pages=90,
    ),
    Stage(
        "cooling again",
        700,
        3,
        4000,
        learning_rate=8e-4,
        learning_rate_end=5e-6,
        batch_seed=6,
        mixture=_QUIETEST,
        recipe=THIRD,
        backgrounds=("a", "b"),
        pages=90,
    ),
    Stage(
        "regular patterns",
        100,  # of 320: all of them cost fruit more than boards gain (MODEL.md)
        3,
        4000,
        learning_rate=3e-4,
        learning_rate_end=5e-6,
        batch_seed=7,
        curve_steps=320,
        mixture=_REGULAR,
        recipe=THIRD,
        backgrounds=("a", "b"),
        pages=90,
        patterns=260,
        ema_decay=0.99,
    ),
    Stage(
        "lookalikes",
        500,
        12,
        5000,
        learning_rate=8e-4,
        learning_rate_end=1e-5,
        batch_seed=12,
        curve_steps=1500,
        mixture=_LOOKALIKES,
        recipe=FOURTH,
        backgrounds=("a", "b", "c"),
        empties=("d",),
        pages=120,
        patterns=200,
        repeats=2,
        unfolded=True,
    ),
    Stage(
        "blood cells too",
        200,
        12,
        5000,
        learning_rate=7e-4,
        learning_rate_end=5e-6,
        batch_seed=13,
        curve_steps=600,
        mixture=_LOOKALIKES,
        recipe=FOURTH,
        ema_decay=0.99,
        backgrounds=("a", "b", "c"),
        empties=("d",),
        pages=120,
        patterns=200,
        repeats=2,
        moved=MOVED_SOURCES,
    ),
    Stage(
        "glare and padding",
        500,
        13,
        2500,
        learning_rate=5e-4,
        learning_rate_end=5e-6,
        batch_seed=14,
        mixture=_LOOKALIKES,
        recipe=FIFTH,
        ema_decay=0.99,
        backgrounds=("a", "b", "c", "d"),
        pages=120,
        patterns=200,
        repeats=2,
        moved=MOVED_SOURCES,
    ),
)
