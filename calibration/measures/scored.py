"""One scorer's scores, and what several parts of an audit make of them."""

import numpy as np
import numpy.typing as npt

from calibration.frames import ScoreColumn
from calibration.measures.people import People
from calibration.measures.specification import Specification


class Scored:
    """A scorer's column beside what people said; what several parts need is computed once."""

    def __init__(self, people: People, column: ScoreColumn, asked: Specification) -> None:
        self.people = people
        self.column = column
        self.asked = asked

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Higher is better; NaN where there is no score."""
        return self.column.values
