"""What is asked of a table of scores: everything that decides the numbers, but for the table."""

from dataclasses import dataclass

from generation.diversity.specified import LARGEST_SEED, Specified

LEAST_DRAWS, MOST_DRAWS = 20, 10_000


@dataclass(frozen=True)
class Specification(Specified):
    """Draws of the transfer matrix, and their seed.

    Raises
    ------
    UnusableResponses
        If a number is out of range.
    """

    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        self.hold("draws", LEAST_DRAWS, MOST_DRAWS)
        self.hold("seed", 0, LARGEST_SEED)
