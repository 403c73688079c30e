"""The form that says what a study pays. Rules live in `studies.py` and `pay.py`."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import User

from annotation.models import Study
from annotation.studies import update_study


class PayForm(forms.Form):
    pay_by = forms.ChoiceField(choices=Study.Pay.choices, required=False, label="People are paid")
    pay_rate = forms.DecimalField(
        required=False,
        min_value=Decimal("0.0001"),
        max_digits=10,
        decimal_places=4,
        label="Rate",
        help_text="For an hour, or for an answer.",
    )
    currency = forms.CharField(
        required=False,
        min_length=3,
        max_length=3,
        help_text="Its code of three letters, such as GBP.",
        widget=forms.TextInput(attrs={"size": 3, "autocapitalize": "characters"}),
    )

    @classmethod
    def of(cls, study: Study) -> "PayForm":
        return cls(initial={name: getattr(study, name) for name in cls.base_fields})

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("pay_by"):
            for name in ("pay_rate", "currency"):
                if name not in self.errors and not self.cleaned_data.get(name):
                    self.add_error(name, "Pay needs a rate and a currency.")
        return self.cleaned_data

    def save(self, *, study: Study, by: User) -> Study:
        """Raises StudyError."""
        return update_study(study=study, by=by, **self.cleaned_data)
