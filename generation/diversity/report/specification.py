"""What is asked of a data set: everything that decides the numbers, but for the data."""

from dataclasses import dataclass

from generation.diversity.intervals import REPLICATES
from generation.diversity.specified import LARGEST_SEED, LEAST_REPLICATES, MOST_REPLICATES, Specified


@dataclass(frozen=True)
class Specification(Specified):
    """What is measured.

    Attributes
    ----------
    models, conditions : tuple of str
        Only these; empty: all. The condition without a name is "".
    replicates : int
        Resamples of queries behind each interval.
    seed : int
    paper : bool
        Whether the figures that Jiang et al. (2025) show are given by their definitions too.

    Raises
    ------
    UnusableResponses
        If a number is out of range.
    """

    models: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    replicates: int = REPLICATES
    seed: int = 0
    paper: bool = False

    def __post_init__(self) -> None:
        self.hold("replicates", LEAST_REPLICATES, MOST_REPLICATES)
        self.hold("seed", 0, LARGEST_SEED)
