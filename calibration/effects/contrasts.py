"""Which groups are compared: contrasts from a file, or of every two values of a column."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from generation import columns
from generation.files import FileError, Rejections, Row, RowError
from generation.reading import first_row, read_rows, require_columns

ITEMS, PEOPLE = "items", "people"
ITEM_ID = "item_id"
MOST_CONTRASTS = 1_000
MOST_VALUES = 5_000
KINDS = ("main", "interaction")


class ContrastError(Exception):
    """Why there are no such contrasts, in one line."""


@dataclass(frozen=True)
class Contrast:
    """Group a less group b.

    Attributes
    ----------
    name : str
    of : {"items", "people"}
    by : str
        A column of the items, or the name of a survey's question.
    a, b : tuple of str
        The values that make each group.
    """

    name: str
    of: str
    by: str
    a: tuple[str, ...]
    b: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"a": list(self.a), "b": list(self.b)}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> "Contrast":
        return cls(given["name"], given["of"], given["by"], tuple(given["a"]), tuple(given["b"]))


def text_of(value: Any) -> str | None:
    """A column's value as files and surveys write it; None for what is no single value."""
    if value is None or isinstance(value, list | dict):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def read_contrasts(path: Path | str) -> list[Contrast]:
    """The contrasts of a .csv, .jsonl or .parquet file, all or none. Raises FileError."""
    path = Path(path)
    require_columns(path, first_row(path), ("contrast",))
    rejected, found = Rejections(path), dict[str, Contrast]()
    for line, row in read_rows(path, rejected):
        try:
            one = _contrast(row)
            if one.name in found:
                raise RowError(f"contrast {columns.shown(one.name)} is there twice")
            found[one.name] = one
        except RowError as error:
            rejected.add(line, error)
        if len(found) > MOST_CONTRASTS:
            raise FileError(
                f"{path.name} has more than {MOST_CONTRASTS:,} contrasts: measure them in several reports."
            )
    rejected.settle(rows=len(found))
    return list(found.values())


def every_pair(by: str, values: Sequence[str], *, of: str) -> list[Contrast]:
    """Every two values of a column. Raises ContrastError where there are none, or too many."""
    pairs = len(values) * (len(values) - 1) // 2
    if not pairs:
        told = f" ({values[0]})" if values else ""
        raise ContrastError(f"{by} has {len(values)} value{told} to compare: it takes two.")
    if pairs > MOST_CONTRASTS:
        raise ContrastError(
            f"{by} has {len(values):,} values, which make {pairs:,} pairs, more than {MOST_CONTRASTS:,}: "
            "name those that matter in a file of contrasts."
        )
    return [Contrast(f"{a} less {b}", of, by, (a,), (b,)) for a, b in combinations(values, 2)]


def _contrast(row: Row) -> Contrast:
    name = columns.identifier(row, "contrast")
    if not name:
        raise RowError("no contrast, which is its name")
    _of_a_known_kind(row)
    if columns.given(row, "items_a", "items_b"):
        if columns.given(row, "a", "b", "by"):
            raise RowError("items_a and items_b stand in the place of by, a and b")
        return _checked(name, ITEMS, ITEM_ID, _values(row, "items_a"), _values(row, "items_b"))
    of = columns.identifier(row, "of") or ITEMS
    if of not in (ITEMS, PEOPLE):
        raise RowError(f"of is {columns.shown(of)}, not items or people")
    by = columns.identifier(row, "by")
    if not by:
        raise RowError("no by: the column, or the survey's question, that makes the groups")
    return _checked(name, of, by, _values(row, "a"), _values(row, "b"))


def _of_a_known_kind(row: Row) -> None:
    kind = columns.identifier(row, "kind") or KINDS[0]
    if kind not in KINDS:
        raise RowError(f"kind is {columns.shown(kind)}, not main")
    if kind != KINDS[0]:
        raise RowError("an interaction is a difference of two differences, which is not measured here")


def _checked(name: str, of: str, by: str, a: tuple[str, ...], b: tuple[str, ...]) -> Contrast:
    both = sorted(set(a) & set(b))
    if both:
        raise RowError(f"{columns.shown(both[0])} is in both groups")
    return Contrast(name, of, by, a, b)


def _values(row: Row, name: str) -> tuple[str, ...]:
    """One value, or a list of several."""
    if columns.given(row, name) is None:
        raise RowError(f"no {name}")
    given = row[name]
    listed = isinstance(given, list) or (isinstance(given, str) and given.lstrip().startswith("["))
    texts = [text_of(one) for one in (columns.values(row, name) if listed else [given])]
    if not texts or None in texts:
        raise RowError(f"{name} is {columns.shown(given)}, not a value or a list of values")
    if len(texts) > MOST_VALUES:
        raise RowError(f"{name} has {len(texts):,} values, more than {MOST_VALUES:,}")
    return tuple(columns.storable(text, name) for text in dict.fromkeys(texts) if text is not None)
