"""When a format takes over: the first measured step at which its share passes a threshold."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import REPLICATES
from generation.diversity.means import mean_of
from generation.diversity.resampling import expanded_tail, resamples
from generation.diversity.responses import FloatArray

ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class FirstStep:
    """The first measured step at which a share lies above a threshold.

    Attributes
    ----------
    place : int or None
        Among the measured steps; None where it never does. It passed after the step before, and at the
        latest here: what lies between two measured steps is not known.
    low, high : int or None
        Ends of the interval, places too. `high` is None where too many resamples never pass.
    passed : ndarray of float64, shape (steps,)
        Share of the resamples that had passed at each step or before.
    stays : bool or None
        Whether it lies above at every later measured step.
    n : int
        Queries at the step that has fewest.
    reason : str
        What is undefined, and why.
    """

    place: int | None
    low: int | None
    high: int | None
    passed: FloatArray
    stays: bool | None
    n: int
    reason: str = ""


def first_steps(
    shares: npt.ArrayLike, *, threshold: float = 0.5, replicates: int = REPLICATES, seed: int = 0
) -> list[FirstStep]:
    """Return when each format's mean share first lies above a threshold, with an interval by queries.

    Parameters
    ----------
    shares : array_like of float, shape (queries, steps, formats)
        Of `shares.query_shares`; steps in their order.
    threshold : float
        At least 0 and below 1. A share as large as it has not passed.
    replicates, seed
        As for `estimates`.

    Returns
    -------
    list of FirstStep, one a format

    Raises
    ------
    ValueError
        If the threshold is out of range.

    Notes
    -----
    The interval runs over the measured steps in their order: from the first by which a share of `tail` of the
    resamples has passed to the first by which all but as many have; `tail` is `expanded_tail`. Where all
    resamples pass at one step, both ends are that step.

    Examples
    --------
    >>> found = first_steps([[[0.2, 0.8], [0.9, 0.1]]] * 3, replicates=20)
    >>> [(one.place, one.low, one.high, one.stays) for one in found]
    [(1, 1, 1, True), (0, 0, 0, False)]
    """
    if not 0 <= threshold < 1:
        raise ValueError(f"a threshold must be at least 0 and below 1, not {threshold}")
    array = np.asarray(shares, dtype=np.float64)
    n = int((~np.isnan(array)).any(axis=2).sum(axis=0).min(initial=len(array)))
    means, least = mean_of(array), threshold + ROUNDING
    with np.errstate(invalid="ignore", divide="ignore"):
        above = means(np.ones((1, len(array))))[0] > least
        had = np.zeros(above.shape)
        for weights in resamples(len(array), replicates=replicates, seed=seed):
            had += np.logical_or.accumulate(means(weights) > least, axis=1).sum(axis=0)
    tail = float(expanded_tail(np.array(n)))
    return [
        _first(above[:, format], had[:, format] / replicates, n=n, tail=tail)
        for format in range(above.shape[1])
    ]


def _first(above: npt.NDArray[np.bool_], passed: FloatArray, *, n: int, tail: float) -> FirstStep:
    if not above.any():
        reason = "its share lies above the threshold at no measured step"
        return FirstStep(None, None, None, passed, None, n, reason)
    place = int(above.argmax())
    stays = bool(above[place:].all())
    if n < 2:
        return FirstStep(place, None, None, passed, stays, n, "no interval: a step has one query")
    low, high = _first_at(passed, tail), _first_at(passed, 1 - tail)
    reason = "" if high is not None else f"no upper end: in {1 - passed[-1]:.1%} of resamples it never passes"
    return FirstStep(place, low, high, passed, stays, n, reason)


def _first_at(passed: FloatArray, level: float) -> int | None:
    at = np.flatnonzero(passed >= level)
    return int(at[0]) if len(at) else None
