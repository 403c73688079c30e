"""A study's texts in further languages: what is there, what is missing, and how it is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.languages import NAMES, TEXTS, Row, missing, offered
from annotation.log import record
from annotation.models import Study
from annotation.studies import StudyError, update_study


@dataclass(frozen=True)
class Translation:
    """How far a study is translated into a language."""

    code: str
    name: str
    texts: int
    missing: int
    offered: bool


def translations_of(study: Study) -> list[Translation]:
    """One for each language besides the study's own."""
    rows, shown = translatable(study), offered(study)
    texts = sum(bool(getattr(row, name)) for row in rows for name in TEXTS[type(row)])
    return [
        Translation(code, name, texts, sum(len(missing(row, code)) for row in rows), code in shown)
        for code, name in NAMES.items()
        if code != study.language
    ]


def translatable(study: Study) -> list[Row]:
    """What has texts that people read: the study, its questions in their order, its checks."""
    questions = study.questions.filter(retired_at=None).order_by("-place", "position", "pk")
    return [study, *questions, *study.checks.filter(retired_at=None)]


@transaction.atomic
def translate(
    *, study: Study, language: str, texts: Mapping[Row, Mapping[str, Any]], by: User | None = None
) -> None:
    """Put texts of a study, its questions and its checks in a language; empty ones go. Raises StudyError."""
    if language not in NAMES or language == study.language:
        raise StudyError(f"A study in {study.language} is not translated into {language}.")
    Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    changed = [row for row, said in texts.items() if _put(row, language, said)]
    for row in changed:
        if isinstance(row, Study):
            update_study(study=study, by=by, translations=row.translations)
        else:
            row.save(update_fields=["translations"])
    if changed:
        record(study, "translated", by=by, language=language)


def _put(row: Row, language: str, said: Mapping[str, Any]) -> bool:
    """Read the row again under its lock, put the texts in, and say whether that changes any."""
    locked: Any = type(row)._default_manager.select_for_update(of=("self",))
    row.refresh_from_db(from_queryset=locked)
    kept = {name: text for name, text in said.items() if text}
    for name, text in kept.items():
        own = getattr(row, name)
        if isinstance(own, list) and len(text) != len(own):
            raise StudyError(f"{name.replace('_', ' ')}: {len(text)} lines in place of {len(own)}.")
    before = row.translations.get(language, {})
    others = {code: texts for code, texts in row.translations.items() if code != language}
    row.translations = others | ({language: kept} if kept else {})
    return bool(before != kept)
