"""The box that plots are drawn in, and the ticks of its axes."""

from dataclasses import dataclass
from math import floor, log10

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# The plot's box inside the templates' 480 by 290 units.
LEFT, RIGHT, TOP, FLOOR = 14, 466, 24, 226


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


def round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, at least as large."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next((times * power for times in (1, 2, 5) if times * power >= least * (1 - 1e-9)), 10 * power)


def number_text(number: float, places: int) -> str:
    """The number of a tick, with a true minus sign, and 0 without places."""
    text = f"{number:.{places}f}"
    return ("0" if not float(text) else text).replace("-", "\N{MINUS SIGN}")
