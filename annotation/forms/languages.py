"""The form of a study's texts in another language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from annotation.forms.fields import WordsField, text_area
from annotation.languages import NEEDED, TEXTS, Row, missing
from annotation.models import Check, Question, Study
from annotation.studies import asks_of
from annotation.translations import translatable
from annotation.usual import usual_texts

WORDS = {
    "scale_words": "Words of the scale",
    "text": "Question",
    "claim": "Description",
    "response": "Answer",
    "response_2": "Other answer",
}


class LinesField(WordsField):
    """As many lines as the original has, or none."""

    def __init__(self, *, count: int, **options: Any) -> None:
        super().__init__(**options)
        self.count = count

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and len(value) != self.count:
            raise forms.ValidationError(f"{len(value)} lines in place of {self.count}: one for each there.")


@dataclass(frozen=True)
class Pair:
    """A text as the study has it, and the field for it in the other language."""

    original: str
    field: forms.BoundField
    missing: bool
    needed: bool


class TranslationForm(forms.Form):
    """Every text that people read of a study, its questions and its checks, in one language.

    A text that the study has as it usually is stands there in the language's usual words, to be saved.
    """

    def __init__(self, *args: Any, study: Study, language: str) -> None:
        super().__init__(*args)
        self.language = language
        self.rows = translatable(study)
        self.usual = _usual(study, language)
        for row in self.rows:
            for name in _names(row):
                self.fields[_key(row, name)] = self._field(row, name)

    def sections(self) -> Iterator[tuple[str, list[Pair]]]:
        """A heading for each study, question or check, and its texts."""
        for row in self.rows:
            yield _heading(row), [self._pair(row, name) for name in _names(row)]

    def texts(self) -> dict[Row, dict[str, Any]]:
        return {row: {name: self.cleaned_data[_key(row, name)] for name in _names(row)} for row in self.rows}

    def _field(self, row: Row, name: str) -> forms.Field:
        own = getattr(row, name)
        said = row.translations.get(self.language, {}).get(name)
        if not said and isinstance(row, Study):
            said = self.usual.get(name)
        label = WORDS.get(name, name.capitalize())
        lines = len(own) if isinstance(own, list) else min(10, 1 + len(own) // 60 + own.count("\n"))
        area = text_area(lines)
        area.attrs |= {"lang": self.language, "dir": "auto"}
        if isinstance(own, list):
            return LinesField(count=len(own), required=False, label=label, initial=said, widget=area)
        most = 200 if name == "name" else None
        return forms.CharField(required=False, label=label, initial=said, widget=area, max_length=most)

    def _pair(self, row: Row, name: str) -> Pair:
        own, field = getattr(row, name), self[_key(row, name)]
        needed = isinstance(row, Study) and name in NEEDED
        lacks = name in missing(row, self.language)
        return Pair("\n".join(own) if isinstance(own, list) else own, field, lacks, needed)


def _usual(study: Study, language: str) -> dict[str, Any]:
    """The usual texts that the study has not changed, in the language."""
    asks = asks_of(study.kind, study.metadata)
    own, said = (usual_texts(study.kind, code, asks) for code in (study.language, language))
    return {name: said[name] for name in TEXTS[Study] if name in own and own[name] == getattr(study, name)}


def _names(row: Row) -> list[str]:
    return [name for name in TEXTS[type(row)] if getattr(row, name)]


def _key(row: Row, name: str) -> str:
    return f"{type(row).__name__.lower()}-{row.pk}-{name}"


def _heading(row: Row) -> str:
    if isinstance(row, Question):
        return f"{row.get_place_display().capitalize()}: {row.name}"
    return row.get_purpose_display().capitalize() if isinstance(row, Check) else "The study"
