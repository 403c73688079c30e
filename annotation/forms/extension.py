"""Forms that extend a study: first what is chosen, then a member's yes. Rules live in `extension.py`."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from annotation.choice import MOST_CHOSEN, ORDERS, choose, named
from annotation.extension import MOST_EXTRA, token_of
from annotation.forms.studies import known_models
from annotation.models import Study
from annotation.statistics.entropy import KINDS
from annotation.templatetags.labels import kind_words
from generation.forms.files import RowsFileField
from generation.models import Response


class ChooseForm(forms.Form):
    by = forms.ChoiceField(
        choices=[
            ("entropy", "those on which people disagree most, by entropy"),
            ("fewest", "those with the fewest labels"),
            ("ids", "those that I name"),
        ],
        initial="entropy",
        widget=forms.RadioSelect,
        label="Which items",
    )
    number = forms.IntegerField(min_value=1, max_value=MOST_CHOSEN, initial=40, label="How many items")
    kind = forms.ChoiceField(required=False)
    ids = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Ids",
        help_text="Of the items that you name, one a line.",
    )
    labels = forms.IntegerField(min_value=1, max_value=MOST_EXTRA, initial=5, label="More labels for each")

    def __init__(self, study: Study, data: Any = None) -> None:
        super().__init__(data)
        self.study = study
        kinds = [(kind, kind_words(kind, study)) for kind in KINDS]
        self.fields["kind"] = forms.ChoiceField(choices=[("", "of all kinds"), *kinds], required=False)

    def items(self) -> list[int]:
        """Raises StudyError."""
        study = self.study
        given = self.cleaned_data
        if given["by"] not in ORDERS:
            return named(study, [line.strip() for line in given["ids"].splitlines() if line.strip()])
        return choose(study, by=given["by"], number=given["number"], kind=given["kind"])


class AddLabelsForm(forms.Form):
    """What somebody was shown and says yes to; the token is of the study as it was then."""

    items = forms.CharField(widget=forms.HiddenInput)
    labels = forms.IntegerField(min_value=1, max_value=MOST_EXTRA, widget=forms.HiddenInput)
    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reopen = forms.BooleanField(required=False, label="Open the study again")

    @classmethod
    def of(cls, study: Study, items: list[int], labels: int) -> "AddLabelsForm":
        shown = {
            "items": " ".join(map(str, items)),
            "labels": labels,
            "token": token_of(study, items, labels),
        }
        return cls(initial=shown)

    def clean_items(self) -> list[int]:
        keys = self.cleaned_data["items"].split()
        if not all(key.isdecimal() and len(key) < 19 for key in keys) or len(keys) > MOST_CHOSEN:
            raise forms.ValidationError("Choose the items again.")
        return [int(key) for key in keys]


class FileForm(forms.Form):
    file = RowsFileField(
        label="File of items",
        help_text="Its columns are those of the study's first file. Ids must be new.",
    )


class ResponsesForm(forms.Form):
    """Responses that are here already."""

    search = forms.CharField(
        required=False, max_length=200, label="Queries that contain", help_text="Left empty: all queries."
    )
    models = forms.MultipleChoiceField(
        choices=known_models,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen means all of them.",
    )
    reopen = forms.BooleanField(required=False, label="Open the study again")

    def responses(self) -> QuerySet[Response]:
        chosen = Response.objects.filter(query__text__icontains=self.cleaned_data["search"])
        models = self.cleaned_data["models"]
        return chosen.filter(model__in=models) if models else chosen


class AddItemsForm(forms.Form):
    waiting = forms.CharField(widget=forms.HiddenInput)
    reopen = forms.BooleanField(required=False, label="Open the study again")
