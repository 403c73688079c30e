"""A figure as files: an SVG that stands alone, and a CSV of its numbers."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from django.template.loader import render_to_string

from generation.figures.colours import drawn_plainly, resolved
from generation.figures.figure import Cell, Figure
from generation.pages import cell

SVG = "http://www.w3.org/2000/svg"
# Below the plot, for the line that says what it is not.
STRIP = 20.0
# Names come from files, and XML knows no such characters.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


def lines_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The text of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(found) if isinstance(found, str) else found for found in row])
    return text.getvalue()
