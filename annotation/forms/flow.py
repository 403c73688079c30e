"""Forms of the Steps page. Rules live in `steps/flow.py`."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from annotation.charts.labels import value_in_words
from annotation.forms.fields import WordsField, text_area
from annotation.models import Check, Question, Study
from annotation.steps.flow import (
    LATEST_PLACE,
    Place,
    Purpose,
    add_check,
    add_question,
    change_check,
    change_question,
)
from annotation.studies import update_study


class QuestionForm(forms.Form):
    """A question of the comprehension check, which has a right answer, or of a survey, which has none."""

    text = forms.CharField(label="Question", max_length=2_000, widget=text_area(2))
    options = WordsField(required=False, label="Options", help_text="A line each; left empty, people type.")
    right = forms.IntegerField(
        label="Right answer", min_value=1, max_value=300, initial=1, help_text="The number of its line."
    )
    name = forms.SlugField(
        required=False,
        max_length=40,
        label="Name in files",
        help_text="Letters, digits, hyphens and underscores. Left empty, it is made from the question.",
    )

    def __init__(
        self, data: Any = None, *, study: Study, place: Place, question: Question | None = None
    ) -> None:
        initial = {}
        if question:
            initial = {name: getattr(question, name) for name in ("text", "options", "name")}
            initial["right"] = None if question.right is None else question.right + 1
        super().__init__(data, initial=initial)
        self.study, self.place, self.question = study, place, question
        if place == Place.COMPREHENSION:
            self.fields["options"].required = True
            self.fields["options"].help_text = "A line each, in the order in which they are shown."
        else:
            del self.fields["right"]

    def save(self, *, by: User) -> Question:
        """Raises StudyError."""
        fields = dict(self.cleaned_data)
        if "right" in fields:
            fields["right"] -= 1
        if self.question is None:
            return add_question(study=self.study, place=self.place, by=by, **fields)
        fields["name"] = fields["name"] or self.question.name
        change_question(question=self.question, by=by, **fields)
        return self.question


class CheckForm(forms.Form):
    """Practice, an attention check or a known answer."""

    query = forms.CharField(max_length=20_000, widget=text_area(2), label="Query")
    claim = forms.CharField(
        required=False,
        max_length=5_000,
        widget=text_area(2),
        label="Description",
        help_text="Shown under the query, where the study asks about one.",
    )
    response = forms.CharField(max_length=50_000, widget=text_area(3), label="Answer to judge")
    response_2 = forms.CharField(max_length=50_000, widget=text_area(3), label="Answer B")
    accepted = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.CheckboxSelectMultiple, label="What passes"
    )
    position = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LATEST_PLACE,
        label="Place in the session",
        help_text="Left empty, it is one of those drawn at random.",
    )
    feedback = forms.CharField(
        required=False,
        max_length=5_000,
        widget=text_area(3),
        label="Feedback",
        help_text="Shown after the answer, with what was expected.",
    )

    def __init__(
        self, data: Any = None, *, study: Study, purpose: Purpose, check: Check | None = None
    ) -> None:
        initial = {name: getattr(check, name) for name in self.base_fields} if check else {}
        super().__init__(data, initial=initial)
        self.study, self.purpose, self.check = study, purpose, check
        accepted: Any = self.fields["accepted"]
        accepted.choices = [(value, value_in_words(study, value)) for value in study.values]
        if study.has_sides:
            self.fields["response"].label = "Answer A"
            accepted.help_text = "A and B as above; people see them on sides that are drawn."
        else:
            del self.fields["response_2"]
        if study.shown:
            del self.fields["claim"]
        else:
            del self.fields["response"]
        if purpose == Purpose.PRACTICE:
            accepted.help_text = f"None: every answer is right. {accepted.help_text}".strip()
            del self.fields["position"]
        else:
            accepted.required = True
            del self.fields["feedback"]
        if purpose == Purpose.ATTENTION:
            tells = self.fields["response" if study.shown else "query"]
            tells.help_text = "Says plainly which value to choose, in the scale's words."

    def save(self, *, by: User) -> Check:
        """Raises StudyError."""
        if self.check is None:
            return add_check(study=self.study, purpose=self.purpose, by=by, **self.cleaned_data)
        change_check(check=self.check, by=by, **self.cleaned_data)
        return self.check


class RulesForm(forms.ModelForm[Study]):
    """How many checks are drawn for a session, and what failing them leads to."""

    random_checks = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Checks drawn a session",
        help_text="Of those without a place of their own.",
    )
    failed_checks_limit = forms.IntegerField(
        min_value=1, max_value=100, label="Failed checks that lead to something"
    )

    class Meta:
        model = Study
        fields = ("random_checks", "failed_checks_limit", "after_failed_checks")
        labels = {"after_failed_checks": "What they lead to"}
        widgets = {"after_failed_checks": forms.RadioSelect}

    def _post_clean(self) -> None:
        """Leave the instance alone: `update_study` compares it with what was typed, and checks the whole."""

    def save(self, commit: bool = True, *, by: User | None = None) -> Study:
        """Raises StudyError."""
        return update_study(study=self.instance, by=by, **self.cleaned_data)
