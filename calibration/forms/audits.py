"""Forms of the console: a file of scores, and a new audit. Rules live in the importer and in `audit.py`."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User

from annotation.models import Study
from annotation.statistics.resampling import FEWEST_REPLICATES
from calibration.asking import HIGHEST_SEED, MOST_REPLICATES
from calibration.audit import create_audit, scorers_of
from calibration.forms.numbers import NumbersField
from calibration.importers import import_scores
from calibration.metrics.subsets import PRESETS
from calibration.metrics.subsets.presets import rules_for
from calibration.models import Audit, Scorer
from calibration.rules import RULES
from generation.forms.files import RowsFileField, on_disk


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
    """The preset and the scorers first; `folded` is for who wants it."""

    preset = forms.ChoiceField(
        label="Subsets",
        choices=Audit.Preset.choices,
        initial=Audit.Preset.STANDARD,
        widget=forms.RadioSelect,
        help_text="Standard and full measure everything; full has more rules of what is disagreed.",
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
    cluster_unit = forms.ChoiceField(
        label="Intervals resample",
        required=False,
        help_text="Drawn anew as a whole, since the answers within may be alike.",
    )
    epsilon = forms.FloatField(
        required=False,
        initial=0.2,
        help_text="The advantage granted to a scorer as one more annotator: .2 beside experts, .15 or .1 "
        "beside a crowd.",
    )
    margin = forms.FloatField(
        required=False,
        initial=0.5,
        help_text="Two answers are equally good where their mean label surely lies this near to 0.",
    )
    confident = forms.FloatField(
        required=False,
        initial=0.75,
        help_text="The share of people beyond which a scorer is confident of one side.",
    )
    with_excluded = forms.BooleanField(required=False)

    def __init__(self, *args: Any, study: Study, chosen: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.study = study
        if not study.participants.filter(excluded_at__isnull=False).exists():
            del self.fields["with_excluded"]
        if study.kind != Study.Kind.COMPARISON:
            del self.fields["margin"], self.fields["confident"]
        scorers = cast(forms.MultipleChoiceField, self.fields["scorers"])
        known = scorers_of(study)
        names = [scorer.name for scorer in known]
        scorers.choices = [(scorer.name, scorer.called) for scorer in known]
        scorers.initial = [name for name in names if name in chosen] or names
        units = cast(forms.ChoiceField, self.fields["cluster_unit"])
        units.choices = [("", "as the design has it"), *self._units()]
        self.rules = rules_for(study.kind, "full") if study.kind in PRESETS["full"] else {}
        for rule, usual in self.rules.items():
            self.fields[f"rule_{rule}"] = NumbersField(
                label=RULES[rule].title,
                required=False,
                help_text=f"Usually {' '.join(f'{number:g}' for number in usual)}.",
            )

    def _units(self) -> list[tuple[str, str]]:
        in_forms = not self.study.items.filter(block=None).exists()
        units = Audit.ClusterUnit.choices
        return [(unit, words) for unit, words in units if in_forms or unit != Audit.ClusterUnit.FORM]

    @property
    def folded(self) -> list[forms.BoundField]:
        names = ("replicates", "seed", "cluster_unit", "epsilon", "margin", "confident")
        return [self[name] for name in names if name in self.fields]

    @property
    def own_subsets(self) -> list[forms.BoundField]:
        return [self[f"rule_{rule}"] for rule in self.rules]

    @property
    def unfolded(self) -> bool:
        """Whether something in the folded part is to be mended."""
        return any(field.errors for field in [*self.folded, *self.own_subsets])

    def save(self, *, created_by: User) -> Audit:
        """Raises AuditError."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}
        chosen = {rule: given.pop(f"rule_{rule}", None) for rule in self.rules}
        subsets = {rule: cuts for rule, cuts in chosen.items() if cuts}
        return create_audit(study=self.study, created_by=created_by, subsets=subsets or None, **given)
