"""A statistic of groups beside what it is when people are shuffled over the groups."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray

TIE = 1e-9


@dataclass(frozen=True)
class Shuffled:
    """A statistic, and what it is when people are shuffled over the groups.

    Attributes
    ----------
    value : float or None
    low, high : float or None
        The middle 95 % of its values under shuffling: what chance gives, not an interval of the value.
    p, adjusted : float or None
        The share of shufflings at least as far from 0, on either side, with the observed one among them; and
        the same adjusted by Holm for all groups that were looked at.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    adjusted: float | None


UNDEFINED = Shuffled(None, None, None, None, None)


def held_against(observed: FloatArray, by_chance: FloatArray) -> tuple[Shuffled, ...]:
    """Put what shuffling gave beside each statistic.

    Parameters
    ----------
    observed : ndarray of float, shape (statistics,)
        NaN where undefined.
    by_chance : ndarray of float, shape (permutations, statistics)
        NaN where undefined: such permutations are left out.

    Returns
    -------
    tuple of Shuffled
        Undefined where the statistic is, or where fewer than half of its permutations are defined.

    Examples
    --------
    >>> held_against(np.array([3.0]), np.array([[-1.0], [1.0], [3.0]]))[0].p
    0.5
    """
    further = np.count_nonzero(np.abs(by_chance) >= np.abs(observed) - TIE, axis=0)
    defined = np.isfinite(by_chance).sum(axis=0)
    known = np.isfinite(observed) & (2 * defined >= len(by_chance))
    p = np.where(known, (1 + further) / (1 + defined), np.nan)
    adjusted = holm(p)
    held = []
    for g, value in enumerate(observed.tolist()):
        if known[g]:
            low, high = np.nanquantile(by_chance[:, g], [0.025, 0.975]).tolist()
            held.append(Shuffled(value, low, high, float(p[g]), float(adjusted[g])))
        else:
            held.append(UNDEFINED)
    return tuple(held)


def holm(p: npt.ArrayLike) -> FloatArray:
    """Adjust p-values for how many there are, by Holm's steps; NaN stays and counts for nothing.

    Parameters
    ----------
    p : array_like of float, shape (tests,)

    Returns
    -------
    ndarray of float, shape (tests,)

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    adjusted = np.array(p, dtype=np.float64)
    tests = np.flatnonzero(np.isfinite(adjusted))
    order = tests[np.argsort(adjusted[tests])]
    steps = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
