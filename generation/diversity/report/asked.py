"""A measured data set, and how its estimates are made: what every section of a report reads."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.diversity import homogeneity
from generation.diversity.floor import Kind, gap, gap_over_sources
from generation.diversity.intervals import Estimate, Estimates, mean
from generation.diversity.report.specification import Specification
from generation.diversity.responses import DataSet, FloatArray
from generation.diversity.tables import Column, Table

Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Measured:
    """A data set, what was measured of it, and what is asked."""

    data: DataSet
    table: Table
    asked: Specification

    @cached_property
    def names(self) -> list[str]:
        """The sources' labels."""
        return [source.label or "(no model named)" for source in self.data.sources]

    @property
    def resampling(self) -> Json:
        return {"replicates": self.asked.replicates, "seed": self.asked.seed}

    def has(self, *columns: str) -> bool:
        """Whether some query has each of the columns."""
        held = self.table.columns
        return all(name in held and bool(np.isfinite(held[name]).any()) for name in columns)

    def column(self, name: str) -> FloatArray:
        return np.asarray(self.table.columns[name], dtype=np.float64)

    def mean(self, values: npt.ArrayLike) -> Estimates:
        """Mean over queries, with intervals."""
        return mean(values, **self.resampling)

    def over_sources(self, values: npt.ArrayLike) -> Json:
        """Mean over sources of their means over queries."""
        array = np.asarray(values, dtype=np.float64)
        if not np.isfinite(array).any():
            return Estimate(None, None, None, 0, "no query has it").as_dict()
        return homogeneity.over_sources(array, **self.resampling).as_dict()

    def gap(self, values: npt.ArrayLike, kind: Kind = "similarity") -> Estimates:
        """How far similarities lie above the floor of their kind."""
        return gap(self.table, values, kind, **self.resampling)

    def gap_over_sources(self, values: npt.ArrayLike, kind: Kind = "similarity") -> Json:
        """The same of the mean over sources."""
        return gap_over_sources(self.table, values, kind, **self.resampling).as_dict()


def number(value: float) -> float | None:
    """Plain JSON: None for what is not a number."""
    return float(value) if np.isfinite(value) else None


def numbers(values: npt.ArrayLike) -> list[float | None]:
    return [number(value) for value in np.asarray(values, dtype=np.float64).tolist()]


def row_means(values: Column) -> FloatArray:
    """Mean over what is defined of each row; NaN where nothing is."""
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1, dtype=np.float64)
    means: FloatArray = np.divide(total, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means
