"""What a report of effects is asked for on its page."""

from pathlib import Path
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Study
from calibration.effects.contrasts import read_contrasts
from calibration.effects.measuring import (
    LARGEST_SEED,
    LEAST_SPLITS,
    SPLITS,
    create_report,
    scorers_of,
)
from calibration.models import EffectReport
from generation.forms.files import RowsFileField, on_disk
from generation.tasks import enqueue_report

# Of a page: a command may ask for more.
MOST_SPLITS = 500


class EffectsForm(forms.Form):
    """The scorer, and what is compared: every two values of a column, or a file's contrasts."""

    scorer = forms.ChoiceField(help_text="Whose answers are held against people’s effects.")
    by = forms.CharField(
        label="Compare by",
        max_length=200,
        required=False,
        help_text="Every two values of it: model, condition, a column of the items’ metadata, or a question "
        "of the survey, such as age. Left empty: as a file says.",
    )
    file = RowsFileField(
        label="or a file of contrasts",
        required=False,
        help_text="Columns: contrast (its name), of (items or people), by, a, b: a value or a list of them; "
        "or items_a and items_b, lists of item ids.",
    )
    splits = forms.IntegerField(
        min_value=LEAST_SPLITS,
        max_value=MOST_SPLITS,
        initial=SPLITS,
        help_text="How often people are split into halves, of which one is to replicate the other.",
    )
    seed = forms.IntegerField(
        min_value=0, max_value=LARGEST_SEED, initial=0, help_text="The same seed gives the same numbers."
    )

    def __init__(self, *args: Any, study: Study, **options: Any) -> None:
        super().__init__(*args, **options)
        self.study = study
        scorers = [(scorer.name, scorer.called) for scorer in scorers_of(study)]
        cast(forms.ChoiceField, self.fields["scorer"]).choices = scorers

    def save(self, *, by: User) -> EffectReport:
        """The report, handed to a worker. Raises FileError and ReportError."""
        given = self.cleaned_data
        contrasts = []
        if given["file"]:
            with on_disk(given["file"]) as path:
                contrasts = read_contrasts(Path(path))
        with transaction.atomic():
            report = create_report(
                study=self.study,
                scorer=given["scorer"],
                contrasts=contrasts,
                by=given["by"],
                splits=given["splits"],
                seed=given["seed"],
                created_by=by,
            )
            enqueue_report(report=report)
        return report
