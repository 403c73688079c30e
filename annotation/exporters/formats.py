"""The three formats of an export. What the rows of an item share is encoded once."""

import datetime
import json
import re
from collections.abc import Callable, Iterator, Sequence
from json.encoder import encode_basestring
from typing import IO, Any

from annotation.exporters.shapes import Block, Blocks, Column

Encode = Callable[[Any], str]

_quoted = re.compile(r'[",\r\n]').search


def _csv_text(text: str | None) -> str:
    if text is None:
        return ""
    # Quoted also where blanks at the ends would look like slips.
    return '"' + text.replace('"', '""') + '"' if _quoted(text) or text != text.strip() else text


def _time(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(datetime.UTC).isoformat()


CSV: dict[str, Encode] = {
    "text": _csv_text,
    "int": lambda number: "" if number is None else str(number),
    "float": lambda number: "" if number is None else repr(number),
    "bool": {None: "", True: "true", False: "false"}.__getitem__,
    "time": lambda moment: _time(moment) or "",
    "ints": lambda numbers: _csv_text(json.dumps(numbers)),
}
JSON: dict[str, Encode] = {
    "text": lambda text: "null" if text is None else encode_basestring(text),
    "int": lambda number: "null" if number is None else str(number),
    "float": lambda number: "null" if number is None else repr(number),
    "bool": {None: "null", True: "true", False: "false"}.__getitem__,
    "time": lambda moment: json.dumps(_time(moment)),
    "ints": json.dumps,
}


def encode_lines(
    format: str, item_columns: Sequence[Column], row_columns: Sequence[Column], blocks: Blocks
) -> Iterator[bytes]:
    """The bytes of a csv or jsonl file, some for each item."""
    columns = [*item_columns, *row_columns]
    if format == "csv":
        yield (",".join(name for name, _ in columns) + "\n").encode()
        encoders, keys, between, start, end = CSV, [""] * len(columns), ",", "", "\n"
    else:
        keys = [f"{encode_basestring(name)}: " for name, _ in columns]
        encoders, between, start, end = JSON, ", ", "{", "}\n"
    shared = [encoders[holds] for _, holds in item_columns]
    own = [encoders[holds] for _, holds in row_columns]
    cells = [f"{key.replace('%', '%%')}%s" for key in keys]
    before = start + between.join(cells[: len(shared)])
    after = "".join(between + cell for cell in cells[len(shared) :]) + end
    for block in blocks:
        for values, rows in block:
            prefix = before % tuple(encode(value) for encode, value in zip(shared, values, strict=True))
            yield "".join(
                [prefix + after % tuple([encode(value) for encode, value in zip(own, row)]) for row in rows]  # noqa: B905
            ).encode()


def write_parquet(
    item_columns: Sequence[Column], row_columns: Sequence[Column], blocks: Blocks, stream: IO[bytes]
) -> None:
    """A parquet file, a row group a block; texts are dictionaries in the file and plain text to readers."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        "text": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "ints": pa.list_(pa.int64()),
    }
    shared = pa.schema([(name, pa.dictionary(pa.int32(), pa.string()) if holds == "text" else types[holds])
                        for name, holds in item_columns])  # fmt: skip
    own = pa.schema([(name, types[holds]) for name, holds in row_columns])
    schema = pa.schema([*shared, *own])
    # Without Arrow's own schema in the file, readers see text, not categories.
    with parquet.ParquetWriter(stream, schema, compression="zstd", store_schema=False) as writer:
        for block in blocks:
            if table := _arrow_table(block, shared, own):
                writer.write_table(table)


def _arrow_table(block: Block, shared: Any, own: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    counts = np.array([len(rows) for _, rows in block], dtype=np.int64)
    if not counts.sum():
        return None
    place = pa.array(np.repeat(np.arange(len(block), dtype=np.int32), counts))
    arrays = []
    for values, column in zip(zip(*(values for values, _ in block), strict=True), shared, strict=True):
        if pa.types.is_dictionary(column.type):
            arrays.append(_shared_texts(values, place))
        else:
            arrays.append(pa.array(values, type=column.type).take(place))
    rows = [row for _, rows in block for row in rows]
    if len(own):
        arrays += [
            pa.array(values, type=column.type)
            for values, column in zip(zip(*rows, strict=True), own, strict=True)
        ]
    return pa.table(arrays, schema=pa.schema([*shared, *own]))


def _shared_texts(values: Sequence[str | None], place: Any) -> Any:
    import pyarrow as pa

    # A dictionary holds each text once, though many items share a query, a model and the study.
    texts = pa.array(values, type=pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(texts.indices.take(place), texts.dictionary)
