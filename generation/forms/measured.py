"""Fields that forms of reports share, and how they are offered what there is."""

from collections.abc import Sequence
from typing import Any

from django import forms

from generation.diversity.specified import LARGEST_SEED, LEAST_REPLICATES
from generation.models import Encoder

# Of a page: a command may ask for more.
MOST_REPLICATES = 10_000
NO_CONDITION = "(no condition named)"


def replicates_field() -> forms.IntegerField:
    return forms.IntegerField(
        min_value=LEAST_REPLICATES,
        max_value=MOST_REPLICATES,
        initial=1000,
        help_text="Resamples of queries behind each interval.",
    )


def seed_field() -> forms.IntegerField:
    return forms.IntegerField(
        min_value=0, max_value=LARGEST_SEED, initial=0, help_text="The same seed gives the same numbers."
    )


def offer(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def offer_encoders(form: forms.Form, *, newest: bool = True) -> None:
    """Those that have made vectors; the newest is chosen, or none."""
    field = form.fields["encoder"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = Encoder.objects.filter(dimensions__isnull=False)
    field.initial = field.queryset.order_by("-pk").first() if newest else None


def named(rows: Any) -> list[tuple[str, str]]:
    """Models or conditions as choices, by name."""
    return [(name, name) for name in rows.order_by("name").values_list("name", flat=True).distinct()]
