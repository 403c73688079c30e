"""A figure as files: an SVG that stands alone, and a CSV of its numbers."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from django.template.loader import render_to_string

from annotation.figures.colours import drawn_plainly, resolved
from annotation.figures.figure import Cell, Figure, Table
from annotation.models import Study
from generation.pages import cell

SVG = "http://www.w3.org/2000/svg"
# Below the plot, for the line that says whose labels these are not.
STRIP = 20.0
# Names come from files, and XML knows no such characters.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_svg(study: Study, figure: Figure) -> str:
    """The page's plot with its size, its colours and its words inside, so that any program draws it alike."""
    mark = "simulated labels" if study.simulated else ""
    return drawn_alone(figure, of=study.name, mark=mark, study=study)


def drawn_alone(figure: Figure, *, of: str, mark: str = "", **context: object) -> str:
    """The plot as a file of its own: `of` says whose it is, `mark` stands below it."""
    drawn = render_to_string(figure.template, {"plot": figure.plot, "figure": figure, **context})
    root = ElementTree.fromstring(_as_xml(drawn.strip()))
    left, top, width, height = (float(number) for number in root.attrib["viewBox"].split())
    if mark:
        place = {"x": f"{left + width / 2:g}", "y": f"{top + height + 12:g}", "text-anchor": "middle"}
        ElementTree.SubElement(root, "text", place).text = mark
        height += STRIP
    drawn_plainly(root)
    box = {"x": f"{left:g}", "y": f"{top:g}", "width": f"{width:g}", "height": f"{height:g}"}
    root.attrib.pop("aria-label", None)
    root.attrib |= {
        "xmlns": SVG,
        "viewBox": " ".join(box.values()),
        "width": box["width"],
        "height": box["height"],
    }
    root.insert(0, ElementTree.Element("rect", box | {"fill": resolved("var(--card)")}))
    for tag, words in (("desc", f"{of}. {figure.says}"), ("title", figure.title)):
        root.insert(0, ElementTree.Element(tag))
        root[0].text = _as_xml(words)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _as_xml(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def as_csv(study: Study, figure: Figure) -> str:
    """What is drawn, a row each, in numbers that are not rounded."""
    return table_as_csv(study, figure.points or figure.table, with_excluded="excluded" in figure.asked)


def table_as_csv(study: Study, table: Table, *, with_excluded: bool) -> str:
    """The table, each row with its study and whether its labels are simulated or of excluded people too."""
    marks = [str(mark).lower() for mark in (study.simulated, with_excluded)]
    rows = ([study.slug, *row, *marks] for row in table.rows)
    return lines_of(["study", *table.columns, "simulated", "with_excluded"], rows)


def lines_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The text of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(found) if isinstance(found, str) else found for found in row])
    return text.getvalue()
