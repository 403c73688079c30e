"""Responses of a family's checkpoints, counted by query, step and format: what a report is made of."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.diversity.homogeneity import within
from generation.diversity.responses import FloatArray
from generation.diversity.tables import Table
from generation.formats.specification import Specification
from generation.training.passes import fewest_samples, pass_at_k
from generation.training.shares import query_shares

Json = dict[str, Any]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Counted:
    """Counts of shape (queries, steps, formats), and what else is known of the same responses.

    Attributes
    ----------
    models : tuple of str
        The checkpoint at each step, in the order of the steps.
    steps : tuple of int
    formats : tuple of str
        The commonest of all responses first.
    counts, known, correct : ndarray of int64, shape (queries, steps, formats)
        Responses; those of which it is known whether they are correct; those that are.
    token_entropy : ndarray of float64, shape (queries, steps)
        Mean over the tokens of the query's responses, in nats a token; NaN where no response has it.
    bounds : tuple of (str or None), one a step
        "exact"; "lower", where any of them is a lower bound; None where there is none.
    """

    models: tuple[str, ...]
    steps: tuple[int, ...]
    formats: tuple[str, ...]
    counts: Counts
    known: Counts
    correct: Counts
    token_entropy: FloatArray
    bounds: tuple[str | None, ...]

    @cached_property
    def shares(self) -> FloatArray:
        return query_shares(self.counts)

    @cached_property
    def samples(self) -> Counts:
        """Responses of which it is known whether they are correct, shape (queries, steps)."""
        samples: Counts = self.known.sum(axis=-1)
        return samples

    @property
    def judged(self) -> bool:
        return bool(self.known.any())


@dataclass(frozen=True, eq=False)
class Alike:
    """How alike each checkpoint's responses are, by an encoder.

    Attributes
    ----------
    encoder : str
    table : Table
        With the measure `similarity`; its sources are the checkpoints.
    order : tuple of int
        The source of each step.
    without_vectors : int
        Responses that were left out.
    """

    encoder: str
    table: Table
    order: tuple[int, ...]
    without_vectors: int

    @property
    def within(self) -> FloatArray:
        """Mean similarity of two of a query's responses, shape (queries, steps)."""
        cells: FloatArray = within(self.table)[:, list(self.order)]
        return cells


@dataclass(frozen=True, eq=False)
class Asked:
    """What was counted, and what is asked of it."""

    counted: Counted
    asked: Specification
    alike: Alike | None = None

    @property
    def resampling(self) -> Json:
        return {"replicates": self.asked.replicates, "seed": self.asked.seed}

    @cached_property
    def k(self) -> int | None:
        """Samples of pass@k; None where nothing is known to be correct or wrong."""
        fewest = fewest_samples(self.counted.samples)
        return None if fewest is None else self.asked.k or fewest

    def passed(self, k: int) -> FloatArray:
        """pass@k of each query and step, shape (queries, steps)."""
        return pass_at_k(self.counted.samples, self.counted.correct.sum(axis=-1), k)
