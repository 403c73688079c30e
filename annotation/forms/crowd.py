"""The form on a task page: what it offers, and what it takes back."""

import math
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.models import Study
from annotation.tickets import COMMENT_LENGTH, Answer

LONGEST_SITTING = 24 * 60 * 60.0  # seconds
# A comparison's words where the study names none: by the scale's reach, then by distance from its middle.
DEGREES = {
    1: {1: gettext_noop("is better")},
    2: {1: gettext_noop("is slightly better"), 2: gettext_noop("is much better")},
}


@dataclass(frozen=True)
class Choice:
    """One radio: `value` is stored, `mark` and `word` are read, `key` chooses it on a keyboard."""

    value: int
    mark: str
    word: str
    key: str


def choices(study: Study, *, swapped: bool) -> list[Choice]:
    """The scale as one screen shows it, first to last.

    A comparison runs from A to B. Its values are about response_1, so they turn round with the sides,
    while its words are about A and B, so they stay.
    """
    if study.compares:
        shown = study.values[::-1]
        values = study.values if swapped else shown
        return [
            Choice(value, *_side(study, word), key=_nth(n))
            for n, (value, word) in enumerate(zip(values, shown, strict=True), start=1)
        ]
    if named(study):
        return [
            Choice(value, "", study.word_for(value), key=_nth(n))
            for n, value in enumerate(study.values, start=1)
        ]
    by_digit = study.scale_low >= 0
    return [
        Choice(value, str(value), study.word_for(value), key=_digit(value) if by_digit else _nth(n))
        for n, value in enumerate(study.values, start=1)
    ]


def named(study: Study) -> bool:
    """Whether the scale's values are answers in words, and its numbers mean nothing to people."""
    answers = study.kind in (Study.Kind.PAIR, Study.Kind.QUERY)
    return answers and all(study.word_for(value) for value in study.values)


def scale_shown(study: Study, *, swapped: bool) -> dict[str, Any]:
    """What a page needs to draw the scale; the question tells its ends where these are numbers."""
    scale = choices(study, swapped=swapped)
    keys = [choice.key for choice in scale if choice.key]
    words = named(study)
    ends = not study.compares and not words
    return {"choices": scale, "wordy": wordy(scale), "named": words, "keys": keys, "ends": ends}


def wordy(scale: list[Choice]) -> bool:
    """Whether the words are too many or too long to stand side by side on a phone."""
    words = [word for choice in scale for word in choice.word.split()]
    return max(map(len, words), default=0) > 9 or (len(scale) > 5 and bool(words)) or len(words) > 9


def _nth(n: int) -> str:
    return str(n) if n <= 9 else ""


def _digit(value: int) -> str:
    return str(value) if value <= 9 else ""


def _side(study: Study, value: int) -> tuple[str, str]:
    """The mark and the word of a comparison's choice, read together as one phrase: "A", "is much better"."""
    word = study.word_for(value)
    if word[:2] in ("A ", "B "):
        return word[0], word[2:]
    distance = 2 * value - study.scale_low - study.scale_high
    if word:
        return "" if distance else "=", word
    if not distance:
        return "=", _("about the same, hard to tell")
    side = "A" if distance > 0 else "B"
    degree = DEGREES.get((study.scale_high - study.scale_low) // 2, {}).get(abs(distance) // 2)
    return side, _(degree) if degree else _("is better by %(steps)g") % {"steps": abs(distance) / 2}


class AnswerForm(forms.Form):
    """An answer and the ticket of the page it was given on. The scale is checked where labels are stored."""

    token = forms.CharField(required=False)
    label = forms.IntegerField(required=False)
    cannot_judge = forms.BooleanField(required=False)
    comment = forms.CharField(required=False)
    active_seconds = forms.CharField(required=False)
    attempt = forms.CharField(required=False)

    def clean_comment(self) -> str:
        """Line ends as they were typed: a form sends each as two characters."""
        comment = str(self.cleaned_data["comment"]).replace("\r\n", "\n")
        if len(comment) > COMMENT_LENGTH:
            raise forms.ValidationError(
                _("The comment is longer than %(limit)d characters. Shorten it."),
                params={"limit": COMMENT_LENGTH},
            )
        return comment

    def clean_active_seconds(self) -> float | None:
        """Measured by the page's script; whatever is not a time counts as not measured."""
        try:
            seconds = float(self.cleaned_data["active_seconds"])
        except ValueError:
            return None
        return min(seconds, LONGEST_SITTING) if math.isfinite(seconds) and seconds >= 0 else None

    def clean_attempt(self) -> int:
        """Counted by the page's script, from 1; 0 without it."""
        text = str(self.cleaned_data["attempt"])
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "label" in data and data["label"] is None and not data.get("cannot_judge"):
            self.add_error("label", _("Choose an answer, or say that you cannot judge this one."))
        if data.get("label") is not None and data.get("cannot_judge"):
            self.add_error("label", _("Choose an answer, or say that you cannot judge this one, not both."))
        return data

    @classmethod
    def showing(cls, said: Answer | None) -> "AnswerForm":
        """The form with a person's own earlier answer, or empty."""
        if said is None:
            return cls()
        return cls(initial={"label": said.value, "cannot_judge": said.cannot_judge, "comment": said.comment})

    def answer(self) -> Answer:
        data = self.cleaned_data
        return Answer(
            value=data["label"],
            cannot_judge=data["cannot_judge"],
            comment=data["comment"],
            active_seconds=data["active_seconds"],
            attempt=data["attempt"],
        )
