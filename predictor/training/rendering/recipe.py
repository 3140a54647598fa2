"""
Define what rendered scenes show how often.

Each kind is there because earlier weights failed on similar things.
"""

KINDS = {
    "cut_out": 0.18,
    "coin": 0.2,
    "cap": 0.09,
    "pill": 0.07,
    "washer": 0.06,
    "ball": 0.17,
    "bubble": 0.09,
    "cell": 0.1,
    "glow": 0.04,
    "plate": 0.03,
    "log_end": 0.08,
    "hole": 0.03,
    "drawn": 0.03,
    "stone": 0.03,
    "screw": 0.02,
    "printed": 0.04,
    "counter": 0.03,
    "blood_cell": 0.04,
    "red_cell": 0.1,
    "bead": 0.05,
    "pupil": 0.04,
    "iris": 0.04,
    "socket": 0.02,
    "dial": 0.05,
    "target": 0.03,
    "wheel": 0.03,
    "faint_bubble": 0.06,
    "drop": 0.04,
}
"""
Share of scenes of each kind of disc. A "cut_out" is a labelled thing cut from a training
photograph.
"""

PHOTOGRAPH_GROUND = 0.42
"""Share of scenes on a photograph. The others lie on one of GROUNDS."""
GROUNDS = {
    "plain": 0.16,
    "wood": 0.16,
    "cloth": 0.2,
    "stone": 0.2,
    "grass": 0.05,
    "clutter": 0.09,
    "skin": 0.07,
    "paper": 0.07,
    "page": 0.1,
    "keyboard": 0.04,
    "bumps": 0.1,
    "checks": 0.06,
    "table": 0.08,
    "pillow": 0.1,
    "slide": 0.03,
    "padding": 0.16,
    "board": 0.16,
    "tiles": 0.1,
    "gingham": 0.09,
    "squared": 0.06,
}

_PLAIN_SHAPES = "line polygon box capsule long_ellipse arc spiral wheel key blotch crumbs".split()
_WRITING = "text text small_text small_text".split()
_LOOKALIKES = (
    "superellipse egg part_disc spots spots haze type_letters dome dome half_seen half_seen".split()
)
DISTRACTORS = (*_PLAIN_SHAPES, *_WRITING, *_LOOKALIKES * 2, "white_cell")
"""Kinds of things around that are not to be found, each with the same chance."""

EMPTY = 0.24
"""Share of scenes without any disc."""
CLOSENESS = (0.35, 0.5, 0.72, 0.9, 0.99, 1.0, 1.15)
"""Least distances of two discs, one for each scene. They are shares of the sum of both radii."""
SEE_THROUGH_CLOSENESS = (0.5, 0.65, 0.8, 1.0)
"""The same for bubbles, cells and glowing blobs, which may overlap."""
WOBBLE = 0.09
"""
Difference of single cells, bubbles and log ends from round. It is a standard deviation of
height / width.
"""
LEAST_VISIBLE = 0.28
"""Discs of which others hide more are ignored."""
LEAST_INSIDE = 0.62
"""Discs whose box lies less inside the frame are ignored."""
LONELY = 0.15
"""Share of scenes with one to four discs, however small."""
FAR = 0.08
"""
Share of scenes with one to four small balls or other solid things far away, in front of a
photograph or grass, smeared and compressed as in a film.
"""
FAR_KINDS = ("ball", "ball", "cut_out", "coin", "cap", "pill")
FAR_GROUNDS = {"grass": 0.3, "plain": 0.3, "table": 0.2, "cloth": 0.1, "stone": 0.1}
FAR_RADII_PX = (3.2, 10.0)
BARE = 0.25
"""
Share of scenes with one to three things on a plain ground and nothing else, of every size. Weights
that were shown many letters took such a thing for a dot.
"""
BARE_KINDS = "counter counter counter ball bead cap cell coin drawn hole pill plate printed".split()
CLUMPED = 0.3
"""Share of scenes of CLUMPING kinds whose discs all touch, from one seed outwards."""
CLUMPING = ("cell", "bubble", "glow", "red_cell", "blood_cell", "bead", "stone", "pill")
CLUMP_CLOSENESS = (0.8, 0.9, 0.97, 1.0)
DIM = 0.35
"""
Share of scenes of transparent things that differ in strength, down to LEAST_STRENGTH of the
brightest.
"""
LEAST_STRENGTH = 0.15
ASLANT = 0.2
"""Share of scenes seen from far aside. Their discs are up to twice as wide as high."""
LONG_SHADOW = 0.15
"""Share of scenes whose discs cast a shadow beside them."""
LEAST_CHANGE = 12.0
"""Discs that change the picture by fewer grey levels are ignored."""
STAMPS = 0.3
"""Share of scenes with cut-out photographs of things that are not round."""
SLIDES = 0.7
"""Share of transparent things' scenes that show a microscope's field."""
PACKED = 0.14
"""
Share of scenes whose discs lie in rows. Each is in the gaps of the next row, as logs in a pile.
"""
GLARE = 0.3
"""
Share of discs with a patch of reflected light. Its outline is uneven, and it is not a round
thing of its own.
"""
