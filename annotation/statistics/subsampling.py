"""How many labels an item needs: what fewer of its labels would have told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import log

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray, as_counts, as_values, over, totals
from annotation.statistics.entropy import entropy_bits_corrected, mean_label, standard_deviation
from annotation.statistics.intervals import Estimate
from annotation.statistics.leave_one_out import Statistic, leave_one_out

FEWEST_LABELS = 3
# Sizes go up to what this share of the items have, and the same items stand at every size.
SHARE_OF_ITEMS = 0.75
# More items than this move no number of the curve by a pixel: their mean has an error below a hundredth of
# an item's spread.
MOST_ITEMS = 2_000
MOST_SIZES = 30
# Counts held at once: 2 million numbers, 16 MB.
CELLS = 2_000_000


@dataclass(frozen=True)
class LabelsAt:
    """What `labels` labels an item tell.

    Attributes
    ----------
    labels : int
    entropy_bias, corrected_bias : Estimate
        Mean over the items of the plug-in and of the Miller-Madow entropy of so many labels, in bits, less
        the Miller-Madow entropy of all labels.
    entropy_spread, corrected_spread : float or None
        Standard deviation, in bits, of an item's entropy from one set of people to another.
    mean_error : Estimate
        The standard error of an item's mean, in the units of the scale.
    reliability : Estimate
        Of the items' means: their correlation with the means of as many labels by other people.
    alpha, alpha_spread : float or None
        Mean of ordinal alpha, and its standard deviation from one set of people to another, the items fixed.
        Spreads are None beyond half of the fewest labels of an item.
    """

    labels: int
    entropy_bias: Estimate
    corrected_bias: Estimate
    entropy_spread: float | None
    corrected_spread: float | None
    mean_error: Estimate
    reliability: Estimate
    alpha: float | None
    alpha_spread: float | None


@dataclass(frozen=True)
class LabelsCurve:
    """A row a size, rising; none, with the reason, where no item has enough labels.

    `items` stand at every size, of `eligible` that have as many labels as the largest; `left_out` have fewer.
    """

    sizes: tuple[LabelsAt, ...]
    items: int
    eligible: int
    left_out: int
    draws: int
    reason: str | None = None


def labels_curve(
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    rng: np.random.Generator,
    sizes: Sequence[int] | None = None,
    draws: int = 100,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> LabelsCurve:
    """Entropy, means and agreement that 3, 4, ... labels an item would have given.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
        Items with fewer labels than the largest size are left out, so that all sizes compare the same items.
    values : array_like of float, shape (V,)
        The scale, rising.
    rng : numpy.random.Generator
    sizes : sequence of int, optional
        By default from 3 to what three quarters of the items have; 30 of them at most, evenly spread.
    draws : int
        How many subsets of each size are drawn from an item's labels.
    clusters : array_like of shape (items,), optional
        The query, or the form, of each item: intervals leave out one at a time.
    confidence : float

    Returns
    -------
    LabelsCurve

    Raises
    ------
    ValueError
        If the counts, values or clusters are not as above, if a size is below 3, or without a draw.

    Notes
    -----
    Labels are drawn without replacement, and k of n exchangeable labels are a sample of k: so the mean of a
    statistic at k is what k people give on average. Its standard deviation over draws is **not** what other
    people would give: draws share labels, and at k = n there is but one, so it falls to 0 by construction.
    Spreads are therefore the root of half the mean squared difference of two sets that share no label, and
    undefined beyond half of the labels. The standard error of the mean and the reliability need no draws.

    The entropy that biases are taken from is itself an estimate, at 25 labels on five values about .02 bits
    too low; both biases are too near 0 by as much. It is about people like these, not about everybody.

    Of more than 2,000 items a random 2,000 stand for all.

    References
    ----------
    Cochran (1977), Sampling Techniques, 2.6; Miller (1955), Note on the bias of information estimates;
    Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428: ICC(1, k).

    Examples
    --------
    >>> counts = np.random.default_rng(1).multinomial(12, [0.1, 0.2, 0.4, 0.2, 0.1], size=40)
    >>> curve = labels_curve(counts, values=[1, 2, 3, 4, 5], rng=np.random.default_rng(2), sizes=[3, 6, 12])
    >>> [(row.labels, round(row.entropy_bias.value, 1)) for row in curve.sizes]
    [(3, -1.0), (6, -0.5), (12, -0.2)]
    """
    every = as_counts(counts)
    scale = as_values(values, every)
    wanted = _sizes(totals(every), sizes)
    if draws < 1:
        raise ValueError("there is no curve without a draw")
    if not wanted:
        return LabelsCurve((), 0, 0, len(every), draws, f"no item has {FEWEST_LABELS} labels")
    fits = np.flatnonzero(totals(every) >= wanted[-1])
    chosen = np.sort(rng.choice(fits, MOST_ITEMS, replace=False)) if len(fits) > MOST_ITEMS else fits
    if not len(chosen):
        reason = f"no item has {wanted[-1]} labels"
        return LabelsCurve((), 0, 0, len(every), draws, reason)
    kept = every[chosen]
    drawn = _draw(kept, wanted, draws, rng)
    resampled, _ = cluster_index(clusters, len(every), kept=chosen)
    estimate = partial(leave_one_out, clusters=resampled, confidence=confidence)
    rows = _rows(kept, scale, wanted, drawn, estimate)
    return LabelsCurve(tuple(rows), len(kept), len(fits), len(every) - len(fits), draws)


def _sizes(n: FloatArray, asked: Sequence[int] | None) -> list[int]:
    if asked is not None:
        if not asked or min(asked) < FEWEST_LABELS:
            raise ValueError(f"sizes start at {FEWEST_LABELS} labels")
        return sorted({int(size) for size in asked})
    several = n[n >= FEWEST_LABELS]
    if not len(several):
        return []
    most = int(np.quantile(several, 1 - SHARE_OF_ITEMS, method="lower"))
    number = min(MOST_SIZES, most - FEWEST_LABELS + 1)
    return sorted(set(np.linspace(FEWEST_LABELS, most, number).round().astype(int).tolist()))


@dataclass(frozen=True)
class _Drawn:
    """Of each size: means over draws of both entropies, by item, and of alpha; spreads of all three."""

    entropies: FloatArray  # (sizes, 2, items)
    alphas: FloatArray  # (sizes,)
    spreads: FloatArray  # (sizes, 3)


def _draw(counts: FloatArray, sizes: list[int], draws: int, rng: np.random.Generator) -> _Drawn:
    """One random order of each item's labels gives a subset of every size, its first labels, and of every
    size up to half of them another one, its last.
    """
    n, items = totals(counts).astype(np.intp), len(counts)
    labels = _labels(counts)
    entropies, halves = np.zeros((len(sizes), 2, items)), np.zeros((len(sizes), 2))
    alphas, others = (np.full((len(sizes), draws), np.nan) for _ in range(2))
    step = max(1, CELLS // (items * max(counts.shape[1], labels.shape[1])))
    for start in range(0, draws, step):
        drawn = _shuffled(labels, min(step, draws - start), rng)
        part = slice(start, start + len(drawn))
        first, last = (np.zeros((len(drawn), *counts.shape), dtype=np.intp) for _ in range(2))
        given = 0
        for at, size in enumerate(sizes):
            apart = 2 * size <= n.min()
            for place in range(given, size):
                _take(first, drawn[:, :, place])
                if apart:
                    _take(last, drawn[:, np.arange(items), n - 1 - place])
            given = size
            bits = _entropies(first, size)
            entropies[at] += bits.sum(axis=1)
            alphas[at, part] = _ordinal_alphas(first, size)
            if apart:
                halves[at] += np.square(bits - _entropies(last, size)).sum(axis=(1, 2)) / 2
                others[at, part] = _ordinal_alphas(last, size)
    gaps = np.column_stack(
        [halves / (draws * items), np.square(alphas - others) @ np.full(draws, 0.5 / draws)]
    )
    whole = 2 * np.array(sizes) <= n.min()
    return _Drawn(entropies / draws, alphas.mean(axis=1), np.where(whole[:, None], np.sqrt(gaps), np.nan))


def _shuffled(labels: IntArray, times: int, rng: np.random.Generator) -> IntArray:
    """The labels of each item in random orders, shape (times, items, places), what is none at the end."""
    keys = rng.random((times, *labels.shape), dtype=np.float32)
    keys[:, labels < 0] = 2
    return np.take_along_axis(np.broadcast_to(labels, keys.shape), np.argsort(keys, axis=2), axis=2)


def _take(taken: IntArray, labels: IntArray) -> None:
    """Count one more label of each item in each draw."""
    cells = np.arange(labels.size).reshape(labels.shape) * taken.shape[2]
    taken.reshape(-1)[cells + labels] += 1


def _entropies(taken: IntArray, size: int) -> FloatArray:
    """Plug-in and Miller-Madow entropy in bits, shape (2, draws, items), of `size` labels each."""
    number = np.arange(size + 1.0)
    logs = number * np.log2(np.maximum(number, 1))
    bits = np.log2(size) - logs[taken].sum(axis=2) / size
    return np.stack([bits, bits + (np.count_nonzero(taken, axis=2) - 1) / (2 * size * log(2))])


def _labels(counts: FloatArray) -> IntArray:
    """Each item's labels as places on the scale, lowest first, filled up with -1."""
    whole = counts.astype(np.intp)
    n = whole.sum(axis=1)
    labels = np.full((len(n), n.max()), -1, dtype=np.intp)
    places = np.tile(np.arange(whole.shape[1]), len(n))
    labels[np.arange(labels.shape[1]) < n[:, None]] = np.repeat(places, whole.reshape(-1))
    return labels


