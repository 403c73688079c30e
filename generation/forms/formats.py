"""What a report of formats is asked for on its page."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction

from generation.formats.checkpoints import families_of
from generation.formats.kinds import RulesError
from generation.formats.measuring import create_report
from generation.formats.shipped import SHIPPED
from generation.formats.sorting import rules_for
from generation.formats.specification import LARGEST_K, Specification
from generation.forms.measured import NO_CONDITION, named, offer, offer_encoders, replicates_field, seed_field
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
    replicates = replicates_field()
    seed = seed_field()

    def __init__(self, data: Any = None, *, collection: Collection) -> None:
        super().__init__(data)
        self.collection = collection
        stored = FormatRules.objects.order_by("name").values_list("name", flat=True)
        conditions = Condition.objects.filter(
            responses__query__collections=collection, responses__model__step__isnull=False
        )
        known = named(conditions)
        offer(self, "family", [(name, name) for name in families_of(collection)])
        offer(self, "rules", [(name, name) for name in dict.fromkeys([*SHIPPED, *stored])])
        offer(self, "condition", [(ONLY_ONE, "the only one"), *known, (UNNAMED, NO_CONDITION)])
        if not known:
            del self.fields["condition"]
        offer_encoders(self, newest=False)

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
