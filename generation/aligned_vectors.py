"""A file of vectors brought into the order of the responses that they are of."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import Indices
from generation.files import FileError, counted
from generation.vector_files import vector_batches


def aligned(path: Path, texts: Path, responses: Path, folder: Path) -> Path:
    """Write the vectors of a file in the order of the responses, whose texts are read already.

    Returns a .npy file of float32 in the folder. Raises FileError.
    """
    ids = _ids(texts)
    into, seen = folder / "vectors.npy", np.zeros(len(ids), dtype=bool)
    held: npt.NDArray[np.float32] | None = None
    place, find = 0, None
    for batch in vector_batches(path):
        if held is None:
            shape = (len(ids), batch.vectors.shape[1])
            held = np.lib.format.open_memmap(into, mode="w+", dtype=np.float32, shape=shape)
            find = None if batch.ids is None else _finder(ids, responses, path)
        if batch.ids is None or find is None:
            rows = np.arange(place, place + len(batch.vectors))
            rows[rows >= len(ids)] = -1
        else:
            rows = find(batch.ids)
        place += len(rows)
        known = rows >= 0
        if find is not None and (seen[rows[known]].any() or len(np.unique(rows[known])) < known.sum()):
            raise FileError(f"{path.name}: a response_id has two vectors; give each one.")
        seen[rows[known]] = True
        held[rows[known]] = batch.vectors[known]
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
