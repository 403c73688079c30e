"""Effects: the difference between two groups of items, or of people, and whether it could be chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from annotation.statistics.counts import FloatArray
from calibration.metrics.replication.answers import Answers, IntArray

ALPHA = 0.05
CONFIDENCE = 0.95
# Beneath this share of the values' size, a variance is rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Effect:
    """The mean of group a less that of group b.

    Attributes
    ----------
    difference, low, high, p : float or None
        In units of the scale; the interval and the two-sided p are of Student's t.
    se, df : float or None
        Standard error, and Satterthwaite's degrees of freedom.
    d, d_se, d_low, d_high : float or None
        The difference in standard deviations of single answers within groups, so that it does not depend on
        how many answered.
    units : str
        What counts as independent: "queries in pairs", "queries", "items" or "people".
    n_a, n_b : int
        Units of each group; of pairs both are their number.
    items, people, answers : int
        What it rests on.
    reason : str
        Why it is undefined.
    """

    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    se: float | None = None
    df: float | None = None
    d: float | None = None
    d_se: float | None = None
    d_low: float | None = None
    d_high: float | None = None
    units: str = ""
    n_a: int = 0
    n_b: int = 0
    items: int = 0
    people: int = 0
    answers: int = 0
    reason: str = ""

    @property
    def significant(self) -> bool | None:
        """Whether p < .05; None where it is undefined."""
        return None if self.p is None else self.p < ALPHA

    @property
    def sign(self) -> int:
        """-1, 0 or 1; 0 where undefined."""
        return int(np.sign(self.difference or 0.0))

    @property
    def n(self) -> int:
        """Independent units: of pairs as many as there are, else of both groups."""
        return self.n_a if self.units == "queries in pairs" else self.n_a + self.n_b


@dataclass(frozen=True)
class Variance:
    """A variance with its degrees of freedom."""

    value: float
    df: float


def effect_of(
    difference: float,
    own: Variance,
    across: Variance,
    *,
    sd: float,
    size: float,
    rests: Mapping[str, Any],
) -> Effect:
    """Put the two sources of chance together: the units themselves, and what crosses them.

    Parameters
    ----------
    difference : float
    own, across : Variance
        Of `difference`.
    sd : float
        Of single answers within groups.
    size : float
        Of the values, beside which a variance is none.
    rests : mapping
        The effect's `units`, `n_a`, `n_b`, `items`, `people` and `answers`.

    Returns
    -------
    Effect
        Undefined where nothing varies within the groups.
    """
    variance = own.value + across.value
    if variance <= (ROUNDING * max(size, abs(difference))) ** 2:
        return Effect(**rests, reason="no variance within the groups")
    parts = [part for part in (own, across) if part.value > 0]
    df = variance**2 / sum(part.value**2 / part.df for part in parts)
    se, reach = sqrt(variance), float(stdtrit(df, (1 + CONFIDENCE) / 2))
    d, d_se = _standardised(difference, se, sd, rests["n_a"] + rests["n_b"])
    return Effect(
        difference=difference,
        low=difference - reach * se,
        high=difference + reach * se,
        p=float(2 * stdtr(df, -abs(difference) / se)),
        se=se,
        df=df,
        d=d,
        d_se=d_se,
        d_low=None if d is None or d_se is None else d - reach * d_se,
        d_high=None if d is None or d_se is None else d + reach * d_se,
        **rests,
    )


def _standardised(difference: float, se: float, sd: float, n: int) -> tuple[float | None, float | None]:
    """Cohen's d, and its error: of the difference, and of the standard deviation it is divided by."""
    if not isfinite(sd) or sd <= ROUNDING:
        return None, None
    d = difference / sd
    return d, sqrt((se / sd) ** 2 + d * d / (2 * max(1, n - 2)))


def crossed(parts: FloatArray, by: IntArray) -> Variance:
    """The variance that units do not show, because what crosses them answers alike each time.

    Parameters
    ----------
    parts : ndarray of float, shape (answers,)
        Each answer's residual with the weight that it has in the difference.
    by : int array, shape (answers,)
        People where units are items, queries where units are people.

    Returns
    -------
    Variance
        0 where everybody answered once.

    Notes
    -----
    The products of different answers of one person, summed over people: the part by which a variance
    clustered two ways exceeds the one clustered by units. Never taken as below 0.

    References
    ----------
    Clark (1973), The language-as-fixed-effect fallacy, Journal of Verbal Learning and Verbal Behavior 12,
    335-359; Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29, 238-249.

    Examples
    --------
    >>> crossed(np.array([1.0, 1.0, -1.0, -1.0]), np.array([0, 0, 1, 1])).value
    4.0
    >>> crossed(np.array([1.0, 1.0, -1.0, -1.0]), np.arange(4)).value
    0.0
    """
    sums = np.bincount(by, weights=parts, minlength=1)
    clusters = int((np.bincount(by, weights=parts != 0, minlength=1) > 0).sum())
    value = float(sums @ sums - parts @ parts)
    if value <= ROUNDING * float(parts @ parts) or clusters < 2:
        return Variance(0.0, inf)
    return Variance(value, clusters - 1.0)


def welch(first: FloatArray, second: FloatArray) -> Variance:
    """Of the difference of two means, with Welch's degrees of freedom.

    Examples
    --------
    >>> found = welch(np.array([1.0, 3.0]), np.array([0.0, 4.0]))
    >>> found.value, round(found.df, 2)
    (5.0, 1.47)
    """
    one, two = first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)
    below = one**2 / (len(first) - 1) + two**2 / (len(second) - 1)
    return Variance(float(one + two), float((one + two) ** 2 / below) if below > 0 else inf)


def pooled_sd(values: FloatArray, group: IntArray, within: FloatArray | None = None) -> float:
    """Standard deviation of single answers within groups 0 and 1; NaN where there are fewer than 3.

    Examples
    --------
    >>> pooled_sd(np.array([1.0, 3.0, 5.0, 7.0]), np.array([0, 0, 1, 1]))
    1.4142135623730951
    """
    number = np.bincount(group, minlength=2)
    if number.sum() < 3:
        return float("nan")
    means = np.bincount(group, weights=values, minlength=2) / np.maximum(1, number)
    squares = float(((values - means[group]) ** 2).sum()) / (number.sum() - 2)
    return sqrt(squares + (0.0 if within is None else float(within.mean())))


def rests_on(answers: Answers, kept: npt.NDArray[np.bool_], units: str, n_a: int, n_b: int) -> dict[str, Any]:
    """What an effect of these answers rests on."""
    return {
        "units": units,
        "n_a": n_a,
        "n_b": n_b,
        "items": int((np.bincount(answers.item[kept], minlength=1) > 0).sum()),
        "people": int((np.bincount(answers.person[kept], minlength=1) > 0).sum()),
        "answers": int(kept.sum()),
    }
