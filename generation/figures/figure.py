"""A plot with all that belongs to it: the question it answers, what it means, its table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows under columns: `columns` are the names in a file, each with its heading on the page.

    Numbers are whole: a page rounds them, a file does not. What is undefined is None.
    """

    columns: Mapping[str, str]
    rows: Sequence[Sequence[Cell]]

    @property
    def headings(self) -> list[tuple[str, bool]]:
        """Each column's heading, and whether its cells are numbers."""
        cells = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns)
        return [
            (heading, any(isinstance(cell, int | float) for cell in column))
            for heading, column in zip(self.columns.values(), cells, strict=True)
        ]


@dataclass(frozen=True)
class Figure:
    """What a page shows, and what the files of the same name hold.

    Attributes
    ----------
    name : str
        In the address of its files, and the name that the registry knows it by.
    title : str
        The question that it answers.
    template : str
        The SVG's fragment: one `<svg class="plot" viewBox="...">`, well-formed XML, its marks coloured by
        classes of look.css and console.css. It gets `plot` and `figure`.
    plot : object
        The geometry, as a module of charts computed it.
    says : str
        What it means, and what it does not.
    table : Table
        The numbers behind it, short enough for the page.
    points : Table or None
        What the file holds instead, where everything that is drawn would be too long for the page.
    places : int
        Decimals of the page's numbers.
    asked : mapping
        What its address says beside its name, such as {"excluded": "with"}.
    """

    name: str
    title: str
    template: str
    plot: Any
    says: str
    table: Table
    points: Table | None = None
    places: int = 2
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The query string of its files' addresses."""
        return f"?{urlencode(self.asked)}" if self.asked else ""
