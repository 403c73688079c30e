"""How many labels an item of a study needs, for the page, the API and the files."""

from dataclasses import asdict
from typing import Any

import numpy as np

from annotation.frames import label_frame
from annotation.freshness import kept
from annotation.models import Study
from annotation.statistics.subsampling import LabelsAt, labels_curve

DRAWS = 100


def study_labels_curve(study: Study, *, with_excluded: bool = False, seed: int = 0) -> dict[str, Any]:
    """What 3, 4, ... of its labels an item would have told; kept until a label changes it."""
    return kept(
        study,
        f"labels-curve-{seed}{'-with-excluded' if with_excluded else ''}",
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
