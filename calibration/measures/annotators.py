"""A scorer beside single people: in the place of one, with each one's own labels, and by group."""

from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.groups import Groups
from annotation.statistics.counts import FloatArray
from calibration.measures.known import KnownPeople
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.annotators.altest import alternative_annotator_test
from calibration.metrics.annotators.by_group import spearman_by_group
from calibration.metrics.annotators.per_annotator import annotator_correlations

Found = dict[str, Any]

NOBODY = "the labels do not tell who gave them"
NO_GROUPS = "no question of the survey makes two groups of ten people or more"
# What stands for the scorer's label, by where its distributions come from.
LABELS = {
    "stated": "the mean of the distribution that it states",
    "votes": "the mean of its votes",
    "ordered_logit": "the mean of the distribution fitted to its score out of fold",
}


def alt_test(people: People, scored: Scored, asked: Specification) -> Found:
    """The alternative annotator test, by the distance of labels on the ordered scale."""
    if people.rows is None:
        return {"alt_test": None, "reasons": {"alt_test": NOBODY}}
    rows, (label, words) = people.rows, label_of(people, scored)
    tested = alternative_annotator_test(
        rows.person,
        rows.item,
        rows.value,
        label,
        alignment="rmse",
        epsilon=asked.epsilon,
        clusters=people.frame.clusters,
        replicates=asked.replicates,
        rng=asked.rng(scored.name, "alt_test"),
    )
    found = tested.as_dict() | {"alignment": "rmse", "label": words}
    return {"alt_test": found | {"advantage_probability": found.pop("advantage")} | _unknown(people)}


def label_of(people: People, scored: Scored) -> tuple[FloatArray, str]:
    """The scorer's label of each item on the people's scale, NaN where it has none; and what that is.

    Numbers that are all labels of the scale are its labels; otherwise it is the mean of its distribution.
    """
    scale, own = people.frame.values, scored.values
    if scored.column.kind == "number" and np.isin(own[~np.isnan(own)], scale).all():
        return own, "its own numbers, which are labels of the scale"
    words = [LABELS[source] for source in scored.source.split("+") if source]
    return scored.distributions @ scale, "; ".join(words)


def annotators(people: People, scored: Scored, asked: Specification) -> Found:
    """The correlation with each annotator's own labels: its mean, and its spread beyond noise."""
    if people.known is None:
        return {"annotators": None, "reasons": {"annotators": NOBODY}}
    ranks = people.known.annotator_ranks(~np.isnan(scored.values))
    found = annotator_correlations(ranks, scored.values, clusters=people.frame.clusters)
    if found.mean.value is None:
        return {"annotators": None, "reasons": {"annotators": found.mean.reason}}
    return {"annotators": found.as_dict() | _unknown(people)}


def groups(people: People, scored: Scored, asked: Specification) -> Found:
    """The correlation with each group's mean labels, beside what groups dealt by chance have."""
    known = people.known
    if known is None or not people.groups:
        return {"groups": None, "reasons": {"groups": NO_GROUPS if known else NOBODY}}
    scores, clusters = scored.values, people.frame.clusters
    return {"groups": [_question(known, made, scores, clusters) for made in people.groups]}


def _question(known: KnownPeople, made: Groups, scores: FloatArray, clusters: npt.NDArray[np.int64]) -> Found:
    found, p = spearman_by_group(known.group_ranks(made, ~np.isnan(scores)), scores, clusters=clusters)
    return {
        "question": made.question,
        "groups": [{"name": name, **group.as_dict()} for name, group in zip(made.names, found, strict=True)],
        "differences": {"p": p},
        "left_out": {
            "small_groups": made.small_groups,
            "in_small_groups": made.in_small_groups,
            "declined": made.declined,
            "no_reply": made.no_reply,
        },
    }


def _unknown(people: People) -> Found:
    """How many labels are of nobody known, where some are."""
    unknown = people.rows.unknown if people.rows else 0
    return {"labels_of_nobody_known": unknown} if unknown else {}
