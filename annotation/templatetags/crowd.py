"""What labelling pages' templates need: Markdown, and who is there."""

from typing import Any

from django import template

from annotation import texts
from annotation.views import visitors

register = template.Library()
register.filter("guidance", texts.guidance)
register.filter("markdown", texts.answer)


@register.simple_tag(takes_context=True)
def person_mark(context: dict[str, Any], slug: str) -> str:
    return visitors.mark(context["request"], slug)
