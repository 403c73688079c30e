"""Forms of the pages about people's data. Rules live in `rights/identity.py` and `rights/retention.py`."""

from datetime import date

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone

from annotation.models import Participant, Study
from annotation.recruitment.entry import LONGEST_ID
from annotation.rights.identity import erase_identity
from annotation.rights.retention import set_retention


class RetentionForm(forms.Form):
    until = forms.DateField(
        required=False,
        label="Keep recruiters' ids until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="After this day the background worker purges them, once the study is closed. "
        "Left empty, they are kept.",
    )

    def clean_until(self) -> date | None:
        """A slip in the year would purge a closed study's ids within seconds."""
        until: date | None = self.cleaned_data["until"]
        if until and until < timezone.now().date():
            raise forms.ValidationError("This day is over. Choose a later one, or purge the ids below.")
        return until

    def save(self, *, study: Study, by: User) -> str:
        """Raises StudyError."""
        until = self.cleaned_data["until"]
        set_retention(study=study, by=by, until=until)
        return f"Ids are kept until {until:%-d %B %Y}." if until else "Ids are kept until you purge them."


class FindForm(forms.Form):
    external_id = forms.CharField(
        max_length=LONGEST_ID,
        label="Id at the recruiter",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Such as a Prolific id, a worker id, an invitation's code, or the person's code here. "
        "It is looked up and kept nowhere.",
    )


class ConfirmForm(forms.Form):
    """Asks to type a word, so that nothing final is done by one press."""

    typed = forms.CharField(
        max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: object, word: str, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.word = word
        self.fields["typed"].label = f"Type {word} to confirm"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed != self.word:
            raise forms.ValidationError(f"This is not {self.word}.")
        return typed


class EraseForm(ConfirmForm):
    comments = forms.BooleanField(required=False)

    def save(self, *, participant: Participant, by: User) -> None:
        erase_identity(participant=participant, by=by, comments=self.cleaned_data["comments"])
