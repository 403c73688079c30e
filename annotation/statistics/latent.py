"""Labels as cuts of a normal variable: what they have in common, from what the variable has.

Two answers whose latent variables, of variance 1, share a part have a covariance that rises with that part's
variance; it is the variance of the mean label given the part.
"""

import numpy as np

from annotation.statistics.counts import FloatArray

# Beyond it thresholds are as good as steps, and no study of opinions comes near.
MOST_ALIKE = 0.97
GRID = np.linspace(-8.5, 8.5, 1201)
WEIGHTS = np.exp(-np.square(GRID) / 2) / np.exp(-np.square(GRID) / 2).sum()


def thresholds_of(shares: FloatArray) -> FloatArray:
    """Where to cut a standard normal variable, V - 1 places, so that values have these V shares.

    Examples
    --------
    >>> thresholds_of(np.array([0.5, 0.4750021, 0.0249979])).round(2)
    array([0.  , 1.96])
    """
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(np.cumsum(shares)[:-1], 0, 1)))


def shares_between(thresholds: FloatArray) -> FloatArray:
    """The shares of the V values between V - 1 thresholds.

    Examples
    --------
    >>> shares_between(np.array([0.0, 1.959964])).round(3)
    array([0.5  , 0.475, 0.025])
    """
    from scipy.special import ndtr

    return np.diff(ndtr(thresholds), prepend=0, append=1)


def variance(scale: FloatArray, shares: FloatArray) -> float:
    """Variance of labels of these shares.

    Examples
    --------
    >>> variance(np.array([1.0, 3.0]), np.array([0.5, 0.5]))
    1.0
    """
    mean = np.average(scale, weights=shares)
    return float(np.average(np.square(scale - mean), weights=shares))


def covariance(shared: float, scale: FloatArray, thresholds: FloatArray) -> float:
    """Covariance of two labels whose latent variables share a part of this variance, below 1.

    Examples
    --------
    Sheppard's arc sine, for a cut in the middle:

    >>> found = covariance(0.5, np.array([0.0, 1.0]), np.array([0.0]))
    >>> bool(np.isclose(found, np.arcsin(0.5) / (2 * np.pi)))
    True
    """
    from scipy.special import ndtr

    place = (np.sqrt(shared) * GRID[:, None] - thresholds) / np.sqrt(1 - shared)
    means = ndtr(place) @ np.diff(scale)
    return float(WEIGHTS @ np.square(means - WEIGHTS @ means))


def shared_variance(wanted: float, scale: FloatArray, thresholds: FloatArray) -> float:
    """The variance that two latent variables must share for their labels to have the wanted covariance.

    The inverse of `covariance`, up to `MOST_ALIKE`.

    Examples
    --------
    >>> scale, cuts = np.array([1.0, 2.0, 3.0]), np.array([-0.5, 0.8])
    >>> round(shared_variance(covariance(0.3, scale, cuts), scale, cuts), 9)
    0.3
    """
    from scipy.optimize import brentq

    if wanted <= 0:
        return 0.0
    found = brentq(lambda shared: covariance(shared, scale, thresholds) - wanted, 0, MOST_ALIKE + 1e-6)
    return float(found)
