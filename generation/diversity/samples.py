"""A fixed number of responses drawn from a data set of any size, the same whatever the order of work."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.measures import Setting
from generation.diversity.responses import FloatArray, QueryResponses, UnusableResponses, Vectors


@dataclass(frozen=True, eq=False)
class Sample:
    """Responses drawn at random, all equally likely.

    Each response has a random priority that depends on the seed and its query alone; the sample holds the
    smallest. So samples of parts can be merged into the sample of the whole.

    Attributes
    ----------
    priority : ndarray of float64, shape (k,)
    query : ndarray of str, shape (k,)
        Keys of their queries.
    vectors : ndarray of float32, shape (k, d)
    """

    priority: FloatArray
    query: npt.NDArray[np.str_]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.priority)


NOTHING = Sample(np.empty(0), np.empty(0, dtype=np.str_), np.empty((0, 0), dtype=np.float32))


class Sampler:
    """Takes a sample of queries as they come by."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._parts: list[Sample] = []
        self._highest = np.inf

    def add(self, query: QueryResponses, setting: Setting) -> None:
        """Look at one query's responses."""
        if query.vectors is None or not self.size:
            return
        priority = setting.rng(query, "sample").random(len(query))
        kept = np.flatnonzero(priority < self._highest)
        if len(kept) > self.size:
            kept = kept[np.argpartition(priority[kept], self.size)[: self.size]]
        self._parts.append(Sample(priority[kept], np.full(len(kept), query.key), query.vectors[kept]))
        if sum(map(len, self._parts)) > 2 * self.size:
            self._parts = [self.sample()]
            self._highest = self._parts[0].priority[-1]

    def sample(self) -> Sample:
        """Return the sample of all that were looked at."""
        return merge_samples(self._parts, size=self.size)


def merge_samples(samples: Iterable[Sample], *, size: int) -> Sample:
    """Return the sample of what several samples were drawn from.

    Raises
    ------
    UnusableResponses
        If their vectors are of different dimensions.

    Examples
    --------
    >>> one = Sample(np.array([0.2, 0.7]), np.array(["a", "a"]), np.eye(2, dtype=np.float32))
    >>> two = Sample(np.array([0.1]), np.array(["b"]), np.ones((1, 2), dtype=np.float32))
    >>> merge_samples([one, two], size=2).query.tolist()
    ['b', 'a']
    """
    held = [sample for sample in samples if len(sample)]
    if not held:
        return NOTHING
    dimensions = {sample.vectors.shape[1] for sample in held}
    if len(dimensions) > 1:
        raise UnusableResponses(f"vectors of different dimensions lie in one data set: {sorted(dimensions)}")
    priority = np.concatenate([sample.priority for sample in held])
    query = np.concatenate([sample.query for sample in held])
    first = np.lexsort((query, priority))[:size]
    starts = np.cumsum([0, *map(len, held)])
    # Only what stays is copied.
    vectors = np.empty((len(first), *dimensions), dtype=np.float32)
    for sample, start in zip(held, starts[:-1], strict=True):
        mine = (first >= start) & (first < start + len(sample))
        vectors[mine] = sample.vectors[first[mine] - start]
    return Sample(priority[first], query[first], vectors)
