"""What a report of diversity is asked for on its page."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction

from generation.diversity.report.specification import Specification
from generation.forms.measured import NO_CONDITION, named, offer, offer_encoders, replicates_field, seed_field
from generation.measuring import create_report
from generation.models import Collection, Condition, DiversityReport, Encoder, LanguageModel
from generation.tasks import enqueue_report


class DiversityForm(forms.Form):
    """The encoder, and which models and conditions; none chosen are all."""

    encoder = forms.ModelChoiceField(
        Encoder.objects.none(),
        required=False,
        empty_label="none: words alone",
        help_text="Whose vectors say how alike two answers are.",
    )
    models = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )
    conditions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )
    replicates = replicates_field()
    seed = seed_field()

    def __init__(self, data: Any = None, *, collection: Collection) -> None:
        super().__init__(data)
        self.collection = collection
        responses = {"responses__query__collections": collection}
        offer_encoders(self)
        conditions = named(Condition.objects.filter(**responses))
        offer(self, "models", named(LanguageModel.objects.filter(**responses)))
        offer(self, "conditions", [*conditions, *([("", NO_CONDITION)] if conditions else [])])

    @transaction.atomic
    def save(self, *, by: User) -> DiversityReport:
        """The report, handed to a worker. Raises ReportError."""
        given = self.cleaned_data
        report = create_report(
            collection=self.collection,
            encoder=given["encoder"],
            asked=Specification(
                models=tuple(given["models"]),
                conditions=tuple(given["conditions"]),
                replicates=given["replicates"],
                seed=given["seed"],
            ),
            created_by=by,
        )
        enqueue_report(report=report)
        return report
