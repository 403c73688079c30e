from django import forms

from generation.forms.files import RowsFileField, on_disk
from generation.importers import import_responses


class ResponsesFileForm(forms.Form):
    file = RowsFileField(
        label="File of responses",
        help_text="Columns: query, response; model and response_id if you have them.",
    )

    def save(self) -> str:
        """Import the file and say what came in. Raises FileError."""
        with on_disk(self.cleaned_data["file"]) as path:
            return import_responses(path=path).sentence()
