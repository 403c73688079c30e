"""Tests of who wins more often, item by item."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, over

FEWEST_FOR_STUDENT = 30


def paired_wins_p(
    ahead: npt.ArrayLike, behind: npt.ArrayLike, n: npt.ArrayLike, *, margin: float
) -> FloatArray:
    """Test, for many pairs of contestants at once, that the first wins too seldom to be better by a margin.

    Parameters
    ----------
    ahead, behind : array_like of int, shape (tests,)
        Items that only the first wins, and that only the second wins; both win the others.
    n : array_like of int, shape (tests,)
        All items of each test.
    margin : float
        From 0 to below 1.

    Returns
    -------
    ndarray of float, shape (tests,)
        One-sided p of the hypothesis that the mean of ahead - behind an item is at least the margin, by
        Student's paired test; by Wilcoxon's, in its normal approximation with ties, below 30 items.

    Notes
    -----
    Wilcoxon's test asks about symmetry around the margin, not about the mean, and each item that both win
    counts as less than the margin. With many such items it rejects too often: prefer 30 items.

    References
    ----------
    Student (1908), Biometrika 6, 1-25; Wilcoxon (1945), Biometrics Bulletin 1, 80-83.

    Examples
    --------
    >>> paired_wins_p([10, 25], [20, 10], [60, 60], margin=0.1).round(4)
    array([0.0021, 0.9421])
    """
    first, second = np.asarray(ahead, dtype=np.float64), np.asarray(behind, dtype=np.float64)
    number = np.asarray(n, dtype=np.float64)
    by_mean, by_rank = (test(first, second, number, margin) for test in (_student, _wilcoxon))
    return np.where(number >= FEWEST_FOR_STUDENT, by_mean, by_rank)


def _student(ahead: FloatArray, behind: FloatArray, n: FloatArray, margin: float) -> FloatArray:
    from scipy.special import stdtr

    mean = (ahead - behind) / n
    variance = np.maximum(ahead + behind - n * mean * mean, 0) / np.maximum(n - 1, 1)
    error = np.sqrt(np.where(variance > 1e-12, variance, 0) / n)
    p = stdtr(np.maximum(n - 1, 1), (mean - margin) / np.where(error > 0, error, 1))
    # All items alike: beyond doubt, one way or the other.
    return np.where(error > 0, p, np.where(mean < margin, 0.0, 1.0))


def _wilcoxon(ahead: FloatArray, behind: FloatArray, n: FloatArray, margin: float) -> FloatArray:
    """Wilcoxon's signed ranks of the differences less margin, by the normal approximation with ties.

    The differences have three values, 1, 0 and -1, so that the ranks follow from how often each comes up.
    """
    from scipy.special import ndtr

    level = n - ahead - behind if margin else np.zeros_like(n)  # a difference of nothing has no rank
    ranked = ahead + behind + level
    sizes = np.array([1 - margin, margin, 1 + margin])
    times = np.stack([ahead, level, behind])
    rank = times[sizes < sizes[0]].sum(axis=0) + (times[sizes == sizes[0]].sum(axis=0) + 1) / 2
    groups = np.stack([times[sizes == size].sum(axis=0) for size in np.unique(sizes)])
    ties = (groups**3 - groups).sum(axis=0)
    variance = ranked * (ranked + 1) * (2 * ranked + 1) / 24 - ties / 48
    z = over(ahead * rank - ranked * (ranked + 1) / 4, np.sqrt(np.maximum(variance, 0)))
    return np.where(np.isnan(z), 1.0, ndtr(z))
