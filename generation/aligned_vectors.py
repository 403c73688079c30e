"""A file of vectors brought into the order of the responses that they are of."""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import Indices
from generation.embedding_files import ROWS_AT_ONCE, embedded_rows, response_id
from generation.files import FileError, Progress, Rejections, Row, RowError, counted


def aligned(path: Path, texts: Path, responses: Path, folder: Path, progress: Progress) -> Path:
    """Write the vectors of a file in the order of the responses, whose texts are read already.

    Returns a .npy file of float32 in the folder. Raises FileError.
    """
    ids, rejected = _ids(texts), Rejections(path)
    into, seen = folder / "vectors.npy", np.zeros(len(ids), dtype=bool)
    held: npt.NDArray[np.float32] | None = None
    place, find = 0, None
    rows = embedded_rows(path, rejected, progress)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        named = [_id(path, row) for _, row, _ in batch]
        if held is None:
            shape = (len(ids), len(batch[0][2]))
            held = np.lib.format.open_memmap(into, mode="w+", dtype=np.float32, shape=shape)
            find = _finder(ids, responses, path) if named[0] else None
        if any(named) if find is None else not all(named):
            raise FileError(f"{path.name}: some rows have a response_id, others have none.")
        if find is None:
            at = np.arange(place, place + len(batch))
            at[at >= len(ids)] = -1
        else:
            at = find(named)
        place += len(at)
        known = at >= 0
        if find is not None and (seen[at[known]].any() or len(np.unique(at[known])) < known.sum()):
            raise FileError(f"{path.name}: a response_id has two vectors; give each one.")
        seen[at[known]] = True
        held[at[known]] = np.stack([vector for _, _, vector in batch])[known]
    rejected.refuse()
    if find is None and place != len(ids):
        there = f"{counted(place, 'vectors')}, {responses.name} {counted(len(ids), 'responses')}"
        raise FileError(
            f"{path.name} has {there}: "
            "give both the same rows in the same order, or the vectors a column response_id."
        )
    if not seen.all():
        lost = counted(int((~seen).sum()), "responses")
        first = ids[int(np.argmin(seen))].as_py()
        raise FileError(f"{path.name} has no vector for {lost} of {responses.name}, the first {first!r}.")
    return into


def _id(path: Path, row: Row) -> str:
    try:
        return response_id(row)
    except RowError as error:
        raise FileError(f"{path.name}: {error}.") from None


def _ids(texts: Path) -> Any:
    """The responses' ids in the order of their rows, as Arrow holds them."""
    import pyarrow as pa

    with pa.memory_map(str(texts)) as stream, pa.ipc.open_file(stream) as file:
        batches = (file.get_batch(n).column("id") for n in range(file.num_record_batches))
        return pa.chunked_array(batches, pa.string()).combine_chunks()


def _finder(ids: Any, responses: Path, path: Path) -> Callable[[Sequence[str]], Indices]:
    """What gives the rows of ids, -1 where there is none. Raises FileError unless each id names one row."""
    import pyarrow as pa
    from pyarrow import compute

    if compute.any(compute.equal(ids, "")).as_py():
        raise FileError(
            f"{path.name} names responses by response_id, but {responses.name} has rows without one."
        )
    if compute.count_distinct(ids).as_py() < len(ids):
        raise FileError(f"{responses.name}: a response_id comes twice, so its vector is not known.")

    def find(named: Sequence[str]) -> Indices:
        found = compute.index_in(pa.array(named, pa.string()), value_set=ids)
        return np.asarray(found.fill_null(-1), dtype=np.intp)

    return find
