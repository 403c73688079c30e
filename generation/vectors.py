"""The vectors of responses, in columnar files: a folder an encoder, in it a folder a query.

They stand as the encoder gave them, in Arrow's IPC format, not compressed, so that a file is mapped into
memory and not copied. A file is written under another name, synced and renamed: nobody sees half of one, and
a kill loses at most what was not renamed. Its name says which responses it holds, so that the same ones
written again take its place, and others never do. Small files are merged into one, beside those who read and
write.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generation.diversity.responses import Vectors, unit

Keys = npt.NDArray[np.int64]
DTYPES = {"float32": pa.float32(), "float16": pa.float16()}
# How far from 1 the length of a vector may be that is taken for one of unit length, as float32 rounds it.
ROUNDED = 1e-6
UNFINISHED = ".writing"
# Seconds after which what was not renamed was left by a process that was killed.
ABANDONED = 3600.0


class VectorError(ValueError):
    """Why vectors cannot be kept or read, in one line."""


@dataclass(frozen=True, eq=False)
class _File:
    """One file as it is mapped; it is unmapped when nobody holds its arrays any more."""

    path: Path
    keys: Keys
    vectors: npt.NDArray[Any]
    unit: bool


@dataclass(frozen=True)
class Store:
    """The vectors of one encoder.

    Attributes
    ----------
    folder : Path
        Its own; made when it is first written to.
    dtype : str
        "float32" or "float16", in which vectors are written.
    """

    folder: Path
    dtype: str = "float32"

    def write(self, query: int, keys: Sequence[int] | Keys, vectors: npt.ArrayLike) -> None:
        """Keep the vectors of a query's responses; when this returns, they are on the disk.

        Parameters
        ----------
        query : int
        keys : sequence of int, length n
            The responses', each once.
        vectors : array_like of float, shape (n, d)

        Raises
        ------
        VectorError
            If they are not of this shape, or one is not finite or has no length in the store's dtype.
        """
        with np.errstate(over="ignore"):
            given = np.asarray(vectors, dtype=self.dtype)
        held = np.asarray(keys, dtype=np.int64)
        if given.ndim != 2 or len(given) != len(held) or len(np.unique(held)) != len(held):
            raise VectorError(f"{len(held)} responses, but vectors of shape {given.shape}")
        if wrong := worthless(given):
            raise VectorError(f"the vector of response {held[wrong[0]]} is not finite or has no length")
        if len(held):
            order = np.argsort(held)
            self._put(query, held[order], given[order])

    def read(self, query: int, keys: Sequence[int] | Keys) -> tuple[npt.NDArray[np.intp], Vectors]:
        """Vectors of a query's responses, of unit length, in the order that is asked for.

        Where they stand in one file in that order, as float32 of unit length, they are the file's own memory.

        Parameters
        ----------
        query : int
        keys : sequence of int, length n
            The responses'.

        Returns
        -------
        rows : ndarray of intp, shape (m,)
            Which of the keys have a vector.
        vectors : ndarray of float32, shape (m, d)
            Theirs; of shape (0, 0) where the query has none at all. Not to be written to.

        Raises
        ------
        VectorError
            If the query's files have vectors of several dimensions, or one is not a file of vectors.
        """
        files = self._files(query)
        wanted = np.asarray(keys, dtype=np.int64)
        if not files:
            return np.empty(0, np.intp), np.empty((0, 0), np.float32)
        held = np.concatenate([file.keys for file in files])
        order = np.argsort(held, kind="stable")
        places = np.searchsorted(held[order], wanted)
        found = places < len(held)
        found[found] = held[order][places[found]] == wanted[found]
        return np.flatnonzero(found), _taken(files, order[places[found]])

    def keys(self, query: int) -> Keys:
        """The query's responses that have a vector, ascending."""
        held = [file.keys for file in self._files(query)]
        return np.unique(np.concatenate(held)) if held else np.empty(0, np.int64)

    def compact(self, query: int) -> None:
        """Merge the query's files into one, beside any who read, write and merge.

        A file goes only after one that holds all of it is there; readers look past the doubles meanwhile.
        """
        files = self._files(query)
        self._tidy(query)
        if len(files) < 2:
            return
        keys, first = np.unique(np.concatenate([file.keys for file in files]), return_index=True)
        merged = self._put(query, keys, _rows(files, first, np.dtype(self.dtype)))
        for file in files:
            if file.path != merged:
                file.path.unlink(missing_ok=True)

    def delete(self) -> None:
        """Remove every vector of the encoder."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.folder)

    def queries(self) -> list[int]:
        """The queries with vectors, ascending."""
        with suppress(FileNotFoundError), os.scandir(self.folder) as found:
            return sorted(int(one.name) for one in found if one.name.isdecimal())
        return []

    def size(self) -> tuple[int, int]:
        """How many vectors there are, and how many bytes they take."""
        count = size = 0
        for query in self.queries():
            files = self._paths(query)
            count += int(files[0].name.split("-")[2]) if len(files) == 1 else len(self.keys(query))
            for path in files:
                with suppress(FileNotFoundError):
                    size += path.stat().st_size
        return count, size

    def files(self, query: int) -> int:
        """How many files the query's vectors lie in."""
        return len(self._paths(query))

    def dimensions(self) -> int | None:
        """Of the vectors that are there; None where there are none."""
        for query in self.queries():
            for file in self._files(query):
                return int(file.vectors.shape[1])
        return None

    def _put(self, query: int, keys: Keys, vectors: npt.NDArray[Any]) -> Path:
        """Write one file, of ascending keys; its path."""
        kind = pa.list_(DTYPES[self.dtype], vectors.shape[1])
        of_unit_length = bool(np.all(np.abs(_lengths(vectors) - 1) <= ROUNDED))
        schema = pa.schema(
            [pa.field("response", pa.int64()), pa.field("vector", kind)],
            metadata={"unit": str(int(of_unit_length))},
        )
        values = pa.array(np.ascontiguousarray(vectors).ravel())
        columns = [pa.array(keys), pa.FixedSizeListArray.from_arrays(values, type=kind)]
        folder = self._folder(query)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{keys[0]}-{keys[-1]}-{len(keys)}-{sha256(keys.tobytes()).hexdigest()[:16]}.arrow"
        with tempfile.NamedTemporaryFile(dir=folder, suffix=UNFINISHED, delete=False) as stream:
            try:
                with pa.ipc.new_file(stream, schema) as writer:
                    writer.write_batch(pa.record_batch(columns, schema=schema))
                stream.flush()
                os.fsync(stream.fileno())
                Path(stream.name).replace(folder / name)
            except BaseException:
                Path(stream.name).unlink(missing_ok=True)
                raise
        _sync(folder)
        return folder / name

    def _folder(self, query: int) -> Path:
        return self.folder / str(query)

    def _paths(self, query: int) -> list[Path]:
        return sorted(self._folder(query).glob("*.arrow"))

    def _files(self, query: int) -> list[_File]:
        """The query's files, with no gap: a listing may miss both what was merged and what came of it."""
        while True:
            paths = self._paths(query)
            try:
                files = [_mapped(path) for path in paths]
            except FileNotFoundError:
                continue
            if self._paths(query) == paths:
                break
        if len({file.vectors.shape[1] for file in files}) > 1:
            raise VectorError(f"The vectors in {self._folder(query)} are of several dimensions: delete some.")
        return files

    def _tidy(self, query: int) -> None:
        """Remove what killed processes left."""
        for path in self._folder(query).glob(f"*{UNFINISHED}"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > ABANDONED:
                    path.unlink()


def worthless(vectors: npt.NDArray[Any]) -> list[int]:
    """The rows that are not finite or have no length, of which no cosine can be taken."""
    lengths = _lengths(vectors)
    return np.flatnonzero(~np.isfinite(lengths) | (lengths == 0)).tolist()


def _lengths(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    lengths: npt.NDArray[np.float64] = np.sqrt(
        np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64, casting="safe")
    )
    return lengths


def _mapped(path: Path) -> _File:
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        batch = reader.get_batch(0)
        keys = batch.column("response").to_numpy()
        vectors = batch.column("vector").flatten().to_numpy().reshape(len(keys), -1)
        return _File(path, keys, vectors, reader.schema.metadata[b"unit"] == b"1")
    except (pa.ArrowInvalid, pa.ArrowTypeError, KeyError, TypeError) as error:
        raise VectorError(f"{path} is not a file of vectors: delete it, and embed again.") from error


def _taken(files: Sequence[_File], rows: npt.NDArray[np.intp]) -> Vectors:
    """The rows of all files as one after the other; a view of the only one where they stand in a row."""
    kept = all(file.unit for file in files)
    only = files[0].vectors
    if len(files) == 1 and kept and only.dtype == np.float32 and _in_a_row(rows):
        return only[rows[0] : rows[0] + len(rows)]
    vectors = _rows(files, rows, np.dtype(np.float32))
    return vectors if kept and only.dtype == np.float32 else unit(vectors)


def _in_a_row(rows: npt.NDArray[np.intp]) -> bool:
    return len(rows) > 0 and bool(np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))))


def _rows(files: Sequence[_File], rows: npt.NDArray[np.intp], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A copy of the rows of all files as one after the other."""
    taken = np.empty((len(rows), files[0].vectors.shape[1]), dtype)
    for file, start in _starts(files):
        here = (rows >= start) & (rows < start + len(file.keys))
        taken[here] = file.vectors[rows[here] - start]
    return taken


def _starts(files: Sequence[_File]) -> Iterator[tuple[_File, int]]:
    start = 0
    for file in files:
        yield file, start
        start += len(file.keys)


def _sync(folder: Path) -> None:
    """Have the folder's names on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
