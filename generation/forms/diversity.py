"""What a report of diversity is asked for on its page."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction

from generation.diversity.report.specification import Specification
from generation.diversity.specified import LARGEST_SEED, LEAST_REPLICATES
from generation.measuring import create_report
from generation.models import Collection, Condition, DiversityReport, Encoder, LanguageModel
from generation.tasks import enqueue_report

# Of a page: a command may ask for more.
MOST_REPLICATES = 10_000
NO_CONDITION = "(no condition named)"


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
        responses = {"responses__query__collections": collection}
        encoders = Encoder.objects.filter(dimensions__isnull=False)
        models = LanguageModel.objects.filter(**responses).distinct().order_by("name")
        conditions = Condition.objects.filter(**responses).distinct().order_by("name")
        encoder, model, condition = (self.fields[name] for name in ("encoder", "models", "conditions"))
        assert isinstance(encoder, forms.ModelChoiceField)
        assert isinstance(model, forms.MultipleChoiceField)
        assert isinstance(condition, forms.MultipleChoiceField)
        encoder.queryset = encoders
        encoder.initial = encoders.order_by("-pk").first()
        model.choices = [(one.name, one.name) for one in models]
        named = [(one.name, one.name) for one in conditions]
        condition.choices = [*named, *([("", NO_CONDITION)] if named else [])]

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
