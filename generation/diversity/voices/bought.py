"""What some of a query's responses are worth: how alike, how many different ones, how good."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.classes import greedy_classes, utility_k
from generation.diversity.responses import FloatArray, Indices, Vectors
from generation.diversity.similarity import similarity_matrix
from generation.diversity.spectrum import hill_number, vendi_score
from generation.diversity.voices.calls import QueryCalls

MEASURES = (
    "answers",
    "similarity",
    "vendi",
    "classes",
    "effective",
    "good_classes",
    "quality",
    "best",
    "good",
    "utility",
)

Columns = dict[str, float]


@dataclass(frozen=True, eq=False)
class Judged:
    """The responses to one query, with all that is measured of some of them.

    Attributes
    ----------
    query : QueryCalls
    held : ndarray of intp, shape (responses,)
        The row of each response's vector; -1 where it has none.
    vectors : ndarray of float32, shape (m, d)
    classes : ndarray of intp, shape (responses,)
        -1 where there is none.
    utility : ndarray of float64, shape (responses,)
        NaN where there is no score.
    good : ndarray of bool, shape (responses,)
    patience : float
    any_scores : bool
        Whether there is a scorer at all.
    """

    query: QueryCalls
    held: Indices
    vectors: Vectors
    classes: Indices
    utility: FloatArray
    good: npt.NDArray[np.bool_]
    patience: float
    any_scores: bool

    def scored(self, rows: Indices) -> bool:
        """Whether all of them have a score."""
        return self.any_scores and not np.isnan(self.query.score[rows]).any()

    def of_set(self, rows: Indices) -> Columns:
        """What does not depend on the order; NaN where undefined.

        Classes of responses of which one has none are undefined, and so is what rests on every score where
        one is missing: `quality` and `good` are of those that have one.
        """
        at = self.held[rows]
        own = self.vectors[at[at >= 0]]
        several = len(own) > 1
        alone = np.zeros(len(own), dtype=np.intp)
        return {
            "answers": float(len(rows)),
            "similarity": float(similarity_matrix(own, alone, sources=1)[0, 0]) if several else np.nan,
            "vendi": vendi_score(own) if several else np.nan,
            **self._ideas(rows),
            **self._worth(rows),
        }

    def utility_of(self, rows: Indices) -> float:
        """What somebody gets of them who reads on with the chance p, and nothing from repeated classes.

        As `utility_k` of endless answers of which those that are not there are worth 0: (1 - p) Σ p^(i - 1)
        u_i over the first of each class. So arms with different numbers of answers are on one scale; divided
        by 1 - p^k it is utility@k of any k that no arm exceeds.
        """
        if (self.classes[rows] < 0).any() or np.isnan(self.utility[rows]).any():
            return np.nan
        found = utility_k(self.classes[rows], self.utility[rows], patience=self.patience)
        return 0.0 if found is None else found * (1 - self.patience ** len(rows))

    def _ideas(self, rows: Indices) -> Columns:
        known = self.classes[rows]
        if (known < 0).any():
            return {"classes": np.nan, "effective": np.nan}
        counts = np.unique(known, return_counts=True)[1]
        effective = hill_number(counts / counts.sum()) if len(counts) else np.nan
        return {"classes": float(len(counts)), "effective": effective}

    def _worth(self, rows: Indices) -> Columns:
        scores = self.query.score[rows]
        known = ~np.isnan(scores)
        whole, some = self.scored(rows), bool(known.any())
        good = self.good[rows]
        classed = bool((self.classes[rows] >= 0).all())
        return {
            "good_classes": float(len(np.unique(self.classes[rows[good]]))) if whole and classed else np.nan,
            "quality": float(scores[known].mean()) if some else np.nan,
            "best": float(scores.max()) if whole and some else np.nan,
            "good": float(good[known].mean()) if some else np.nan,
        }


def similar_classes(vectors: Vectors, threshold: float, rng: np.random.Generator) -> Indices:
    """Classes of all responses to a query, whoever gave them, so that arms are counted by the same ones.

    Parameters
    ----------
    vectors : ndarray of float32, shape (m, d)
        Of unit length.
    threshold : float
        From which similarity on two are of one class.
    rng : numpy.random.Generator
        In a random order, since the first member of a class decides.

    Returns
    -------
    ndarray of intp, shape (m,)

    Examples
    --------
    >>> vectors = np.eye(2, dtype=np.float32)[[0, 1, 0]]
    >>> found = similar_classes(vectors, 0.8, np.random.default_rng(0))
    >>> bool(found[0] == found[2] != found[1])
    True
    """
    order = rng.permutation(len(vectors))
    classes = np.empty(len(vectors), dtype=np.intp)
    # What is the same may fall short of 1 by rounding.
    classes[order] = greedy_classes(vectors[order] @ vectors[order].T, threshold - 1e-6)
    return classes
