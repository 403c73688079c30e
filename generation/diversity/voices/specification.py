"""What is asked of ways to ask: everything that decides the numbers, but for the data."""

from dataclasses import dataclass
from math import isfinite

from generation.diversity.classes import PATIENCE
from generation.diversity.intervals import REPLICATES
from generation.diversity.pairs import ABOVE
from generation.diversity.responses import UnusableResponses
from generation.diversity.specified import LARGEST_SEED, LEAST_REPLICATES, MOST_REPLICATES, Specified

DRAWS, MOST_DRAWS = 20, 1_000


@dataclass(frozen=True)
class Specification(Specified):
    """What is measured.

    Attributes
    ----------
    models, conditions : tuple of str
        Only these; empty: all. The condition without a name is "".
    ensemble : tuple of str
        Models that ensembles are made of; empty: all that answered under the condition.
    reference : str or None
        The condition that the others are compared with; None: see `arms.reference_of`.
    scorer : str
        Whose scores say what is good; "" for none.
    studies : tuple of int
        Keys of the studies whose scores are read.
    good : float or None
        From which score on an answer is good; None: the median under the condition of reference.
    classes : str
        The column of given classes; "" where the threshold makes them.
    threshold : float
        From which similarity on two answers are of one class, from -1 to 1.
    patience : float
        The chance that a reader reads one answer more, above 0 and below 1.
    calls, tokens : int or None
        The budget a query; None: what the arm with the least has.
    money : float or None
        The same in the runs' currency.
    draws : int
        How often each arm's calls are drawn, of which the mean is taken.
    replicates : int
        Resamples of queries behind each interval.
    seed : int

    Raises
    ------
    UnusableResponses
        If a number is out of range.
    """

    models: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    ensemble: tuple[str, ...] = ()
    reference: str | None = None
    scorer: str = ""
    studies: tuple[int, ...] = ()
    good: float | None = None
    classes: str = ""
    threshold: float = ABOVE
    patience: float = PATIENCE
    calls: int | None = None
    tokens: int | None = None
    money: float | None = None
    draws: int = DRAWS
    replicates: int = REPLICATES
    seed: int = 0

    def __post_init__(self) -> None:
        self.hold("threshold", -1, 1)
        self.hold("draws", 1, MOST_DRAWS)
        self.hold("replicates", LEAST_REPLICATES, MOST_REPLICATES)
        self.hold("seed", 0, LARGEST_SEED)
        if not 0 < self.patience < 1:
            raise UnusableResponses(f"patience must lie between 0 and 1, not {self.patience:,}")
        for name, least in (("calls", 1), ("tokens", 1), ("money", 0)):
            size = getattr(self, name)
            if size is not None and not (isfinite(size) and size >= least and size > 0):
                raise UnusableResponses(f"a budget of {name} is a number above 0, not {size:,}")
        if self.good is not None and not isfinite(self.good):
            raise UnusableResponses("the score from which on an answer is good must be a finite number")
        if self.good is not None and not self.scorer:
            raise UnusableResponses("what is good takes a scorer: name one")
