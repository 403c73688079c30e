"""Strengths from many win matrices at once: Newton's method for Bradley and Terry's and Davidson's models."""

import numpy as np

from annotation.statistics.counts import FloatArray

CONVERGED = 1e-6  # The last step; the error left is about its square.
MOST_STEPS = 200
LARGEST_BLOCK = 64


def expected_points(difference: FloatArray, tie: FloatArray | float = 0.0) -> FloatArray:
    """Chance of a win plus half the chance of a tie.

    Parameters
    ----------
    difference : ndarray of float
        Strength less the other's.
    tie : ndarray of float, or float
        Davidson's tie parameter; 0 for Bradley and Terry's model.

    Returns
    -------
    ndarray of float

    Examples
    --------
    >>> expected_points(np.log([1.0, 3.0]))
    array([0.5 , 0.75])
    """
    root = np.exp(difference / 2)
    points: FloatArray = (root + tie / 2) / (root + 1 / root + tie)
    return points


def fit_strengths(points: FloatArray, ties: FloatArray, *, ridge: float, start: FloatArray) -> FloatArray:
    """Maximise the penalised likelihood of each win matrix.

    Parameters
    ----------
    points : ndarray of float, shape (rows, M, M)
        Wins of one model over another, ties as half a win each. Without a ridge each must be strongly
        connected.
    ties : ndarray of float, shape (rows,)
        All ties of each, for Davidson's model; 0 for Bradley and Terry's, and where there is none.
    ridge : float
        Precision of the normal prior of each strength, around 0.
    start : ndarray of float, shape (M + 1,)
        Strengths that add up to 0, then the logarithm of the tie parameter.

    Returns
    -------
    ndarray of float, shape (rows, M + 1)
        The same of each matrix; the logarithm is -inf where there are no ties. NaN where it did not converge.

    Notes
    -----
    Both likelihoods are logarithms of sums of exponentials, for which Newton's step shortened to
    log(1 + d) / d, with d the most that it changes a difference, always leads to the maximum.

    References
    ----------
    Sun & Tran-Dinh (2019), Generalized self-concordant functions, Mathematical Programming 178, 145-213.

    Examples
    --------
    >>> wins = np.array([[[0.0, 3.0], [1.0, 0.0]]])
    >>> np.exp(fit_strengths(wins, np.zeros(1), ridge=0, start=np.zeros(3))[0, :2] * 2).round(6)
    array([3.      , 0.333333])
    """
    found = np.tile(start, (len(points), 1))
    found[ties == 0, -1] = -np.inf
    left = np.arange(len(points))
    for _ in range(MOST_STEPS):
        step = _newton_step(points[left], ties[left], found[left], ridge)
        spread = np.ptp(step[:, :-1], axis=1)
        change = np.maximum(spread, np.abs(step[:, -1]) + spread / 2)
        found[left] += step * (np.log1p(change) / np.maximum(change, 1e-300))[:, None]
        left = left[~(change < CONVERGED)]
        if not len(left):
            break
    found[left] = np.nan
    return found


def _newton_step(points: FloatArray, ties: FloatArray, at: FloatArray, ridge: float) -> FloatArray:
    size = points.shape[1]
    strength, tie = at[:, :-1], np.exp(at[:, -1])[:, None, None]
    root = np.exp(strength / 2)
    worth, both = np.square(root), tie * root[:, :, None] * root[:, None, :]
    total = worth[:, :, None] + worth[:, None, :] + both
    win, tied = worth[:, :, None] / total, both / total
    n = points + points.swapaxes(1, 2)
    expected = win + tied / 2
    # Of points, 1, 1/2 or 0, and of ties, 1 or 0.
    variance = n * (win * win.swapaxes(1, 2) + tied * (1 - tied) / 4)
    covariance = n * tied * (0.5 - expected)
    slope, curve = np.empty_like(at), np.empty((len(at), size + 1, size + 1))
    # Points that were won though they were not to be expected: no difference of what is almost equal.
    unexpected = points * expected.swapaxes(1, 2)
    slope[:, :-1] = unexpected.sum(axis=2) - unexpected.sum(axis=1) - ridge * strength
    slope[:, -1] = ties - (n * tied).sum(axis=(1, 2)) / 2
    # What is added everywhere keeps the sum of the strengths at 0, where no data say what it is.
    curve[:, :-1, :-1] = 1 - variance
    curve[:, range(size), range(size)] += variance.sum(axis=2) + ridge
    curve[:, :-1, -1] = curve[:, -1, :-1] = covariance.sum(axis=2)
    curve[:, -1, -1] = (n * tied * (1 - tied)).sum(axis=(1, 2)) / 2 + (ties == 0)
    return _solve(curve, slope[:, :, None])[:, :, 0]


def _solve(curve: FloatArray, right: FloatArray) -> FloatArray:
    """Solve positive definite systems, large ones by halves: LAPACK's threads would wait on one another."""
    size, columns = curve.shape[1], right.shape[2]
    if size <= LARGEST_BLOCK:
        return np.linalg.solve(curve, right).astype(np.float64, copy=False)
    half = size // 2
    across, below = curve[:, :half, half:], curve[:, half:, :half]
    solved = _solve(curve[:, :half, :half], np.concatenate([across, right[:, :half]], axis=2))
    factor, first = solved[:, :, :-columns], solved[:, :, -columns:]
    last = _solve(curve[:, half:, half:] - below @ factor, right[:, half:] - below @ first)
    return np.concatenate([first - factor @ last, last], axis=1)
