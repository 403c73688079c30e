"""What a measure of diversity is: a function of the responses to one query that gives small arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray, QueryResponses, Vectors

SAMPLE = 500

Need = Literal["vectors", "texts", "classes", "centre"]
Columns = Mapping[str, npt.NDArray[np.floating[Any]]]


@dataclass(frozen=True, eq=False)
class Setting:
    """What is the same for every query of a data set.

    Attributes
    ----------
    sources : int
    centre : ndarray of float32, shape (d,), or None
        What centred measures subtract from every vector, see `centring`; None where none is needed.
    seed : int
    sample : int
        How many responses of the data set are drawn for the distribution of the floor.
    """

    sources: int
    centre: Vectors | None = None
    seed: int = 0
    sample: int = SAMPLE

    def rng(self, query: QueryResponses, purpose: str) -> np.random.Generator:
        """Return a generator that depends on the seed, the query's text and the purpose alone."""
        return np.random.default_rng([self.seed, *f"{purpose}/{query.text}".encode()])

    def cells(self) -> FloatArray:
        """Return a number for each source, all undefined."""
        return np.full(self.sources, np.nan)

    def pairs(self) -> npt.NDArray[np.float32]:
        """Return a number for each two sources, all undefined; in single precision, since they are many."""
        return np.full((self.sources, self.sources), np.nan, np.float32)


@dataclass(frozen=True)
class Measure:
    """Something measured of each query's responses.

    Attributes
    ----------
    name : str
        Columns are named after it: "similarity", "similarity.centred".
    needs : frozenset of {"vectors", "texts", "classes", "centre"}
        A query that lacks one of them is undefined in all its columns. The centre takes a pass over the data
        set of its own.
    function : callable
        Takes the responses to a query and the `Setting`; returns arrays by name, each of the same shape for
        every query of a data set, NaN where undefined. At a module's top level, so that it can be pickled.
    """

    name: str
    needs: frozenset[Need]
    function: Callable[[QueryResponses, Setting], Columns]

    def possible(self, query: QueryResponses) -> bool:
        """Whether the query has what the measure needs."""
        held = (getattr(query, need) for need in self.needs - {"centre"})
        return len(query) > 0 and all(rows is not None and len(rows) for rows in held)
