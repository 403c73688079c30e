"""Texts on labelling pages.

Markdown is made safe: no HTML, no pictures, no inline style, and links only where a researcher wrote them.
"""

from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

# Twice a quick reader's pace.
CHARACTERS_A_SECOND = 50
LINK = {"rel": "nofollow noopener noreferrer", "target": "_blank"}


class _Renderer(RendererHTML):
    """Headings keep one level, below the page's own; a cell's alignment would be an inline style."""

    def renderToken(
        self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[idx]
        if token.type in ("heading_open", "heading_close"):
            token.tag = env["heading"]
        token.attrs.pop("style", None)
        if token.type == "link_open":
            token.attrs.update(LINK)
        return super().renderToken(tokens, idx, options, env)


def _parser(*without: str) -> MarkdownIt:
    options = {"html": False, "breaks": True}
    return MarkdownIt("js-default", options, renderer_cls=_Renderer).disable(["image", *without])


RESEARCHER = _parser()
ANSWER = _parser("link", "autolink", "reference")


def guidance(text: str) -> SafeString:
    """A researcher's consent or instructions as HTML, under a page's h1."""
    return SafeString(RESEARCHER.render(text, {"heading": "h2"}))


@lru_cache(maxsize=512)
def answer(text: str) -> SafeString:
    """A model's answer as HTML, under its h2; links stay as they were typed, so that nobody leaves by one."""
    return SafeString(ANSWER.render(text, {"heading": "h3"}))


def least_reading_seconds(*texts: str) -> float:
    """A time below which nobody has read the texts."""
    return sum(map(len, texts)) / CHARACTERS_A_SECOND
