"""The box that plots are drawn in, and the ticks of its axes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# The plot's box inside the templates' 480 by 290 units.
LEFT, RIGHT, TOP, FLOOR = 14, 466, 24, 226


@dataclass(frozen=True)
class Tick:
    at: float
    text: str
