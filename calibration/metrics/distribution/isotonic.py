"""The rising function that is nearest to given points."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from calibration.metrics.correlation.intervals import complete


def isotonic_fit(x: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Fit the rising function of x that is nearest to y in squares.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Finite. Equal x have one fitted value.

    Returns
    -------
    ndarray of float, shape (n,)
        Fitted values, in the order given.

    Raises
    ------
    ValueError
        If the two do not have one and the same length.

    References
    ----------
    Barlow, Bartholomew, Bremner & Brunk (1972), Statistical Inference under Order Restrictions.

    Examples
    --------
    >>> isotonic_fit([1, 2, 3, 4], [0, 3, 1, 5])
    array([0., 2., 2., 5.])
    """
    from scipy.optimize import isotonic_regression

    a, b, _ = complete(x, y)
    if not len(a):
        return a
    _, place, times = np.unique(a, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=b) / times
    fitted: FloatArray = isotonic_regression(means, weights=times).x[place]
    return fitted
