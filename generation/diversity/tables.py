"""The small table that all measures of a data set come down to: a row a query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.diversity.measures import SAMPLE, Measure, Setting
from generation.diversity.responses import Partition, UnusableResponses, Vectors
from generation.diversity.samples import NOTHING, Sample, Sampler, merge_samples

Column = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Table:
    """What was measured, query by query.

    Attributes
    ----------
    keys, texts : tuple of str, length queries
        The queries' ids and texts.
    counts : ndarray of int64, shape (queries, sources)
        Responses.
    columns : dict
        Arrays of shape (queries, ...) by name; NaN where a query has no such value.
    sample : Sample
        Some responses' vectors, for the distribution of the floor.
    centre : ndarray of float32, shape (d,), or None
        What the centred measures took off.
    """

    keys: tuple[str, ...]
    texts: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    columns: dict[str, Column]
    sample: Sample = NOTHING
    centre: Vectors | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def sources(self) -> int:
        return int(self.counts.shape[1])


def table_of(partition: Partition, *, measures: Sequence[Measure], setting: Setting) -> Table:
    """Measure a partition, one query at a time.

    Parameters
    ----------
    partition : Partition
    measures : sequence of Measure
    setting : Setting

    Returns
    -------
    Table

    Raises
    ------
    UnusableResponses
        If a measure's array has another shape than for the query before.
    """
    keys, texts, counts, rows = [], [], [], []
    sampler = Sampler(setting.sample)
    for query in partition.load():
        keys.append(query.key)
        texts.append(query.text)
        counts.append(np.bincount(query.source, minlength=setting.sources))
        found: dict[str, Column] = {}
        for measure in measures:
            if measure.possible(query):
                found |= measure.function(query, setting)
        rows.append(found)
        sampler.add(query, setting)
    columns = {name: _stacked(name, rows) for name in sorted(set().union(*rows))}
    counted = np.array(counts, dtype=np.int64).reshape(len(keys), setting.sources)
    return Table(tuple(keys), tuple(texts), counted, columns, sampler.sample(), setting.centre)


def merge(tables: Iterable[Table], *, sample: int = SAMPLE) -> Table:
    """Join the tables of a data set's partitions, in their order.

    Parameters
    ----------
    tables : iterable of Table
        At least one.
    sample : int
        How many responses their samples hold at most.

    Returns
    -------
    Table

    Raises
    ------
    UnusableResponses
        If a query stands in two of them, or a column has another shape in one of them.
    """
    parts = list(tables)
    keys = tuple(key for part in parts for key in part.keys)
    if len(set(keys)) < len(keys):
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise UnusableResponses(f"query {twice} stands in two partitions")
    columns = {}
    for name in sorted(set().union(*(part.columns for part in parts))):
        rows: list[dict[str, Column]] = []
        for part in parts:
            rows += [{name: row} for row in part.columns[name]] if name in part.columns else [{}] * len(part)
        columns[name] = _stacked(name, rows)
    return Table(
        keys,
        tuple(text for part in parts for text in part.texts),
        np.concatenate([part.counts for part in parts]),
        columns,
        merge_samples((part.sample for part in parts), size=sample),
        parts[0].centre,
    )


def _stacked(name: str, rows: Sequence[dict[str, Column]]) -> Column:
    """One array of a column's rows, NaN where a query has none."""
    held = {index: np.asarray(row[name]) for index, row in enumerate(rows) if name in row}
    shapes = sorted({array.shape for array in held.values()})
    if len(shapes) > 1:
        raise UnusableResponses(
            f"{name}: queries have arrays of different shapes, {shapes[0]} and {shapes[1]}"
        )
    kind = np.result_type(*held.values(), np.float16)
    stacked = np.full((len(rows), *shapes[0]), np.nan, dtype=kind)
    for index, array in held.items():
        stacked[index] = array
    return stacked
