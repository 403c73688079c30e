"""How alike responses are: the figures of Jiang et al. (2025), each with its interval, from a table.

References
----------
Jiang et al. (2025), Artificial Hivemind: The Open-Ended Homogeneity of Language Models, arXiv 2510.22954.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.floor import Kind
from generation.diversity.intervals import (
    REPLICATES,
    Estimate,
    Estimates,
    estimates,
    mean,
    ratio,
)
from generation.diversity.means import mean_over_sources
from generation.diversity.pairs import ABOVE, EDGES
from generation.diversity.responses import FloatArray
from generation.diversity.similarity import with_self_pairs
from generation.diversity.tables import Table

OF_CELLS = (
    "a share of cells, each the mean similarity of one source's responses to one query; not of pairs of "
    "responses, of which another share lies above"
)


def within(table: Table, kind: Kind = "similarity") -> FloatArray:
    """Mean similarity within each cell.

    Returns
    -------
    ndarray of float64, shape (queries, sources)
        NaN where a source has fewer than two responses to the query.
    """
    cells: FloatArray = np.einsum("qss->qs", table.columns[kind])
    return cells


@dataclass(frozen=True, eq=False)
class HeatMap:
    """In how many of a source's queries the mean similarity within lies in which bin.

    Attributes
    ----------
    shares : ndarray of float64, shape (sources, 11)
        Below 0, then ten bins over [0, 1]. NaN for a source without any cell.
    average : ndarray of float64, shape (11,)
        Mean over the sources: the "Average" column.
    queries : ndarray of int64, shape (sources,)
        Cells behind each.
    """

    shares: FloatArray
    average: FloatArray
    queries: npt.NDArray[np.int64]


def heat_map(table: Table, kind: Kind = "similarity") -> HeatMap:
    """Return the share of queries by bin and source."""
    cells = within(table, kind)
    known = ~np.isnan(cells)
    # 0 holds what is below 0; the last bin holds 1, and what rounding puts above it.
    bins = np.clip(np.searchsorted(EDGES, np.where(known, cells, 0), side="right"), 0, len(EDGES) - 1)
    counted = np.stack([(known & (bins == place)).sum(axis=0) for place in range(len(EDGES))], axis=1)
    queries = known.sum(axis=0)
    shares = np.divide(
        counted, queries[:, None], out=np.full(counted.shape, np.nan), where=queries[:, None] > 0
    )
    some = queries > 0
    average = shares[some].mean(axis=0) if some.any() else np.full(len(EDGES), np.nan)
    return HeatMap(shares, average, queries)


def over_sources(
    values: npt.ArrayLike, *, replicates: int = REPLICATES, seed: int = 0, confidence: float = 0.95
) -> Estimate:
    """Mean over sources of their means over queries: a source with few queries counts like the others.

    Parameters
    ----------
    values : array_like of float, shape (queries, sources)
        NaN where undefined.
    replicates, seed, confidence
        As for `estimates`.

    Returns
    -------
    Estimate
        `n` counts the queries with a value of any source.

    Examples
    --------
    >>> over_sources([[1.0, 0.0], [0.0, np.nan]]).value
    0.25
    """
    array = np.asarray(values, dtype=np.float64)
    return estimates(
        mean_over_sources(array),
        n=(~np.isnan(array)).any(axis=1).sum(),
        queries=len(array),
        replicates=replicates,
        seed=seed,
        confidence=confidence,
    ).at()


def cells_above(
    table: Table,
    kind: Kind = "similarity",
    *,
    threshold: float = ABOVE,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> tuple[Estimates, Estimate]:
    """Share of cells whose mean similarity lies above a threshold, see `OF_CELLS`.

    Returns
    -------
    sources : Estimates, shape (sources,)
    average : Estimate
        Mean over the sources.
    """
    cells = within(table, kind)
    above = np.where(np.isnan(cells), np.nan, cells > threshold)
    return mean(above, replicates=replicates, seed=seed), over_sources(
        above, replicates=replicates, seed=seed
    )


def pairs_above(table: Table, *, replicates: int = REPLICATES, seed: int = 0) -> Estimates:
    """Share of pairs of responses above .8, of each two sources.

    Parameters
    ----------
    table : Table
        With the measure `pairs`.
    replicates, seed
        As for `estimates`.

    Returns
    -------
    Estimates
        Shape (sources, sources), on the diagonal within. Every pair counts equally: a ratio of sums.
    """
    above = table.columns["pairs.above"]
    every = _pairs(table)
    return ratio(np.where(every > 0, above, np.nan), every, replicates=replicates, seed=seed)


def all_pairs_above(table: Table, *, between: bool, replicates: int = REPLICATES, seed: int = 0) -> Estimate:
    """Share above .8 of all pairs within sources, or of all between two sources."""
    own = np.eye(table.sources, dtype=bool)
    of = np.triu(~own) if between else own
    above, every = (values[:, of].sum(axis=1) for values in (table.columns["pairs.above"], _pairs(table)))
    return ratio(np.where(every > 0, above, np.nan), every, replicates=replicates, seed=seed).at()


def _pairs(table: Table) -> FloatArray:
    counts = table.counts.astype(np.float64)
    every: FloatArray = np.einsum("qa,qb->qab", counts, counts)
    np.einsum("qaa->qa", every)[...] = counts * (counts - 1) / 2
    return every


def between(
    table: Table,
    kind: Kind = "similarity",
    *,
    self_pairs: bool = False,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Estimates:
    """Mean over queries of the similarity of every two sources; on the diagonal that within.

    Parameters
    ----------
    table : Table
    kind : {"similarity", "centred"}
    self_pairs : bool
        With each response's similarity to itself on the diagonal, to compare with matrices published so.
    replicates, seed
        As for `estimates`.

    Returns
    -------
    Estimates
        Shape (sources, sources).
    """
    matrix = table.columns[kind]
    if self_pairs:
        matrix = matrix.copy()
        np.einsum("qss->qs", matrix)[...] = with_self_pairs(
            within(table, kind), table.counts.astype(np.float64)
        )
    return mean(matrix, replicates=replicates, seed=seed)
