"""What a person decides of categories: many at a time, or the words of one."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django import forms

from generation.forms.structured import StructuredForm
from generation.models import Category, Collection, Run
from generation.recipes.classifying import MOST_NAME, MOST_TEXT, ClassifyRecipe, key_of
from generation.runs.asking import create_run
from generation.taxonomy.categories import STANDARD, STANDING, accept, drop, merge, offered, restore
from generation.taxonomy.job import usual_name
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


class ClassifyForm(StructuredForm):
    """A draft of a run that classifies a collection's queries."""

    kind = ClassifyRecipe.kind
    folded = ("only_open", "sample", "seed", *StructuredForm.folded)

    only_open = forms.BooleanField(
        label="Leave out queries that are not known to be open-ended", required=False
    )
    sample = forms.IntegerField(
        label="Sample of queries", required=False, min_value=1, help_text="Left empty: all of them."
    )
    seed = forms.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="Of the sample and the requests."
    )

    def __init__(self, *args: Any, collection: Collection, **options: Any) -> None:
        super().__init__(*args, **options)
        self.collection = collection
        self.fields["name"].help_text = f"Left empty: {collection}: categories by the model’s name."

    def save(self) -> Run:
        """Make the draft, with the categories that stand now.

        Raises RunError, RecipeError and CategoryError.
        """
        categories = [asdict(one) for one in offered()]
        recipe = ClassifyRecipe.from_dict({**self.recipe(), "categories": categories})
        name = self.cleaned_data["name"] or usual_name(self.collection, recipe)
        return create_run(kind=self.kind, name=name, recipe=recipe, collection=self.collection, **self.terms)


class WordsForm(forms.Form):
    """The name and the definition of a category that a model proposed."""

    name = forms.CharField(max_length=MOST_NAME, help_text="Its old name is still understood.")
    definition = forms.CharField(
        max_length=MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What models are told of it, once it is accepted.",
    )
