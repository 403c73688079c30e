"""Labels out of a study, in three shapes and three formats, in flat memory.

Texts are written exactly as they are. A spreadsheet may take a csv cell that begins with = + - or @ for a
formula: open files with texts of strangers in one only with formulas off, or use jsonl or parquet.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, TypedDict

from django.contrib.auth.models import User
from django.http import StreamingHttpResponse

from annotation.exporters.formats import encode_lines, write_parquet
from annotation.exporters.shapes import SHAPES, Blocks, Table, items_table
from annotation.log import record
from annotation.models import Study
from annotation.moment import one_moment
from generation.files import FileError

# Each with its content type.
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
PIECE = 2**20
Advance = Callable[[int], object]


class _Asked(TypedDict):
    study: Study
    format: str
    shape: str
    with_excluded: bool | None


__all__ = [
    "FORMATS",
    "SHAPES",
    "download",
    "download_items",
    "export_labels",
    "stream_labels",
    "write_labels",
]


def _nobody_looks(rows: int) -> None:
    pass


def export_labels(
    *,
    study: Study,
    format: str,
    shape: str,
    output: Path | str,
    with_excluded: bool | None = None,
    advance: Advance = _nobody_looks,
) -> int:
    """Write a file that appears whole or not at all; how many rows. Raises FileError.

    With excluded people, without them, or by None as the shape has it: the long one marks them, the others
    leave them out. `advance` is told of every few rows.
    """
    asked: _Asked = {"study": study, "format": format, "shape": shape, "with_excluded": with_excluded}
    output = Path(output)
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as stream:
            rows = write_labels(stream=stream, advance=advance, **asked)
        partial.replace(output)
        _record(asked)
    except OSError as error:
        raise FileError(f"{output} cannot be written: {error.strerror or error}.") from None
    finally:
        partial.unlink(missing_ok=True)
    return rows


def write_labels(
    *,
    study: Study,
    format: str,
    shape: str,
    stream: IO[bytes],
    with_excluded: bool | None = None,
    advance: Advance = _nobody_looks,
) -> int:
    """Write to a binary stream; how many rows. `format` is one of FORMATS, `shape` one of SHAPES."""
    _check(format, shape)
    with one_moment():
        table = SHAPES[shape](study, with_excluded)
        counted = _Counted(table.blocks, advance)
        if format == "parquet":
            write_parquet(table.item_columns, table.row_columns, counted, stream)
        else:
            stream.writelines(encode_lines(format, table.item_columns, table.row_columns, counted))
    return counted.rows


def download(
    *, study: Study, format: str, shape: str, with_excluded: bool | None = None, by: User | None = None
) -> StreamingHttpResponse:
    """The file as an answer to a browser, and a line in the study's log. Raises FileError."""
    asked: _Asked = {"study": study, "format": format, "shape": shape, "with_excluded": with_excluded}
    pieces = stream_labels(**asked)
    _record(asked, by=by)
    return StreamingHttpResponse(
        pieces,
        content_type=FORMATS[format],
        headers={"Content-Disposition": f'attachment; filename="{study.slug}-{shape}.{format}"'},
    )


def download_items(
    *, study: Study, places: Sequence[int], with_excluded: bool = False, by: User | None = None
) -> StreamingHttpResponse:
    """The items at these places with their numbers, as a csv file to a browser, and a line in the log."""
    asked: _Asked = {"study": study, "format": "csv", "shape": "items", "with_excluded": with_excluded}
    _record(asked, by=by)
    return StreamingHttpResponse(
        _lines("csv", lambda: items_table(study, with_excluded, places=places)),
        content_type=FORMATS["csv"],
        headers={"Content-Disposition": f'attachment; filename="{study.slug}-items.csv"'},
    )


def stream_labels(
    *, study: Study, format: str, shape: str, with_excluded: bool | None = None
) -> Iterator[bytes]:
    """The same file piece by piece, for an answer to a browser. Raises FileError before the first piece."""
    _check(format, shape)
    return _pieces({"study": study, "format": format, "shape": shape, "with_excluded": with_excluded})


def _record(asked: _Asked, *, by: User | None = None) -> None:
    excluded = {None: {}, True: {"excluded": "with"}, False: {"excluded": "without"}}[asked["with_excluded"]]
    study, shape, format = asked["study"], asked["shape"], asked["format"]
    record(study, "exported the labels", by=by, shape=shape, format=format, **excluded)


def _pieces(asked: _Asked) -> Iterator[bytes]:
    format = asked["format"]
    if format != "parquet":
        yield from _lines(format, lambda: SHAPES[asked["shape"]](asked["study"], asked["with_excluded"]))
        return
    with TemporaryFile() as stream:  # the end of a parquet file says where its parts are
        write_labels(stream=stream, **asked)
        stream.seek(0)
        while piece := stream.read(PIECE):
            yield piece


def _lines(format: str, make: Callable[[], Table]) -> Iterator[bytes]:
    with one_moment():
        table = make()
        yield from encode_lines(format, table.item_columns, table.row_columns, table.blocks)


def _check(format: str, shape: str) -> None:
    if format not in FORMATS:
        raise FileError(f"The format is {', '.join(FORMATS)}, not {format!r}.")
    if shape not in SHAPES:
        raise FileError(f"The shape is {', '.join(SHAPES)}, not {shape!r}.")


class _Counted:
    """Counts the rows that pass by."""

    def __init__(self, blocks: Blocks, advance: Advance) -> None:
        self.rows, self._blocks, self._advance = 0, blocks, advance

    def __iter__(self) -> Iterator[list[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]]:
        for block in self._blocks:
            yield block
            rows = sum(len(rows) for _, rows in block)
            self.rows += rows
            self._advance(rows)
