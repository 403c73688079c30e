"""The languages in which people read a study: which it offers, which one somebody gets, its texts in it."""

from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from typing import Any, TypeVar
from unicodedata import combining, normalize

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from annotation.models import Check, Participant, Question, Study

NAMES: dict[str, str] = dict(settings.LANGUAGES)
Row = Study | Question | Check
AnyRow = TypeVar("AnyRow", Study, Question, Check)
# The texts of each that people read, and that `translations` may hold in other languages.
TEXTS: dict[type[Row], tuple[str, ...]] = {
    Study: ("name", "question", "scale_words", "instructions", "consent"),
    Question: ("text", "options"),
    Check: ("query", "claim", "response", "response_2", "feedback"),
}
# Without these in their language nobody can decide whether to take part, nor answer.
NEEDED = ("question", "consent")


def offered(study: Study) -> list[str]:
    """The study's own language, then each in which its question and its consent are written."""
    others = [code for code in NAMES if code != study.language]
    return [study.language, *(code for code in others if not set(NEEDED) & set(missing(study, code)))]


def missing(row: Row, language: str) -> list[str]:
    """The names of the texts that this study, question or check has only in its own language."""
    return [name for name in TEXTS[type(row)] if getattr(row, name) and _said(row, name, language) is None]


def is_translated(row: Row) -> bool:
    """Whether all texts of this study, question or check are in the page's language."""
    return not missing(row, get_language() or settings.LANGUAGE_CODE)


def in_language(row: AnyRow, language: str = "") -> AnyRow:
    """A copy to show, never to save: its texts in a language, by default the page's.

    A text that is missing there stays in the study's own.
    """
    spoken = copy(row)
    for name in TEXTS[type(row)]:
        said = _said(row, name, language or get_language() or settings.LANGUAGE_CODE)
        if said is not None:
            setattr(spoken, name, said)
    return spoken


def by_name(text: str) -> bytes:
    """What to sort names by in any of the languages: without accents; common Chinese by pinyin (GB 2312)."""
    plain = (char for char in normalize("NFKD", text.casefold()) if not combining(char))
    return "".join(plain).encode("gb18030")


def language_for(request: HttpRequest, *, study: Study | None, participant: Participant | None) -> str:
    """What was asked for in the address, else the person's own, the browser's, the study's own language."""
    languages = offered(study) if study else list(NAMES)
    asked = request.GET.get("language", "")
    own = participant.language if participant else ""
    for language in (asked, own):
        if language in languages:
            return language
    return _preferred(request.headers.get("Accept-Language", ""), languages) or languages[0]


def choose_language(*, participant: Participant, language: str) -> None:
    """The language in which a person reads the study from now on, on every device."""
    if participant.language != language:
        participant.language = language
        participant.save(update_fields=["language"])


def _preferred(accepted: str, languages: Sequence[str]) -> str:
    """The first language of an Accept-Language header that is among these."""
    for tag, quality in parse_accept_lang_header(accepted):
        with suppress(LookupError):
            if quality and (language := get_supported_language_variant(tag)) in languages:
                return language
    return ""


def _said(row: Row, name: str, language: str) -> Any:
    """A text in another language; None where it is missing, or no longer fits the original."""
    texts: dict[str, dict[str, Any]] = row.translations
    own, said = getattr(row, name), texts.get(language, {}).get(name)
    if isinstance(own, list):
        return said if said and len(said) == len(own) else None
    return said if own and said else None
