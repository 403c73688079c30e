"""Simulated people: a latent-normal model of labels, from what a user expects or from a pilot study.

An item's latent quality is the sum of its query's part and its own. A person's answer adds their severity
and noise, and thresholds cut the sum into the scale's values. All variances add up to 1, so that the
marginal shares fix the thresholds and nothing else.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray, as_counts, as_values, totals
from annotation.statistics.latent import (
    MOST_ALIKE,
    covariance,
    shared_variance,
    shares_between,
    thresholds_of,
    variance,
)

CountArray = npt.NDArray[np.int64]

FEWEST_ITEMS, FEWEST_QUERIES = 20, 5


@dataclass(frozen=True)
class Population:
    """What simulated people answer.

    Attributes
    ----------
    values : tuple of float, length V
        The scale, rising.
    thresholds : tuple of float, length V - 1
        Where the latent answer, of variance 1, passes from one value to the next.
    query, item, severity : float
        Latent variances of a query's part, of an item's own and of a person's severity; noise is the rest.

    Examples
    --------
    >>> people = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.3, query_share=0.4)
    >>> round(people.alpha, 6), round(people.query_share, 6), round(people.shares[0], 6)
    (0.3, 0.4, 0.2)
    >>> people.simulate(2, 3, 5, rng=np.random.default_rng(0), studies=4).shape
    (4, 6, 5)
    """

    values: tuple[float, ...]
    thresholds: tuple[float, ...]
    query: float
    item: float
    severity: float

    @classmethod
    def assumed(
        cls,
        values: npt.ArrayLike,
        *,
        shares: npt.ArrayLike,
        alpha: float,
        query_share: float,
        severity_share: float = 0.0,
    ) -> Self:
        """Make people who answer as expected.

        Parameters
        ----------
        values : array_like of float, shape (V,)
            The scale, rising.
        shares : array_like of float, shape (V,)
            How often each value is given, over all items; any positive multiple of it.
        alpha : float
            Krippendorff's interval alpha of infinitely many items, above 0.
        query_share : float
            Correlation of the true means of two items of one query: 0 where queries do not matter, below 1.
        severity_share : float
            Share of the labels' variance that is due to some people being more severe than others.

        Raises
        ------
        ValueError
            If the numbers are outside their ranges, or agreement and severity together leave no noise.
        """
        scale = np.asarray(values, dtype=np.float64)
        given = np.asarray(shares, dtype=np.float64)
        if given.shape != scale.shape or not (given >= 0).all() or np.count_nonzero(given) < 2:
            raise ValueError("shares must be one number a value, none negative, and two above 0")
        as_values(scale, given[None])
        if alpha <= 0 or severity_share < 0 or not 0 <= query_share < 1:
            raise ValueError("alpha must be above 0, the share between queries at least 0 and below 1")
        thresholds = thresholds_of(given / given.sum())
        reached = covariance(MOST_ALIKE, scale, thresholds) / variance(scale, given)
        if alpha > reached or severity_share > reached:
            raise ValueError(f"agreement and severity must each be at most {reached:.2f} on this scale")
        spread = variance(scale, given)
        items = shared_variance(alpha * spread, scale, thresholds)
        people = shared_variance(severity_share * spread, scale, thresholds)
        if items + people > MOST_ALIKE:
            raise ValueError("agreement and severity together leave no room for any other disagreement")
        queries = shared_variance(query_share * alpha * spread, scale, thresholds)
        numbers = tuple(scale.tolist()), tuple(thresholds.tolist())
        return cls(*numbers, queries, items - queries, people)

    @classmethod
    def fitted(
        cls,
        counts: npt.ArrayLike,
        values: npt.ArrayLike,
        queries: npt.ArrayLike,
        *,
        severity_share: float = 0.0,
    ) -> Self:
        """Make people who answer like those of a pilot study, by matching moments.

        Parameters
        ----------
        counts : array_like of int, shape (items, V)
            Items with fewer than two labels are left out.
        values : array_like of float, shape (V,)
        queries : array_like of shape (items,)
            The query of each item. Where no query has two items, queries are taken not to matter.
        severity_share : float
            Counts do not tell who gave which label, so it is assumed.

        Raises
        ------
        ValueError
            If the pilot is too thin: fewer than 20 items with two labels, or 5 queries, one value only, or
            no agreement at all. The message is the reason, in words.

        Notes
        -----
        Covariances of two labels of one item, and of two items of one query, are means of products over
        pairs, less the mean of products over items of different queries: unbiased with few queries too.
        """
        every = as_counts(counts)
        scale = as_values(values, every)
        kept = totals(every) >= 2
        paired = every[kept]
        index, number = cluster_index(queries, len(every), kept=kept)
        if len(paired) < FEWEST_ITEMS:
            raise ValueError(f"the pilot is too thin: fewer than {FEWEST_ITEMS} items have two labels")
        if number < FEWEST_QUERIES:
            raise ValueError(f"the pilot is too thin: fewer than {FEWEST_QUERIES} queries")
        if np.count_nonzero(paired.sum(axis=0)) < 2:
            raise ValueError("the pilot says nothing about disagreement: all labels have the same value")
        same_item, same_query, spread = _moments(paired, scale, index, number)
        if same_item <= 0:
            raise ValueError("the pilot shows no agreement beyond chance, so nothing to plan from")
        shares = (paired / totals(paired)[:, None]).mean(axis=0)
        return cls.assumed(
            scale,
            shares=shares,
            alpha=same_item / spread,
            query_share=float(np.clip(same_query / same_item, 0, 0.99)),
            severity_share=severity_share,
        )

    @property
    def shares(self) -> tuple[float, ...]:
        """How often each value is given, over all items."""
        return tuple(shares_between(np.array(self.thresholds)).tolist())

    @property
    def noise(self) -> float:
        """Latent variance of one answer about what its person thinks of the item on average."""
        return 1 - self.query - self.item - self.severity

    @property
    def alpha(self) -> float:
        """Krippendorff's interval alpha of infinitely many items."""
        return self._share(self.query + self.item)

    @property
    def query_share(self) -> float:
        """Correlation of the true means of two items of one query."""
        return self._share(self.query) / self.alpha

    @property
    def severity_share(self) -> float:
        """Share of the labels' variance that is due to severity."""
        return self._share(self.severity)

    def _share(self, latent: float) -> float:
        scale = np.array(self.values)
        common = covariance(latent, scale, np.array(self.thresholds))
        return common / variance(scale, np.array(self.shares))

    def latents(
        self, queries: int, items_per_query: int, *, rng: np.random.Generator, studies: int = 1
    ) -> FloatArray:
        """Draw the latent quality of items: shape (studies, queries x items_per_query), query by query."""
        shared = rng.normal(scale=np.sqrt(self.query), size=(studies, queries, 1))
        own = rng.normal(scale=np.sqrt(self.item), size=(studies, queries, items_per_query))
        return np.asarray((shared + own).reshape(studies, -1))

    def probabilities(self, latents: npt.ArrayLike, *, noise: npt.ArrayLike = 1.0) -> FloatArray:
        """True shares of each value among all people, one row an item: shape (..., V).

        `noise` multiplies the standard deviation of the noise, of all items or of each.
        """
        from scipy.special import ndtr

        quality = np.asarray(latents, dtype=np.float64)[..., None]
        spread = np.sqrt(self.severity + self.noise * np.square(noise))
        below = ndtr((np.array(self.thresholds) - quality) / spread[..., None])
        return np.diff(below, axis=-1, prepend=0, append=1)

    def answers(self, latents: FloatArray) -> npt.NDArray[np.intp]:
        """The places on the scale, from 0, that latent answers fall on."""
        return np.searchsorted(np.array(self.thresholds), latents, side="left")

    def label(
        self,
        latents: FloatArray,
        labels_per_item: int,
        *,
        rng: np.random.Generator,
        session_size: int = 15,
        noise: npt.ArrayLike = 1.0,
    ) -> CountArray:
        """Have people label items, each once in a session.

        Parameters
        ----------
        latents : ndarray of float, shape (studies, items)
        labels_per_item : int
        rng : numpy.random.Generator
        session_size : int
            Items drawn at random that one person labels; it only matters where people differ in severity.
        noise : array_like of float, shape () or (studies, items)
            What multiplies the standard deviation of the noise: where people differ more than elsewhere.

        Returns
        -------
        ndarray of int, shape (studies, items, V)
        """
        studies, items = latents.shape
        spread = (np.sqrt(self.noise) * np.asarray(noise)).astype(np.float32)
        drawn = rng.standard_normal((labels_per_item, studies, items), dtype=np.float32) * spread
        drawn += latents.astype(np.float32)
        if self.severity:
            drawn += self._severities(drawn.shape, session_size, rng)
        above = np.zeros((len(self.values) + 1, studies, items), dtype=np.int64)
        above[0] = labels_per_item
        for place, threshold in enumerate(np.array(self.thresholds, dtype=np.float32), start=1):
            above[place] = (drawn > threshold).sum(axis=0)
        return np.moveaxis(above[:-1] - above[1:], 0, -1)

    def _severities(
        self, shape: tuple[int, int, int], session_size: int, rng: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        """One person's severity for the items of each session; sessions are drawn anew a label."""
        labels, studies, items = shape
        sessions = -(-items // session_size)
        people = rng.normal(scale=np.sqrt(self.severity), size=(labels * studies, sessions))
        seats = np.tile(np.arange(items) // session_size, (labels * studies, 1))
        seats = rng.permuted(seats, axis=1)
        return np.take_along_axis(people, seats, axis=1).reshape(shape).astype(np.float32)

    def simulate(
        self,
        queries: int,
        items_per_query: int,
        labels_per_item: int,
        *,
        rng: np.random.Generator,
        studies: int = 1,
        session_size: int = 15,
    ) -> CountArray:
        """Counts of simulated studies: shape (studies, queries x items_per_query, V)."""
        latents = self.latents(queries, items_per_query, rng=rng, studies=studies)
        return self.label(latents, labels_per_item, rng=rng, session_size=session_size)


def _moments(
    counts: FloatArray, scale: FloatArray, index: npt.NDArray[np.intp], number: int
) -> tuple[float, float, float]:
    """Covariance of two labels of an item, of two items of a query, and the variance of a label."""
    x = scale - np.average(scale, weights=counts.sum(axis=0))
    n, total, squares = totals(counts), counts @ x, counts @ np.square(x)
    means = total / n
    by_query = cluster_sums(np.stack([np.ones_like(means), means, np.square(means)], axis=1), index, number)
    size, sums, own = by_query.T
    pairs_within = float((size * (size - 1)).sum())
    pairs_between = len(means) ** 2 - float((size * size).sum())
    between = (sums.sum() ** 2 - (sums * sums).sum()) / pairs_between
    same_item = float(((np.square(total) - squares) / (n * (n - 1))).mean() - between)
    same_query = float((sums * sums - own).sum() / pairs_within - between) if pairs_within else 0.0
    within = float(((squares - total * means) / (n - 1)).mean())
    return same_item, same_query, same_item + within
