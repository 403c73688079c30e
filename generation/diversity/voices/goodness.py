"""What a scorer's numbers say of answers: which are good, and what each is worth to a reader."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray, UnusableResponses

# In which scores are utilities as they are, as in NoveltyBench.
RAW = (1.0, 10.0)


@dataclass(frozen=True, eq=False)
class Goodness:
    """How scores are read.

    Attributes
    ----------
    least : float
        From which score on an answer is good; NaN without scores.
    rule : str
        Where it comes from, in words.
    utilities : {"raw", "ranks"}
        The scores as they are, where all lie in 1 to 10; else their mid-ranks among all scores, in 0 to 1.
    scores : ndarray of float64
        All there are, sorted.
    """

    least: float
    rule: str
    utilities: Literal["raw", "ranks"]
    scores: FloatArray

    @classmethod
    def of(cls, scores: FloatArray, reference: FloatArray, *, least: float | None, where: str) -> "Goodness":
        """Read all scores, and those of the reference, whose median is the limit where none is given.

        Raises
        ------
        UnusableResponses
            If there are scores, but neither a limit nor any of the reference.

        Examples
        --------
        >>> found = Goodness.of(np.array([-1.0, 2.0, 5.0]), np.array([2.0, 5.0]), least=None, where="plain")
        >>> found.least, found.utility(np.array([2.0])).tolist()
        (3.5, [0.5])
        """
        known = np.sort(scores[~np.isnan(scores)])
        kind: Literal["raw", "ranks"] = "ranks"
        if len(known) and known[0] >= RAW[0] and known[-1] <= RAW[1]:
            kind = "raw"
        rule = "as given"
        if least is None:
            held = reference[~np.isnan(reference)]
            rule = f"the median under {where or 'the condition without a name'}"
            if len(known) and not len(held):
                raise UnusableResponses(
                    f"no answer under {where or 'the condition without a name'} has a score: score it too, "
                    "or say from which score on an answer is good"
                )
            least = float(np.median(held)) if len(held) else float("nan")
        return cls(least, rule, kind, known)

    def good(self, scores: FloatArray) -> npt.NDArray[np.bool_]:
        """Which are good; what has no score is not."""
        return np.asarray(scores >= self.least)

    def utility(self, scores: FloatArray) -> FloatArray:
        """What each is worth; NaN where there is no score."""
        if self.utilities == "raw" or not len(self.scores):
            return scores
        below = np.searchsorted(self.scores, scores, side="left")
        upto = np.searchsorted(self.scores, scores, side="right")
        return np.where(np.isnan(scores), np.nan, (below + upto) / (2 * len(self.scores)))
