"""The rank correlation that a scorer would have on a subset of items if it erred alike on all of them.

On items that people hold about equally good a correlation falls for any scorer, since there is little left to
tell apart. How far, is what is computed here; what falls beyond that is the scorer's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import FEWEST_ITEMS
from annotation.statistics.resampling import percentile_interval
from calibration.metrics.correlation import CONSTANT, complete, spearman
from calibration.metrics.ranks import mid_ranks
from calibration.metrics.unsure_means import EqualErrors, equal_errors

BoolArray = npt.NDArray[np.bool_]

# Numbers permuted at once: half a million, which stay near the cache.
CHUNK = 500_000
# Breaks the ties of sums, which are no ties of the scorer, by chance; in units of the scores' spread.
JITTER = 1e-9
ROUNDING = 1e-12
FEW = f"fewer than {FEWEST_ITEMS} items, or pairs, with a score and labels"


@dataclass(frozen=True)
class EqualNoise:
    """A rank correlation on a subset beside that under equal noise.

    Attributes
    ----------
    observed, expected, low, high : float or None
        Spearman's rho; what it is on average, and in 95 % of cases, under equal noise.
    excess : float or None
        Observed less expected: negative where rho falls more than the narrower range explains.
    p : float or None
        One-sided: how often equal noise gives as low a rho, itself counted.
    n, permutations : int
    reason : str or None
        Why it is undefined.
    """

    observed: float | None
    expected: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    permutations: int = 0
    reason: str | None = None

    @property
    def excess(self) -> float | None:
        return None if self.observed is None or self.expected is None else self.observed - self.expected

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Return its numbers, and the reason if there is one."""
        shown = asdict(self) | {"excess": self.excess}
        if self.reason is None:
            del shown["reason"]
        return shown


def equal_noise(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    insides: Sequence[npt.ArrayLike],
    *,
    variances: npt.ArrayLike | None = None,
    permutations: int = 1000,
    rng: np.random.Generator,
) -> list[EqualNoise]:
    """Spearman's rho on subsets of the items, beside that under equal noise.

    Parameters
    ----------
    scores, means : array_like of float, shape (items,)
        Items in which either is NaN are left out. Of comparisons: differences, and the pairs' mean labels.
    insides : sequence of array_like of bool, each of shape (items,)
        The subsets; those that follow each other fastest lie within one another.
    variances : array_like of float, shape (items,), optional
        Sampling variance of each mean, as of `variance_of_means`. Without them, or if unknown, all means are
        taken as equally sure, and a subset on which people differ more seems to be one that the scorer fails.
    permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    list of EqualNoise
        One a subset. Undefined, with its reason, with fewer than 6 items or a constant side.

    Raises
    ------
    ValueError
        If the lengths differ, or there is not one permutation.

    Notes
    -----
    A rising function of the mean label is fitted to the scores, and its residuals are permuted over all
    items: the means and the subsets stay. Three things keep it honest.

    - Scores are first turned into normal scores by their ranks, as rho knows nothing else of them. A skewed
      score, such as a perplexity, would seem to have other noise on good items than on bad ones: of raw
      exponentials of normal scores, 84 to 98 % would be found to fall within Tukey's fences and the middle.
    - With `variances` the function is one of the shrunken means, and each residual is scaled by how sure the
      means are that it leaves and comes to, as in `equal_errors`.
    - What is expected is that of a scorer with the observed rho on all items: the permuted rho on all items
      varies, and is a little too high, since the fitted function follows its data. Each permuted rho on a
      subset is moved along its regression on that on all items.

    Simulated, with errors that are equal on all items, at 750 x 25 and 750 x 5, people alike or differing
    twice as much on half of the items, correlations of .4 and .8 with the true means, scores that are normal,
    exponentials of these, or five values: 1 to 4 % reject on subsets by entropy, 0 to 1 % on those by the
    mean, 0 to 3 % on those of comparisons. Where the scorer's noise is 1.5 times as large on that half, a
    quarter rejects on the 40 % of highest entropy: safe, and weak. `stratified_residual_test` finds it.

    References
    ----------
    Freedman & Lane (1983), Journal of Business & Economic Statistics 1, 292-298, for permuted residuals; p as
    in Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> means = rng.normal(size=400)
    >>> scores = means + rng.normal(size=400)
    >>> found = equal_noise(scores, means, [abs(means) < 0.5], permutations=200, rng=rng)[0]
    >>> found.observed < 0.4 < 0.7 < spearman(scores, means) + 0.1, found.p > 0.05
    (True, True)
    """
    s, m, kept = complete(scores, means)
    wanted = [Wanted.of(mask[kept], s, m) for mask in as_masks(insides, len(kept))]
    unsure = None if variances is None else np.asarray(variances, dtype=np.float64)[kept]
    whole = Wanted.of(np.ones(len(s), dtype=np.bool_), s, m)
    if whole.reason:
        return compared(wanted, [], [], observed=0.0)
    normal = normal_scores(s)
    found, of_whole = [], []
    errors = equal_errors(normal, m, unsure)
    for drawn in permuted(normal, errors, permutations=permutations, rng=rng, width=len(s)):
        order = np.argsort(drawn, axis=1).astype(np.int32)
        of_whole.append(np.take(whole.m_ranks, order) @ whole.s_ranks)
        found.append([np.take(one.m_ranks, at) @ one.s_ranks for one, (at,) in within(wanted, [order])])
    return compared(wanted, found, of_whole, observed=whole.observed)


