"""What people say of queries: whether they are open, how many answers they have, whether categories fit."""

from typing import Any

import numpy as np

from annotation.agreement import with_caution
from annotation.frames import IntArray, LabelFrame, label_frame
from annotation.models import Item, Study
from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import shares
from annotation.statistics.shares import majority, share_above, share_estimate
from annotation.studies import StudyError, asks_of

# What "Artificial Hivemind" (arXiv 2510.22954) found of its own queries, by what was asked.
PUBLISHED: dict[str, dict[str, Any]] = {
    "openness": {"majority": 0.89, "at_least_one": 1.0},
    "answers": {"shares": [0.1873, 0.3187, 0.1474, 0.3466]},
    "category": {"majority": 0.747},
}


def study_query_shares(study: Study, *, with_excluded: bool = False) -> dict[str, Any]:
    """The numbers of `query_shares --json`; what is undefined is None beside a reason.

    Each item counts the same, however many labels it has. Raises StudyError.
    """
    if study.kind != Study.Kind.QUERY:
        raise StudyError(f"{study.slug} is a {study.kind} study: this is asked of queries alone.")
    frame = label_frame(study, with_excluded=with_excluded)
    asks = asks_of(study.kind, study.metadata)
    by_value = shares(frame.counts)
    labelled = frame.counts.sum(axis=1) > 0
    clusters = len(np.unique(frame.clusters[labelled]))
    found: dict[str, Any] = {
        "study": study.slug,
        "asks": asks,
        "question": study.question,
        "simulated": frame.simulated,
        "with_excluded": with_excluded,
        "items": len(frame.item_ids),
        "labelled": int(labelled.sum()),
        "labels": int(frame.counts.sum()),
        "cannot_judge": int(frame.cannot_judge.sum()),
        "shares": [
            {
                "value": value,
                "words": study.word_for(value) or str(value),
                **_estimate(by_value[:, n], frame),
                "published": _published(asks, n),
            }
            for n, value in enumerate(study.values)
        ],
        "intervals": {
            "method": "jackknife",
            "unit": frame.cluster_unit,
            "clusters": clusters,
            "confidence": 0.95,
            **with_caution(clusters, method="jackknife"),
        },
        "published": PUBLISHED.get(asks),
    }
    return found | (_of_two(study, frame) if len(study.values) == 2 else {})


def _of_two(study: Study, frame: LabelFrame) -> dict[str, Any]:
    """How many items most people say yes to, or anybody does, and by category where items have one."""
    yes = share_above(frame.counts, frame.values)
    anybody = np.where(np.isnan(yes), np.nan, (yes > 0).astype(float))
    found = {
        "yes": study.word_for(study.scale_high),
        "majority": _estimate(majority(yes), frame),
        "at_least_one": _estimate(anybody, frame),
        "mean_share": _estimate(yes, frame),
        "ties": {"items": int((yes == 0.5).sum()), "count_as": 0.5},
    }
    names = _categories(study)
    if not any(names):
        return found
    return found | {
        "by_category": [
            {
                "category": name,
                "majority": _estimate(majority(yes)[places], frame, places),
                "mean_share": _estimate(yes[places], frame, places),
            }
            for name in sorted(set(names) - {""})
            for places in [np.flatnonzero(np.array(names) == name)]
        ]
    }


def _published(asks: str, place: int) -> float | None:
    given = PUBLISHED.get(asks, {}).get("shares", [])
    return given[place] if place < len(given) else None


def _estimate(values: FloatArray, frame: LabelFrame, places: IntArray | None = None) -> dict[str, Any]:
    clusters = frame.clusters if places is None else frame.clusters[places]
    found = share_estimate(values, clusters=clusters)
    return found.as_dict() if found.n else found.as_dict() | {"reason": "no item has labels"}


def _categories(study: Study) -> list[str]:
    rows = Item.objects.filter(study=study).order_by("position").values_list("metadata", flat=True)
    return [str(row.get("category") or "") for row in rows]
