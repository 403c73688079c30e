"""What is asked of a family's checkpoints: everything that decides the numbers, but for the data."""

from dataclasses import dataclass

from generation.diversity.intervals import REPLICATES
from generation.diversity.responses import UnusableResponses
from generation.diversity.specified import LARGEST_SEED, LEAST_REPLICATES, MOST_REPLICATES, Specified

LARGEST_K = 10_000


@dataclass(frozen=True)
class Specification(Specified):
    """What is measured.

    Attributes
    ----------
    family : str
        Whose checkpoints.
    models : tuple of str
        Only these of them; empty: all.
    condition : str or None
        Under which the responses were asked for, "" for none named. None: the only one there is; checkpoints
        are never compared across conditions.
    threshold : float
        Which share counts as taking over; above 0 and below 1.
    k : int or None
        Samples of pass@k; None: as many as every query has at every checkpoint.
    replicates : int
        Resamples of queries behind each interval.
    seed : int

    Raises
    ------
    UnusableResponses
        If a number is out of range, or there is no family.
    """

    family: str
    models: tuple[str, ...] = ()
    condition: str | None = None
    threshold: float = 0.5
    k: int | None = None
    replicates: int = REPLICATES
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.family:
            raise UnusableResponses("name a family of checkpoints")
        if not 0 < self.threshold < 1:
            raise UnusableResponses(f"threshold must lie between 0 and 1, not {self.threshold:g}")
        self.hold("k", 1, LARGEST_K)
        self.hold("replicates", LEAST_REPLICATES, MOST_REPLICATES)
        self.hold("seed", 0, LARGEST_SEED)
