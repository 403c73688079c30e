"""Reliability curves: predicted shares against the shares of people, and the expected calibration error."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import Estimate, no_interval
from annotation.statistics.resampling import percentile_interval, resamples
from calibration.metrics.correlation.ranks import mid_ranks

BINS = 10
# Below, the share of a bin is noise.
FEWEST_IN_BIN = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """Shares that were predicted alike.

    Attributes
    ----------
    predicted, observed : float
        Their means.
    low, high : float or None
        Interval of the observed mean over clusters; None without one.
    n : int
        Shares in the bin: with several of them an item, an item counts several times.
    """

    predicted: float
    observed: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class ReliabilityCurve:
    """Predicted against observed shares.

    Attributes
    ----------
    bins : tuple of ReliabilityBin
        Rising.
    ece : Estimate
        Expected calibration error: the mean, over all shares, of how far the observed mean of a share's bin
        lies from the predicted one. `n` counts the items.
    ece_floor : float or None
        What a calibrated scorer would show on average, with the same bins and as much noise: of labels, of
        items and of queries. None without an interval.
    """

    bins: tuple[ReliabilityBin, ...]
    ece: Estimate
    ece_floor: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the bins, the calibration error and its floor."""
        return {
            "bins": [asdict(one) for one in self.bins],
            "ece": self.ece.as_dict(),
            "ece_floor": self.ece_floor,
        }


