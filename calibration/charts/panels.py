"""Who is in a panel: how many personas have each value of what is known of them."""

from collections import Counter
from dataclasses import dataclass

from calibration.models import Panel
from generation.charts.shares import Bar, bars_of

# Of one attribute; of more, as of ages in years, the commonest.
MOST_ROWS = 12


@dataclass(frozen=True)
class Row:
    """A value, how many personas have it, and the share of people where it was drawn from people."""

    value: str
    personas: int
    share: float
    of_people: float | None
    bar: Bar


@dataclass(frozen=True)
class Margin:
    """An attribute: its rows on one axis, how many values are not shown, and the people it was drawn from.

    `of` has the question of a survey, with its "n", "left_out" and "declined"; empty for a file.
    """

    name: str
    rows: list[Row]
    hidden: int
    ticks: tuple[float, ...]
    last: float
    of: dict[str, object]


def margins_of(panel: Panel) -> list[Margin]:
    """The attributes that somebody has: of a survey in its order, else by name."""
    asked = {one["name"]: one for one in panel.source.get("questions", ())}
    names = {name for one in panel.personas for name in one["attributes"]}
    ordered = [*asked, *sorted(names - asked.keys())]
    return [_margin(panel, name, asked.get(name, {})) for name in ordered]


def _margin(panel: Panel, name: str, question: dict[str, object]) -> Margin:
    held = Counter(one["attributes"][name] for one in panel.personas if name in one["attributes"])
    people = _people(question)
    values = [*people] or sorted(held, key=lambda value: (-held[value], value))
    shown, whole = values[:MOST_ROWS], sum(people.values())
    shares = [(held[one] / panel.size, people[one] / whole if people else None) for one in shown]
    bars = bars_of([(share, None, None, beside) for share, beside in shares])
    rows = [
        Row(value, held[value], share, beside, bar)
        for value, (share, beside), bar in zip(shown, shares, bars.rows, strict=True)
    ]
    return Margin(name, rows, len(values) - len(shown), bars.ticks, bars.last, question)


def _people(question: dict[str, object]) -> dict[str, int]:
    options = question.get("options", [])
    assert isinstance(options, list)
    return {one["option"]: one["people"] for one in options}
