"""The chance that one of k samples is correct, and how much it gains on one sample."""

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray


def pass_at_k(n: npt.ArrayLike, correct: npt.ArrayLike, k: int) -> FloatArray:
    """Chance that at least one of k samples drawn from n without replacement is correct.

    Parameters
    ----------
    n, correct : array_like of int, of one shape
        Samples, and how many of them are correct.
    k : int
        At least 1.

    Returns
    -------
    ndarray of float64, of the same shape
        NaN where there are fewer than k samples.

    Raises
    ------
    ValueError
        If k is below 1, or there are more correct samples than samples, or fewer than 0.

    Notes
    -----
    1 - C(n - c, k) / C(n, k), as the product of (n - c - j) / (n - j) over j < k, whose factors lie between
    0 and 1, so that nothing overflows. Without bias for 1 - (1 - p)^k, where samples are independent.

    References
    ----------
    Chen et al. (2021), Evaluating large language models trained on code, arXiv 2107.03374.

    Examples
    --------
    >>> pass_at_k([4, 4, 1], [1, 3, 1], 2).tolist()
    [0.5, 1.0, nan]
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    all_, right = np.asarray(n, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if (right < 0).any() or (right > all_).any():
        raise ValueError("correct samples must be from 0 to the number of samples")
    enough = all_ >= k
    safe = np.where(enough, all_, k)
    wrong = np.where(enough, all_ - right, 0.0)
    none = np.ones(all_.shape)
    for j in range(k):
        none *= np.maximum(wrong - j, 0) / (safe - j)
    passed: FloatArray = np.where(enough, 1 - none, np.nan)
    return passed


def fewest_samples(n: npt.ArrayLike) -> int | None:
    """The smallest number of samples where there are any; None where there are none.

    Examples
    --------
    >>> fewest_samples([[8, 4], [0, 8]])
    4
    """
    array = np.asarray(n)
    some = array[array > 0]
    return int(some.min()) if len(some) else None
