"""What a person decides of categories: many at a time, or the words of one."""

from collections.abc import Sequence
from typing import Any

from django import forms

from generation.models import Category
from generation.recipes.classifying import MOST_NAME, MOST_TEXT, key_of
from generation.taxonomy.categories import STANDARD, STANDING, accept, drop, merge, restore
from generation.templatetags.numbers import counted

ACTS = {"accept": "accepted", "merge": "merged", "drop": "dropped", "restore": "taken back"}


class DecideForm(forms.Form):
    """An act on the categories that are ticked, or on all that the page showed."""

    act = forms.ChoiceField(choices=list(ACTS.items()))
    picks = forms.ModelMultipleChoiceField(Category.objects.exclude(state=STANDARD), required=False)
    shown = forms.ModelMultipleChoiceField(Category.objects.exclude(state=STANDARD), required=False)
    every = forms.BooleanField(label="All on this page", required=False)
    parent = forms.ModelChoiceField(
        Category.objects.filter(state__in=STANDING, parent=None).order_by("state", "name"),
        label="Accept under",
        required=False,
        empty_label="no other: a top category",
    )
    into = forms.CharField(
        label="Merge into",
        required=False,
        max_length=MOST_NAME,
        widget=forms.TextInput(attrs={"list": "names", "placeholder": "a category’s name"}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            given["chosen"] = list(given["shown"] if given["every"] else given["picks"])
            if not given["chosen"]:
                raise forms.ValidationError("Tick the categories that this is about.")
            if given["act"] == "merge":
                given["into"] = self._into(given["into"])
        return given

    def save(self) -> str:
        """Do it to all of them or to none, and say what was done. Raises CategoryError."""
        given = self.cleaned_data
        chosen: Sequence[Category] = given["chosen"]
        what, where = ACTS[given["act"]], ""
        if given["act"] == "accept":
            accept(categories=chosen, parent=given["parent"])
            where = f" under {given['parent']}" if given["parent"] else ""
        elif given["act"] == "merge":
            # Somebody who ticks all of one meaning may tick the one that they are merged into.
            chosen = [row for row in chosen if row.pk != given["into"].pk]
            merge(categories=chosen, into=given["into"])
            where = f" into {given['into']}"
        elif given["act"] == "drop":
            drop(categories=chosen)
        else:
            restore(categories=chosen)
        return f"{counted(len(chosen), 'category')} {what}{where}."

    def _into(self, name: str) -> Category:
        wanted = key_of(name)
        found = [row for row in Category.objects.all() if wanted and key_of(row.name) == wanted]
        if not found:
            raise forms.ValidationError({"into": "Name the category to merge into, as the list has it."})
        return found[0]


class WordsForm(forms.ModelForm[Category]):
    """The name and the definition of a category that a model proposed."""

    # A name that is there already may be one of this category's own: whoever renames it checks that.
    name = forms.CharField(max_length=MOST_NAME, help_text="Its old name is still understood.")
    definition = forms.CharField(
        max_length=MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What models are told of it, once it is accepted.",
    )

    class Meta:
        model = Category
        fields: list[str] = []
