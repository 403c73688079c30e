"""The rank correlation that a scorer would have on a subset of items if it erred alike on all of them.

On items that people hold about equally good a correlation falls for any scorer, since there is little left to
tell apart. How far, is what is computed here; what falls beyond that is the scorer's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray
from annotation.statistics.resampling import percentile_interval
from calibration.metrics.correlation.intervals import CONSTANT, complete
from calibration.metrics.nulls.latent_scores import latent_scores
from calibration.metrics.nulls.tied_ranks import MOST_LEVELS, tied_correlations
from calibration.metrics.nulls.unsure_means import EqualErrors, equal_errors
from calibration.metrics.nulls.wanted import Wanted, as_masks, within

# Numbers permuted at once: half a million, which stay near the cache.
CHUNK = 500_000
# Breaks the ties of sums, which are no ties of the scorer, by chance; in units of the scores' spread.
JITTER = 1e-9
ROUNDING, DIGITS = 1e-12, 12
NO_RISE = "rho of all items, or pairs, is not above 0: there is nothing that could fall"


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
        if self.observed is None or self.expected is None:
            return None
        apart = self.observed - self.expected
        return apart if abs(apart) > ROUNDING else 0.0

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
    plain: bool = False,
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
    plain : bool
        Leave out all three allowances of the notes: fit raw scores to the means, permute the residuals, and
        take rho as it comes. `variances` then count nothing.
    rng : numpy.random.Generator

    Returns
    -------
    list of EqualNoise
        One a subset. Undefined, with its reason, with fewer than 6 items or a constant side, of all items,
        and where rho on all items is not above 0.

    Raises
    ------
    ValueError
        If the lengths differ, or there is not one permutation.

    Notes
    -----
    A rising function of the mean label is fitted to the scores, and its residuals are permuted over all
    items: the means and the subsets stay. Three things keep it honest.

    - Scores are first turned into normal scores by their ranks, as rho knows nothing else of them, and equal
      scores are drawn apart (`latent_scores`). A skewed score, such as a perplexity, would seem to have other
      noise on good items than on bad ones: of raw exponentials of normal scores, 84 to 98 % would be found to
      fall within Tukey's fences and the middle. So would half of the scorers of two values.
    - With `variances` the function is one of the shrunken means, and each residual is scaled by how sure the
      means are that it leaves and comes to, as in `equal_errors`.
    - What is expected is that of a scorer with the observed rho on all items: the permuted rho on all items
      varies, and is a little too high, since the fitted function follows its data. Each permuted rho on a
      subset is moved along its regression on that on all items. It comes out about .01 too low.

    Simulated, with errors that are equal on all items, at 750 x 25 and 750 x 5, people alike or differing
    twice as much on half of the items, correlations of .4 and .8 with the true means, scores that are normal,
    exponentials of these, or two to five values: 1 to 5 % reject on subsets by entropy, 0 to 3 % on those by
    the mean, 0 to 3 % on those of comparisons. Where the scorer's noise is 1.5 times as large on that half, a
    quarter rejects on the 40 % of highest entropy: safe, and weak. `stratified_residual_test` finds it.
    Scores of two values inside Tukey's narrowest fences: 5 % of 750 items, 10 % of 200.

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
    >>> bool(found.observed < 0.4 < np.corrcoef(scores, means)[0, 1] - 0.2), found.p > 0.05
    (True, True)
    """
    s, m, kept = complete(scores, means)
    wanted = [Wanted.of(mask[kept], s, m).of_some() for mask in as_masks(insides, len(kept))]
    unsure = None if variances is None else np.asarray(variances, dtype=np.float64)[kept]
    whole = Wanted.of(np.ones(len(s), dtype=np.bool_), s, m)
    if whole.reason or whole.observed <= 0:
        return compared(wanted, [], [], observed=0.0, reason=whole.reason or NO_RISE)
    if plain:
        latent, errors = s, equal_errors(s, m)
    else:
        latent = latent_scores(s, m, unsure, rng=rng)
        errors = equal_errors(latent, m, unsure)
    levels = None if plain else np.unique(s, return_counts=True)[1]
    found, of_whole = [], []
    for drawn in permuted(latent, errors, permutations=permutations, rng=rng, width=len(s)):
        on_all, *on_subsets = _rhos([whole, *wanted], drawn, levels)
        of_whole.append(np.full(len(drawn), whole.observed) if plain else on_all)
        found.append(on_subsets)
    return compared(wanted, found, of_whole, observed=whole.observed)


def _rhos(wanted: Sequence[Wanted], drawn: FloatArray, levels: IntArray | None) -> list[FloatArray]:
    """Spearman's rho of each row of drawn scores with the means, on each defined subset.

    `levels` are how often each score was given: as often it is given again, if they are few.
    """
    order = np.argsort(drawn, axis=1).astype(np.int32)
    if levels is None or len(levels) > min(MOST_LEVELS, drawn.shape[1] - 1):
        return [np.take(one.m_ranks, at) @ one.s_ranks for one, (at,) in within(wanted, [order])]
    defined = [one for one in wanted if not one.reason]
    both = ((one.mask, one.m_ranks) for one in defined)
    masks, ranks = (np.stack(side, axis=1) for side in zip(*both, strict=True))
    return list(tied_correlations(order, levels, masks, ranks).T)


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


def compared(
    wanted: Sequence[Wanted],
    found: Sequence[Sequence[FloatArray]],
    control: Sequence[FloatArray],
    *,
    observed: float,
    reason: str = CONSTANT,
) -> list[EqualNoise]:
    """Each subset's rho beside the permuted ones, moved to the observed value of a control.

    `found` and `control` are lists over portions of the permutations, the first of them of lists over the
    subsets that have no reason to be undefined. `reason` is why there is no control.
    """
    about = np.concatenate(control) - observed if control else np.empty(0)
    columns = iter([np.concatenate(parts) for parts in zip(*found, strict=True)])
    compared = []
    for one in wanted:
        n = int(one.mask.sum())
        rho = next(columns) if len(about) and not one.reason else np.empty(0)
        defined = np.isfinite(rho)
        if 2 * defined.sum() <= len(rho):
            value = None if np.isnan(one.observed) else one.observed
            compared.append(EqualNoise(value, None, None, None, None, n, reason=one.reason or reason))
            continue
        compared.append(_held_against(one.observed, rho[defined], about[defined], n))
    return compared


def _held_against(observed: float, rho: FloatArray, about: FloatArray, n: int) -> EqualNoise:
    """The observed rho beside the permuted ones, moved to where the control is as observed."""
    centred = about - about.mean()
    slope = centred @ rho / (centred @ centred) if np.ptp(about) > ROUNDING else 0.0
    moved = np.clip(rho - slope * about, -1, 1).round(DIGITS) + 0.0
    low, high = percentile_interval(moved)
    p = (1 + int((moved <= observed + ROUNDING).sum())) / (1 + len(moved))
    return EqualNoise(observed, float(moved.mean()), low, high, p, n, len(moved))
