"""Markdown in labelling pages' templates."""

from django import template

from annotation import texts

register = template.Library()
register.filter("guidance", texts.guidance)
register.filter("markdown", texts.answer)
