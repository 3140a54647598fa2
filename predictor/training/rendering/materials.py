"""Define what photographs lend to scenes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Materials:
    """
    What photographs lend to scenes.

    These are pictures without round things, cut-out round things on squares, and cut-out things
    that are not round, (height, width, 4) RGB and opacity.
    """

    backgrounds: Sequence[NDArray[np.uint8]] = ()
    cut_outs: Sequence[NDArray[np.uint8]] = ()
    stamps: Sequence[NDArray[np.uint8]] = ()
