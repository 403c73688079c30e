"""What people said: what every scorer is held against, computed once an audit."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from annotation.frames import LabelFrame
from annotation.statistics.clusters import multinomial_weights
from annotation.statistics.entropy import mean_label
from calibration.measures.specification import Specification
from calibration.metrics.subsets import Subset, near_pairs, subsets_for

FloatArray = npt.NDArray[np.float64]


class People:
    """What people said of the items, and the resamples that every interval of the audit rests on."""

    def __init__(self, frame: LabelFrame, asked: Specification) -> None:
        self.frame = frame
        self.asked = asked

    @cached_property
    def weights(self) -> FloatArray:
        """How often each cluster comes up in each replicate, shape (replicates, clusters).

        Common random numbers, from the seed alone: all scorers and subsets are resampled alike, so that
        differences are paired, and what is of the labels alone is computed once. Columns are the numbers of
        `frame.clusters`; clusters without labels never come up.
        """
        drawn, replicates = np.unique(self.frame.clusters[self.labelled]), self.asked.replicates
        weights = np.zeros((replicates, int(self.frame.clusters.max(initial=-1)) + 1))
        weights[:, drawn] = multinomial_weights(
            len(drawn), replicates=replicates, rng=self.asked.rng("clusters")
        )
        return weights

    @cached_property
    def means(self) -> FloatArray:
        """Mean label of each item; NaN where there is none."""
        return mean_label(self.frame.counts, self.frame.values)

    @cached_property
    def labelled(self) -> npt.NDArray[np.bool_]:
        return ~np.isnan(self.means)

    @cached_property
    def whole(self) -> Subset:
        return Subset("all", 100, self.labelled)

    @cached_property
    def all_pairs(self) -> Subset:
        """All pairs of items of one query: what the near ones are held against."""
        return near_pairs(self.means, self.frame.queries, np.inf)

    @cached_property
    def subsets(self) -> list[Subset]:
        frame = self.frame
        return subsets_for(
            frame.kind, self.asked.preset, counts=frame.counts, values=frame.values, queries=frame.queries
        )
