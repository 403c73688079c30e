"""Logistic regression of shares on one number, fitted under many sets of weights at once."""

import numpy as np

from annotation.statistics.counts import FloatArray

# A normal prior with standard deviation 10 on both coefficients, the slope's over the numbers' own scale.
# Beside 6 items it weighs next to nothing; where numbers part the shares completely, only it holds the slope.
RIDGE = 0.01
CONVERGED = 1e-8  # The last step; the error left is about its square.
MOST_STEPS = 100


def expit(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), for any x and exactly mirrored about 0.

    Examples
    --------
    >>> expit(np.array([-1000.0, 0.0, np.log(3)])).round(12)
    array([0.  , 0.5 , 0.75])
    """
    curve: FloatArray = (1 + np.tanh(x / 2)) / 2
    return curve


def logistic_fit(
    x: FloatArray, share: FloatArray, weights: FloatArray, *, ridge: float = RIDGE
) -> FloatArray:
    """Fit expit(slope x + intercept) to shares by penalised maximum likelihood.

    Parameters
    ----------
    x : ndarray of float, shape (items,)
        Finite; of about unit scale, since the ridge is.
    share : ndarray of float, shape (items,)
        From 0 to 1: sides, or the shares of several labels.
    weights : ndarray of float, shape (rows, items)
        One fit a row; 0 leaves an item out.
    ridge : float
        Precision of a normal prior around 0 on both; above 0, so that the fit always exists.

    Returns
    -------
    ndarray of float, shape (rows, 2)
        Slope and intercept. NaN where it did not converge.

    Raises
    ------
    ValueError
        If the ridge is not positive.

    Notes
    -----
    The likelihood is one of logarithms of sums of exponentials, for which Newton's step shortened to
    log(1 + d) / d, with d the most that it changes a prediction's logarithm of odds, always leads to the
    maximum.

    References
    ----------
    Sun & Tran-Dinh (2019), Generalized self-concordant functions, Mathematical Programming 178, 145-213.

    Examples
    --------
    >>> x = np.array([-1.0, 1.0])
    >>> logistic_fit(x, np.array([0.25, 0.75]), np.ones((1, 2)), ridge=1e-9).round(6) + 0.0
    array([[1.098612, 0.      ]])
    """
    if ridge <= 0:
        raise ValueError("the ridge must be positive: without one, a fit need not exist")
    design = np.stack([x * x, x, np.ones_like(x)], axis=1)
    furthest = np.abs(x).max(initial=0.0)
    found = np.zeros((len(weights), 2))
    left = np.arange(len(weights))
    for _ in range(MOST_STEPS):
        step = _newton_step(design, share, weights[left], found[left], ridge)
        change = np.abs(step[:, 0]) * furthest + np.abs(step[:, 1])
        found[left] += step * (np.log1p(change) / np.maximum(change, 1e-300))[:, None]
        left = left[~(change < CONVERGED)]
        if not len(left):
            break
    found[left] = np.nan
    return found


def information(slopes: FloatArray, ridge: float) -> FloatArray:
    """The negative second derivatives, ridge and all.

    Parameters
    ----------
    slopes : ndarray of float, shape (rows, 3)
        Weighted sums of p (1 - p) times x squared, x and 1.
    ridge : float

    Returns
    -------
    ndarray of float, shape (rows, 2, 2)

    Examples
    --------
    >>> information(np.array([[2.0, 1.0, 3.0]]), 0.5)
    array([[[2.5, 1. ],
            [1. , 3.5]]])
    """
    return slopes[:, [0, 1, 1, 2]].reshape(-1, 2, 2) + ridge * np.eye(2)


def _newton_step(
    design: FloatArray, share: FloatArray, weights: FloatArray, at: FloatArray, ridge: float
) -> FloatArray:
    p = expit(at @ design[:, 1:].T)
    gradient = (weights * (share - p)) @ design[:, 1:] - ridge * at
    curvature = information((weights * p * (1 - p)) @ design, ridge)
    step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    return step.astype(np.float64, copy=False)
