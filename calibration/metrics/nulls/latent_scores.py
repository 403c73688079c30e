"""Scores as normal scores: what a rank correlation knows of them, ties drawn apart."""

import numpy as np

from annotation.statistics.counts import FloatArray
from calibration.metrics.correlation.ranks import mid_ranks
from calibration.metrics.nulls.unsure_means import equal_errors

# With scores of two values: after 4 rounds equal ones still follow the first draw, after 10 no longer.
ROUNDS = 10
LEAST = 1e-9


def latent_scores(
    scores: FloatArray, means: FloatArray, variances: FloatArray | None = None, *, rng: np.random.Generator
) -> FloatArray:
    """Normal scores; equal scores are told apart as the means and equal errors would have it.

    Parameters
    ----------
    scores, means : ndarray of float, shape (items,)
        Without missing values, and not all equal.
    variances : ndarray of float, shape (items,), optional
        Sampling variance of each mean.
    rng : numpy.random.Generator
        Not used where no scores are equal.

    Returns
    -------
    ndarray of float, shape (items,)
        Quantiles of the normal distribution; in the order of the scores.

    Notes
    -----
    A score of few values is a rounded one: its residuals are large where it jumps and small elsewhere, even
    if what was rounded errs alike on all items. So what was rounded is drawn: a rising function is fitted to
    it (`equal_errors`), each item's value is drawn from a normal distribution about that, cut to the range
    of its score's quantiles, and both are done again, ten times. Its residuals are alike on all items if the
    model holds, as surrogate residuals of ordered probits are.

    References
    ----------
    Albert & Chib (1993), Journal of the American Statistical Association 88, 669-679, for the draws; Liu &
    Zhang (2018), the same 113, 845-854, for surrogate residuals.

    Examples
    --------
    >>> latent_scores(np.array([3.0, 9.0, 4.0]), np.arange(3.0), rng=np.random.default_rng(0)).round(2)
    array([-0.97,  0.97,  0.  ])
    """
    from scipy.special import ndtr, ndtri

    n = len(scores)
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    if len(sizes) == n:
        return normal_scores(scores)
    ends = np.cumsum(sizes)
    low, high = ((ends - sizes) / n)[group], (ends / n)[group]
    latent: FloatArray = ndtri(low + (high - low) * _between(n, rng))
    for _ in range(ROUNDS):
        errors = equal_errors(latent, means, variances)
        spread = errors.scale * np.sqrt(np.square((latent - errors.fitted) / errors.scale).mean())
        if not spread.all():
            break
        start, end = (ndtr((ndtri(cut) - errors.fitted) / spread) for cut in (low, high))
        drawn = start + (end - start) * _between(n, rng)
        place = ndtri(np.clip(drawn, LEAST, 1 - LEAST)) * spread + errors.fitted
        # The scores' own order first: far out, what is drawn is rounded.
        order = np.lexsort((place, group))
        latent[order] = ndtri((np.arange(n) + 0.5) / n)
    return latent


def normal_scores(scores: FloatArray) -> FloatArray:
    """Quantiles of the normal distribution at the scores' mid-ranks."""
    from scipy.special import ndtri

    normal: FloatArray = ndtri((mid_ranks(scores) - 0.5) / len(scores))
    return normal


def _between(n: int, rng: np.random.Generator) -> FloatArray:
    """Numbers between 0 and 1, neither of them."""
    return LEAST + (1 - 2 * LEAST) * rng.random(n)
