"""How large a panel's effects are beside people's: contrast by contrast, and over all."""

from collections.abc import Sequence
from math import isfinite, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, stdtrit

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate
from calibration.metrics.replication.effects import CONFIDENCE, Effect

FEWEST = 3
ONE_CONTRAST = "no interval: it rests on one contrast"


def ratio(people: Effect, panel: Effect) -> Estimate:
    """The panel's effect over people's, both standardised, with Fieller's interval.

    Parameters
    ----------
    people, panel : Effect

    Returns
    -------
    Estimate
        `n` is 1: a contrast. Undefined where the interval of people's effect holds 0: the ratio could then be
        anything. The two are taken as independent. Answers are, items are not: what these have of their own
        moves both the same way, so that the interval of a ratio above 0 is too wide rather than too narrow.

    References
    ----------
    Fieller (1954), Journal of the Royal Statistical Society B 16, 175-185.

    Examples
    --------
    >>> people = Effect(1.0, df=60.0, d=1.0, d_se=0.1, d_low=0.8, d_high=1.2)
    >>> found = ratio(people, Effect(0.5, df=60.0, d=0.5, d_se=0.1))
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.5, 0.29, 0.75)
    """
    if people.d is None or people.d_se is None or panel.d is None or panel.d_se is None:
        return Estimate(None, None, None, 0, "an effect is undefined")
    if people.d_low is None or people.d_high is None or people.d_low <= 0 <= people.d_high:
        return Estimate(None, None, None, 0, "the interval of people's effect holds 0")
    value = panel.d / people.d
    reach = float(stdtrit(min(people.df or 1, panel.df or 1), (1 + CONFIDENCE) / 2))
    below = people.d**2 - (reach * people.d_se) ** 2
    above = panel.d**2 - (reach * panel.d_se) ** 2
    if below <= 0:
        return Estimate(value, None, None, 1, "no interval: people's effect is too near 0 for it")
    half = sqrt((panel.d * people.d) ** 2 - above * below)
    low, high = ((panel.d * people.d + side * half) / below for side in (-1, 1))
    return Estimate(value, low, high, 1)


def median(values: npt.ArrayLike) -> Estimate:
    """The median of contrasts' numbers, with the interval of order statistics.

    Parameters
    ----------
    values : array_like of float, shape (contrasts,)
        NaN is a contrast without.

    Returns
    -------
    Estimate
        Its interval holds the median in at least 95 % of cases if contrasts are independent; there is none
        from fewer than 6.

    Examples
    --------
    >>> found = median([3.0, 1.0, 2.0, 5.0, 4.0, 6.0])
    >>> found.value, found.low, found.high
    (3.5, 1.0, 6.0)
    """
    known = np.asarray(values, dtype=np.float64)
    known = np.sort(known[~np.isnan(known)])
    n = len(known)
    if n == 0:
        return Estimate(None, None, None, 0, "no contrast has it")
    value = float(np.median(known))
    below = np.flatnonzero(2 * bdtr(np.arange(n // 2), n, 0.5) <= 1 - CONFIDENCE)
    if not len(below):
        return Estimate(value, None, None, n, "no interval: fewer than 6 contrasts")
    at = int(below[-1])
    return Estimate(value, float(known[at]), float(known[n - 1 - at]), n)


def slope(people: Sequence[Effect], panel: Sequence[Effect], *, corrected: bool) -> Estimate:
    """By how much a panel's standardised effect is larger where people's is larger by 1; through 0.

    Parameters
    ----------
    people, panel : sequence of Effect
        As long; pairs of which one is undefined are left out.
    corrected : bool
        Take people's own errors off the sum below the line: without, they make the slope too small.

    Returns
    -------
    Estimate
        Weighted by the panel's errors; the interval leaves out one contrast at a time. Undefined with fewer
        than 3 contrasts, or where people's effects are no larger than their errors; corrected, also where
        they are so without one contrast: the line below is then near 0, and the slope may be anything.

    Notes
    -----
    Which group is called a is arbitrary, and exchanging the two turns both signs; so the line goes through 0.

    References
    ----------
    Fuller (1987), Measurement Error Models, section 1.2.

    Examples
    --------
    >>> people = [Effect(d, d=d, d_se=0.1) for d in (0.2, -0.4, 0.6)]
    >>> round(slope(people, people, corrected=False).value, 3)
    1.0
    """
    x, y, x_se, y_se = _pairs(people, panel)
    if len(x) < FEWEST:
        return _too_few(len(x))
    weight = 1 / y_se**2
    tops, bottoms = weight * x * y, weight * (x**2 - (x_se**2 if corrected else 0))
    if bottoms.sum() <= 0 or (corrected and (bottoms.sum() - bottoms).min() <= 0):
        few = "people's effects, or all but one of them, are no larger than their errors"
        return Estimate(None, None, None, len(x), few)
    return _left_out(tops, bottoms)


def correlation(people: Sequence[Effect], panel: Sequence[Effect]) -> Estimate:
    """How far a panel's standardised effects are proportional to people's, from -1 to 1; about 0.

    Parameters
    ----------
    people, panel : sequence of Effect

    Returns
    -------
    Estimate
        Not about the means, since exchanging a and b turns both signs. The interval leaves out one contrast
        at a time; errors of both make it too near 0.

    Examples
    --------
    >>> people, panel = ([Effect(d, d=d, d_se=0.1) for d in side] for side in ((1, -1, 2), (2, -2, 4)))
    >>> round(correlation(people, panel).value, 3)
    1.0
    """
    x, y, *_ = _pairs(people, panel)
    if len(x) < FEWEST:
        return _too_few(len(x))
    sums = np.stack([x * y, x * x, y * y], axis=1)

    def of(total: FloatArray) -> FloatArray:
        below = np.sqrt(total[..., 1] * total[..., 2])
        return np.asarray(total[..., 0] / np.where(below > 0, below, np.nan))

    value, without = float(of(sums.sum(axis=0))), of(sums.sum(axis=0) - sums)
    if not isfinite(value):
        return Estimate(None, None, None, len(x), "people or the panel show no difference at all")
    low, high = _ends(value, without)
    if not isfinite(low):
        return Estimate(value, None, None, len(x), ONE_CONTRAST)
    return Estimate(value, max(-1.0, low), min(1.0, high), len(x))


def _pairs(
    people: Sequence[Effect], panel: Sequence[Effect]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    rows = [
        (one.d, other.d, one.d_se, other.d_se)
        for one, other in zip(people, panel, strict=True)
        if one.d is not None and other.d is not None
    ]
    x, y, x_se, y_se = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return x, y, x_se, y_se


def _left_out(tops: FloatArray, bottoms: FloatArray) -> Estimate:
    value = float(tops.sum() / bottoms.sum())
    below = bottoms.sum() - bottoms
    without = (tops.sum() - tops) / np.where(below > 0, below, np.nan)
    low, high = _ends(value, without)
    reason = None if isfinite(low) else ONE_CONTRAST
    return Estimate(value, low, high, len(tops), reason)


def _ends(value: float, without: FloatArray) -> tuple[float, float]:
    """The jackknife's interval."""
    n = len(without)
    se = sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum())) if n > 1 else float("nan")
    reach = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * se
    return value - reach, value + reach


def _too_few(n: int) -> Estimate:
    return Estimate(None, None, None, n, f"fewer than {FEWEST} contrasts have both effects")
