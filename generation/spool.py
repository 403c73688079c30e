"""Rows that were read and found right, kept on disk until the whole file is."""

import pickle
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Generic, Self, TypeVar

from django.db import reset_queries

from generation.files import FileError, Rejections

ROWS_AT_ONCE = 1000

T = TypeVar("T")


class Spool(Generic[T]):
    """A queue in a temporary file, so that a file is read once, checked whole, and memory stays flat.

    The database is written to only afterwards: an import holds SQLite's write lock as shortly as it can.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 (closed by the context)
        self._waiting: list[tuple[int, T]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def add(self, line: int, row: T) -> None:
        self._waiting.append((line, row))
        if len(self._waiting) == ROWS_AT_ONCE:
            self._write()

    def batches(self, rejected: Rejections) -> Iterator[list[T]]:
        """The rows by ROWS_AT_ONCE, without those that were rejected since."""
        self._write()
        self._file.seek(0)
        while True:
            try:
                batch = pickle.load(self._file)
            except EOFError:
                return
            if kept := [row for line, row in batch if line not in rejected.reasons]:
                yield kept
            reset_queries()  # with DEBUG on, Django keeps the text of every query

    def _write(self) -> None:
        try:
            pickle.dump(self._waiting, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise FileError(
                f"The folder for temporary files cannot be written: {error.strerror}. Nothing was imported."
            ) from None
        self._waiting = []