def reliability_curve(
    predicted: npt.ArrayLike,
    observed: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    bins: int = BINS,
    replicates: int = 1000,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> ReliabilityCurve:
    """Hold predicted shares against observed ones, in bins of about as many shares each.

    Parameters
    ----------
    predicted, observed : array_like of float, shape (items,) or (items, K)
        Shares from 0 to 1: of those who prefer response 1, or K cumulative shares of a distribution, which
        are pooled. Shares of which either is NaN are left out. Every share weighs the same, however many
        labels are behind it.
    clusters : array_like of shape (items,), optional
        What is resampled: the query, or the form, of each item. By default each item.
    bins : int
        At most; no more than one for every 10 items. Equal predictions stay together, so that ties can make
        bins fewer and uneven.
    replicates : int
        0 for the curve and the error alone.
    rng : numpy.random.Generator, optional
        Needed if there are replicates.
    confidence : float

    Returns
    -------
    ReliabilityCurve
        Without bins, and undefined, where no item has both shares.

    Raises
    ------
    ValueError
        If the shapes differ, a share is not one, there is not at least one bin, or `rng` is missing.

    Notes
    -----
    The error is biased upwards: with noise in its bins a calibrated scorer shows one too. Its floor is that
    noise, by resampling clusters about the bins' own deviations: simulated, within 5 % of what calibrated
    scorers show, with 20 to 100 queries. Labels drawn from the predicted shares would show about a third of
    it in the same studies of 25 labels an item: a scorer can be calibrated without knowing what sets items of
    equal prediction apart.

    The interval takes the error for the norm that it is: by the triangle inequality it is as far from the
    true one as the deviations are from theirs, at most. So it covers the truth at least about as often as it
    says: simulated 93 to 95 % where the scorer is calibrated, its low end being 0; more where it is not.

    References
    ----------
    Murphy & Winkler (1977), Journal of the Royal Statistical Society C 26, 41-47, for the curve; Naeini,
    Cooper & Hauskrecht (2015), AAAI, for the error; Kumar, Liang & Ma (2019), NeurIPS, for its bias.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.random(500)
    >>> found = reliability_curve(truth, rng.binomial(25, truth) / 25, rng=rng)
    >>> len(found.bins), found.ece.low, found.ece.value < 2 * found.ece_floor
    (10, 0.0, True)
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    p, share, item = _shares(predicted, observed)
    items = len(np.unique(item))
    if not items:
        return ReliabilityCurve((), Estimate(None, None, None, 0, "no item has both shares"), None)
    place = equal_mass_bins(p, min(bins, max(1, items // FEWEST_IN_BIN)))
    index, number = cluster_index(clusters, len(np.asarray(predicted)), kept=item)
    n, shares, gaps = _sums(p, share, place, index, number)
    total, error = n.sum(axis=0), np.abs(gaps.sum(axis=0)).sum() / len(p)
    without = no_interval(items, clusters=number, replicates=replicates, rng=rng)
    if without or rng is None:
        ends: list[tuple[float, float]] = [(np.nan, np.nan)] * len(total)
        ece, floor = Estimate(error, None, None, items, without), None
    else:
        centred = (gaps - n * gaps.sum(axis=0) / total) * _inflation(n)
        drawn = [
            (over(weights @ shares, weights @ n), _norm(weights @ centred, weights @ n))
            for weights in resamples(number, replicates=replicates, rng=rng, width=len(total))
        ]
        means, noise = (np.concatenate(part) for part in zip(*drawn, strict=True))
        ends = [percentile_interval(mean, confidence=confidence) for mean in means.T]
        reach, floor = float(np.quantile(noise, confidence)), float(noise.mean())
        low, high = max(error - reach, 0.0), min(error + reach, 1.0)
        ece = Estimate(error, low, high, items, None, len(noise), number, "bootstrap")
    means_of_bins = np.bincount(place, weights=p) / total, np.bincount(place, weights=share) / total
    rows = zip(*means_of_bins, ends, total, strict=True)
    return ReliabilityCurve(tuple(_bin(*row) for row in rows), ece, floor)


def equal_mass_bins(x: npt.ArrayLike, bins: int) -> IntArray:
    """Number the bins of about equal mass that numbers lie in; equal numbers stay together.

    Parameters
    ----------
    x : array_like of float, shape (n,)
        Without missing values.
    bins : int
        At most; ties can make them fewer.

    Returns
    -------
    ndarray of int, shape (n,)
        From 0, rising with x. What lies on the border of two bins belongs to the one nearer to the middle,
        so that mirrored numbers lie in mirrored bins, but for what lies on the middle border itself.

    Examples
    --------
    >>> equal_mass_bins([3, 1, 2, 2, 9, 7], 3)
    array([1, 0, 1, 1, 2, 2])
    """
    numbers = np.asarray(x, dtype=np.float64)
    position = (mid_ranks(numbers) - 0.5) * bins / max(len(numbers), 1)
    border = (position == np.floor(position)) & (position > bins / 2)
    _, place = np.unique(np.floor(position) - border, return_inverse=True)
    return place.astype(np.intp, copy=False)


def _shares(predicted: npt.ArrayLike, observed: npt.ArrayLike) -> tuple[FloatArray, FloatArray, IntArray]:
    """Both shares where both are known, in one row, and the item of each."""
    p, share = np.asarray(predicted, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    if p.ndim not in (1, 2) or p.shape != share.shape:
        raise ValueError(
            f"shares must have one shape, (items,) or (items, K), not {p.shape} and {share.shape}"
        )
    known = ~(np.isnan(p) | np.isnan(share))
    p, share, item = p[known], share[known], np.nonzero(known)[0]
    # Cumulative shares that should reach 1 may miss it by a rounding.
    if len(p) and not (min(p.min(), share.min()) >= -1e-9 and max(p.max(), share.max()) <= 1 + 1e-9):
        raise ValueError("shares must lie between 0 and 1")
    return np.clip(p, 0, 1), np.clip(share, 0, 1), item


def _sums(
    p: FloatArray, share: FloatArray, place: IntArray, index: IntArray, number: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Numbers, sums of observed shares and sums of observed less predicted ones, by cluster and bin."""
    bins = int(place.max()) + 1
    cell = index * bins + place

    def sums(rows: FloatArray) -> FloatArray:
        added = np.bincount(cell, weights=rows, minlength=number * bins)
        return added.reshape(number, bins).astype(np.float64, copy=False)

    return sums(np.ones(len(p))), sums(share), sums(share - p)


def _norm(gaps: FloatArray, n: FloatArray) -> FloatArray:
    norm: FloatArray = np.abs(gaps).sum(axis=1) / n.sum(axis=1)
    return norm


def _inflation(n: FloatArray) -> FloatArray:
    """What makes good that resampled means of k clusters vary (k - 1) / k as much as means of new ones.

    k is the number of clusters of one size that would be as sure as those in the bin.
    """
    k = n.sum(axis=0) ** 2 / np.square(n).sum(axis=0)
    inflation: FloatArray = np.where(k > 1, np.sqrt(k / np.maximum(k - 1, 0.5)), 1.0)
    return inflation


def _bin(predicted: float, observed: float, ends: tuple[float, float], n: float) -> ReliabilityBin:
    low, high = (None if np.isnan(end) else end for end in ends)
    return ReliabilityBin(float(predicted), float(observed), low, high, int(n))
