"""The form of a rubric: a new one, or the next version of one. Rules live in the rubric itself."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from calibration.forms.texts import TemplateField
from calibration.models import Rubric as Row
from calibration.rubrics import LONGEST_NAME, write_rubric
from calibration.scorers.judges.rubrics import Criterion, Rubric, RubricError


def criteria_as_text(criteria: tuple[Criterion, ...]) -> str:
    return "\n".join(f"{one.name}: {one.description}" for one in criteria)


def labels_as_text(labels: tuple[tuple[str, int], ...]) -> str:
    return " ".join(f"{label}={value}" for label, value in labels)


class RubricForm(forms.Form):
    """A rubric's texts, with a line for each criterion."""

    name = forms.CharField(max_length=LONGEST_NAME)
    prompt = TemplateField(rows=10, help_text="What the judge is sent about each response.")
    criteria = TemplateField(
        rows=3,
        help_text="A line each: its name, a colon, and what to look at. Several are averaged.",
    )
    low = forms.IntegerField(label="Lowest value", initial=1)
    high = forms.IntegerField(label="Highest value", initial=5)
    labels = forms.CharField(
        required=False,
        max_length=2_000,
        help_text="What the judge calls the values in place of numbers, such as A=2 B=1 C=0 D=-1 E=-2.",
    )
    system = TemplateField(
        label="System text",
        rows=3,
        required=False,
        help_text="Sent before the prompt, the same about every response.",
    )

    def __init__(self, data: Any = None, *, start: Rubric | None = None, name: str = "") -> None:
        """`start` is what the texts begin as; with a name, it is the next version of that one."""
        initial: dict[str, Any] = {"name": name}
        if start:
            initial |= {key: getattr(start, key) for key in ("prompt", "system", "low", "high")}
            initial |= {"criteria": criteria_as_text(start.criteria), "labels": labels_as_text(start.labels)}
        super().__init__(data, initial=initial)
        self.fixed_name = name
        if name:
            del self.fields["name"]

    def clean_criteria(self) -> list[dict[str, str]]:
        lines = [line.partition(":") for line in self.cleaned_data["criteria"].splitlines() if line.strip()]
        return [{"name": name.strip(), "description": said.strip()} for name, _, said in lines]

    def clean_labels(self) -> dict[str, int]:
        try:
            pairs = [part.split("=") for part in self.cleaned_data["labels"].replace(",", " ").split()]
            return {label: int(value) for label, value in pairs}
        except ValueError:
            raise forms.ValidationError(
                "Write each as a label, = and its value, with spaces between."
            ) from None

    def clean(self) -> None:
        """The rubric itself says what makes no sense in it."""
        if not self.errors:
            try:
                self.rubric = Rubric.from_dict(self.content | {"name": self.named})
            except RubricError as error:
                raise forms.ValidationError(str(error)) from error

    @property
    def content(self) -> dict[str, Any]:
        return {key: value for key, value in self.cleaned_data.items() if key != "name"}

    @property
    def named(self) -> str:
        return self.fixed_name or str(self.cleaned_data.get("name", ""))

    def save(self, *, by: User) -> Row:
        """Raises RubricError."""
        return write_rubric(name=self.named, content=self.content, by=by)
