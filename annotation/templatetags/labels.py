"""How labels and statistics are written on every page: the bar, numbers, undefined in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.charts.labels import LabelBar, label_bar_of
from annotation.models import Study
from generation.templatetags import numbers

register = template.Library()
register.filters.update(numbers.register.filters)

COMPARISON_KINDS = {"agreed good": "A is better", "agreed bad": "B is better", "lukewarm": "about the same"}


@register.inclusion_tag("annotation/_label_bar.html")
def label_bar(study: Study, counts: Sequence[int], height: int = 16, width: int = 180) -> dict[str, LabelBar]:
    return {"bar": label_bar_of(study, counts, width=width, height=height)}


@register.inclusion_tag("annotation/_estimate.html")
def estimate(found: Mapping[str, Any] | None, places: int = 2) -> dict[str, Any]:
    """A value with its interval, or why it is undefined."""
    return {"found": found or {}, "places": places}


@register.simple_tag(takes_context=True)
def sort_link(context: template.Context, key: str, title: str) -> SafeString:
    """A column's heading that sorts by it; pressed again, the other way round."""
    request, now = context["request"], context["sort"]
    query = request.GET.copy()
    query.pop("page", None)
    query["sort"] = key if now == f"-{key}" else f"-{key}"
    arrow = {key: " ↑", f"-{key}": " ↓"}.get(now, "")
    url = f"?{query.urlencode()}"
    return format_html('<a href="{}" hx-get="{}">{}{}</a>', url, url, title, arrow)


@register.simple_tag(takes_context=True)
def pick_sort(context: template.Context, key: str, words: str) -> SafeString:
    """The same beside a list that has no columns; it stays at the list."""
    request, now = context["request"], context["sort"]
    query = request.GET.copy()
    query["sort"] = key if now == f"-{key}" else f"-{key}"
    arrow = {key: " ↑", f"-{key}": " ↓"}.get(now, "")
    current = SafeString(' aria-current="true"') if arrow else ""
    return format_html(
        '<a class="pick" href="?{}#beside"{}>{}{}</a>', query.urlencode(), current, words, arrow
    )


@register.filter
def sorted_as(sort: str, key: str) -> str:
    """The value of aria-sort for the column, as an attribute; nothing for the other columns."""
    order = {key: "ascending", f"-{key}": "descending"}.get(sort)
    return format_html(' aria-sort="{}"', order) if order else ""


@register.filter
def kind_words(kind: str, study: Study) -> str:
    """The kind of an item in the study's own terms: only ratings say what is good or bad."""
    if study.kind == Study.Kind.RATING:
        return kind
    return (COMPARISON_KINDS if study.compares else _answer_kinds(study)).get(kind, kind)


def _answer_kinds(study: Study) -> dict[str, str]:
    """By the words of a scale of two values; of more, by its ends."""
    two = len(study.values) == 2
    low, high = (study.word_for(value) if two else "" for value in (study.scale_low, study.scale_high))
    return {
        "agreed good": f"agreed: {high or 'high'}",
        "agreed bad": f"agreed: {low or 'low'}",
        "lukewarm": "in between",
        "polarising": "split",
    }
