"""What a report of effects answers, in a sentence or two: how many of people's it finds, and could."""

from collections.abc import Mapping
from typing import Any

from generation.templatetags.numbers import counted, percent

Json = Mapping[str, Any]


def headline(found: Json) -> str:
    """The answer; where people show no effect, that."""
    own = found["rates"]["own"]
    shows = own["significant"]
    if not shows["n"]:
        return f"It cannot be told: people show no effect that it could find. {_nulls(own['null'])}".strip()
    ends = f" ({percent(shows['low'])} to {percent(shows['high'])})"
    first = f"It finds {_of(shows)} {'effect' if shows['n'] == 1 else 'effects'} that people show{ends}."
    return " ".join(filter(None, (first, _nulls(own["null"]), _bounds(found["halves"]))))


def _nulls(rate: Json) -> str:
    if not rate["n"]:
        return ""
    return f"Of {counted(rate['n'], 'contrast')} where people show none, it shows none in {_number(rate):,}."


def _bounds(halves: Json) -> str:
    """What people reach themselves, and what noise does."""
    people, panel, noise = (halves[name]["significant"]["value"] for name in ("people", "panel", "noise"))
    if people is None or noise is None:
        return ""
    own = "" if panel is None else f", it in their places {percent(panel)}"
    return (
        f"Of what one half of people shows, the other half finds {percent(people)}{own}, noise "
        f"{percent(noise)}."
    )


def _of(rate: Json) -> str:
    return f"{_number(rate):,} of {rate['n']:,}"


def _number(rate: Json) -> int:
    return round(float(rate["value"]) * int(rate["n"]))
