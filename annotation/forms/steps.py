"""The forms of the comprehension check and the surveys: a field a question, nothing chosen beforehand.

Options travel as the study itself words them, so that a page that is older than a change says what it means.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from annotation.languages import by_name, in_language
from annotation.models import Question
from annotation.steps.questions import REPLY_LENGTH

RADIOS = 7  # longer lists are to be opened
DECLINED = "declined"
SAID = "="  # before an option, so that none is taken for DECLINED


class TypedField(forms.CharField):
    """Line ends as they were typed: a form sends each as two characters, beyond the length that it allows."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class ComprehensionForm(forms.Form):
    def __init__(self, questions: Sequence[Question], *args: Any, again: Collection[str] = ()) -> None:
        super().__init__(*args)
        self.again = [f"q{question.pk}" for question in questions if question.name in again]
        for question in questions:
            spoken = in_language(question)
            self.fields[f"q{question.pk}"] = forms.ChoiceField(
                label=spoken.text,
                choices=list(zip(question.options, spoken.options, strict=True)),
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose an answer.")},
            )

    def answers(self) -> dict[int, str]:
        return {int(name[1:]): option for name, option in self.cleaned_data.items()}


class SurveyForm(forms.Form):
    def __init__(self, questions: Sequence[Question], *args: Any) -> None:
        super().__init__(*args)
        for question in questions:
            spoken = in_language(question)
            name, label = f"q{question.pk}", spoken.text
            if question.options:
                self.fields[name] = _choice(label, question.options, spoken.options)
            else:
                self.fields[name] = TypedField(
                    label=label,
                    required=False,
                    max_length=REPLY_LENGTH,
                    widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
                )
                self.fields[f"{name}-{DECLINED}"] = forms.BooleanField(label=_not_said(), required=False)

    def clean(self) -> dict[str, Any]:
        for name in self._typed():
            said, declined = self.cleaned_data.get(name), self.cleaned_data[f"{name}-{DECLINED}"]
            if name not in self.errors and bool(said) == declined:
                self.add_error(name, _("Write an answer, or say that you prefer not to: one of the two."))
        return self.cleaned_data

    def replies(self) -> dict[int, str | None]:
        """What was said by question; None for a preference not to say."""
        typed = self._typed()
        return {
            int(name[1:]): (said or None) if name in typed else _said(said)
            for name, said in self.cleaned_data.items()
            if not name.endswith(DECLINED)
        }

    def groups(self) -> list[tuple[forms.BoundField, forms.BoundField | None]]:
        """Each question's field, and beside what is typed the box for not saying."""
        typed = self._typed()
        return [
            (self[name], self[f"{name}-{DECLINED}"] if name in typed else None)
            for name in self.fields
            if not name.endswith(DECLINED)
        ]

    def _typed(self) -> list[str]:
        return [name for name in self.fields if f"{name}-{DECLINED}" in self.fields]


def _choice(label: str, options: list[str], spoken: list[str]) -> forms.ChoiceField:
    choices = [(f"{SAID}{option}", words) for option, words in zip(options, spoken, strict=True)]
    long = len(options) > RADIOS
    if long and options == sorted(options, key=by_name):  # so they are in every language
        choices.sort(key=lambda choice: by_name(choice[1]))
    choices.append((DECLINED, _not_said()))
    return forms.ChoiceField(
        label=label,
        choices=[("", _("Choose…")), *choices] if long else choices,
        widget=forms.Select if long else forms.RadioSelect,
        error_messages={"required": _("Choose an answer.")},
    )


def _said(value: str) -> str | None:
    return None if value == DECLINED else value.removeprefix(SAID)


def _not_said() -> str:
    return pgettext("to a question about oneself", "Prefer not to say")
