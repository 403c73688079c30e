"""What a report of formats is asked for on its page."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction

from generation.diversity.specified import LARGEST_SEED, LEAST_REPLICATES
from generation.formats.checkpoints import families_of
from generation.formats.kinds import RulesError
from generation.formats.measuring import create_report
from generation.formats.shipped import SHIPPED
from generation.formats.sorting import rules_for
from generation.formats.specification import LARGEST_K, Specification
from generation.forms.diversity import MOST_REPLICATES, NO_CONDITION
from generation.models import Collection, Condition, Encoder, FormatReport, FormatRules
from generation.reports import ReportError
from generation.tasks import enqueue_report

ONLY_ONE, UNNAMED = "", "-"


class FormatForm(forms.Form):
    """The family, the rules that sort, and what counts as taking over."""

    family = forms.ChoiceField(help_text="Models of which a family and a training step are known.")
    rules = forms.ChoiceField(help_text="They say which answer is of which format.")
    encoder = forms.ModelChoiceField(
        Encoder.objects.none(),
        required=False,
        empty_label="none: formats alone",
        help_text="Whose vectors say how alike two answers are.",
    )
    condition = forms.ChoiceField(
        required=False, help_text="Under which the answers were asked for: two are never mixed."
    )
    threshold = forms.FloatField(
        min_value=0.01, max_value=0.99, initial=0.5, help_text="Above this share a format has taken over."
    )
    k = forms.IntegerField(
        min_value=1,
        max_value=LARGEST_K,
        required=False,
        label="k of pass@k",
        help_text="Empty: as many answers as every query has.",
    )
    replicates = forms.IntegerField(
        min_value=LEAST_REPLICATES,
        max_value=MOST_REPLICATES,
        initial=1000,
        help_text="Resamples of queries behind each interval.",
    )
    seed = forms.IntegerField(min_value=0, max_value=LARGEST_SEED, initial=0)

    def __init__(self, data: Any = None, *, collection: Collection) -> None:
        super().__init__(data)
        self.collection = collection
        stored = FormatRules.objects.order_by("name").values_list("name", flat=True)
        conditions = Condition.objects.filter(
            responses__query__collections=collection, responses__model__step__isnull=False
        )
        named = [(one.name, one.name) for one in conditions.distinct().order_by("name")]
        self._choose("family", [(name, name) for name in families_of(collection)])
        self._choose("rules", [(name, name) for name in dict.fromkeys([*SHIPPED, *stored])])
        self._choose("condition", [(ONLY_ONE, "the only one"), *named, (UNNAMED, NO_CONDITION)])
        if not named:
            del self.fields["condition"]
        encoder = self.fields["encoder"]
        assert isinstance(encoder, forms.ModelChoiceField)
        encoder.queryset = Encoder.objects.filter(dimensions__isnull=False)

    @transaction.atomic
    def save(self, *, by: User) -> FormatReport:
        """The report, handed to a worker. Raises ReportError."""
        given = self.cleaned_data
        condition = {ONLY_ONE: None, UNNAMED: ""}.get(given.get("condition", ""), given.get("condition"))
        asked = Specification(
            condition=condition,
            **{name: given[name] for name in ("family", "threshold", "k", "replicates", "seed")},
        )
        try:
            rules = rules_for(given["rules"])
        except RulesError as error:
            raise ReportError(str(error)) from None
        report = create_report(
            collection=self.collection, rules=rules, encoder=given["encoder"], asked=asked, created_by=by
        )
        enqueue_report(report=report)
        return report

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
