"""What every scorer's distribution is held against, from the labels alone, computed once an audit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from annotation.frames import LabelFrame
from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray, totals
from annotation.statistics.entropy import entropy_bits, entropy_bits_corrected, standard_deviation
from calibration.measures.resamples import Resamples
from calibration.measures.specification import Specification
from calibration.metrics.distribution.distances import Distances, distances
from calibration.metrics.distribution.fitted import query_folds
from calibration.metrics.distribution.floors import Floors, floors
from calibration.metrics.distribution.references import left_out_person, overall_shares
from calibration.metrics.distribution.refits import Refit, loss_slopes, refit
from calibration.metrics.distribution.splits import split_labels
from calibration.metrics.strata import strata_of

LEVELS, FEWEST_IN_LEVEL = 5, 20
# For each scorer that votes and each level: their error is a hundredth of the floor.
DRAWS = 200


@dataclass(frozen=True)
class Levels:
    """Bins of about as many items each, rising by how people disagree.

    Attributes
    ----------
    level : int array, shape (items,)
        From 0; -1 for an item of fewer than three labels.
    entropies : float array, shape (items,)
        Plug-in entropy, bits, of the labels that chose the bin.
    counts : float array, shape (items, V)
        The other labels, which measure.
    person : Distances
        Of one person from the others, among those labels.
    """

    level: IntArray
    entropies: FloatArray
    counts: FloatArray
    person: Distances

    @property
    def number(self) -> int:
        return int(self.level.max(initial=-1)) + 1

    def floors(self, asked: Specification, *key: object, votes: FloatArray | None = None) -> FloatArray:
        """Wasserstein-1 of a perfect judge, of each item: what shares may be is learned in each bin apart."""
        found, rng = np.full(len(self.level), np.nan), asked.rng("floors", "levels", *key)
        for level in range(self.number):
            here = self.level == level
            own = None if votes is None else votes[here]
            drawn = floors(self.counts[here], rng=rng, votes=own, draws=DRAWS)
            found[here] = drawn.wasserstein_1
        return found


class References:
    """Distances of what is no scorer, of each item of a study, and how people differ on it."""

    def __init__(self, frame: LabelFrame, asked: Specification, weights: FloatArray) -> None:
        self.frame = frame
        self.asked = asked
        self.weights = weights

    @cached_property
    def folds(self) -> IntArray:
        """Folds of whole queries, the same for all that is fitted."""
        return query_folds(self.frame.queries, rng=self.asked.rng("folds"))

    @cached_property
    def overall_shares(self) -> FloatArray:
        """The study's overall distribution, out of fold as a fitted scorer is."""
        return overall_shares(self.frame.counts, self.folds)

    @cached_property
    def overall(self) -> Distances:
        return distances(self.overall_shares, self.frame.counts)

    def overall_pulls(self, measure: str, items: npt.NDArray[np.bool_]) -> FloatArray:
        """What each item adds to the sum of its distance over items, having had a part in it."""
        slopes = loss_slopes(measure, self.overall_shares, self.frame.counts)
        return self._refit.pulls(np.where(items[:, None], slopes, np.nan), self.overall_shares)

    @cached_property
    def _refit(self) -> Refit:
        return refit(np.zeros(len(self.frame.counts)), self.frame.counts)

    @cached_property
    def left_out_person(self) -> Distances:
        return left_out_person(self.frame.counts)

    @cached_property
    def uniform(self) -> Distances:
        counts = self.frame.counts
        return distances(np.full(counts.shape, 1 / counts.shape[1]), counts)

    @cached_property
    def floors(self) -> Floors:
        """Of a perfect judge that states its shares."""
        return floors(self.frame.counts, rng=self.asked.rng("floors"))

    @cached_property
    def entropies(self) -> Resamples:
        """Entropy of each item's labels, bits, with Miller and Madow's correction; NaN with one label."""
        counts = self.frame.counts
        return self._resamples(np.where(counts.sum(axis=1) > 1, entropy_bits_corrected(counts), np.nan))

    @cached_property
    def deviations(self) -> Resamples:
        """Standard deviation of each item's labels; NaN with one label."""
        return self._resamples(standard_deviation(self.frame.counts, self.frame.values))

    def _resamples(self, of_items: FloatArray) -> Resamples:
        return Resamples(of_items, self.frame.clusters, self.weights)

    @cached_property
    def levels(self) -> Levels:
        """Some labels of each item choose its bin, and the others are measured: see `split_labels`."""
        first, second = split_labels(self.frame.counts, rng=self.asked.rng("levels"))
        useful = totals(second) > 0
        # Equal entropies differ in their last digits by the order of the values.
        entropies = np.where(useful, entropy_bits(first).round(12), np.nan)
        level = np.full(len(first), -1, dtype=np.intp)
        if useful.any():
            bins = min(LEVELS, max(1, int(useful.sum()) // FEWEST_IN_LEVEL))
            level[useful] = strata_of(entropies[useful], bins)
        return Levels(level, entropies, second, left_out_person(second))

    @cached_property
    def level_floors(self) -> FloatArray:
        return self.levels.floors(self.asked)
