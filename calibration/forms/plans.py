"""The form of a new plan: only what its goal asks for. Rules live in `planning.py` and `plans.py`."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib.auth.models import User

from annotation.agreement import LEVELS
from annotation.models import Study
from calibration.forms.numbers import NumbersField
from calibration.models import Plan
from calibration.plan_fields import PlanError
from calibration.plan_specification import GOALS, PEOPLE, PlanSpecification
from calibration.plans import create_plan

COSTS = (
    "session_size", "sessions_per_person", "seconds_per_item",
    "pay_by", "pay_rate", "currency", "fee_percent",
)  # fmt: skip
SIMULATION = ("simulations", "seed")
# The usual values, of the specification itself and of a study that is paid.
USUAL = asdict(PlanSpecification()) | {"pay_by": "time", "pay_rate": 12, "currency": "GBP", "fee_percent": 33}
# The target's label, and what it is.
TARGETS = {
    "alpha": ("Width of alpha’s interval", "From end to end: .06 is from .32 to .38."),
    "mean": ("Width of an item’s interval", "Of its mean label, from end to end, in points of the scale."),
    "entropy": ("Largest bias, bits", "Of the items’ mean entropy: 25 people an item leave about .12."),
    "power": ("Power", "How often an audit shall find the difference, from 0 to 1."),
    "alt_test": ("Probability to pass", "How often such a judge shall pass, from 0 to 1."),
}


class PlanForm(forms.Form):
    """Every field that a goal may ask for; those that this one does not need are left out."""

    target = forms.FloatField()
    labels_per_item = NumbersField(
        label="People an item", help_text="Each number is tried. The published study asked 25."
    )
    annotators = forms.IntegerField(help_text="Who label the items that the judge is held against.")
    items = forms.IntegerField(help_text="How many the study will have.")
    level = forms.ChoiceField(label="Kind of alpha", choices=[(level, level) for level in LEVELS])
    entropy = forms.ChoiceField(
        label="Estimate",
        choices=[("plug-in", "plug-in"), ("corrected", "corrected for the number of labels")],
    )
    noise_ratio = forms.FloatField(
        label="Noise on contested items",
        help_text="How many times as large the scorer’s error is there as elsewhere.",
    )
    people_ratio = forms.FloatField(
        label="People on contested items", help_text="How many times as far they spread there as elsewhere."
    )
    contested_share = forms.FloatField(
        label="Contested share", help_text="Of the items: those that people disagree about most, from 0 to 1."
    )
    correlation = forms.FloatField(
        help_text="Of the scorer with the items’ true means, where its error is as usual."
    )
    epsilon = forms.FloatField(
        help_text="The advantage granted to the judge: .2 where experts label, .15 or .1 where a crowd does."
    )
    judge = forms.FloatField(
        label="The judge’s noise", help_text="As a multiple of a person’s: 1 is a judge as good as a person."
    )
    most_items = forms.IntegerField(label="Most items", help_text="No larger study is considered.")
    scale_low = forms.IntegerField(label="Lowest value")
    scale_high = forms.IntegerField(label="Highest value", help_text="A comparison goes from −2 to 2.")
    alpha = forms.FloatField(
        label="Agreement, alpha",
        help_text="0 is chance, 1 full agreement. About .25 is usual for open-ended quality, more for facts.",
    )
    query_share = forms.FloatField(
        label="Likeness within a query",
        help_text="Correlation of the true means of two items of a query: 0 where queries do not matter.",
    )
    shares = NumbersField(
        required=False,
        label="How often each value",
        help_text="A number a value, lowest first, such as 5 10 20 40 25. Left empty, all equally often.",
    )
    severity_share = forms.FloatField(
        label="Severity",
        help_text="Share of the labels’ variance that is some people being more severe than others.",
    )
    items_per_query = forms.IntegerField(
        label="Items a query", help_text="How many answers to the same query are labelled."
    )
    session_size = forms.IntegerField(label="Items a session")
    sessions_per_person = forms.IntegerField(label="Sessions a person")
    pay_by = forms.ChoiceField(label="People are paid", choices=Study.Pay.choices, required=False)
    pay_rate = forms.DecimalField(
        required=False,
        max_digits=10,
        decimal_places=4,
        label="Rate",
        help_text="For an hour, or for an answer.",
    )
    currency = forms.CharField(
        required=False,
        max_length=3,
        help_text="Its code of three letters.",
        widget=forms.TextInput(attrs={"size": 3, "autocapitalize": "characters"}),
    )
    fee_percent = forms.FloatField(label="Recruiter’s fee, %", help_text="On top of the pay.")
    seconds_per_item = forms.FloatField(label="Seconds an item", help_text="Of one person’s time.")
    simulations = forms.IntegerField(
        help_text="Studies simulated at each size: more take longer and tell sizes apart better."
    )
    seed = forms.IntegerField(help_text="The same seed gives the same numbers.")

    def __init__(self, data: Any = None, *, goal: str, pilot: Study | None = None) -> None:
        super().__init__(data)
        self.goal, self.pilot = goal, pilot
        for name in set(self.fields) - {field for part in self._parts().values() for field in part}:
            del self.fields[name]
        for name, field in self.fields.items():
            field.initial = USUAL[name]
        target = self.fields["target"]
        target.initial = GOALS[goal].target
        target.label, target.help_text = TARGETS[goal]

    def _parts(self) -> dict[str, tuple[str, ...]]:
        """The page's sections; the last one is for who wants it."""
        people = () if self.pilot else PEOPLE
        return {
            "What you want": ("target", *GOALS[self.goal].uses, "items_per_query", "labels_per_item"),
            "How people answer": (*people, "severity_share"),
            "Time and pay": COSTS,
            "Simulation": SIMULATION,
        }

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self._parts().items()]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def save(self, *, owner: User) -> Plan:
        """Raises PlanError."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}
        pilot = {"pilot": self.pilot.slug} if self.pilot else {}
        return create_plan(owner=owner, asked={"goal": self.goal, **given, **pilot})

    def refuse(self, error: PlanError) -> None:
        """Say what is wrong at the field that is."""
        self.add_error(error.field if error.field in self.fields else None, str(error))
