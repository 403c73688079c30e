"""Subsets of comparisons: of similar quality by their ties, disagreed by the sides taken."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import as_counts, as_values, over, totals
from calibration.metrics.subsets.cut import Subset, of_several, top


def ties(counts: npt.ArrayLike, values: npt.ArrayLike, percent: float) -> Subset:
    """Comparisons of similar quality: the share with most labels of 0, "similar".

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    values : array_like of float, shape (V,)
    percent : float
        Of the items, above 0 and at most 100.

    Returns
    -------
    Subset

    Examples
    --------
    >>> ties([[0, 3, 0], [1, 1, 1], [2, 1, 0]], [-1, 0, 1], 60).mask
    array([ True, False, False])
    """
    checked = as_counts(counts)
    zeros = checked @ (as_values(values, checked) == 0)
    return top("ties", np.where(totals(checked) > 0, zeros, np.nan), percent)


def percent_agreement(counts: npt.ArrayLike, values: npt.ArrayLike, percent: float) -> Subset:
    """Comparisons most disagreed: the share with the lowest max(C1 + T/2, C2 + T/2) / n.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    values : array_like of float, shape (V,)
        Positive for response_1 (C1 labels), negative for response_2 (C2), 0 for a tie (T).
    percent : float
        Of the items with two labels or more, above 0 and at most 100.

    Returns
    -------
    Subset

    Examples
    --------
    >>> percent_agreement([[0, 0, 4], [2, 0, 2], [1, 0, 3]], [-1, 0, 1], 34).mask
    array([False,  True, False])
    """
    checked = as_counts(counts)
    sign = np.sign(as_values(values, checked))
    sides = checked @ np.stack([(1 + sign) / 2, (1 - sign) / 2], axis=1)
    agreed = over(sides.max(axis=1), totals(checked))
    return top("percent_agreement", of_several(-agreed, checked), percent)
