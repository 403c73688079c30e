"""Forms about who may enter. Rules live in `recruitment/`: `ways_in.py`, `panels.py`, `invitations.py`."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from annotation.forms.fields import WordsField
from annotation.models import Study
from annotation.recruitment.invitations import MOST, invite
from annotation.recruitment.panels import panel_of
from annotation.recruitment.ways_in import CODES, WAYS_IN, change_recruitment

WORDS = {
    "open": "Open link, for a class or colleagues",
    "prolific": "Prolific",
    "mturk": "Mechanical Turk",
    "panel": "Another panel",
    "invitation": "Invitations, a link for each person",
}
CODE_WORDS = {
    "completion_code": ("All items done", "Prolific: approve, automatically or after you have looked."),
    "no_work_code": (
        "No work left",
        "They came in good faith and are paid. Prolific: approve automatically.",
    ),
    "partial_code": (
        "Stopped early, or out of time",
        "Prolific: review by hand; ask them to return it, and pay what they did as a bonus.",
    ),
    "failed_checks_code": (
        "Done, with too many failed checks",
        "Only if the study's checks say so. Prolific: review by hand.",
    ),
    "screened_out_code": (
        "Screened out",
        "By the comprehension check or by checks. Prolific: screen out with a fixed payment, or ask them to "
        "return it. A comprehension check is never a ground for rejection.",
    ),
}


class RecruitmentForm(forms.Form):
    """The ways in, a panel's names, and the codes."""

    ways = forms.MultipleChoiceField(
        choices=[(str(way), WORDS[str(way)]) for way in WAYS_IN],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    person = forms.CharField(
        required=False,
        max_length=50,
        label="Parameter that names the person",
        help_text="As in the panel's links, for example participant_id.",
    )
    visit = WordsField(
        required=False,
        label="Other parameters to keep",
        help_text="A line each. They are kept encrypted, and can go into the return address.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    return_url = forms.CharField(
        required=False,
        max_length=1_000,
        label="Return address",
        help_text="Where people go at the end, with {code} and the parameters' names in braces filled in.",
    )

    def __init__(self, data: Any = None, *, study: Study) -> None:
        codes = {name: getattr(study, name) for name in CODES}
        given = {"ways": study.recruiters, **study.panel, **codes}
        super().__init__(data, initial=given)
        self.study = study
        for name in CODE_WORDS:
            label, help_text = CODE_WORDS[name]
            self.fields[name] = forms.CharField(max_length=40, label=label, help_text=help_text)
        if not study.may_edit:
            for field in self.fields.values():
                field.disabled = True

    @property
    def codes(self) -> list[forms.BoundField]:
        return [self[name] for name in CODE_WORDS]

    def save(self, *, by: User) -> None:
        """Raises StudyError."""
        data = self.cleaned_data
        panel = panel_of(person=data["person"], visit=data["visit"], return_url=data["return_url"])
        codes = {name: data[name] for name in CODES}
        change_recruitment(study=self.study, by=by, ways=data["ways"], panel=panel, **codes)


class InvitationsForm(forms.Form):
    number = forms.IntegerField(
        required=False, min_value=1, max_value=MOST, label="How many", help_text="Or write notes."
    )
    notes = WordsField(
        required=False,
        label="Notes",
        help_text="A line for each person: a name or an address, which only the study's members see.",
    )

    def save(self, *, study: Study, by: User) -> int:
        """Raises StudyError."""
        notes = self.cleaned_data["notes"] or [""] * (self.cleaned_data["number"] or 0)
        return len(invite(study=study, notes=notes, by=by))
