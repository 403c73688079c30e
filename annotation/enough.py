"""How many labels an item of a study needs, for the page, the API and the files."""

from collections.abc import Mapping
from dataclasses import asdict
from math import ceil
from typing import Any

import numpy as np

from annotation.frames import label_frame
from annotation.freshness import kept
from annotation.models import Study
from annotation.statistics.subsampling import LabelsAt, labels_curve

DRAWS = 100
# Rows of the page's short table.
MOST_CHOSEN = 7


def study_labels_curve(study: Study, *, with_excluded: bool = False, seed: int = 0) -> dict[str, Any]:
    """What 3, 4, ... of its labels an item would have told; kept until a label changes it, of seed 0."""
    if seed:
        return _labels_curve(study, with_excluded=with_excluded, seed=seed)
    return kept(
        study,
        "labels-curve-with-excluded" if with_excluded else "labels-curve",
        lambda: _labels_curve(study, with_excluded=with_excluded, seed=seed),
    )


def _labels_curve(study: Study, *, with_excluded: bool, seed: int) -> dict[str, Any]:
    frame = label_frame(study, with_excluded=with_excluded)
    curve = labels_curve(
        frame.counts,
        values=frame.values,
        rng=np.random.default_rng(seed),
        draws=DRAWS,
        clusters=frame.clusters,
    )
    return {
        "study": study.slug,
        "simulated": frame.simulated,
        "with_excluded": with_excluded,
        "items": curve.items,
        "eligible": curve.eligible,
        "left_out": curve.left_out,
        "draws": curve.draws,
        "seed": seed,
        "intervals": {"unit": frame.cluster_unit, "interval": "jackknife", "confidence": 0.95},
        "sizes": [_row(row) for row in curve.sizes],
        **({"reason": curve.reason} if curve.reason else {}),
    }


def _row(row: LabelsAt) -> dict[str, Any]:
    estimates = ("entropy_bias", "corrected_bias", "mean_error", "reliability")
    return asdict(row) | {name: getattr(row, name).as_dict() for name in estimates}


def chosen_sizes(curve: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Some rows of the curve for a short table, with how much too low entropy is: the bias turned round."""
    sizes = [row["labels"] for row in curve["sizes"]]
    wanted = {*sizes[:1], *sizes[-1:], *(size for size in sizes if size % 5 == 0)}
    every = max(1, ceil(len(wanted) / MOST_CHOSEN))
    wanted = {*sorted(wanted)[::every], *sizes[-1:]}
    return [
        row | {"too_low": _turned(row["entropy_bias"])} for row in curve["sizes"] if row["labels"] in wanted
    ]


def _turned(found: Mapping[str, Any]) -> dict[str, Any]:
    low, high = (None if found[end] is None else -found[end] for end in ("high", "low"))
    return {**found, "value": -found["value"], "low": low, "high": high}