@dataclass(frozen=True, eq=False)
class Wanted:
    """A subset for which rho is wanted.

    Attributes
    ----------
    mask : ndarray of bool, shape (units,)
        Items, or pairs.
    m_ranks : ndarray of float, shape (units,)
        Ranks of the means inside, centred and of length 1; 0 outside.
    s_ranks : ndarray of float, shape (n,)
        The same of untied scores, from the lowest.
    observed : float
    reason : str or None
        Why rho is undefined, or has nothing to be held against.
    """

    mask: BoolArray
    m_ranks: FloatArray
    s_ranks: FloatArray
    observed: float
    reason: str | None

    @classmethod
    def of(cls, mask: BoolArray, scores: FloatArray, means: FloatArray) -> "Wanted":
        n = int(mask.sum())
        observed = spearman(scores[mask], means[mask])
        reason = FEW if n < FEWEST_ITEMS else CONSTANT if np.isnan(observed) else None
        ranks = np.zeros(len(mask))
        if reason is None:
            ranks[mask] = mid_ranks(means[mask])
            ranks[mask] -= (n + 1) / 2
        return cls(mask, unit(ranks), unit(np.arange(n, dtype=np.float64) - (n - 1) / 2), observed, reason)


def permuted(
    scores: FloatArray, errors: EqualErrors, *, permutations: int, rng: np.random.Generator, width: int
) -> Iterator[FloatArray]:
    """Scores under equal noise, several permutations at a time: arrays of shape (r, items).

    `width` is how many numbers are to be held a permutation.
    """
    if permutations < 1:
        raise ValueError("permutations must be at least 1")
    residuals = (scores - errors.fitted) / errors.scale
    spread = JITTER * float(np.ptp(scores))
    rows = max(1, CHUNK // max(width, 1))
    for start in range(0, permutations, rows):
        drawn = np.tile(residuals, (min(rows, permutations - start), 1))
        rng.permuted(drawn, axis=1, out=drawn)
        drawn *= errors.scale
        drawn += errors.fitted
        drawn += spread * rng.random(drawn.shape)
        yield drawn


def within(
    wanted: Sequence[Wanted], ordered: Sequence[npt.NDArray[Any]]
) -> Iterator[tuple[Wanted, list[npt.NDArray[Any]]]]:
    """What stands in order of all units, in the order of each subset's own.

    `ordered` are arrays of shape (r, units), the first of them the units' places. A subset of the one before
    it is taken from that: most follow each other from wide to narrow.
    """
    before, narrowed = np.zeros(0, dtype=np.bool_), list(ordered)
    for one in wanted:
        if one.reason:
            continue
        if not before.size or (one.mask & ~before).any():
            narrowed = list(ordered)
        n = int(one.mask.sum())
        if n < narrowed[0].shape[1]:
            chosen = np.take(one.mask, narrowed[0])
            narrowed = [numbers[chosen].reshape(-1, n) for numbers in narrowed]
        before = one.mask
        yield one, narrowed


def compared(
    wanted: Sequence[Wanted],
    found: Sequence[Sequence[FloatArray]],
    control: Sequence[FloatArray],
    *,
    observed: float,
) -> list[EqualNoise]:
    """Each subset's rho beside the permuted ones, moved to the observed value of a control.

    `found` and `control` are lists over portions of the permutations, the first of them of lists over the
    subsets that have no reason to be undefined.
    """
    about = np.concatenate(control) - observed if control else np.empty(0)
    columns = iter([np.concatenate(parts) for parts in zip(*found, strict=True)])
    compared = []
    for one in wanted:
        n = int(one.mask.sum())
        if one.reason or not len(about):
            value = None if np.isnan(one.observed) else one.observed
            compared.append(EqualNoise(value, None, None, None, None, n, reason=one.reason or CONSTANT))
            continue
        rho = next(columns)
        centred = about - about.mean()
        slope = centred @ rho / (centred @ centred) if np.ptp(about) > ROUNDING else 0.0
        rho = np.clip(rho - slope * about, -1, 1)
        low, high = percentile_interval(rho)
        # The subset of all items has no noise left: then all are equal, but for rounding.
        p = (1 + int((rho <= one.observed + ROUNDING).sum())) / (1 + len(rho))
        compared.append(EqualNoise(one.observed, float(rho.mean()), low, high, p, n, len(rho)))
    return compared


def as_masks(insides: Sequence[npt.ArrayLike], items: int) -> list[BoolArray]:
    """Masks of so many items. Raises ValueError."""
    masks = [np.asarray(inside, dtype=np.bool_) for inside in insides]
    for mask in masks:
        if mask.shape != (items,):
            raise ValueError(f"a subset must have shape ({items},), not {mask.shape}")
    return masks


def unit(numbers: FloatArray) -> FloatArray:
    """The numbers over their length; zeros stay."""
    length = float(np.sqrt(numbers @ numbers))
    return numbers / length if length else numbers


def normal_scores(scores: FloatArray) -> FloatArray:
    """Quantiles of the normal distribution at the scores' mid-ranks."""
    from scipy.special import ndtri

    normal: FloatArray = ndtri((mid_ranks(scores) - 0.5) / len(scores))
    return normal
