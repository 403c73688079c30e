"""A study's settings, and what may be changed of them. Rules live in `studies.py`."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from annotation.forms.fields import MOST, WordsField, text_area
from annotation.models import Study
from annotation.studies import ALWAYS, update_study


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
