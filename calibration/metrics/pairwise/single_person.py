"""Agreement with a single person on which of two responses is better."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray, as_counts, as_values
from annotation.statistics.intervals import Estimate, sums_estimate


def agreement_with_person(
    differences: npt.ArrayLike,
    counts: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Share of single labels whose side the scorer's sign picks; ties of people are left out.

    Parameters
    ----------
    differences : array_like of float, shape (items,)
        Score of response 1 less that of response 2: above 0 it picks response 1. Where both score the
        same it picks neither, and agrees with half of the labels, as a coin would. NaN where there is none;
        left out.
    counts : array_like of int, shape (items, V)
    values : array_like of float, shape (V,)
        Positive where response 1 is better, negative where response 2 is.
    clusters : array_like of shape (items,), optional
        The query, or form, of each item. By default each item.
    confidence : float
        Of the jackknife interval over clusters.

    Returns
    -------
    Estimate
        `n` counts the labels; every label weighs the same. Undefined if none took a side.

    Raises
    ------
    ValueError
        If the arrays do not fit each other.

    Examples
    --------
    >>> found = agreement_with_person([2.0, -1.0, 0.0], [[1, 0, 2], [3, 1, 0], [1, 0, 1]], [-1, 0, 1])
    >>> found.value, found.n
    (0.75, 8)
    """
    first, second = _sides(counts, values)
    d = np.asarray(differences, dtype=np.float64)
    if d.shape != first.shape:
        raise ValueError(f"{len(first)} items need as many differences, not an array of shape {d.shape}")
    agreeing = np.where(d > 0, first, np.where(d < 0, second, (first + second) / 2))
    return _share(agreeing, first + second, ~np.isnan(d), clusters, confidence)


def person_with_person(
    counts: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Share of single labels whose side another person's label of the item picks: the bar for a scorer.

    Parameters
    ----------
    counts, values, clusters, confidence
        As for `agreement_with_person`.

    Returns
    -------
    Estimate
        `n` counts the labels that have another one beside them, ties left out; every one is held against
        all others of its item and weighs the same. Undefined if no item has two.

    Raises
    ------
    ValueError
        If the arrays do not fit each other.

    Notes
    -----
    A scorer can pass it without knowing more than people do: whoever always sides with the majority agrees
    more with a single person than another single person does.

    Examples
    --------
    >>> round(person_with_person([[1, 3], [0, 1], [2, 2]], [-1, 1]).value, 4)
    0.4167
    """
    first, second = _sides(counts, values)
    labels = first + second
    agreeing = (first * (first - 1) + second * (second - 1)) / np.maximum(labels - 1, 1)
    return _share(agreeing, labels, labels >= 2, clusters, confidence)


def _sides(counts: npt.ArrayLike, values: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    checked = as_counts(counts)
    scale = as_values(values, checked)
    return checked @ (scale > 0), checked @ (scale < 0)


def _share(
    agreeing: FloatArray,
    labels: FloatArray,
    kept: npt.NDArray[np.bool_],
    clusters: npt.ArrayLike | None,
    confidence: float,
) -> Estimate:
    kept = kept & (labels > 0)
    if not kept.any():
        return Estimate(None, None, None, 0, "no label that can be compared took a side")
    index, number = cluster_index(clusters, len(labels), kept=kept)
    return sums_estimate(
        cluster_sums(np.stack([agreeing, labels], axis=1)[kept], index, number),
        lambda sums: sums[:, 0] / sums[:, 1],
        n=int(labels[kept].sum()),
        replicates=0,
        rng=None,
        confidence=confidence,
        method="jackknife",
        bounds=(0.0, 1.0),
    )
