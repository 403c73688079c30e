"""What people say of pairs above a similarity threshold: how often they are one idea, so how good it is."""

from collections.abc import Mapping
from math import floor
from typing import Any

import numpy as np

from annotation.agreement import with_caution
from annotation.frames import IntArray, label_frame
from annotation.models import Item, Study
from annotation.statistics.counts import BoolArray, FloatArray
from annotation.statistics.intervals import Estimate
from annotation.statistics.shares import majority, share_above, share_estimate
from annotation.studies import StudyError

# Between thresholds.
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
MOST_STEPS = 12
# How far below the chosen one, where pairs there were drawn too.
REACH = 0.4
NOT_BELOW = "no pairs below the threshold were drawn"
NO_SAME = "no pair is the same idea to most people"
# Rules that draw from some pairs only, whatever their similarity.
OF_SOME = {
    "same-cluster": "only pairs within a cluster were drawn",
    "different-cluster": "only pairs of two clusters were drawn",
    "similar-quality": "only pairs of similar quality were drawn",
}


def holds_similarities(study: Study) -> bool:
    """Whether the study asks about pairs whose similarity is known."""
    return study.kind == Study.Kind.PAIR and study.items.filter(metadata__has_key="similarity").exists()


def study_duplicates(
    study: Study, *, threshold: float | None = None, with_excluded: bool = False
) -> dict[str, Any]:
    """The numbers of `duplicates --json`; what is undefined is None beside a reason.

    Precision is the share of pairs at or above a threshold that people call the same; each pair counts for as
    many of its query as it was drawn from. Raises StudyError.
    """
    if study.kind != Study.Kind.PAIR:
        raise StudyError(f"{study.slug} is a {study.kind} study: duplicates are judged in studies of pairs.")
    frame = label_frame(study, with_excluded=with_excluded)
    similarity, weights = _given(study)
    if np.isnan(similarity).all():
        raise StudyError(
            f"The pairs of {study.slug} have no similarity: make the study by make_study --pairs near, or "
            "give a column similarity with its items."
        )
    drawn = study.metadata.get("selection", {})
    chosen = threshold if threshold is not None else drawn.get("threshold", float(np.nanmin(similarity)))
    yes = share_above(frame.counts, frame.values)
    found = _Pairs(similarity, weights, yes, frame.clusters, drawn)
    labelled = ~np.isnan(yes)
    return {
        "study": study.slug,
        "simulated": frame.simulated,
        "with_excluded": with_excluded,
        "encoder": drawn.get("encoder"),
        "pairs": len(yes),
        "labelled": int(labelled.sum()),
        "queries": len(np.unique(frame.queries[labelled])),
        "labels": int(frame.counts.sum()),
        "cannot_judge": int(frame.cannot_judge.sum()),
        "ties": {"pairs": int((yes == 0.5).sum()), "count_as": 0.5},
        "weighted": bool((weights != weights[0]).any()),
        **found.at(chosen),
        "curve": [found.at(each) for each in found.thresholds(chosen)],
        "intervals": {
            "method": "jackknife",
            "unit": frame.cluster_unit,
            "clusters": len(np.unique(frame.clusters[labelled])),
            "confidence": 0.95,
            **with_caution(len(np.unique(frame.clusters[labelled])), method="jackknife"),
        },
    }


class _Pairs:
    """The pairs of a study that have a similarity, and what people say of them."""

    def __init__(
        self,
        similarity: FloatArray,
        weights: FloatArray,
        yes: FloatArray,
        clusters: IntArray,
        drawn: Mapping[str, Any],
    ) -> None:
        self.similarity, self.weights, self.clusters = similarity, weights, clusters
        self.share, self.same = yes, majority(yes)
        # Whether pairs of every similarity were drawn; if not, below what none were.
        self.whole = drawn.get("pairs") == "random" or bool(drawn.get("below"))
        self.partly = OF_SOME.get(drawn.get("pairs", ""))
        near = drawn.get("pairs") == "near" and not self.whole
        self.lowest = float(drawn["threshold"]) if near else -1.0

    def thresholds(self, chosen: float) -> list[float]:
        """The chosen one, and others above it, and below it where pairs there were drawn too."""
        labelled = self.similarity[~np.isnan(self.share)]
        if not len(labelled):
            return []
        high, low = float(np.nanmax(labelled)), float(np.nanmin(labelled))
        start = min(chosen, max(low, chosen - REACH)) if self.whole else chosen
        step = next((step for step in STEPS if (high - start) / step <= MOST_STEPS), STEPS[-1])
        places = range(floor((start - chosen) / step), max(0, floor((high - chosen) / step)) + 1)
        return [round(chosen + place * step, 6) for place in places]

    def at(self, threshold: float) -> dict[str, Any]:
        """Precision and recall of one threshold, by the majority and by the mean share of people."""
        above = self.similarity >= threshold
        without = self.partly or (None if threshold >= self.lowest else NOT_BELOW)
        by = {"precision": self.same, "mean_share": self.share}
        return {
            "threshold": threshold,
            **{
                name: _undefined(without) if without else self._share(np.where(above, values, np.nan))
                for name, values in by.items()
            },
            "recall": self._recall(above),
        }

    def _share(self, values: FloatArray) -> dict[str, Any]:
        found = share_estimate(values, weights=self.weights, clusters=self.clusters)
        return found.as_dict() if found.n else _undefined("no labelled pair is so similar")

    def _recall(self, above: BoolArray) -> dict[str, Any]:
        """The share of the pairs that are the same which the threshold finds."""
        if not self.whole:
            return _undefined(self.partly or NOT_BELOW)
        same = np.nan_to_num(self.same) > 0
        if not same.any():
            return _undefined(NO_SAME)
        weights = np.where(same, self.weights * np.nan_to_num(self.same), 1.0)
        values = np.where(same, above.astype(float), np.nan)
        found = share_estimate(values, weights=weights, clusters=self.clusters)
        return found.as_dict()


def _undefined(why: str) -> dict[str, Any]:
    return Estimate(None, None, None, 0, why).as_dict()


def _given(study: Study) -> tuple[FloatArray, FloatArray]:
    """Each item's similarity, NaN where it has none, and how many pairs it stands for, 1 by default."""
    rows = Item.objects.filter(study=study).order_by("position").values_list("metadata", flat=True)
    told = [(_number(row.get("similarity")), _number(row.get("weight"))) for row in rows]
    columns = np.array(told, dtype=float).reshape(-1, 2)
    weights = np.where(columns[:, 1] > 0, columns[:, 1], 1.0)
    return columns[:, 0], weights


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")
