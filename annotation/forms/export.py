"""What an export holds, and in which format."""

from typing import Any

from django import forms


class ExportForm(forms.Form):
    shape = forms.ChoiceField(
        initial="long",
        widget=forms.RadioSelect,
        choices=[
            ("long", "Long: a row a label, with the person's code, times, comment, and what is not counted"),
            ("items", "Items: a row an item, with its counts and statistics"),
            ("infinity-chat", "Infinity-Chat: a row an item with human_labels, a list of what is counted"),
        ],
    )
    format = forms.ChoiceField(
        initial="csv",
        widget=forms.RadioSelect,
        choices=[
            ("csv", "csv: for spreadsheets and R"),
            ("jsonl", "jsonl: a JSON object a line"),
            ("parquet", "parquet: typed columns, smallest"),
        ],
    )
    excluded = forms.TypedChoiceField(
        label="Excluded people",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("", "As the shape has it: marked in the long one, left out of the others"),
            ("with", "With them"),
            ("without", "Without them"),
        ],
        coerce=lambda word: word == "with",
        empty_value=None,
    )

    def asked(self) -> dict[str, Any]:
        """As `download` takes it."""
        given = dict(self.cleaned_data)
        return given | {"with_excluded": given.pop("excluded")}