def _ordinal_alphas(taken: IntArray, size: int) -> FloatArray:
    """Ordinal alpha of each draw, shape (draws, items, V), with `size` labels an item; NaN if undefined."""
    pooled = taken.sum(axis=1).astype(np.float64)
    ranks = np.cumsum(pooled, axis=1) - pooled / 2
    n = taken.shape[1] * size
    ranks -= n / 2
    squares = (pooled * np.square(ranks)).sum(axis=1)
    products = (np.square(np.einsum("div,dv->di", taken, ranks)).sum(axis=1) - squares) / (size - 1)
    several = np.count_nonzero(pooled, axis=1) > 1
    return 1 - over((squares - products) * (n - 1), np.where(several, squares * n, 0.0))


def _rows(
    counts: FloatArray, values: FloatArray, sizes: list[int], drawn: _Drawn, estimate: Callable[..., Estimate]
) -> list[LabelsAt]:
    n = totals(counts)
    one = np.ones_like(n)
    # A rounding is no bias.
    biases = np.round(drawn.entropies - entropy_bits_corrected(counts), 12)
    means = mean_label(counts, values)
    within = np.square(standard_deviation(counts, values))
    moments = np.stack([one, means, np.square(means), within, within / n])
    alike = "the items' means differ no more than chance would make them"
    rows = []
    for at, size in enumerate(sizes):
        plain, corrected = (
            estimate(np.stack([one, bias]), lambda sums: sums[1] / sums[0]) for bias in biases[at]
        )
        alpha, *spreads = (
            float(found) if np.isfinite(found) else None for found in (drawn.alphas[at], *drawn.spreads[at])
        )
        rows.append(
            LabelsAt(
                labels=size,
                entropy_bias=plain,
                corrected_bias=corrected,
                entropy_spread=spreads[0],
                corrected_spread=spreads[1],
                mean_error=estimate(moments, _error_of(size)),
                reliability=estimate(moments, _reliability_of(size), undefined=alike),
                alpha=alpha,
                alpha_spread=spreads[2],
            )
        )
    return rows


def _error_of(size: int) -> Statistic:
    return lambda sums: np.sqrt(sums[3] / sums[0] / size)


def _reliability_of(size: int) -> Statistic:
    def reliability(sums: FloatArray) -> FloatArray:
        items, total, squares, within, noise = sums
        between = over(squares - np.square(total) / items, items - 1) - noise / items
        signal = np.where(between > 0, between, np.nan)
        return np.asarray(signal / (signal + within / items / size))

    return reliability
