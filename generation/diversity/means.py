"""Means over queries as statistics of weighted queries, which are estimated with intervals by resampling."""

from collections.abc import Callable
from math import prod

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray

# Takes weights of the queries, shape (r, queries), and returns shape (r, ...), NaN where undefined.
Statistic = Callable[[FloatArray], FloatArray]


def mean_of(values: npt.ArrayLike) -> Statistic:
    """Mean over queries; those without a value are left out.

    Parameters
    ----------
    values : array_like of float, shape (queries, ...)
        NaN where undefined. A share is the mean of what is 1 or 0.

    Examples
    --------
    >>> mean_of([1.0, np.nan, 3.0])(np.ones((1, 3)))
    array([2.])
    """
    array = np.asarray(values, dtype=np.float64)
    flat = array.reshape(len(array), prod(array.shape[1:]))
    known = ~np.isnan(flat)
    filled = np.where(known, flat, 0)

    def mean(weights: FloatArray) -> FloatArray:
        total: FloatArray = (weights @ filled) / (weights @ known)
        return total.reshape(len(weights), *array.shape[1:])

    return mean


def mean_over_sources(values: npt.ArrayLike) -> Statistic:
    """Mean over sources of their means over queries: a source with few queries counts like the others.

    Parameters
    ----------
    values : array_like of float, shape (queries, sources)
        NaN where undefined.

    Examples
    --------
    >>> mean_over_sources([[1.0, 0.0], [0.0, np.nan]])(np.ones((1, 2)))
    array([0.25])
    """
    each = mean_of(values)

    def mean(weights: FloatArray) -> FloatArray:
        # A resample may hold no query of some source.
        found = each(weights)
        known = ~np.isnan(found)
        total: FloatArray = np.where(known, found, 0).sum(axis=1) / known.sum(axis=1)
        return total

    return mean
