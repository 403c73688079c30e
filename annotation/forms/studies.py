"""New studies, from a file or from responses. Rules live in `studies.py` and the importers."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.utils.text import slugify

from annotation.forms.fields import MOST, WordsField, text_area
from annotation.importers import import_items, import_labels
from annotation.models import Study
from annotation.studies import study_from_responses
from generation.files import counted
from generation.forms.files import RowsFileField, on_disk
from generation.models import LanguageModel, Response

SETTINGS = (
    "language", "question", "scale_words", "instructions", "consent", "labels_per_item", "session_size",
    "design", "time_limit_minutes",
)  # fmt: skip
NEXT = "Look through them, then open the study."
TAKEN_BY_PAGES = {"new"}


def known_models() -> list[tuple[str, str]]:
    """Language models with the number of their responses, as choices."""
    known = LanguageModel.objects.annotate(number=Count("responses")).order_by("name")
    return [(str(model.pk), f"{model.name} ({model.number:,})") for model in known]


class NewStudyForm(forms.Form):
    """What every new study has, wherever its items come from."""

    name = forms.CharField(max_length=200)
    slug = forms.SlugField(
        max_length=80,
        required=False,
        label="Short name for addresses",
        help_text="Letters, digits and hyphens. Left empty, it is made from the name.",
    )
    kind = forms.ChoiceField(choices=Study.Kind.choices)
    language = forms.ChoiceField(
        choices=settings.LANGUAGES,
        initial=settings.LANGUAGE_CODE,
        required=False,
        help_text="Of the texts below, which people read. Others can be added later.",
    )
    question = forms.CharField(
        required=False,
        widget=text_area(2),
        help_text="Asked on every page. Left empty, the kind's usual question.",
    )
    scale_words = WordsField(
        required=False,
        label="Words of the scale",
        help_text="A line for each value, lowest first. Left empty, the kind's usual words.",
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"] or self.free_slug()
        if slug in TAKEN_BY_PAGES or Study.objects.filter(slug=slug).exists():
            raise forms.ValidationError(f"There is already something at {slug}: choose another short name.")
        return slug

    def free_slug(self) -> str:
        stem = slugify(self.cleaned_data.get("name", ""))[:70] or "study"
        taken = (
            set(Study.objects.filter(slug__startswith=stem).values_list("slug", flat=True)) | TAKEN_BY_PAGES
        )
        numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
        return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)

    def given(self, *names: str) -> dict[str, Any]:
        """The named answers that are not empty."""
        return {name: value for name in names if (value := self.cleaned_data.get(name)) not in (None, "", [])}


class LabellingForm(NewStudyForm):
    """A study that people will label here."""

    instructions = forms.CharField(
        required=False, widget=text_area(4), help_text="Shown before the first item."
    )
    consent = forms.CharField(
        required=False, widget=text_area(6), help_text="People agree to this text first."
    )
    labels_per_item = forms.IntegerField(
        min_value=1, max_value=MOST["labels_per_item"], initial=25, label="People an item"
    )
    session_size = forms.IntegerField(
        min_value=1, max_value=MOST["session_size"], initial=15, label="Items a session"
    )
    time_limit_minutes = forms.IntegerField(
        min_value=1,
        max_value=MOST["time_limit_minutes"],
        initial=60,
        label="Time limit, minutes",
        help_text="For one session.",
    )
    design = forms.ChoiceField(
        choices=Study.Design.choices, widget=forms.RadioSelect, initial=Study.Design.RANDOM
    )


class ItemsFileForm(LabellingForm):
    file = RowsFileField(
        label="File of items",
        help_text="Columns: query and response; or query, response_1 and response_2 for comparisons. "
        "model, item_id and response_id if you have them; others are kept.",
    )
    kind = forms.ChoiceField(choices=[("", "as the file's columns say"), *Study.Kind.choices], required=False)
    field_order = ["name", "slug", "file", "kind"]

    def save(self, *, owner: User) -> tuple[Study, str]:
        with on_disk(self.cleaned_data["file"]) as path:
            report = import_items(path=path, owner=owner, **self.given("slug", "name", "kind", *SETTINGS))
        return Study.objects.get(slug=self.cleaned_data["slug"]), f"{report.sentence()} {NEXT}"


class LabelsFileForm(NewStudyForm):
    file = RowsFileField(
        label="File of labels",
        help_text="A row an item with human_labels, a list; or a row a label: item_id, annotator_id, label.",
    )
    kind = forms.ChoiceField(choices=[("", "as the file's columns say"), *Study.Kind.choices], required=False)
    scale_low = forms.IntegerField(required=False, min_value=-1_000, max_value=1_000, label="Lowest value")
    scale_high = forms.IntegerField(required=False, min_value=-1_000, max_value=1_000, label="Highest value")
    field_order = ["name", "slug", "file", "kind", "scale_low", "scale_high"]

    def clean(self) -> dict[str, Any]:
        low, high = self.cleaned_data.get("scale_low"), self.cleaned_data.get("scale_high")
        if (low is None) != (high is None):
            self.add_error("scale_low", "Give both ends of the scale, or neither.")
        elif low is not None and high is not None and low >= high:
            self.add_error("scale_low", "The lowest value must be below the highest.")
        return self.cleaned_data

    def save(self, *, owner: User) -> tuple[Study, str]:
        ends = self.given("scale_low", "scale_high")
        scale = (ends["scale_low"], ends["scale_high"]) if ends else None
        given = self.given("slug", "name", "kind", "language", "question", "scale_words")
        with on_disk(self.cleaned_data["file"]) as path:
            report = import_labels(path=path, owner=owner, scale=scale, **given)
        return Study.objects.get(slug=self.cleaned_data["slug"]), report.sentence()


class ResponsesForm(LabellingForm):
    # Choices and not a model field: that one asks the database for any number, which SQLite cannot hold.
    models = forms.MultipleChoiceField(
        choices=known_models,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen means all of them.",
    )
    search = forms.CharField(
        required=False, max_length=200, label="Queries that contain", help_text="Left empty: all queries."
    )
    field_order = ["name", "slug", "models", "search", "kind"]

    def responses(self) -> QuerySet[Response]:
        chosen = Response.objects.filter(query__text__icontains=self.cleaned_data["search"])
        models = self.cleaned_data["models"]
        return chosen.filter(model__in=models) if models else chosen

    def save(self, *, owner: User) -> tuple[Study, str]:
        given = self.given("slug", "name", "kind", *SETTINGS)
        study = study_from_responses(responses=self.responses(), owner=owner, **given)
        return study, f"Made {counted(study.items.count(), 'items')}. {NEXT}"


SOURCES: dict[str, type[ItemsFileForm | LabelsFileForm | ResponsesForm]] = {
    "items": ItemsFileForm,
    "labels": LabelsFileForm,
    "responses": ResponsesForm,
}
