"""The form of a run that embeds a collection's responses."""

from collections.abc import Mapping
from itertools import chain, count
from typing import Any

from django import forms

from generation.forms.runs import RunForm
from generation.local import LocalError
from generation.models import Collection, Run
from generation.recipes.encoding import MOST_DIMENSIONS, MOST_TEXTS, EncodingRecipe
from generation.runs.asking import create_run
from generation.sentences import MINILM, check_installed


class EmbedForm(RunForm):
    """A draft of a run that embeds the responses which the encoder has no vectors of."""

    kind = EncodingRecipe.kind
    short = ("collection", "where", "model")
    folded = ("name", "dimensions", "batch", "half")
    beside = RunForm.beside | {"collection"}
    in_process = True

    # Encoders write nothing.
    price_out = None  # type: ignore[assignment]
    collection = forms.ModelChoiceField(Collection.objects.all(), to_field_name="name", empty_label=None)
    name = forms.CharField(
        max_length=150,
        required=False,
        label="Name of the encoder",
        help_text="What its vectors are kept under. Left empty: as the model is called.",
    )
    dimensions = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_DIMENSIONS,
        help_text="For models that give fewer on request. Left empty: the model’s own number.",
    )
    batch = forms.IntegerField(
        label="Responses a request",
        required=False,
        min_value=1,
        max_value=MOST_TEXTS,
        initial=64,
        help_text="At most.",
    )
    half = forms.BooleanField(label="Keep numbers of 16 bits: half the size", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        named = "; one in this process is named above" if self.here else ""
        self.fields["model"].help_text = f"As the server calls it, such as text-embedding-3-small{named}."

    def models_here(self) -> Mapping[str, str]:
        """What comes as a wheel, where it is installed: others take the command line."""
        try:
            check_installed(MINILM)
        except LocalError:
            return {}
        return {MINILM: MINILM}

    def save(self) -> Run:
        """Make the draft, or find the run that embeds the same already. Raises RunError and RecipeError."""
        recipe, collection = EncodingRecipe.from_dict(self.recipe()), self.cleaned_data["collection"]
        what = {"kind": Run.Kind.EMBED, "collection": collection}
        asked = {"recipe": recipe.as_dict(), "server": self.terms["server"]}
        if known := Run.objects.filter(**what, **asked).first():
            return known
        return create_run(
            **what, name=_free(f"embed {collection} {recipe.name}"), recipe=recipe, **self.terms
        )


def _free(name: str) -> str:
    """The name, with a number where another run has it."""
    taken = set(Run.objects.filter(name__startswith=name[:140]).values_list("name", flat=True))
    numbered = (f"{name[:140]} {number}" for number in count(2))
    return next(one for one in chain([name[:150]], numbered) if one not in taken)
