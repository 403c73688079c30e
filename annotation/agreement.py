"""Disagreement of items and agreement of a study: one function for the command, the page and the API."""

from collections.abc import Callable
from math import isfinite
from typing import Any, Literal

import numpy as np

from annotation.frames import LabelFrame, label_frame
from annotation.models import Study
from annotation.statistics.agreement import Level, fleiss_kappa, krippendorff_alpha, percent_agreement
from annotation.statistics.cautions import caution
from annotation.statistics.counts import FloatArray
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
from annotation.statistics.intervals import Estimate, Method, mean_estimate
from annotation.statistics.reliability import intraclass_correlation, split_half_reliability

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
# What intervals resample: whole clusters of items, single items, or all clusters but one at a time.
Interval = Literal["cluster", "item", "jackknife"]
INTERVALS: tuple[Interval, ...] = ("cluster", "item", "jackknife")
REPLICATES = 1000


def study_agreement(
    study: Study,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    with_excluded: bool = False,
    interval: Interval = "cluster",
) -> dict[str, Any]:
    """The numbers of `agreement --json`; what is undefined is None beside a reason."""
    frame = label_frame(study, with_excluded=with_excluded)
    return {
        "study": study.slug,
        **agreement_of(frame, replicates=replicates, seed=seed, interval=interval),
        "items_detail": item_details(frame),
    }


def agreement_of(
    frame: LabelFrame, *, replicates: int = REPLICATES, seed: int = 0, interval: Interval = "cluster"
) -> dict[str, Any]:
    """The same from a frame, without its items. Intervals hold its people fixed."""
    totals = frame.counts.sum(axis=1)
    asked: dict[str, Any] = {"replicates": replicates, "seed": seed, "interval": interval}
    found = {"entropy_bits": _entropy(frame, **asked), **_measures(frame, **asked)}
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
        **found,
        "intervals": _intervals(frame, totals, **asked) | _no_interval(found),
    }


def _measures(frame: LabelFrame, **asked: Any) -> dict[str, Any]:
    """Each with a generator of its own, so that one measure more changes no other's interval."""
    counts, on_scale = frame.counts, {"values": frame.values}

    def found(measure: Callable[..., Estimate], **more: Any) -> dict[str, Any]:
        return measure(counts, **more, **_resampling(frame, **asked)).as_dict()

    return {
        "percent_agreement": found(percent_agreement),
        "krippendorff_alpha": {level: found(krippendorff_alpha, level=level, **on_scale) for level in LEVELS},
        "fleiss_kappa": found(fleiss_kappa),
        "intraclass_correlation": {
            "single": found(intraclass_correlation, **on_scale),
            "average": found(intraclass_correlation, average=True, **on_scale),
        },
        "split_half_reliability": found(split_half_reliability, **on_scale),
    }


def _resampling(frame: LabelFrame, *, replicates: int, seed: int, interval: Interval) -> dict[str, Any]:
    return {
        "clusters": None if interval == "item" else frame.clusters,
        "method": _method(interval),
        "replicates": replicates,
        "rng": np.random.default_rng(seed),
    }


def _method(interval: Interval) -> Method:
    return "jackknife" if interval == "jackknife" else "bootstrap"


def item_columns(frame: LabelFrame) -> tuple[dict[str, FloatArray], list[str | None]]:
    """Each item's mean, spread and entropy, NaN where undefined, and its kind, None where undefined.

    Whether people disagree takes two labels.
    """
    several = np.where(frame.counts.sum(axis=1) >= 2, 1.0, np.nan)
    columns = {
        "mean": mean_label(frame.counts, frame.values),
        "sd": standard_deviation(frame.counts, frame.values),
        "entropy_bits": entropy_bits(frame.counts) * several,
        "entropy_bits_corrected": entropy_bits_corrected(frame.counts) * several,
        "dispersion": ordinal_dispersion(frame.counts) * several,
        "modal_share": modal_share(frame.counts) * several,
    }
    if frame.kind == Study.Kind.COMPARISON:
        columns["prefer_response_1"] = preference_share(frame.counts, frame.values)
    kinds = kind_of_item(frame.counts, frame.values)
    kinds[np.isnan(several)] = None
    return columns, kinds.tolist()


def item_details(frame: LabelFrame) -> list[dict[str, Any]]:
    """One row an item: its counts, and its mean, spread, entropy and kind, None where undefined."""
    columns, kinds = item_columns(frame)
    lists = {name: [x if isfinite(x) else None for x in column.tolist()] for name, column in columns.items()}
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


def with_caution(clusters: int, *, method: Method = "bootstrap", jackknife: bool = False) -> dict[str, str]:
    words = caution(clusters, method=method, jackknife=jackknife)
    return {"caution": words} if words else {}


def _entropy(frame: LabelFrame, **asked: Any) -> dict[str, Any]:
    """Mean entropy over the items with two labels or more, and the mean of the corrected entropies."""
    several = frame.counts.sum(axis=1) >= 2
    plain, corrected = (
        mean_estimate(np.where(several, bits, np.nan), **_resampling(frame, **asked))
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


def _intervals(
    frame: LabelFrame, totals: Any, *, replicates: int, seed: int, interval: Interval
) -> dict[str, Any]:
    """What the intervals resample: the clusters of the items that have two labels, as alpha takes them."""
    paired = frame.clusters[totals > 1]
    by_item, groups = interval == "item", len(np.unique(paired))
    clusters = len(paired) if by_item else groups
    cautious = with_caution(clusters, method=_method(interval), jackknife=True)
    if by_item and groups < clusters:
        cautious = {
            "caution": f"items of one {frame.cluster_unit} are often alike, and then these are too narrow"
        }
    return {
        "interval": interval,
        "unit": "item" if by_item else frame.cluster_unit,
        "clusters": clusters,
        "replicates": clusters if interval == "jackknife" else replicates,
        "seed": seed,
        "confidence": 0.95,
        **cautious,
    }


def _no_interval(found: dict[str, Any]) -> dict[str, str]:
    """Why there is no interval at all, if there is none of the percent agreement, which needs least."""
    agreement = found["percent_agreement"]
    none = agreement["value"] is not None and agreement["low"] is None
    return {"reason": agreement["reason"]} if none else {}


def _spread(totals: Any) -> dict[str, float | None]:
    if not len(totals):
        return {"min": None, "median": None, "max": None}
    return {"min": int(totals.min()), "median": float(np.median(totals)), "max": int(totals.max())}
