"""Whether a scorer is worse where people disagree, held against what equal errors would show."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from calibration.metrics.correlation.intervals import complete
from calibration.metrics.nulls.unsure_means import equal_errors
from calibration.metrics.strata import moments_within, shuffled_within, strata_of

# On fewer of either side, hardly any arrangement is as extreme as one in twenty.
FEWEST = 5
ITEMS_A_STRATUM = 10
FEW = f"fewer than {FEWEST} items inside, or outside, the subset"
INCOMPARABLE = "hardly any item inside has a mean label like one outside: there is nothing to compare"


@dataclass(frozen=True)
class ResidualTest:
    """Whether residuals are larger inside a subset than outside it, at like mean labels.

    Attributes
    ----------
    value : float or None
        Mean absolute residual inside less outside, in the units of the scores; over compared items.
    expected : float or None
        The same on average if the scorer erred alike on all items of a stratum: not 0 where the means inside
        are less sure.
    p : float or None
        One-sided: how often equal errors at random are as extreme, themselves counted.
    n_inside, n_outside : int
        Items compared: those in strata that hold both.
    left_out : int
        Items in strata that are wholly inside or wholly outside, which nothing can be held against.
    strata, permutations : int
    reason : str or None
        Why it is undefined.
    """

    value: float | None
    expected: float | None
    p: float | None
    n_inside: int
    n_outside: int
    left_out: int = 0
    strata: int = 0
    permutations: int = 0
    reason: str | None = None

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Return its numbers, and the reason if there is one."""
        shown = asdict(self)
        if self.reason is None:
            del shown["reason"]
        return shown


def stratified_residual_test(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    inside: npt.ArrayLike,
    *,
    variances: npt.ArrayLike | None = None,
    strata: int | None = None,
    permutations: int = 1000,
    rng: np.random.Generator | None = None,
) -> ResidualTest:
    """Test whether a scorer errs more on a subset than on other items of the same mean label.

    Parameters
    ----------
    scores : array_like of float, shape (items,)
        Items without a score, or without a mean label, are NaN there and left out.
    means : array_like of float, shape (items,)
        Mean labels.
    inside : array_like of bool, shape (items,)
        The subset, such as the items on which people disagree most.
    variances : array_like of float, shape (items,), optional
        Sampling variance of each mean, as of `variance_of_means`: with them the test asks for more than less
        sure means explain. Without them, or if unknown, all means are taken as equally sure.
    strata : int, optional
        Of the mean label, of about equal size; residuals are shuffled within each. By default one for every
        10 items: within few, wide ones a mean label still tells how much people disagree and how far the
        scorer is off, and the more items there are the more often that alone rejects.
    permutations : int
        0 for the normal approximation, by the mean and the variance of all permutations: as good as many
        where there are hundreds of items, and what planning by simulation takes.
    rng : numpy.random.Generator, optional
        Needed if there are permutations.

    Returns
    -------
    ResidualTest
        Undefined, with its reason, where no stratum holds items both inside and outside, or fewer than 5 of
        either can be compared: so it is for subsets that are cut by the mean label itself.

    Raises
    ------
    ValueError
        If the lengths differ, there is not one stratum at least, or `rng` is missing.

    Notes
    -----
    Residuals are those of a rising function of the mean label, so a scorer is asked for the order of items
    and not for a scale. The test conditions on the mean label, which the narrower range of a subset moves:
    that is why it holds its size where the fall of a correlation does not. Items of a stratum are taken as
    exchangeable.

    With `variances` the function is one of the shrunken means (`shrunken_means`), and what is exchangeable
    are residuals over their standard deviation under equal errors (`equal_errors`): shuffled, each is
    multiplied by that of the item it comes to. So p is how often a scorer that errs alike on all items would
    show as large a `value`, where people differ as they do.

    Simulated, 750 items in 50 queries, correlations of .4 and .8 with the true means, the half of highest
    entropy inside, with `variances`: size 2 to 7 %, with 25 labels an item and with 5, where people differ
    alike on all items and where they differ twice as much on half of them (without variances up to 20 %);
    where three times as much, 5 to 6 % with 25 labels and 10 % with 5. A scorer of two values only, where
    people differ twice as much: 10 to 15 %, since its errors there follow from the means alone. One that
    hears the quality behind the labels and not their mean, people differing as much as that: 10 to 30 %,
    since on a bounded scale the means there lie nearer to the middle, and one rising function does not do.
    Power, where people's noise is twice as large on half of them and the scorer's 1.5 times: 99 % and more
    with 25 labels an item. With 5, few labels find few of those items: 85 to 90 % where the middle values are
    the commonest, 40 % where all five are as common and entropy tells less.

    References
    ----------
    Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, chapter 6; p as in Phipson & Smyth
    (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> means, inside = rng.normal(size=400), np.arange(400) % 2 == 0
    >>> scores = means + rng.normal(size=400) * np.where(inside, 2, 1)
    >>> stratified_residual_test(scores, means, inside, rng=rng).p < 0.05
    True
    """
    return stratified_residual_tests(
        scores, means, [inside], variances=variances, strata=strata, permutations=permutations, rng=rng
    )[0]


