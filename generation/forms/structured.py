"""The forms of runs that ask a language model for JSON."""

from typing import Any, ClassVar

from django import forms

from generation.forms.runs import RunForm


class JsonForm(RunForm):
    """How a language model is asked for JSON, whatever of."""

    temperature = forms.FloatField(required=False, min_value=0, max_value=2, help_text="Left empty: 0.")
    top_p = forms.FloatField(label="Top-p", required=False, min_value=0.01, max_value=1)
    max_tokens = forms.IntegerField(
        label="Tokens a reply",
        required=False,
        min_value=1,
        max_value=100_000,
        initial=1024,
        help_text="At most.",
    )
    retries = forms.IntegerField(
        required=False, min_value=0, max_value=20, initial=3, help_text="After replies that cannot be read."
    )
    structured = forms.BooleanField(
        label="Ask for structured output, where the server offers it", required=False, initial=True
    )
    plain = forms.BooleanField(
        label="Send neither temperature nor top-p: some reasoning models take none", required=False
    )

    def recipe(self) -> dict[str, Any]:
        asked = super().recipe()
        if asked.pop("plain", False):
            asked |= {"temperature": None, "top_p": None}
        return asked | {"structured": "auto" if asked.get("structured") else "off"}


class StructuredForm(JsonForm):
    """Which model, what the run is called, and how it is asked."""

    short = ("where", "model", "name")
    folded: ClassVar[tuple[str, ...]] = (
        "temperature",
        "top_p",
        "max_tokens",
        "retries",
        "structured",
        "plain",
    )
    beside = RunForm.beside | {"name"}

    name = forms.CharField(max_length=150, label="Name of the run", required=False)
