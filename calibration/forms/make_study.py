"""The form that makes a study of a collection. Rules live in `annotation/selected/` and `selecting.py`."""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User

from annotation.forms.studies import SETTINGS, LabellingForm
from annotation.models import Study
from annotation.selected import Selection, Wanted, study_of
from calibration.models import Scorer
from calibration.selecting import chosen
from generation.models import Collection, Encoder
from generation.selection import BANDS

# Which fields a kind or a rule takes beside those of every study, and what their part is called.
PARTS = {
    "Responses": ("encoder", "models", "conditions"),
    "Ratings": ("responses", "pick"),
    "Comparisons and pairs": ("pairs", "pairs_per_query", "threshold", "below", "scorer"),
    "Queries alone": ("asks", "claims", "by_category"),
}
PICKED = [("random", "any of it"), ("centre", "the nearest to its centre")]
RULED = [
    ("random", "Any two"),
    ("similar-quality", "Two next to each other by a scorer’s score"),
    ("same-cluster", "Two of one cluster"),
    ("different-cluster", "Two of different clusters"),
    ("near", f"Two at least as similar as the threshold, evenly over {BANDS} bands"),
]
ASKED = [
    ("openness", "Is there one right answer, or many good ones?"),
    ("answers", "How many answers would be reasonable?"),
    ("category", "Does the category that a model gave it fit?"),
]


class MakeStudyForm(LabellingForm):
    queries = forms.IntegerField(
        required=False, min_value=1, initial=50, help_text="Drawn at random. Left empty: all."
    )
    seed = forms.IntegerField(
        min_value=0, max_value=2**31, initial=0, help_text="The same seed chooses the same."
    )
    responses = forms.IntegerField(
        min_value=1,
        max_value=1_000,
        initial=15,
        label="Responses a query",
        help_text="One of each of as many balanced clusters; also the clusters that pairs are taken from.",
    )
    pick = forms.ChoiceField(choices=PICKED, label="Of a cluster")
    encoder = forms.ChoiceField(
        required=False, help_text="Whose vectors make clusters and similarities. Left empty: the only one."
    )
    models = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None chosen means all of them."
    )
    conditions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None chosen means all of them."
    )
    pairs = forms.ChoiceField(choices=RULED, label="Which pairs", widget=forms.RadioSelect, initial="random")
    pairs_per_query = forms.IntegerField(min_value=1, max_value=10_000, initial=10, label="Pairs a query")
    threshold = forms.FloatField(min_value=-1, max_value=0.999999, initial=0.8)
    below = forms.IntegerField(
        min_value=0,
        max_value=10_000,
        initial=0,
        label="Pairs below it",
        help_text="A query; they tell what the threshold misses.",
    )
    scorer = forms.ChoiceField(required=False, help_text="Whose scores make quality similar.")
    asks = forms.ChoiceField(
        choices=ASKED, label="What is asked", widget=forms.RadioSelect, initial="openness"
    )
    claims = forms.IntegerField(
        min_value=1,
        max_value=100_000,
        initial=100,
        label="Categories to check",
        help_text="Queries, each with one of the categories that a model gave it, drawn.",
    )
    by_category = forms.BooleanField(required=False, label="As many of each category")
    kind = forms.ChoiceField(choices=Study.Kind.choices, widget=forms.RadioSelect, initial="rating")
    field_order = ["name", "slug", "kind", "queries", "seed"]

    def __init__(self, *args: Any, collection: Collection, **options: Any) -> None:
        super().__init__(*args, **options)
        self.collection = collection
        encoders = Encoder.objects.filter(dimensions__isnull=False).values_list("name", flat=True)
        responses = collection.queries.order_by()
        models = responses.values_list("responses__model__name", flat=True).distinct()
        conditions = responses.values_list("responses__condition__name", flat=True).distinct()
        for name, named, empty in (
            ("encoder", encoders, True),
            ("models", models, False),
            ("conditions", conditions, False),
        ):
            choices = [(each, each) for each in sorted(filter(None, named))]
            cast(forms.ChoiceField, self.fields[name]).choices = [("", "")] * empty + choices
        scorers = [(scorer.name, scorer.called) for scorer in Scorer.objects.order_by("name")]
        cast(forms.ChoiceField, self.fields["scorer"]).choices = [("", ""), *scorers]

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Titles with their fields; what there is nothing to choose from is left out."""
        return [
            (title, [self[name] for name in names if getattr(self.fields[name], "choices", True)])
            for title, names in PARTS.items()
        ]

    def wanted(self) -> Wanted:
        names = ("kind", "queries", "seed", "encoder", "scorer", *PARTS["Ratings"], *PARTS["Queries alone"])
        given = {name: self.cleaned_data[name] for name in (*names, *PARTS["Comparisons and pairs"])}
        lists = {name: tuple(self.cleaned_data[name]) for name in ("models", "conditions")}
        return Wanted(collection=self.collection.name, **given | lists)

    def choose(self) -> Selection:
        """Raises StudyError."""
        return chosen(self.wanted())

    def save(self, *, owner: User) -> Study:
        """Raises StudyError."""
        return study_of(self.choose(), owner=owner, **self.given("slug", "name", *SETTINGS))
