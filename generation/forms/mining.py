"""The forms of a mining’s page: a model that judges, and a person who does."""

from typing import Any

from django import forms

from generation.forms.structured import StructuredForm
from generation.mining.verdicts import DECISIONS
from generation.mining.words import FATES
from generation.models import Mining, Run
from generation.recipes.gating import GatingRecipe
from generation.runs.asking import create_run


class JudgingForm(StructuredForm):
    """A draft of a run that judges a mining's candidates."""

    kind = "gate"

    def __init__(self, *args: Any, mining: Mining, **options: Any) -> None:
        super().__init__(*args, **options)
        self.mining = mining
        self.fields["name"].help_text = f"Left empty: {mining.name} by the model’s name."

    def save(self) -> Run:
        """Make the draft. Raises RunError and RecipeError."""
        recipe = GatingRecipe.from_dict(self.recipe())
        name = self.cleaned_data["name"] or f"{self.mining.name} by {recipe.model}"
        return create_run(kind="mine", name=name, recipe=recipe, mining=self.mining, **self.terms)


class DecisionForm(forms.Form):
    """What a person says of a candidate."""

    decision = forms.ChoiceField(choices=[(name, FATES[name]) for name in DECISIONS])
