"""Queries of a data set in a mapped file: their responses, read one at a time, with vectors from a store.

Neither Django nor a database is needed to read them: a process elsewhere can, where it sees the same folder.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa

from generation.diversity.responses import QueryResponses, UnusableResponses
from generation.vectors import Store

UNCLASSED = -1
# A record batch is a query; its metadata are the query's key and text.
SCHEMA = pa.schema(
    [("response", pa.int64()), ("source", pa.int32()), ("class", pa.int32()), ("text", pa.large_string())]
)


@dataclass(frozen=True)
class StoredQueries:
    """Some queries of a data set, from the `first` to before the `last`, in the file of its texts."""

    path: Path
    first: int
    last: int
    store: Store | None
    # Which is there as long as whoever made it holds the partition.
    folder: Any = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredQueries, (self.path, self.first, self.last, self.store)

    def load(self) -> Iterator[QueryResponses]:
        """One query at a time. Raises UnusableResponses where vectors were deleted meanwhile."""
        with pa.memory_map(str(self.path)) as stream, pa.ipc.open_file(stream) as file:
            for number in range(self.first, self.last):
                yield self._query(*file.get_batch_with_custom_metadata(number))

    def _query(self, batch: Any, about: Any) -> QueryResponses:
        key, keys = int(about[b"key"]), batch.column("response").to_numpy()
        vectors = None
        if self.store is not None:
            rows, vectors = self.store.read(key, keys)
            if len(rows) < len(keys):
                raise UnusableResponses(f"The vectors of query {key} were deleted meanwhile: try again.")
        classes = batch.column("class").to_numpy()
        return QueryResponses(
            key=str(key),
            text=about[b"text"].decode(),
            source=batch.column("source").to_numpy().astype(np.intp),
            texts=Texts(batch.column("text")),
            vectors=vectors,
            classes=classes.astype(np.intp) if (classes != UNCLASSED).any() else None,
            keys=[str(one) for one in keys.tolist()],
        )


class Texts(Sequence[str]):
    """Texts in a mapped file, each read when it is asked for."""

    def __init__(self, held: Any) -> None:
        self._held = held

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "Texts": ...
    def __getitem__(self, place: int | slice) -> "str | Texts":
        if isinstance(place, slice):
            return Texts(self._held.take(pa.array(range(len(self))[place], pa.int64())))
        text: str = self._held[int(place)].as_py()
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._held.to_pylist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
