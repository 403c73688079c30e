"""The page's style sheets, resolved into attributes that every program that draws SVG understands.

A plot takes its colours from look.css and console.css, by names and functions that only a browser knows.
Here the same rules are read from the same files, in their light colours.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt
from django.contrib.staticfiles.finders import find

SHEETS = ("look.css", "console.css", "diversity.css")
DRAWN = {
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-opacity",
    "opacity",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "text-anchor",
}
INNERMOST = re.compile(r"\b(var|light-dark|color-mix)\(([^()]*)\)")
FONT = re.compile(r"(?:(?P<weight>\d{3}|bold) )?(?P<size>[\d.]+px)(?:/\S+)? (?P<family>.+)")
MIX = re.compile(r"in (oklab|srgb), (#\w+)(?: ([\d.]+)%)?, (#\w+)")
# Björn Ottosson's oklab: linear light to the cones, and their cube roots to lightness and two hues.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
HUES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

Colour = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Compound:
    """One step of a selector, such as `svg.plot` or `.seconds.quick`."""

    tag: str
    classes: frozenset[str]

    def fits(self, element: Element) -> bool:
        named = self.tag in ("", element.tag)
        return named and self.classes <= set(element.get("class", "").split())


@dataclass(frozen=True)
class Rule:
    """The steps of a selector, from the outermost, and what it sets."""

    steps: Sequence[Compound]
    sets: Mapping[str, str]

    @property
    def weight(self) -> tuple[int, int]:
        """The selector's specificity: its classes, then its tags."""
        return sum(len(step.classes) for step in self.steps), sum(bool(step.tag) for step in self.steps)

    def fits(self, element: Element, ancestors: Sequence[Element]) -> bool:
        *outer, last = self.steps
        if not last.fits(element):
            return False
        nearest = iter(reversed(ancestors))
        return all(any(step.fits(above) for above in nearest) for step in reversed(outer))


def drawn_plainly(root: Element) -> None:
    """Give each element the attributes that the rules set for it, in place of its classes."""
    _draw(root, [])
    for element in root.iter():
        element.attrib.pop("class", None)


def _draw(element: Element, ancestors: list[Element]) -> None:
    for rule in _rules():
        if rule.fits(element, ancestors):
            element.attrib.update(rule.sets)
    for child in element:
        _draw(child, [*ancestors, element])


def resolved(value: str) -> str:
    """The value without functions: names looked up, the light of two colours, mixed colours mixed."""
    while INNERMOST.search(value):
        value = INNERMOST.sub(_called, value)
    return value


def _called(call: re.Match[str]) -> str:
    function, inside = call.groups()
    if function == "var":
        return _names()[inside.strip()]
    if function == "light-dark":
        return inside.partition(",")[0].strip()
    mixed = MIX.fullmatch(inside.strip())
    if mixed is None:
        raise ValueError(f"color-mix({inside}) is in a form that no plot has used yet")
    space, first, share, second = mixed.groups()
    return _mixed(first, second, float(share or 50) / 100, oklab=space == "oklab")


def _mixed(first: str, second: str, share: float, *, oklab: bool) -> str:
    colours = [_numbers(colour) for colour in (first, second)]
    if not oklab:
        return _hex(share * colours[0] + (1 - share) * colours[1])
    one, two = (HUES @ np.cbrt(CONES @ _linear(colour)) for colour in colours)
    cones = np.linalg.solve(HUES, share * one + (1 - share) * two) ** 3
    light = np.clip(np.linalg.solve(CONES, cones), 0, 1)
    return _hex(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))


def _linear(colour: Colour) -> Colour:
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def _numbers(colour: str) -> Colour:
    """From 0 to 1, for red, green and blue."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    return np.array([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)])


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in (255 * colour).tolist())


@cache
def _names() -> dict[str, str]:
    """The custom properties of every `:root`."""
    return {
        name: value
        for selector, sets in _blocks()
        if selector == ":root"
        for name, value in sets.items()
        if name.startswith("--")
    }


@cache
def _rules() -> list[Rule]:
    """What the sheets set for drawings, from the weakest rule to the strongest."""
    rules = [
        Rule(steps, plain)
        for selectors, sets in _blocks()
        for selector in selectors.split(",")
        if (plain := _plain(sets)) and (steps := _steps(selector))
    ]
    return sorted(rules, key=lambda rule: rule.weight)


def _steps(selector: str) -> list[Compound] | None:
    """None for what looks at states, attributes or neighbours: no plot that stands alone has them."""
    if not re.fullmatch(r"[\w\s.-]+", selector):
        return None
    steps = (re.split(r"\.", step) for step in selector.split())
    return [Compound(tag, frozenset(classes)) for tag, *classes in steps]


def _plain(sets: Mapping[str, str]) -> dict[str, str]:
    """What is drawn of it, as attributes."""
    font = FONT.fullmatch(sets.get("font", ""))
    parts = font.groupdict() if font else {}
    every = {f"font-{part}": value for part, value in parts.items() if value} | dict(sets)
    return {name: resolved(value) for name, value in every.items() if name in DRAWN}


def _blocks() -> Iterator[tuple[str, dict[str, str]]]:
    """Every rule outside of @media: its selectors, and its declarations."""
    for sheet in SHEETS:
        text = re.sub(r"/\*.*?\*/", "", Path(str(find(sheet))).read_text(), flags=re.DOTALL)
        text = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text)
        for selectors, inside in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
            pairs = (line.partition(":") for line in inside.split(";") if ":" in line)
            yield selectors.strip(), {name.strip(): value.strip() for name, _, value in pairs}
