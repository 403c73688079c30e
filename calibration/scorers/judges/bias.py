"""Position bias: how much a pairwise judge prefers what it is shown first."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate, mean_estimate

# Closer to 0 than half a step of the scale, a verdict is a tie.
HALF_A_STEP = 0.5


@dataclass(frozen=True)
class PositionBias:
    """How a judge's verdicts hang on the order.

    Attributes
    ----------
    mean : Estimate
        The mean verdict for the response shown first, in steps of the scale, over both orders of each pair: 0
        is no bias, above 0 it favours the first, below 0 the second.
    flips : Estimate
        The share of pairs of which another response wins, or a tie is decided, once the order is changed.
    """

    mean: Estimate
    flips: Estimate


def position_bias(
    first_first: npt.ArrayLike,
    second_first: npt.ArrayLike,
    *,
    queries: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> PositionBias:
    """Measure a judge's position bias on pairs that it saw in both orders.

    Parameters
    ----------
    first_first, second_first : array_like of float, shape (pairs,)
        The verdict where response_1, and where response_2 is shown first: above 0 where the one shown first
        is better. NaN: that order has none, and the pair is left out.
    queries : array_like, shape (pairs,), optional
        What is resampled: a query's pairs are alike. By default each pair is its own.
    replicates, rng, confidence
        As for `mean_estimate`.

    Returns
    -------
    PositionBias
        `n` counts the pairs with both orders; undefined, with its reason, if there are none.

    Raises
    ------
    ValueError
        If the two are not of one length, or as for `mean_estimate`.

    Notes
    -----
    Whichever response is better, it is shown first once, so what they are worth cancels out of the mean.

    References
    ----------
    Zheng et al. (2023), Judging LLM-as-a-judge with MT-Bench and Chatbot Arena, whose consistency is 1 less
    the flips.

    Examples
    --------
    >>> bias = position_bias([2, 1, 0], [-2, 1, 0])
    >>> bias.mean.value, bias.flips.value
    (0.3333333333333333, 0.3333333333333333)
    """
    first, second = np.asarray(first_first, dtype=np.float64), np.asarray(second_first, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"the two orders must have one length, not {first.shape} and {second.shape}")
    both = ~(np.isnan(first) | np.isnan(second))
    if not both.any():
        nothing = Estimate(None, None, None, 0, "no pair was judged in both orders")
        return PositionBias(nothing, nothing)
    flips = np.where(both, (_winner(first) != -_winner(second)).astype(np.float64), np.nan)
    mean, flipped = (
        mean_estimate(values, clusters=queries, replicates=replicates, rng=rng, confidence=confidence)
        for values in ((first + second) / 2, flips)
    )
    return PositionBias(mean, flipped)


def _winner(verdicts: FloatArray) -> FloatArray:
    """1 the one shown first, -1 the other, 0 a tie."""
    winners: FloatArray = np.where(np.abs(verdicts) < HALF_A_STEP, 0.0, np.sign(verdicts))
    return winners
