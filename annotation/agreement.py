"""Disagreement of items and agreement of a study: one function for the command, the page and the API."""

from typing import Any

import numpy as np

from annotation.frames import LabelFrame, label_frame
from annotation.models import Study
from annotation.statistics.agreement import Level, krippendorff_alpha, percent_agreement
from annotation.statistics.entropy import (
    entropy_bits,
    entropy_bits_corrected,
    kind_of_item,
    mean_label,
    modal_share,
    ordinal_dispersion,
    preference_share,
    standard_deviation,
)
from annotation.statistics.intervals import caution, mean_estimate

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
REPLICATES = 1000


def study_agreement(
    study: Study, *, replicates: int = REPLICATES, seed: int = 0, with_excluded: bool = False
) -> dict[str, Any]:
    """The numbers of `agreement --json`; what is undefined is None beside a reason."""
    frame = label_frame(study, with_excluded=with_excluded)
    return {"study": study.slug, **agreement_of(frame, replicates=replicates, seed=seed)}


def agreement_of(frame: LabelFrame, *, replicates: int = REPLICATES, seed: int = 0) -> dict[str, Any]:
    """The same from a frame. Intervals resample its clusters of items, and hold its people fixed."""
    totals = frame.counts.sum(axis=1)
    resampling: dict[str, Any] = {"clusters": frame.clusters, "replicates": replicates}
    return {
        "kind": frame.kind,
        "simulated": frame.simulated,
        "with_excluded": frame.with_excluded,
        "items": len(frame.item_ids),
        "labels": int(totals.sum()),
        "cannot_judge": int(frame.cannot_judge.sum()),
        "annotators": frame.annotators,
        **annotators_reason(frame),
        "labels_per_item": _spread(totals),
        "entropy_bits": _entropy(frame, seed=seed, **resampling),
        "percent_agreement": percent_agreement(
            frame.counts, rng=np.random.default_rng(seed), **resampling
        ).as_dict(),
        "krippendorff_alpha": {
            level: krippendorff_alpha(
                frame.counts, values=frame.values, level=level, rng=np.random.default_rng(seed), **resampling
            ).as_dict()
            for level in LEVELS
        },
        "intervals": _intervals(frame, totals, replicates=replicates, seed=seed),
        "items_detail": item_details(frame),
    }


def item_details(frame: LabelFrame) -> list[dict[str, Any]]:
    """One row an item: its counts, and its mean, spread, entropy and kind, None where undefined.

    Whether people disagree takes two labels.
    """
    several = np.where(frame.counts.sum(axis=1) >= 2, 1.0, np.nan)
    columns: dict[str, Any] = {
        "mean": mean_label(frame.counts, frame.values),
        "sd": standard_deviation(frame.counts, frame.values),
        "entropy_bits": entropy_bits(frame.counts) * several,
        "entropy_bits_corrected": entropy_bits_corrected(frame.counts) * several,
        "dispersion": ordinal_dispersion(frame.counts) * several,
        "modal_share": modal_share(frame.counts) * several,
    }
    if frame.kind == Study.Kind.COMPARISON:
        columns["prefer_response_1"] = preference_share(frame.counts, frame.values)
    lists = {name: [None if np.isnan(x) else float(x) for x in column] for name, column in columns.items()}
    kinds = kind_of_item(frame.counts, frame.values)
    kinds[np.isnan(several)] = None
    values, counts = [str(value) for value in frame.values], frame.counts.tolist()
    return [
        {
            "item_id": item_id,
            "n": sum(counts[n]),
            "cannot_judge": int(frame.cannot_judge[n]),
            "counts": dict(zip(values, counts[n], strict=True)),
            **{name: column[n] for name, column in lists.items()},
            "kind": kinds[n],
            **_item_reason(sum(counts[n]), int(frame.cannot_judge[n])),
        }
        for n, item_id in enumerate(frame.item_ids)
    ]


def _item_reason(labels: int, cannot_judge: int) -> dict[str, str]:
    """Why an item's disagreement is undefined."""
    if labels > 1:
        return {}
    none = "nobody could judge it" if cannot_judge else "no labels yet"
    return {"reason": "one label shows no disagreement" if labels else none}


def annotators_reason(frame: LabelFrame) -> dict[str, str]:
    unnamed = "the imported file names no annotators"
    return {"annotators_reason": unnamed} if frame.annotators is None else {}


def with_caution(clusters: int) -> dict[str, str]:
    words = caution(clusters)
    return {"caution": words} if words else {}


def _entropy(frame: LabelFrame, *, seed: int, **resampling: Any) -> dict[str, Any]:
    """Mean entropy over the items with two labels or more, and the mean of the corrected entropies."""
    several = frame.counts.sum(axis=1) >= 2
    plain, corrected = (
        mean_estimate(np.where(several, bits, np.nan), rng=np.random.default_rng(seed), **resampling)
        for bits in (entropy_bits(frame.counts), entropy_bits_corrected(frame.counts))
    )
    reason = plain.reason if several.any() else "no item has two labels"
    return {
        "n": plain.n,
        "mean": plain.value,
        "low": plain.low,
        "high": plain.high,
        "corrected_mean": corrected.value,
        "corrected_low": corrected.low,
        "corrected_high": corrected.high,
        **({"reason": reason} if reason else {}),
    }


def _intervals(frame: LabelFrame, totals: Any, *, replicates: int, seed: int) -> dict[str, Any]:
    """What the intervals resample: the clusters of the items that have two labels, as alpha takes them."""
    clusters = len(np.unique(frame.clusters[totals > 1]))
    return {
        "unit": frame.cluster_unit,
        "clusters": clusters,
        "replicates": replicates,
        "seed": seed,
        "confidence": 0.95,
        **with_caution(clusters),
    }


def _spread(totals: Any) -> dict[str, float | None]:
    if not len(totals):
        return {"min": None, "median": None, "max": None}
    return {"min": int(totals.min()), "median": float(np.median(totals)), "max": int(totals.max())}
