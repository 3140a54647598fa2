"""The mixtures of scenes that training used: each adds what the failures of the one before asked for."""

from dataclasses import dataclass, replace

_KINDS = {
    "cut_out": 0.16,
    "coin": 0.17,
    "cap": 0.07,
    "pill": 0.07,
    "washer": 0.05,
    "ball": 0.11,
    "bubble": 0.07,
    "cell": 0.07,
    "glow": 0.04,
    "plate": 0.03,
    "log_end": 0.04,
    "hole": 0.03,
    "drawn": 0.03,
    "stone": 0.03,
    "screw": 0.02,
    "printed": 0.04,
}
_GROUNDS = {
    "plain": 0.16,
    "wood": 0.16,
    "cloth": 0.2,
    "stone": 0.2,
    "grass": 0.05,
    "clutter": 0.09,
    "skin": 0.07,
    "paper": 0.07,
}
_DISTRACTORS = (
    "line",
    "text",
    "polygon",
    "box",
    "capsule",
    "long_ellipse",
    "arc",
    "spiral",
    "wheel",
    "key",
    "blotch",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    Shares of what scenes show.

    kinds: how often a scene is of which kind of disc; "cut_out" is a labelled thing cut from a training photograph.
    grounds: backgrounds. distractors: drawn with equal chance. empty: the share of scenes without any disc.
    closeness: least distances of two discs as shares of the sum of their radii; see_through: the same for bubbles,
    cells and glowing blobs. wobble: how much single discs of those and of log ends differ from round, as a standard
    deviation of height / width. least_change: discs that change the picture by fewer grey levels are ignored.
    stamps: the share of scenes with cut-out photographs of things that are not round.
    slides: the share of scenes of see-through things that lie on a microscope's field. packed: the share of scenes
    whose discs lie in rows, each in the gaps of the next, as logs in a pile. glare: the share of discs with a patch of
    reflected light of uneven outline on them, which is no round thing of its own.
    """

    kinds: dict[str, float]
    grounds: dict[str, float]
    distractors: tuple[str, ...]
    empty: float
    photograph_ground: float
    closeness: tuple[float, ...]
    see_through: tuple[float, ...]
    wobble: float
    least_change: float = 0.0
    stamps: float = 0.0
    slides: float = 0.0
    packed: float = 0.0
    glare: float = 0.0


FIRST = Recipe(_KINDS, _GROUNDS, _DISTRACTORS, 0.12, 0.25, (0.72, 0.9, 0.99, 1.0, 1.15), (), 0.0)
SECOND = Recipe(
    {
        **_KINDS,
        "cell": 0.1,
        "bubble": 0.09,
        "log_end": 0.06,
        "cap": 0.08,
        "ball": 0.13,
        "cut_out": 0.14,
        "blood_cell": 0.06,
        "bead": 0.04,
    },
    {**_GROUNDS, "page": 0.08, "keyboard": 0.04, "bumps": 0.1},
    (*_DISTRACTORS, "small_text", "small_text", "crumbs", "text"),
    0.16,
    0.3,
    (0.72, 0.9, 0.99, 1.0, 1.15),
    (0.5, 0.65, 0.8, 1.0),
    0.09,
    12.0,
)
THIRD = replace(
    SECOND,
    grounds={**SECOND.grounds, "checks": 0.06, "table": 0.08, "page": 0.1},
    photograph_ground=0.36,
    empty=0.18,
)
FOURTH = replace(
    THIRD,
    kinds={
        **THIRD.kinds,
        **{"cut_out": 0.18, "cap": 0.09, "log_end": 0.08, "bead": 0.05, "blood_cell": 0.04, "red_cell": 0.1},
    },
    grounds={**THIRD.grounds, "pillow": 0.1, "slide": 0.03},
    distractors=(
        *THIRD.distractors,
        *("superellipse", "egg", "part_disc", "spots", "spots", "haze", "type_letters") * 2,
        "white_cell",
    ),
    photograph_ground=0.5,
    empty=0.24,
    stamps=0.3,
    slides=0.7,
    packed=0.14,
)
FIFTH = replace(FOURTH, grounds={**FOURTH.grounds, "padding": 0.16}, glare=0.3)
