"""How much a rank correlation varies by the mere size of a subset: sampling noise, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray, over
from annotation.statistics.resampling import percentile_interval
from calibration.metrics.correlation.intervals import complete
from calibration.metrics.correlation.ranks import difference_statistic
from calibration.metrics.subsets.cut import DIGITS, PairArray

FEWEST = 3
Rhos = Callable[[IntArray], FloatArray]


@dataclass(frozen=True)
class SizeMatched:
    """Spearman's rho on random subsets of one size: its mean, and where 95 % of it lie."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def size_matched(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    sizes: Sequence[int],
    *,
    draws: int = 200,
    rng: np.random.Generator,
) -> list[SizeMatched]:
    """Spearman's rho on random subsets of given sizes, drawn without replacement.

    Parameters
    ----------
    scores, means : array_like of float, shape (items,)
        Items in which either is NaN are left out.
    sizes : sequence of int
    draws : int
    rng : numpy.random.Generator

    Returns
    -------
    list of SizeMatched
        One a size; undefined below 3 items, beyond all of them, or where a side is constant in most draws.

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    No control for a narrower range: rho on a random subset is that on all items on average, while on items
    chosen by their mean label it falls for every scorer (`equal_noise`).

    Examples
    --------
    >>> numbers = np.arange(50.0)
    >>> size_matched(numbers, numbers, [10], rng=np.random.default_rng(0))
    [SizeMatched(value=1.0, low=1.0, high=1.0, n=10)]
    """
    s, m, _ = complete(scores, means)
    groups = [np.unique(side, return_inverse=True)[1] for side in (s, m)]

    def rhos(places: IntArray) -> FloatArray:
        x, y = (_ranks(group, places) for group in groups)
        products, *squares = (np.einsum("ri,ri->r", *sides) for sides in ((x, y), (x, x), (y, y)))
        return np.clip(over(products, np.sqrt(squares[0] * squares[1])), -1, 1)

    return _matched(len(s), sizes, rhos, draws=draws, rng=rng)


def size_matched_pairs(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    pairs: PairArray,
    sizes: Sequence[int],
    *,
    draws: int = 100,
    rng: np.random.Generator,
) -> list[SizeMatched]:
    """As `size_matched`, of random pairs out of given ones, each in both orientations.

    Parameters
    ----------
    scores, means : array_like of float, shape (items,)
    pairs : ndarray of int, shape (m, 2)
        All pairs, such as those of `near_pairs` without a threshold.
    sizes, draws, rng
        As for `size_matched`.

    Examples
    --------
    >>> pairs = np.array([(i, j) for i in range(9) for j in range(i)])
    >>> size_matched_pairs(np.arange(9), np.arange(9), pairs, [9], rng=np.random.default_rng(0))[0].value
    1.0
    """
    first, second = np.asarray(pairs).T
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(means, dtype=np.float64)
    s, m, _ = complete(x[first] - x[second], np.round(y[first] - y[second], DIGITS))

    def rhos(places: IntArray) -> FloatArray:
        inside = np.zeros((len(places), len(s)))
        np.put_along_axis(inside, places, 1.0, axis=1)
        return difference_statistic(s, m, np.arange(len(s)))(inside)

    return _matched(len(s), sizes, rhos, draws=draws, rng=rng)


def _matched(
    n: int, sizes: Sequence[int], rhos: Rhos, *, draws: int, rng: np.random.Generator
) -> list[SizeMatched]:
    # The same random orders of all for each size: its first ones.
    places = rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)
    known: dict[int, SizeMatched] = {}
    for size in sizes:
        if size not in known:
            rho = rhos(places[:, :size]) if FEWEST <= size <= n else np.empty(0)
            low, high = percentile_interval(rho)
            defined = rho[np.isfinite(rho)]
            known[size] = (
                SizeMatched(None, None, None, size)
                if np.isnan(low)
                else SizeMatched(float(defined.mean()), low, high, size)
            )
    return [known[size] for size in sizes]


def _ranks(group: IntArray, places: IntArray) -> FloatArray:
    """Mid-ranks within each row of places, less their mean, of numbers whose equal ones are a group."""
    groups, drawn = int(group.max(initial=0)) + 1, group[places]
    rows = np.arange(len(places))[:, None] * groups
    counts = np.bincount((drawn + rows).ravel(), minlength=len(places) * groups).reshape(-1, groups)
    ranks = np.cumsum(counts, axis=1) - (counts + places.shape[1]) / 2
    return np.take_along_axis(ranks, drawn, axis=1)
