"""Whether a scorer is worse where people disagree, held against what equal errors would show."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from calibration.metrics.correlation import complete

# On fewer of either side, hardly any arrangement is as extreme as one in twenty.
FEWEST = 5
ITEMS_A_STRATUM = 10
# Numbers shuffled at once: 4 million, 32 MB.
CHUNK = 4_000_000


@dataclass(frozen=True)
class ResidualTest:
    """Whether residuals are larger inside a subset than outside it, at like mean labels.

    Attributes
    ----------
    value : float or None
        Mean absolute residual inside less outside, in the units of the scores; over compared items.
    expected : float or None
        The same on average if membership meant nothing within strata.
    p : float or None
        One-sided: how often membership at random is as extreme, itself counted.
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


def isotonic_fit(x: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Fit the rising function of x that is nearest to y in squares.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Finite. Equal x have one fitted value.

    Returns
    -------
    ndarray of float, shape (n,)
        Fitted values, in the order given.

    Raises
    ------
    ValueError
        If the two do not have one and the same length.

    References
    ----------
    Barlow, Bartholomew, Bremner & Brunk (1972), Statistical Inference under Order Restrictions.

    Examples
    --------
    >>> isotonic_fit([1, 2, 3, 4], [0, 3, 1, 5])
    array([0., 2., 2., 5.])
    """
    from scipy.optimize import isotonic_regression

    a, b, _ = complete(x, y)
    if not len(a):
        return a
    _, place, times = np.unique(a, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=b) / times
    fitted: FloatArray = isotonic_regression(means, weights=times).x[place]
    return fitted


def strata_of(x: npt.ArrayLike, strata: int) -> npt.NDArray[np.intp]:
    """Cut numbers into strata of about equal size; equal numbers stay together.

    Parameters
    ----------
    x : array_like of float, shape (n,)
    strata : int
        At most; ties can make them fewer.

    Returns
    -------
    ndarray of int, shape (n,)
        From 0, rising with x.

    Raises
    ------
    ValueError
        If there is not at least one stratum.

    Examples
    --------
    >>> strata_of([3, 1, 2, 2, 9, 7], 3)
    array([1, 0, 0, 0, 2, 2])
    """
    if strata < 1:
        raise ValueError(f"strata must be at least 1, not {strata}")
    numbers = np.asarray(x, dtype=np.float64)
    cuts = np.quantile(numbers, np.arange(1, strata) / strata)
    _, place = np.unique(np.searchsorted(cuts, numbers, side="left"), return_inverse=True)
    return place.astype(np.intp, copy=False)


def stratified_residual_test(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    inside: npt.ArrayLike,
    *,
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
    strata : int, optional
        Of the mean label, of about equal size; membership is shuffled within each. By default one for every
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

    Simulated, 750 items in 50 queries, the half of highest entropy inside: size 4 to 6 % where people and the
    scorer err alike on all items. Power, where people's noise is twice as large on half of them and the
    scorer's 1.5 times: 98 % and more with 25 labels an item. With 5, few labels find few of those items: 90 %
    where the middle values are the commonest, 40 % where all five are as common and entropy tells less.
    Where **people** differ twice as much on that half and the scorer does not, the means there are less sure,
    and a part of that counts as the scorer's error: 7 % reject for a scorer whose correlation with the true
    means is .4, about 20 % for one of .8, and 30 to 40 % for that where people differ three times as much.

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
    if permutations < 0 or (permutations and rng is None):
        raise ValueError("permutations must not be negative, and need rng, a numpy.random.Generator")
    s, m, kept = complete(scores, means)
    member = np.asarray(inside, dtype=bool)
    if member.shape != kept.shape:
        raise ValueError(f"inside must have shape {kept.shape}, not {member.shape}")
    member = member[kept]
    n_in, n_out = int(member.sum()), int((~member).sum())
    if min(n_in, n_out) < FEWEST:
        return _undefined(n_in, n_out, f"fewer than {FEWEST} items inside, or outside, the subset")
    stratum = strata_of(m, max(1, len(m) // ITEMS_A_STRATUM) if strata is None else strata)
    both = _mixed(stratum, member)
    compared_in, compared_out = int((member & both).sum()), int((~member & both).sum())
    if min(compared_in, compared_out) < FEWEST:
        words = "hardly any item inside has a mean label like one outside: there is nothing to compare"
        return _undefined(n_in, n_out, words)
    size = np.abs(s - isotonic_fit(m, s))[both]
    member, stratum = member[both], stratum[both]
    observed = float(size[member].sum())
    expected, variance = _moments_of_sums(size, member, stratum)
    if permutations and rng is not None:
        sums = _shuffled_sums(size, member, stratum, permutations=permutations, rng=rng)
        # Sums of the same numbers in another order differ in their last digits.
        extreme = int((sums >= observed * (1 - 1e-12)).sum())
        p = (1 + extreme) / (1 + permutations)
    else:
        p = _normal_p(observed - expected, variance)

    def difference(total: float) -> float:
        return total / compared_in - (float(size.sum()) - total) / compared_out

    return ResidualTest(
        value=difference(observed),
        expected=difference(expected),
        p=p,
        n_inside=compared_in,
        n_outside=compared_out,
        left_out=len(m) - compared_in - compared_out,
        strata=len(np.unique(stratum)),
        permutations=permutations,
    )


def _undefined(n_inside: int, n_outside: int, reason: str) -> ResidualTest:
    return ResidualTest(None, None, None, n_inside, n_outside, reason=reason)


def _mixed(stratum: npt.NDArray[np.intp], member: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The items of strata that hold both members and others."""
    number = np.bincount(stratum)
    members = np.bincount(stratum, weights=member)
    mixed: npt.NDArray[np.bool_] = ((members > 0) & (members < number))[stratum]
    return mixed


def _moments_of_sums(
    size: FloatArray, member: npt.NDArray[np.bool_], stratum: npt.NDArray[np.intp]
) -> tuple[float, float]:
    """Mean and variance, over all permutations within strata, of the members' sum."""
    n = np.bincount(stratum)
    members = np.bincount(stratum, weights=member)
    means = np.bincount(stratum, weights=size) / np.maximum(n, 1)
    squares = np.bincount(stratum, weights=np.square(size - means[stratum]))
    # Where there is one item there is nothing to permute; strata that hold both have two at least.
    variances = members * (n - members) * squares / np.maximum(n * (n - 1), 1)
    return float(members @ means), float(variances.sum())


def _normal_p(excess: float, variance: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(-excess / np.sqrt(variance))) if variance > 0 else 1.0


def _shuffled_sums(
    size: FloatArray,
    member: npt.NDArray[np.bool_],
    stratum: npt.NDArray[np.intp],
    *,
    permutations: int,
    rng: np.random.Generator,
) -> FloatArray:
    """The members' sum of residuals, for each shuffle of membership within strata."""
    sums = np.zeros(permutations)
    for one in np.unique(stratum):
        here = size[stratum == one]
        members = int(member[stratum == one].sum())
        rows = max(1, CHUNK // len(here))
        for start in range(0, permutations, rows):
            part = slice(start, min(start + rows, permutations))
            shuffled = rng.permuted(np.tile(here, (part.stop - part.start, 1)), axis=1)
            sums[part] += shuffled[:, :members].sum(axis=1)
    return sums
