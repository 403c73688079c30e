"""Forms of panels: a file of personas, and personas drawn from a study. Rules live in `panels.py`."""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User

from annotation.models import Study
from annotation.roles import studies_of
from calibration.models import Panel
from calibration.panels import MOST_SEED, draw_panel, import_panel
from calibration.scorers.panels.personas import MOST_PERSONAS
from generation.forms.files import RowsFileField, on_disk


class PanelForm(forms.Form):
    name = forms.SlugField(max_length=100, help_text="Letters, digits, hyphens and underscores.")


class PanelFileForm(PanelForm):
    file = RowsFileField(
        label="File of personas",
        help_text="A column persona that describes somebody, or columns such as age and country, of which a "
        "description is made; persona_id, if they have names of their own.",
    )

    def save(self, *, by: User) -> Panel:
        """Raises FileError and PanelError."""
        with on_disk(self.cleaned_data["file"]) as path:
            return import_panel(name=self.cleaned_data["name"], path=path, by=by)


class PanelDrawForm(PanelForm):
    study = forms.ModelChoiceField(
        Study.objects.none(),
        to_field_name="slug",
        empty_label="Choose a study",
        help_text="One whose surveys have questions.",
    )
    size = forms.IntegerField(
        label="Personas", min_value=1, max_value=MOST_PERSONAS, initial=50, help_text="Each costs its calls."
    )
    seed = forms.IntegerField(
        min_value=0, max_value=MOST_SEED, initial=0, help_text="The same seed draws the same personas."
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        # Only theirs: margins tell of people.
        asking = studies_of(user).filter(questions__isnull=False).distinct()
        cast(forms.ModelChoiceField[Any], self.fields["study"]).queryset = asking.order_by("name")

    def save(self, *, by: User) -> Panel:
        """Raises PanelError."""
        return draw_panel(**self.cleaned_data, by=by)
