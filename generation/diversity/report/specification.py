"""What is asked of a data set: everything that decides the numbers, but for the data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from generation.diversity.intervals import REPLICATES
from generation.diversity.responses import UnusableResponses

LEAST_REPLICATES, MOST_REPLICATES = 20, 100_000
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Specification:
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
        for name, number, low, high in (
            ("replicates", self.replicates, LEAST_REPLICATES, MOST_REPLICATES),
            ("seed", self.seed, 0, LARGEST_SEED),
        ):
            if not low <= number <= high:
                raise UnusableResponses(f"{name} must be from {low:,} to {high:,}, not {number:,}")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON that `from_dict` reads again."""
        return {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(self).items()}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Specification":
        plain: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in given.items()
        }
        return cls(**plain)
