"""What similarity is worth: an encoder's floor, and the gap above it, raw and centred.

The floor is the mean similarity of responses to different queries. Responses to one query are alike only as
far as their similarity lies above it; an encoder whose floor is .7 makes .8 of what another calls .4.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import (
    REPLICATES,
    Estimate,
    Estimates,
    estimates,
)
from generation.diversity.means import Statistic, mean_of, mean_over_sources
from generation.diversity.pairs import EDGES
from generation.diversity.responses import FloatArray
from generation.diversity.tables import Column, Table

Kind = Literal["similarity", "centred"]
NO_FLOOR = "the floor needs two queries"


def floor(
    table: Table, kind: Kind = "similarity", *, replicates: int = REPLICATES, seed: int = 0
) -> Estimate:
    """Mean similarity of responses to different queries, of all pairs of queries, without a sample.

    Parameters
    ----------
    table : Table
        With the measure of that name.
    kind : {"similarity", "centred"}
        Of the vectors as they are, or less their centre: then near 0, a little below it with few queries.
    replicates, seed
        As for `estimates`.

    Returns
    -------
    Estimate
        Each pair of queries counts equally, and within a query each source. Undefined under 2 queries.

    Notes
    -----
    With m the queries' mean vectors, (|Σm|² - Σ|m|²) / (Q(Q - 1)).
    """
    means = table.columns[f"{kind}.mean"]
    n = _known(means).sum()
    found = estimates(floor_of(means), n=n, queries=len(means), replicates=replicates, seed=seed)
    return replace(found, undefined=NO_FLOOR).at()


def gap(
    table: Table,
    values: npt.ArrayLike,
    kind: Kind = "similarity",
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Estimates:
    """How far mean similarities lie above the floor.

    Parameters
    ----------
    table : Table
    values : array_like of float, shape (queries, ...)
        Similarities of the same kind, such as those within sources; NaN where undefined.
    kind, replicates, seed
        As for `floor`.

    Returns
    -------
    Estimates
        Of shape (...). Undefined under 2 queries.

    See Also
    --------
    gap_over_sources : of the mean over sources.

    Notes
    -----
    The centred gap is about (within - floor) / (1 - floor) of the raw similarities: a similarity corrected
    for chance, which encoders agree on where their raw gaps do not.
    """
    array = np.asarray(values, dtype=np.float64)
    n = (~np.isnan(array)).sum(axis=0)
    return _gap(table, mean_of(array), kind, n=n, replicates=replicates, seed=seed)


def gap_over_sources(
    table: Table,
    values: npt.ArrayLike,
    kind: Kind = "similarity",
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Estimate:
    """How far the mean over sources of their mean similarities lies above the floor.

    Parameters
    ----------
    table, kind, replicates, seed
        As for `gap`.
    values : array_like of float, shape (queries, sources)

    Returns
    -------
    Estimate
        As much as `homogeneity.over_sources` is above `floor`, whatever is missing.
    """
    array = np.asarray(values, dtype=np.float64)
    n = (~np.isnan(array)).any(axis=1).sum()
    return _gap(table, mean_over_sources(array), kind, n=n, replicates=replicates, seed=seed).at()


def _gap(
    table: Table, above: Statistic, kind: Kind, *, n: npt.ArrayLike, replicates: int, seed: int
) -> Estimates:
    below = floor_of(table.columns[f"{kind}.mean"])

    def statistic(weights: FloatArray) -> FloatArray:
        inside = above(weights)
        return inside - below(weights).reshape(-1, *[1] * (inside.ndim - 1))

    found = estimates(statistic, n=n, queries=len(table), replicates=replicates, seed=seed)
    return replace(found, undefined=NO_FLOOR)


def floor_of(means: Column) -> Statistic:
    """The floor as a statistic of weighted queries: copies of one query are no pair.

    Parameters
    ----------
    means : ndarray of float, shape (queries, d)
        The queries' mean vectors; NaN where a query has none.

    Examples
    --------
    >>> floor_of(np.array([[1.0, 0.0], [0.8, 0.6]]))(np.ones((1, 2)))
    array([0.8])
    """
    known = _known(means)
    held = np.where(known[:, None], means, 0)
    lengths = np.einsum("qd,qd->q", held, held, dtype=np.float64)

    def statistic(weights: FloatArray) -> FloatArray:
        of = weights * known
        total = (of.astype(held.dtype) @ held).astype(np.float64)
        pairs = of.sum(axis=1) ** 2 - (of**2).sum(axis=1)
        products = np.einsum("rd,rd->r", total, total) - of**2 @ lengths
        floor: FloatArray = np.divide(products, pairs, out=np.full(len(of), np.nan), where=pairs > 0)
        return floor

    return statistic


@dataclass(frozen=True, eq=False)
class FloorDistribution:
    """Similarities of single pairs of responses to different queries, from a sample of the data set.

    Attributes
    ----------
    shares : ndarray of float64, shape (11,)
        Below 0, then ten bins over [0, 1].
    quantiles : dict of float
        At .05, .25, .5, .75 and .95.
    pairs : int
        That were looked at: all of the sample's responses whose queries differ.
    responses : int
        In the sample.
    """

    shares: FloatArray
    quantiles: dict[float, float]
    pairs: int
    responses: int


def floor_distribution(table: Table, kind: Kind = "similarity") -> FloorDistribution | None:
    """Return how the floor is spread; None if no two responses of the sample answer different queries."""
    sample = table.sample
    vectors = sample.vectors.astype(np.float64)
    if kind == "centred":
        if table.centre is None:
            return None
        vectors -= table.centre
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, np.nan)
    different = np.triu(sample.query[:, None] != sample.query[None, :], 1)
    cosines = (vectors @ vectors.T)[different]
    cosines = np.clip(cosines[np.isfinite(cosines)], None, 1)
    if not len(cosines):
        return None
    bins = np.histogram(cosines, EDGES)[0]
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    return FloorDistribution(
        np.r_[len(cosines) - bins.sum(), bins] / len(cosines),
        dict(zip(levels, np.quantile(cosines, levels).tolist(), strict=True)),
        len(cosines),
        len(sample),
    )


def _known(means: Column) -> npt.NDArray[np.bool_]:
    known: npt.NDArray[np.bool_] = np.all(np.isfinite(means), axis=1, keepdims=True)[:, 0]
    return known
