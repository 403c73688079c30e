"""What every scorer has from the same resamples of clusters: rank correlations with what people said."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Self

import numpy as np

from annotation.statistics.clusters import IntArray, multinomial_weights
from annotation.statistics.counts import BoolArray, FloatArray
from annotation.statistics.intervals import FEWEST_ITEMS, Estimate, replicates_estimate
from calibration.metrics.correlation.cluster_ranks import Against, difference_against, spearman_against
from calibration.metrics.correlation.intervals import spearman_interval
from calibration.metrics.subsets import FEW_PAIRS, differences, pair_spearman

# From weights (replicates, clusters) and the cluster of each item, from 0, to replicates.
Statistic = Callable[[FloatArray, IntArray], FloatArray]

# Numbers of the labels' side held for the next scorer, 320 MB: items or pairs times replicates times subsets.
MOST_HELD = 40_000_000


class Resamples:
    """Resamples of a study's clusters, the same for all scorers and subsets, and correlations in them.

    Common random numbers: differences between scorers are paired, and what is of the labels alone is computed
    once. A subset takes the study's weights as they are: clusters without an item in it count nothing.
    """

    def __init__(self, means: FloatArray, clusters: IntArray, weights: FloatArray) -> None:
        """Take mean labels and clusters of all items, and weights of shape (replicates, clusters)."""
        self.means = means
        self.clusters = clusters
        self.weights = weights
        self._of_items = lru_cache(self._remembered(len(means)))(self._against_items)
        self._of_pairs: Callable[[bytes], Against] | None = None

    @classmethod
    def drawn(
        cls, means: FloatArray, clusters: IntArray, *, replicates: int, rng: np.random.Generator
    ) -> Self:
        """Draw them; clusters without labels never come up."""
        labelled = np.unique(clusters[~np.isnan(means)])
        weights = np.zeros((replicates, int(clusters.max(initial=-1)) + 1))
        weights[:, labelled] = multinomial_weights(len(labelled), replicates=replicates, rng=rng)
        return cls(means, clusters, weights)

    def interval(self, found: Estimate, items: BoolArray | IntArray, statistic: Statistic) -> Estimate:
        """The estimate, which rests on these items, beside its interval."""
        if found.value is None:
            return found
        index, weights = self._of(items)
        values = statistic(weights, index)
        return replicates_estimate(found.value, values, n=found.n, clusters=weights.shape[1])

    def spearman(self, scores: FloatArray, items: BoolArray) -> Estimate:
        """Spearman's rho of scores with mean labels, on those of the items that have both."""
        kept = self.known(scores, items)
        found = spearman_interval(scores[kept], self.means[kept], replicates=0)
        return self.interval(found, kept, lambda *_: self._of_items(kept.tobytes())(scores[kept]))

    def spearman_values(self, scores: FloatArray, kept: BoolArray) -> tuple[float, FloatArray]:
        """Rho on items that all have both, and in each resample; NaN where it is undefined."""
        value = spearman_interval(scores[kept], self.means[kept], replicates=0).value
        if value is None:
            return float("nan"), np.full(len(self.weights), np.nan)
        return value, self._of_items(kept.tobytes())(scores[kept])

    def pair_spearman(self, scores: FloatArray, pairs: IntArray) -> Estimate:
        """Rho of differences of score and of mean label, over those pairs of items that have both.

        Items of a pair lie in one cluster.
        """
        kept = pairs[self.known(scores, np.ones(len(scores), dtype=bool))[pairs].all(axis=1)]
        if self._of_pairs is None:
            self._of_pairs = lru_cache(self._remembered(len(pairs)))(self._against_pairs)
        against = self._of_pairs
        found = pair_spearman(scores, self.means, kept, replicates=0)
        if found.value is not None and found.n < FEWEST_ITEMS:
            return replace(found, reason=FEW_PAIRS)
        return self.interval(found, kept[:, 0], lambda *_: against(kept.tobytes())(differences(scores, kept)))

    def known(self, scores: FloatArray, items: BoolArray) -> BoolArray:
        """Those of the items that have both a score and labels."""
        return items & ~np.isnan(scores) & ~np.isnan(self.means)

    def _of(self, items: BoolArray | IntArray) -> tuple[IntArray, FloatArray]:
        """The clusters of the items, numbered from 0, and the weights of those alone."""
        there, index = np.unique(self.clusters[items], return_inverse=True)
        return index.astype(np.intp, copy=False), self.weights[:, there]

    def _remembered(self, items: int) -> int:
        return max(1, MOST_HELD // max(1, len(self.weights) * items))

    def _against_items(self, kept: bytes) -> Against:
        items = np.frombuffer(kept, dtype=bool)
        index, weights = self._of(items)
        return spearman_against(self.means[items], index, weights)

    def _against_pairs(self, kept: bytes) -> Against:
        pairs = np.frombuffer(kept, dtype=np.intp).reshape(-1, 2)
        index, weights = self._of(pairs[:, 0])
        return difference_against(differences(self.means, pairs), index, weights)
