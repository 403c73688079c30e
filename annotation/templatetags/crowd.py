"""What labelling pages' templates need: Markdown, who is there, and where to."""

from typing import Any

from django import template
from django.urls import reverse

from annotation import texts
from annotation.views import visitors

register = template.Library()
register.filter("guidance", texts.guidance)
register.filter("markdown", texts.answer)


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], name: str, *arguments: Any) -> str:
    """Like `url`, for a person on their way through a study."""
    return visitors.with_card(context["request"], reverse(name, args=arguments))


@register.simple_tag(takes_context=True)
def person_mark(context: dict[str, Any], slug: str) -> str:
    return visitors.mark(context["request"], slug)
