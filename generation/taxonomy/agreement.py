"""How far two runs give the same queries the same categories."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import REPLICATES, Estimate, estimates, mean
from generation.diversity.wilson import wilson

ALIKE = "kappa is undefined where both give it to every query, or to none"


@dataclass(frozen=True)
class Agreement:
    """Two runs on the queries that both answered about.

    Attributes
    ----------
    n : int
        Queries.
    exact : Estimate
        Share of queries of which both say the same categories, none among them.
    jaccard : Estimate
        Mean over queries of the categories in common over all that either says; 1 where neither says any.
    kappa : tuple of Estimate
        Cohen's kappa of each category: agreement beyond that of chance.
    both, first, second : tuple of int
        Queries that have the category by both, by the first alone and by the second alone.
    """

    n: int
    exact: Estimate
    jaccard: Estimate
    kappa: tuple[Estimate, ...]
    both: tuple[int, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]


def agreement(
    first: npt.ArrayLike, second: npt.ArrayLike, *, replicates: int = REPLICATES, seed: int = 0
) -> Agreement:
    """Agreement of two classifications of the same queries.

    Intervals come from resampling queries, that of the share from Wilson's formula: resamples of a share of 0
    are all 0.

    Parameters
    ----------
    first, second : array_like of bool, shape (queries, categories)
        Which query has which category.
    replicates, seed : int
        As for `generation.diversity.intervals.estimates`.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46; Jaccard (1912), New Phytologist 11,
    37-50.

    Examples
    --------
    >>> found = agreement([[1, 0], [1, 1]], [[1, 0], [0, 1]])
    >>> found.exact.value, found.jaccard.value, found.first
    (0.5, 0.75, (1, 0))
    """
    one, two = (np.asarray(given, dtype=bool) for given in (first, second))
    if one.shape != two.shape or one.ndim != 2:
        raise ValueError(f"the shapes differ: {one.shape} and {two.shape}")
    queries, categories = one.shape
    shared, either = (one & two).sum(axis=1), (one | two).sum(axis=1)
    jaccard = np.where(either, shared / np.maximum(either, 1), 1.0)
    cells = np.concatenate([one, two, one == two], axis=1).astype(np.float64)

    def kappas(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        sums = (weights @ cells) / weights.sum(axis=1, keepdims=True)
        p, q, same = np.split(sums, 3, axis=1)
        chance = p * q + (1 - p) * (1 - q)
        # Rounding apart, chance is 1 where both are constant and alike.
        found: npt.NDArray[np.float64] = np.where(1 - chance > 1e-12, (same - chance) / (1 - chance), np.nan)
        return found

    by_category = estimates(
        kappas, n=np.full(categories, queries), queries=queries, replicates=replicates, seed=seed
    )
    return Agreement(
        queries,
        wilson(int((one == two).all(axis=1).sum()), queries),
        mean(jaccard, replicates=replicates, seed=seed).at(),
        tuple(_explained(by_category.at(place)) for place in range(categories)),
        *(tuple(part.sum(axis=0).tolist()) for part in (one & two, one & ~two, two & ~one)),
    )


def _explained(kappa: Estimate) -> Estimate:
    return replace(kappa, reason=ALIKE) if kappa.value is None and kappa.n else kappa
