"""The form of a new collection: queries of a file, or some of another collection."""

from typing import Any

from django import forms

from generation.collections import make_from
from generation.forms.files import RowsFileField, on_disk
from generation.models import Collection
from generation.query_files import import_queries, queries_of_file


class CollectionForm(forms.ModelForm[Collection]):
    """Which queries, and what they are called together."""

    source = forms.ModelChoiceField(
        Collection.objects.all(),
        required=False,
        label="From",
        empty_label="a file alone",
        to_field_name="name",
    )
    file = RowsFileField(
        required=False,
        label="File of queries",
        help_text="Column query; query_id and openness if you have them. With a collection above: those of "
        "its queries that the file names, by query or query_id.",
    )
    sample = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=1_000_000,
        label="How many",
        help_text="Drawn at random; empty: all.",
    )
    seed = forms.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, initial=0, help_text="The same seed draws the same."
    )
    only_open = forms.BooleanField(required=False, label="Only those known to be open-ended")

    class Meta:
        model = Collection
        fields = ("name",)
        help_texts = {"name": "Letters, digits, - and _."}

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors or given["source"]:
            return given
        if not given["file"]:
            raise forms.ValidationError("Say which queries: choose a collection, a file, or both.")
        if given["sample"] or given["only_open"]:
            raise forms.ValidationError(
                "To draw some, or only open-ended ones, choose a collection to draw from."
            )
        return given

    def make(self) -> str:
        """Make it, and say what came in. Raises FileError and CollectionError."""
        given = self.cleaned_data
        if not given["file"]:
            return self._from(queries=None)
        with on_disk(given["file"]) as path:
            if given["source"]:
                return self._from(queries=queries_of_file(given["source"], path))
            return import_queries(path=path, collection=given["name"]).sentence()

    def _from(self, **queries: Any) -> str:
        names = ("name", "source", "sample", "only_open")
        given = {name: self.cleaned_data[name] for name in names}
        made, new = make_from(**given, **queries, seed=self.cleaned_data["seed"] or 0)
        return f"{f'Made {made}' if new else f'{made} is there already'}: {made.queries.count():,} queries."
