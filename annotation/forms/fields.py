"""Fields that several forms of the console have."""

from typing import Any

from django import forms

# As the database has them; here the browser is told too.
MOST = {
    "labels_per_item": 10_000,
    "session_size": 1_000,
    "time_limit_minutes": 100_000,
    "sessions_per_person": 100_000,
}


class WordsField(forms.CharField):
    """A list of words, a line each."""

    widget = forms.Textarea(attrs={"rows": 5})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != self.to_python(data))


def text_area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})
