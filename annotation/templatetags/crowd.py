"""What labelling pages' templates need: Markdown, who is there, and where to."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotation import texts
from annotation.languages import NAMES, missing, offered
from annotation.models import Study
from annotation.views import visitors

register = template.Library()
register.filter("guidance", texts.guidance)
register.filter("markdown", texts.answer)


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], name: str, *arguments: Any, **parameters: str) -> str:
    """Like `url`, for a person on their way through a study; keywords become parameters."""
    return visitors.with_card(context["request"], reverse(name, args=arguments), **parameters)


@register.simple_tag(takes_context=True)
def languages(context: dict[str, Any], study: Study) -> list[dict[str, Any]]:
    """The languages to choose from, each with this page's address in it; none where there is only one."""
    codes = offered(study)
    if len(codes) < 2:
        return []
    here = context["request"].GET.copy()
    shown = []
    for code in codes:
        here["language"] = code
        chosen = code == get_language()
        shown.append({"code": code, "name": NAMES[code], "chosen": chosen, "address": f"?{here.urlencode()}"})
    return shown


@register.simple_tag
def own_language(study: Study, *names: str) -> SafeString:
    """The attribute `lang` for what is written in the study's own language on a page in another.

    With names of the study's texts, only if one of them is not translated.
    """
    page = get_language() or ""
    translated = names and not set(names) & set(missing(study, page))
    if page == study.language or translated:
        return SafeString()
    return format_html(' lang="{}"', study.language)


@register.simple_tag(takes_context=True)
def person_mark(context: dict[str, Any], slug: str) -> str:
    return visitors.mark(context["request"], slug)
