"""How numbers are written on every page; what is undefined, in words."""

from math import isfinite

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

PLURALS = {"query": "queries", "person": "people", "category": "categories"}
UNDEFINED = SafeString('<span class="undefined">undefined</span>')


@register.filter
def fixed(value: float | None, places: int = 2) -> str:
    """The number with its places, or "undefined"; a true minus sign, and no minus before a zero."""
    if value is None or not isfinite(value):
        return UNDEFINED
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "\N{MINUS SIGN}")


@register.filter
def end(value: float | None, places: int = 2) -> str:
    """An end of an interval: with as many places more as tell on which side of zero it lies, up to six."""
    if value and isfinite(value):
        places = next((more for more in range(places, 7) if float(f"{value:.{more}f}")), places)
    return fixed(value, places)


@register.filter
def signed(value: float | None, places: int = 2) -> str:
    """The number with its sign, also where it is above zero."""
    text = fixed(value, places)
    return f"+{text}" if value and value > 0 and text.strip("0.") else text


@register.filter
def thousands(value: int) -> str:
    return f"{value:,}"


@register.filter
def counted(value: int, word: str) -> str:
    """ "1 label", "2 labels", "2 queries": the noun in its number."""
    return f"{value:,} {noun(value, word)}"


@register.filter
def noun(value: int, word: str) -> str:
    """The noun alone, where the number stands in a mark-up of its own."""
    return word if value == 1 else plural(word)


@register.filter
def plural(word: str) -> str:
    return PLURALS.get(word, f"{word}s")


@register.filter
def percent(share: float | None) -> str:
    if share is None or not isfinite(share):
        return UNDEFINED
    text = fixed(100 * share, 0)
    return "over 99 %" if text == "100" and share < 1 else f"{text} %"


@register.filter
def in_percent(share: float | None, places: int = 1) -> str:
    """A share that differs from others by little: "12.3 %"."""
    return UNDEFINED if share is None else f"{fixed(100 * share, places)} %"


@register.filter
def as_cell(value: str | int | float | None, places: int = 2) -> SafeString:
    """A table's cell: a number on the right, rounded unless it is whole, and what is not there in words."""
    if isinstance(value, str):
        return format_html("<td>{}</td>", value)
    written = thousands(value) if isinstance(value, int) else fixed(value, places)
    return format_html('<td class="n">{}</td>', written)
