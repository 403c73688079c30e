"""Forms of the quality panel. Rules live in `quality/limits.py` and `quality/exclusion.py`."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from annotation.models import Participant, Study
from annotation.quality.exclusion import exclude
from annotation.quality.limits import RANGES, WHOLE, limits_of
from annotation.studies import update_study
from annotation.texts import CHARACTERS_A_SECOND

LABELS = {
    "labels": "Fewest answers",
    "seconds": "Least median seconds an item",
    "modal_share": "Largest share of one answer",
    "run": "Longest run of one answer",
    "side_share": "Largest share of one side",
    "correlation": "Least correlation with the others",
    "correlation_items": "Fewest items for that",
    "difference": "Most steps from the others",
    "cannot_judge": "Largest share that one cannot judge",
}


class LimitsForm(forms.Form):
    """A study's own limits; a field left empty keeps the usual one."""

    def __init__(self, *args: Any, study: Study, **options: Any) -> None:
        options.setdefault("initial", study.quality_limits)
        super().__init__(*args, **options)
        self.study = study
        usual = limits_of(Study(scale_low=study.scale_low, scale_high=study.scale_high))
        for name, (low, high) in RANGES.items():
            if name == "side_share" and not study.compares:
                continue
            held = f"Usually {_usual(getattr(usual, name))}."
            said: dict[str, Any] = {"required": False, "label": LABELS[name], "help_text": held}
            if name in WHOLE:
                self.fields[name] = forms.IntegerField(min_value=int(low), max_value=int(high), **said)
            else:
                self.fields[name] = forms.FloatField(min_value=low, max_value=high, **said)

    def save(self, *, by: User) -> Study:
        """Raises StudyError."""
        given = {name: number for name, number in self.cleaned_data.items() if number is not None}
        return update_study(study=self.study, by=by, quality_limits=given)


def _usual(number: float | None) -> str:
    if number is None:
        return f"what reading takes at {CHARACTERS_A_SECOND} characters a second"
    return f"{number:g}"


class ExcludeForm(forms.Form):
    reason = forms.CharField(
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept with the person and in the log. Write nothing here that names them.",
    )

    def save(self, *, participant: Participant, by: User) -> Participant:
        """Raises StudyError."""
        return exclude(participant=participant, reason=self.cleaned_data["reason"], by=by)
