"""The interval of a share of independent trials."""

from math import sqrt

from generation.diversity.intervals import Estimate


def wilson(successes: float, n: int, *, confidence: float = 0.95) -> Estimate:
    """Share of independent trials, with Wilson's score interval.

    Parameters
    ----------
    successes : float
        An average of several counts need not be whole.
    n : int
        0 leaves it undefined.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the successes are not from 0 to n, or the confidence is not between 0 and 1.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> share = wilson(8, 10)
    >>> round(share.low, 4), round(share.high, 4)
    (0.4902, 0.9433)
    """
    from scipy.special import ndtri  # an eighth of a second

    if not 0 <= successes <= n:
        raise ValueError(f"successes must be from 0 to {n}, not {successes}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if n == 0:
        return Estimate(None, None, None, 0, "nothing was counted")
    share, z = successes / n, float(ndtri((1 + confidence) / 2))
    middle = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = ((middle + side * half) / (1 + z * z / n) for side in (-1, 1))
    return Estimate(share, max(0.0, low), min(1.0, high), n)
