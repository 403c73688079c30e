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
