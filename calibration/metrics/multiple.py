"""Many tests at once."""

import numpy as np
import numpy.typing as npt

FALSE_DISCOVERY = 0.05


def benjamini_yekutieli(p: npt.ArrayLike, *, rate: float = FALSE_DISCOVERY) -> npt.NDArray[np.bool_]:
    """Which hypotheses to reject at a false discovery rate, however the tests depend on each other.

    Parameters
    ----------
    p : array_like of float, shape (tests,)
    rate : float

    Returns
    -------
    ndarray of bool, shape (tests,)

    References
    ----------
    Benjamini & Yekutieli (2001), Annals of Statistics 29, 1165-1188.

    Examples
    --------
    >>> benjamini_yekutieli([0.001, 0.2, 0.01])
    array([ True, False,  True])
    """
    values = np.asarray(p, dtype=np.float64)
    m = len(values)
    places = np.arange(1, m + 1)
    ordered = np.sort(values)
    below = ordered <= places * rate / (m * np.sum(1 / places))
    limit = ordered[below].max(initial=-1.0)
    rejected: npt.NDArray[np.bool_] = values <= limit
    return rejected


def benjamini_hochberg(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """P-values adjusted for the number of tests: rejecting those up to q keeps the false discovery rate at q.

    Parameters
    ----------
    p : array_like of float, shape (tests,)
        NaN is a test that could not be made: it stays NaN and counts nothing.

    Returns
    -------
    ndarray of float, shape (tests,)

    Raises
    ------
    ValueError
        If a p does not lie between 0 and 1.

    Notes
    -----
    Exact for independent tests and for such that depend on each other positively, as those of scorers against
    the same labels do.

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    values = np.asarray(p, dtype=np.float64)
    made = np.flatnonzero(~np.isnan(values))
    tests = values[made]
    if ((tests < 0) | (tests > 1)).any():
        raise ValueError("each p must lie between 0 and 1")
    order = np.argsort(tests)[::-1]
    raised = tests[order] * len(tests) / np.arange(len(tests), 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[made[order]] = np.minimum.accumulate(raised)
    return adjusted