def stratified_residual_tests(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    insides: Sequence[npt.ArrayLike],
    *,
    variances: npt.ArrayLike | None = None,
    strata: int | None = None,
    permutations: int = 1000,
    rng: np.random.Generator | None = None,
) -> list[ResidualTest]:
    """Test one scorer on many subsets, from the same shuffles.

    Parameters
    ----------
    insides : sequence of array_like of bool, each of shape (items,)
    scores, means, variances, strata, permutations, rng
        As for `stratified_residual_test`.

    Returns
    -------
    list of ResidualTest
        One a subset.

    Raises
    ------
    ValueError
        As for `stratified_residual_test`.

    Examples
    --------
    >>> numbers, inside = np.arange(40.0), np.arange(40) % 2 == 0
    >>> [test.n_inside for test in stratified_residual_tests(numbers, numbers, [inside], permutations=0)]
    [20]
    """
    if permutations < 0 or (permutations and rng is None):
        raise ValueError("permutations must not be negative, and need rng, a numpy.random.Generator")
    s, m, kept = complete(scores, means)
    members = [np.asarray(inside, dtype=bool) for inside in insides]
    for member in members:
        if member.shape != kept.shape:
            raise ValueError(f"inside must have shape {kept.shape}, not {member.shape}")
    if not len(s):
        return [_undefined(0, 0, FEW) for _ in members]
    unsure = None if variances is None else np.asarray(variances, dtype=np.float64)[kept]
    unit = float(np.abs(s).max()) or 1.0  # No square overflows or vanishes.
    s = s / unit
    errors = equal_errors(s, m, unsure)
    stratum = strata_of(m, max(1, len(m) // ITEMS_A_STRATUM) if strata is None else strata)
    sides = [_Sides.of(member[kept], stratum) for member in members]
    weights = np.stack([side.weights for side in sides], axis=1) if sides else np.empty((len(s), 0))
    size = np.abs(s - errors.fitted)
    observed = size @ weights
    # What comes to an item is multiplied by its own scale: the weights carry that.
    weights = weights * errors.scale[:, None]
    expected, variance = moments_within(size / errors.scale, weights, stratum)
    # Sums of the same numbers in another order differ in their last digits.
    least = 1e-12 * size.max(initial=0)
    observed, expected = (np.where(np.abs(side) > least, side, 0.0) for side in (observed, expected))
    if permutations and rng is not None:
        drawn = shuffled_within(size / errors.scale, weights, stratum, permutations=permutations, rng=rng)
        p = (1 + (drawn >= observed - least).sum(axis=0)) / (1 + permutations)
    else:
        p = _normal_p(observed - expected, variance)
    return [
        side.undefined()
        or ResidualTest(
            value=float(observed[place] * unit),
            expected=float(expected[place] * unit),
            p=float(p[place]),
            n_inside=side.inside,
            n_outside=side.outside,
            left_out=len(m) - side.inside - side.outside,
            strata=len(np.unique(stratum[side.weights != 0])),
            permutations=permutations,
        )
        for place, side in enumerate(sides)
    ]


@dataclass(frozen=True, eq=False)
class _Sides:
    """What is compared of a subset and the rest: members and others in all, and those in mixed strata.

    A number's product with `weights` is its mean inside less its mean outside.
    """

    members: int
    others: int
    inside: int
    outside: int
    weights: FloatArray

    @classmethod
    def of(cls, member: npt.NDArray[np.bool_], stratum: npt.NDArray[np.intp]) -> "_Sides":
        number = np.bincount(stratum)
        held = np.bincount(stratum, weights=member)
        mixed: npt.NDArray[np.bool_] = ((held > 0) & (held < number))[stratum]
        inside, outside = int((member & mixed).sum()), int((~member & mixed).sum())
        weights = np.where(mixed, np.where(member, 1 / max(inside, 1), -1 / max(outside, 1)), 0.0)
        return cls(int(member.sum()), int((~member).sum()), inside, outside, weights)

    def undefined(self) -> ResidualTest | None:
        if min(self.members, self.others) < FEWEST:
            return _undefined(self.members, self.others, FEW)
        if min(self.inside, self.outside) < FEWEST:
            return _undefined(self.members, self.others, INCOMPARABLE)
        return None


def _undefined(inside: int, outside: int, reason: str) -> ResidualTest:
    return ResidualTest(None, None, None, inside, outside, reason=reason)


def _normal_p(excess: FloatArray, variance: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    spread = np.sqrt(np.where(variance > 0, variance, 1.0))
    p: FloatArray = np.where(variance > 0, ndtr(-excess / spread), 1.0)
    return p
