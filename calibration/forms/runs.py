"""What the form of every scorer's run asks for. Rules live in `runs/`."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User

from annotation.models import Study
from calibration.models import Run
from calibration.runs.asking import create_run
from calibration.runs.names import usual_name
from calibration.scorers.reading import read_recipe
from generation.forms import runs


class RunForm(runs.RunForm):
    """Beside what every run asks for, what its scores are called."""

    short: ClassVar[tuple[str, ...]] = ("where", "model", "scorer")
    beside = frozenset({"where", "model", "scorer"})

    scorer = forms.CharField(
        label="Name of the scorer",
        max_length=150,
        required=False,
        help_text="Its scores are kept under it. Left empty: the model and what it is asked.",
    )

    def __init__(self, data: Any = None, *, study: Study, user: User, initial: Any = None) -> None:
        super().__init__(data, user=user, initial=initial)
        self.study = study

    def save(self) -> Run:
        """Raises RunError and RecipeError."""
        recipe = read_recipe(self.recipe())
        name = self.cleaned_data["scorer"] or usual_name(recipe.as_dict(), self.called)
        return create_run(study=self.study, scorer=name, recipe=recipe, **self.terms)
