"""What a comparison of voices is asked for on its page."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from annotation.roles import studies_of
from calibration.models import Scorer, VoicesReport
from calibration.voices.measuring import create_report
from generation.diversity.voices.specification import DRAWS, MOST_DRAWS, Specification
from generation.forms.measured import NO_CONDITION, named, offer, offer_encoders, replicates_field, seed_field
from generation.models import Collection, Condition, Encoder, LanguageModel
from generation.tasks import enqueue_report

# Of a page: a command may ask for more.
MOST_DRAWS_HERE = min(MOST_DRAWS, 200)
USUAL = Specification()


class VoicesForm(forms.Form):
    """The encoder, the scorer and what is compared first; `folded` is for who wants it."""

    encoder = forms.ModelChoiceField(
        Encoder.objects.none(), empty_label=None, help_text="Whose vectors say which answers are the same."
    )
    scorer = forms.ChoiceField(
        required=False,
        help_text="Who says which answers are good. Without one, different answers are counted.",
    )
    conditions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )
    models = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )
    reference = forms.ChoiceField(
        required=False, label="Compared with", help_text="The condition that the others are compared with."
    )
    ensemble = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Models asked in turns",
        help_text="Who together make the ensemble. None ticked: all.",
    )
    threshold = forms.FloatField(
        min_value=-1,
        max_value=1,
        initial=USUAL.threshold,
        label="The same from",
        help_text="The similarity from which on two answers count as the same.",
    )
    classes = forms.CharField(
        required=False,
        max_length=100,
        label="Column of classes",
        help_text="Where answers were imported with classes of ideas, in place of the similarity.",
    )
    good = forms.FloatField(
        required=False,
        label="Good from",
        help_text="The score from which on an answer is good. Left empty: the median of what the others are "
        "compared with.",
    )
    calls = forms.IntegerField(
        required=False, min_value=1, help_text="A query. Left empty: what the way with the fewest has."
    )
    tokens = forms.IntegerField(
        required=False, min_value=1, help_text="A query. Left empty: what the way with the fewest has."
    )
    draws = forms.IntegerField(
        min_value=1,
        max_value=MOST_DRAWS_HERE,
        initial=DRAWS,
        help_text="How often calls are drawn for a budget.",
    )
    replicates = replicates_field()
    seed = seed_field()

    FIRST = ("encoder", "scorer", "conditions", "models")

    def __init__(self, data: Any = None, *, collection: Collection, user: User) -> None:
        super().__init__(data)
        self.collection = collection
        self.offered: dict[str, list[tuple[str, str]]] = {}
        offer_encoders(self)
        answered = {"responses__query__collections": collection}
        models = named(LanguageModel.objects.filter(**answered))
        conditions = named(Condition.objects.filter(**answered))
        scorers = [(scorer.name, scorer.called) for scorer in _scorers(collection, user)]
        self._offer("models", models)
        self._offer("ensemble", models)
        self._offer("conditions", [*conditions, *([("", NO_CONDITION)] if conditions else [])])
        self._offer("reference", [("", "chosen: how the query alone was asked"), *conditions])
        self._offer("scorer", [("", "none"), *scorers])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        offer(self, name, choices)
        if isinstance(self.fields[name], forms.MultipleChoiceField):
            self.offered[name] = choices

    @property
    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST if self._offered(name)]

    @property
    def folded(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.FIRST and self._offered(name)]

    @property
    def unfolded(self) -> bool:
        """Whether something is wrong with what is folded."""
        return any(field.errors for field in self.folded)

    def _offered(self, name: str) -> bool:
        """Boxes to tick are shown where there are several."""
        return name not in self.offered or len(self.offered[name]) > 1

    @transaction.atomic
    def save(self, *, by: User) -> VoicesReport:
        """The report, handed to a worker. Raises ReportError and UnusableResponses."""
        given: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in self.cleaned_data.items()
        }
        encoder, given["reference"] = given.pop("encoder"), given["reference"] or None
        asked = Specification(**given)
        report = create_report(collection=self.collection, encoder=encoder, asked=asked, created_by=by)
        enqueue_report(report=report)
        return report


def _scorers(collection: Collection, user: User) -> QuerySet[Scorer]:
    """Who scored answers to the collection's queries, in studies that the user may see."""
    found = Scorer.objects.filter(
        scores__response__query__in=collection.queries.values("pk"), scores__study__in=studies_of(user)
    )
    return found.distinct().order_by("name")
