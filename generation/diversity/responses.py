"""What every measure of diversity reads: the responses to one query at a time, by source, and their vectors.

A data set is read in partitions of queries. A partition is small: it says where its queries lie, and reads
them when asked, so that it can travel to another process and memory holds one query at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


# The model of responses of which nobody said who gave them.
UNKNOWN_MODEL = "unknown model"


class UnusableResponses(ValueError):
    """What cannot be measured, in one line."""


@dataclass(frozen=True, order=True)
class Source:
    """Who gave a response: a model, under a condition (a decoding, a prompting strategy) if it has a name.

    Examples
    --------
    >>> Source("smol", "min-p").label
    'smol · min-p'
    """

    model: str
    condition: str = ""

    @property
    def label(self) -> str:
        return f"{self.model} · {self.condition}" if self.condition else self.model


@dataclass(frozen=True, eq=False)
class QueryResponses:
    """The responses to one query.

    Attributes
    ----------
    key, text : str
        The query's id, unique in its data set, and its text.
    source : ndarray of intp, shape (n,)
        Indices into the data set's sources.
    texts : sequence of str, length n
        Empty if the data set has no texts.
    vectors : ndarray of float32, shape (n, d), or None
        Of unit length.
    classes : ndarray of intp, shape (n,), or None
        Given classes of equivalent ideas, 0 upwards; -1 where none was given.
    keys : sequence of str, length n
        The responses' ids; may be empty.

    Raises
    ------
    UnusableResponses
        If the lengths differ.
    """

    key: str
    text: str
    source: Indices
    texts: Sequence[str]
    vectors: Vectors | None
    classes: Indices | None = None
    keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        n = len(self.source)
        for name in ("texts", "vectors", "classes", "keys"):
            held = getattr(self, name)
            if held is not None and len(held) not in (n, 0 if name in ("texts", "keys") else n):
                raise UnusableResponses(f"query {self.key}: {n} sources, but {len(held)} {name}")

    def __len__(self) -> int:
        return len(self.source)

    def of(self, rows: Indices) -> "QueryResponses":
        """Return some of them, as given by their rows."""
        return QueryResponses(
            self.key,
            self.text,
            self.source[rows],
            [self.texts[row] for row in rows] if len(self.texts) else (),
            None if self.vectors is None else self.vectors[rows],
            None if self.classes is None else self.classes[rows],
            [self.keys[row] for row in rows] if len(self.keys) else (),
        )

    def cells(self) -> Iterator[tuple[int, Indices]]:
        """Yield each source that answered, in order, with the rows of its responses."""
        order = np.argsort(self.source, kind="stable")
        sources, starts = np.unique(self.source[order], return_index=True)
        yield from zip(sources.tolist(), np.split(order, starts[1:]), strict=bool(len(order)))


class Partition(Protocol):
    """Some queries of a data set. It can be pickled, and reads nothing before it is asked to."""

    def load(self) -> Iterator[QueryResponses]: ...


@dataclass(frozen=True)
class DataSet:
    """Responses of several sources to several queries.

    Attributes
    ----------
    sources : tuple of Source
    partitions : sequence of Partition
        Together they hold each query once.
    encoder : str
        What made the vectors; empty if there are none.
    without_vectors : int
        Responses that were left out, since the encoder has no vectors of them.
    """

    sources: tuple[Source, ...]
    partitions: Sequence[Partition]
    encoder: str = ""
    without_vectors: int = 0

    def load(self) -> Iterator[QueryResponses]:
        """Yield every query, in the order of the partitions."""
        for partition in self.partitions:
            yield from partition.load()


@dataclass(frozen=True)
class Held:
    """A partition of queries that are in memory already.

    Examples
    --------
    >>> one = QueryResponses("q", "Why?", np.array([0, 0]), ["a", "b"], None)
    >>> [len(query) for query in Held((one,)).load()]
    [2]
    """

    queries: Sequence[QueryResponses]

    def load(self) -> Iterator[QueryResponses]:
        yield from self.queries


def unit(vectors: npt.ArrayLike) -> Vectors:
    """Return vectors scaled to unit length, as float32.

    Parameters
    ----------
    vectors : array_like of float, shape (n, d)

    Raises
    ------
    UnusableResponses
        If one is not finite or has no length: it has no direction, so no cosine.

    Examples
    --------
    >>> unit([[3.0, 4.0]]).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    held = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(held, axis=1, keepdims=True)
    wrong = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(wrong):
        raise UnusableResponses(f"vector {wrong[0] + 1:,} of {len(held):,} is not finite or has no length")
    scaled: Vectors = held / lengths
    return scaled
