"""A text that is sent as it was written."""

from typing import Any

from django import forms


class TemplateField(forms.CharField):
    """Keeps the space at its ends; lines end as in files, whatever the browser sends."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        attributes = {"rows": rows, "class": "code", "dir": "auto"}
        super().__init__(strip=False, widget=forms.Textarea(attrs=attributes), **options)

    def to_python(self, value: Any) -> Any:
        return str(super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
