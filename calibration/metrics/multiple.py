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


def benjamini_hochberg(p: npt.ArrayLike, *, tests: int = 0) -> npt.NDArray[np.float64]:
    """P-values adjusted for the number of tests: rejecting those up to q keeps the false discovery rate at q.

    Parameters
    ----------
    p : array_like of float, shape (tests,)
        NaN is a test that could not be made: it stays NaN and counts nothing.
    tests : int
        How many tests these were chosen from, if by their data; the others are taken not to reject.

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
    known = values[made]
    if ((known < 0) | (known > 1)).any():
        raise ValueError("each p must lie between 0 and 1")
    order = np.argsort(known)[::-1]
    raised = known[order] * max(tests, len(known)) / np.arange(len(known), 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[made[order]] = np.minimum(np.minimum.accumulate(raised), 1)
    return adjusted
