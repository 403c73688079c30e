"""A field of several numbers."""

from typing import Any

from django import forms


class NumbersField(forms.CharField):
    """Numbers with spaces or commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return " ".join(f"{number:g}" for number in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        try:
            return [int(part) if part.isdecimal() else float(part) for part in text.replace(",", " ").split()]
        except ValueError:
            raise forms.ValidationError("Write numbers with spaces between them.") from None
