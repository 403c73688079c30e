"""Which share of queries has each category, by a run's answers.

Shares of categories add up to more than 1, since a query may have several.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import Estimate
from generation.diversity.wilson import wilson

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Shares:
    """Shares of the queries that were answered about.

    Attributes
    ----------
    of : tuple of Estimate
        Of each category, with what stands under it, by its index; `n` counts the queries.
    counts : tuple of int
        Queries behind each of them.
    none : int
        Queries without any category.
    """

    of: tuple[Estimate, ...]
    counts: tuple[int, ...]
    none: int


def shares(query: npt.ArrayLike, category: npt.ArrayLike, parents: Sequence[int], *, queries: int) -> Shares:
    """Share of queries in each category, and in each top category, with Wilson's 95 % intervals.

    Parameters
    ----------
    query, category : array_like of int, shape (n,)
        Which query has which category; a pair that comes twice counts once. Categories are indices into
        `parents`.
    parents : sequence of int, length k
        The top category that each stands under, -1 for a top category itself, in which a query counts once,
        however many of those under it it has.
    queries : int
        How many queries were answered about, those without a category among them.

    Returns
    -------
    Shares
        Undefined where no query was answered about.

    Raises
    ------
    ValueError
        If more queries have a category than were answered about.

    Notes
    -----
    The interval is for the share among the queries that these are a random sample of; of a whole collection,
    whose answers are all there, it says how much chance there was in which queries it holds. It does not hold
    what a model gets wrong.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> found = shares([1, 1, 2], [1, 2, 2], [-1, 0, 0], queries=4)
    >>> found.counts, found.none, found.of[0].value
    ((2, 1, 2), 2, 0.5)
    """
    asked, has = np.asarray(query, dtype=np.int64), np.asarray(category, dtype=np.intp)
    above = np.asarray(parents, dtype=np.intp)
    tops = above[has]
    under = tops >= 0
    pairs = [np.stack([asked, has], axis=1), np.stack([asked[under], tops[under]], axis=1)]
    every = np.unique(np.concatenate(pairs), axis=0)
    counts = np.bincount(every[:, 1], minlength=len(above)).tolist()
    with_any = len(np.unique(asked))
    if with_any > queries:
        raise ValueError(f"{with_any} queries have a category, of {queries} that were answered about")
    return Shares(tuple(wilson(count, queries) for count in counts), tuple(counts), queries - with_any)
