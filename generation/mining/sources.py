"""The rows of chat logs, one at a time, in flat memory; those that cannot be read are counted, not fatal."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

from generation.files import FileError, Rejections, RowError, Rows
from generation.parquet import parquet_rows
from generation.reading import LONGEST_LINE, read_object

# How much of a JSON array is read at a time, in characters.
CHUNK = 2**20
NAMED = 20
# Of the columns of a parquet file those that a mining looks at, by the end of their path.
LEAVES = {
    "role", "content", "from", "value", "language", "toxic", "redacted", "flagged", "model", "text", "type",
    "id", "conversation_id", "conversation_hash",
}  # fmt: skip
LISTS = {"conversation", "conversations", "messages"}
# Beside the lists: what a row says of itself, and what its moderation flagged.
ROW = {"language", "toxic", "redacted", "model", "id", "conversation_id", "conversation_hash"}
SUFFIXES = (".jsonl", ".json", ".parquet")


class Unreadable(Rejections):
    """The rows of a log that cannot be read: how many, and the first of them by line and reason."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, skip=True)
        self.rows = 0

    def add(self, line: int, reason: object) -> None:
        self.rows += 1
        if len(self.reasons) < NAMED:
            self.reasons[line] = str(reason)


def log_rows(path: Path, unreadable: Unreadable) -> Rows:
    """Each row with its line, or its number in a parquet file and a JSON array. Raises FileError."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileError(f"{path.name}: the name of a chat log ends in {', '.join(SUFFIXES)}.")
    try:
        if not path.stat().st_size:
            raise FileError(f"{path.name} is empty.")
        if suffix == ".parquet":
            yield from parquet_rows(path, unreadable, wanted=is_wanted)
        else:
            yield from _array(path, unreadable) if _is_array(path) else _lines(path, unreadable)
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise FileError(f"{path.name} is not in UTF-8: convert it.") from None


def is_wanted(column: str) -> bool:
    """Whether a parquet file's column is looked at, by its path, such as conversation.list.element.role."""
    first, *inner = column.split(".")
    if not inner:
        return first in ROW
    if first == "openai_moderation":
        return inner[-1] == "flagged"
    return first in LISTS and inner[-1] in LEAVES


def _lines(path: Path, unreadable: Unreadable) -> Rows:
    for number, raw in _raw_lines(path):
        if not raw.strip():
            continue
        try:
            if len(raw) > LONGEST_LINE:
                raise RowError(f"longer than {LONGEST_LINE // 2**20} MB")
            yield number, read_object(raw.decode())
        except UnicodeDecodeError:
            unreadable.add(number, "not in UTF-8")
        except RowError as error:
            unreadable.add(number, error)


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of one that is too long only its beginning."""
    with path.open("rb") as stream:
        number = 0
        while raw := stream.readline(LONGEST_LINE + 1):
            number += 1
            rest = raw
            while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST_LINE + 1)
            yield number, raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw


def _is_array(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(CHUNK).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")


def _array(path: Path, unreadable: Unreadable) -> Rows:
    """The objects of one JSON array, each as soon as it is there. What is no JSON ends the file."""
    decoder, number = json.JSONDecoder(), 0
    with path.open(encoding="utf-8-sig") as stream:
        text = _more(path, stream.read(CHUNK)).lstrip()[1:]
        while True:
            text = text.lstrip(", \t\r\n")
            if text.startswith("]"):
                return
            try:
                value, end = decoder.raw_decode(text) if text else (None, 0)
            except (ValueError, RecursionError):
                end = 0
            # What stands at the very end may go on, as a number does.
            if not end or end == len(text):
                chunk = stream.read(max(CHUNK, len(text)))
                if not chunk or len(text) > LONGEST_LINE:
                    raise FileError(f"{path.name} is no whole JSON array: row {number + 1:,} is broken.")
                text += chunk
                continue
            text, number = text[end:], number + 1
            if isinstance(value, dict):
                yield number, value
            else:
                unreadable.add(number, "not a JSON object")


def _more(path: Path, text: str) -> str:
    if not text.strip():
        raise FileError(f"{path.name} is empty.")
    return text
