"""Forms of the console: a file of scores, and a new audit. Rules live in the importer and in `audit.py`."""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User

from annotation.models import Study
from annotation.statistics.resampling import FEWEST_REPLICATES
from calibration.asking import HIGHEST_SEED, MOST_REPLICATES
from calibration.audit import create_audit, scorers_of
from calibration.importers import import_scores
from calibration.models import Audit, Scorer
from generation.forms import RowsFileField, on_disk


class ScoresFileForm(forms.Form):
    file = RowsFileField(
        label="File of scores",
        help_text="Columns: item_id, response_id, or query and response; and score, distribution or votes. "
        "scorer and family, unless you name them here.",
    )
    scorer = forms.CharField(max_length=200, required=False, help_text="Left empty: as the file says.")
    family = forms.ChoiceField(required=False, choices=[("", "as the file says"), *Scorer.Family.choices])
    replace = forms.BooleanField(required=False)

    def save(self, *, study: Study, by: User | None = None) -> str:
        """Import the file and say what came in. Raises FileError."""
        with on_disk(self.cleaned_data["file"]) as path:
            report = import_scores(
                path=path,
                slug=study.slug,
                scorer=self.cleaned_data["scorer"] or None,
                family=self.cleaned_data["family"] or None,
                replace=self.cleaned_data["replace"],
                by=by,
            )
        return report.sentence()


class AuditForm(forms.Form):
    preset = forms.ChoiceField(
        label="Subsets", choices=Audit.Preset.choices, initial=Audit.Preset.STANDARD, widget=forms.RadioSelect
    )
    scorers = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    replicates = forms.IntegerField(
        min_value=FEWEST_REPLICATES,
        max_value=MOST_REPLICATES,
        initial=1000,
        help_text="How often each interval resamples.",
    )
    seed = forms.IntegerField(
        min_value=0, max_value=HIGHEST_SEED, initial=0, help_text="The same seed gives the same numbers."
    )

    with_excluded = forms.BooleanField(required=False)

    def __init__(self, *args: Any, study: Study, **options: Any) -> None:
        super().__init__(*args, **options)
        self.study = study
        if not study.participants.filter(excluded_at__isnull=False).exists():
            del self.fields["with_excluded"]
        field = cast(forms.MultipleChoiceField, self.fields["scorers"])
        field.initial = [scorer.name for scorer in scorers_of(study)]
        field.choices = [(name, name) for name in field.initial]

    def save(self, *, created_by: User) -> Audit:
        """Raises AuditError."""
        return create_audit(study=self.study, created_by=created_by, **self.cleaned_data)
