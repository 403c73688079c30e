"""Forms of the console: new studies and their settings. Rules live in `studies.py` and the importers."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.utils.text import slugify

from annotation.importers import import_items, import_labels
from annotation.models import Study
from annotation.studies import ALWAYS, study_from_responses, update_study
from generation.files import counted
from generation.forms import RowsFileField, on_disk
from generation.models import LanguageModel, Response

SETTINGS = (
    "language", "question", "scale_words", "instructions", "consent", "labels_per_item", "session_size",
    "design", "time_limit_minutes",
)  # fmt: skip
# As the database has them; here the browser is told too.
MOST = {
    "labels_per_item": 10_000,
    "session_size": 1_000,
    "time_limit_minutes": 100_000,
    "sessions_per_person": 100_000,
}
NEXT = "Look through them, then open the study."
TAKEN_BY_PAGES = {"new"}


class WordsField(forms.CharField):
    """A list of words, a line each."""

    widget = forms.Textarea(attrs={"rows": 5})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != self.to_python(data))


def known_models() -> list[tuple[str, str]]:
    """Language models with the number of their responses, as choices."""
    known = LanguageModel.objects.annotate(number=Count("responses")).order_by("name")
    return [(str(model.pk), f"{model.name} ({model.number:,})") for model in known]


def text_area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


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


class SettingsForm(forms.ModelForm[Study]):
    """A study's settings; what its state no longer lets change is shown and cannot be edited."""

    scale_words = WordsField(
        required=False,
        label="Words of the scale",
        help_text="A line for each value, lowest first; none: numbers only.",
    )

    class Meta:
        model = Study
        fields = (
            "name",
            "language",
            "question",
            "scale_words",
            "instructions",
            "consent",
            "markdown",
            "scale_low",
            "scale_high",
            "labels_per_item",
            "session_size",
            "design",
            "time_limit_minutes",
            "sessions_per_person",
        )
        widgets = {"question": text_area(2), "instructions": text_area(4), "consent": text_area(8)}
        labels = {
            "scale_low": "Lowest value",
            "scale_high": "Highest value",
            "labels_per_item": "People an item",
            "session_size": "Items a session",
            "time_limit_minutes": "Time limit, minutes",
            "sessions_per_person": "Sessions a person",
            "markdown": "Markdown",
        }
        help_texts = {
            "consent": "A changed text gets a new version, and people are asked again.",
            "language": "Of these texts: people's pages are in it, and read aloud in it.",
            "sessions_per_person": "Left empty: as many as there is work for.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("scale_low", "scale_high"):
            self.limit(name, -1_000, 1_000)
        for name, most in MOST.items():
            self.limit(name, 1, most)
        if self.instance.state != Study.State.DRAFT:
            for name in set(self.fields) - ALWAYS:
                self.fields[name].disabled = True

    def limit(self, name: str, low: int, high: int) -> None:
        """Numbers that no database refuses; the browser is told too."""
        old = self.fields[name]
        self.fields[name] = forms.IntegerField(
            min_value=low, max_value=high, required=old.required, label=old.label, help_text=old.help_text
        )

    def _post_clean(self) -> None:
        """Leave the instance alone: `update_study` compares it with what was typed, and checks the whole."""

    def save(self, commit: bool = True, *, by: User | None = None) -> Study:
        """Raises StudyError."""
        return update_study(study=self.instance, by=by, **self.cleaned_data)


class ExportForm(forms.Form):
    shape = forms.ChoiceField(
        initial="long",
        widget=forms.RadioSelect,
        choices=[
            ("long", "Long: a row a label, with the person's code, times, comment, and what is not counted"),
            ("items", "Items: a row an item, with its counts and statistics"),
            ("infinity-chat", "Infinity-Chat: a row an item with human_labels, a list of what is counted"),
        ],
    )
    format = forms.ChoiceField(
        initial="csv",
        widget=forms.RadioSelect,
        choices=[
            ("csv", "csv: for spreadsheets and R"),
            ("jsonl", "jsonl: a JSON object a line"),
            ("parquet", "parquet: typed columns, smallest"),
        ],
    )
    excluded = forms.TypedChoiceField(
        label="Excluded people",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("", "As the shape has it: marked in the long one, left out of the others"),
            ("with", "With them"),
            ("without", "Without them"),
        ],
        coerce=lambda word: word == "with",
        empty_value=None,
    )

    def asked(self) -> dict[str, Any]:
        """As `download` takes it."""
        given = dict(self.cleaned_data)
        return given | {"with_excluded": given.pop("excluded")}
