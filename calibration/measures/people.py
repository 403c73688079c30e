"""What people said: what every scorer is held against, computed once an audit."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from annotation.frames import LabelFrame
from annotation.groups import Groups
from annotation.rows import LabelRows
from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import mean_label
from calibration.measures.known import KnownPeople
from calibration.measures.references import References
from calibration.measures.resamples import Resamples
from calibration.measures.specification import Specification
from calibration.metrics.nulls.unsure_means import variance_of_means
from calibration.metrics.subsets import Subset, near_pairs, subsets_for


class People:
    """What people said of the items, and the resamples that every interval of the audit rests on.

    `rows` say who gave which label, and `groups` who is in which group, of each question of the survey that
    makes groups: None and empty where nobody is known.
    """

    def __init__(
        self,
        frame: LabelFrame,
        asked: Specification,
        *,
        rows: LabelRows | None = None,
        groups: Sequence[Groups] = (),
    ) -> None:
        self.frame = frame
        self.asked = asked
        self.rows = rows if rows is not None and rows.people else None
        self.groups = groups if self.rows else ()

    @cached_property
    def known(self) -> KnownPeople | None:
        """What several parts make of who gave which label; None where nobody is known."""
        return KnownPeople(self, self.rows) if self.rows else None

    @property
    def weights(self) -> FloatArray:
        """How often each cluster comes up in each replicate, shape (replicates, clusters).

        Columns are the numbers of `frame.clusters`; clusters without labels never come up.
        """
        return self.resamples.weights

    @cached_property
    def resamples(self) -> Resamples:
        """Resamples of clusters, from the seed alone: those of every interval over items."""
        return self._resamples(self.frame.clusters, "clusters")

    @cached_property
    def pair_resamples(self) -> Resamples:
        """The same, of pairs of items of a query; of queries, if those do not lie whole in clusters."""
        whole = self.queries_lie_whole
        return self.resamples if whole else self._resamples(self.frame.queries, "queries")

    @property
    def queries_lie_whole(self) -> bool:
        """Whether the items of each query lie in one cluster."""
        clusters, queries = self.frame.clusters, self.frame.queries
        return bool(np.unique(np.stack([queries, clusters]), axis=1).shape[1] == len(np.unique(queries)))

    def _resamples(self, clusters: IntArray, key: str) -> Resamples:
        return Resamples.drawn(
            self.means, clusters, replicates=self.asked.replicates, rng=self.asked.rng(key)
        )

    @cached_property
    def references(self) -> References:
        """What every scorer's distribution is held against."""
        return References(self.frame, self.asked, self.weights)

    @cached_property
    def means(self) -> FloatArray:
        """Mean label of each item; NaN where there is none."""
        return mean_label(self.frame.counts, self.frame.values)

    @cached_property
    def mean_variances(self) -> FloatArray:
        """How unsure each mean label is: its sampling variance."""
        return variance_of_means(self.frame.counts, self.frame.values)

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
        frame, asked = self.frame, self.asked
        arrays = {"counts": frame.counts, "values": frame.values, "queries": frame.queries}
        return subsets_for(frame.kind, asked.preset, rules=asked.rules, **arrays)
