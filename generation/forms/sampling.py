"""The form of runs that sample: models, how they are asked, how they draw."""

from dataclasses import replace
from typing import Any

from django import forms
from django.db import transaction

from generation.checkpoints import MOST_STEPS
from generation.decoding import PRESETS, Decoding
from generation.forms.runs import COSTS, Details, RunForm
from generation.models import Collection, Run
from generation.recipes.sampling import MOST_SAMPLES, SampleRecipe
from generation.runs.asking import create_run
from generation.sampling import MOST_NAME, usual_name
from generation.strategies import IN_WORDS, Strategy, read_personas, strategy_named

OWN = "own"
MOST_MODELS = 100
DECODINGS = {
    "top-p": "Top-p .9 at temperature 1, as in the paper",
    "min-p": "Min-p .1 at temperature 2, as in the paper; not every server takes it",
    OWN: "Your own, below; what is left empty is the server’s",
}
DRAWING = ("temperature", "top_p", "min_p", "top_k")


def number(low: float, high: float, **options: Any) -> forms.FloatField:
    return forms.FloatField(required=False, min_value=low, max_value=high, **options)


class SampleForm(RunForm):
    """Drafts of runs, one a model."""

    kind = SampleRecipe.kind
    in_process = True
    short = ("collection", "where", "model", "samples", "strategy", "decoding")

    collection = forms.ModelChoiceField(Collection.objects.all(), label="Queries of", to_field_name="name")
    model = forms.CharField(
        label="Models",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "code", "dir": "auto"}),
        help_text="As the server calls them, one a line: each is a run of its own.",
    )
    samples = forms.IntegerField(
        label="Responses a query", min_value=1, max_value=MOST_SAMPLES, initial=50, help_text="Of each model."
    )
    strategy = forms.ChoiceField(
        label="How they are asked",
        choices=[*IN_WORDS.items(), (OWN, "A template of your own")],
        initial="plain",
        widget=forms.RadioSelect,
    )
    template = forms.CharField(
        label="Template",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code", "dir": "auto"}),
        help_text="With {query} in the query’s place; {persona} where each call shall have one.",
    )
    decoding = forms.ChoiceField(
        label="How they draw", choices=list(DECODINGS.items()), initial="top-p", widget=forms.RadioSelect
    )
    temperature = number(0, 10)
    top_p = number(0.01, 1, label="Top-p")
    min_p = number(0, 1, label="Min-p")
    top_k = forms.IntegerField(label="Top-k", required=False, min_value=1, max_value=1_000_000)
    personas = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text="One a line, in place of the fifty that come with the strategy.",
    )
    answers = forms.IntegerField(
        label="Answers a call",
        required=False,
        min_value=2,
        max_value=50,
        initial=5,
        help_text="Where one call gives several.",
    )
    max_tokens = forms.IntegerField(
        label="Tokens a reply", min_value=1, max_value=100_000, initial=2048, help_text="At most."
    )
    seed = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text="Left empty: 0, and a server need not take seeds.",
    )
    retries = forms.IntegerField(
        min_value=0, max_value=20, initial=3, help_text="After replies in which no response can be told."
    )
    token_entropy = forms.BooleanField(label="Keep the mean token entropy of each reply", required=False)
    named = forms.CharField(
        label="Name of the model here",
        required=False,
        max_length=200,
        help_text="Left empty: as the server calls it.",
    )
    family = forms.CharField(
        label="Training that it is of",
        required=False,
        max_length=200,
        help_text="A family of checkpoints, to see what training changes.",
    )
    step = forms.IntegerField(label="After how many steps", required=False, min_value=0, max_value=MOST_STEPS)

    def clean_model(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["model"].splitlines()]
        models = [line for line in dict.fromkeys(lines) if line]
        if any(len(model) > 200 for model in models) or len(models) > MOST_MODELS:
            raise forms.ValidationError(f"Name up to {MOST_MODELS} models, of 200 characters each at most.")
        return models

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if "model" in given and not self.is_here and not given["model"]:
            self.add_error("model", "Name a model, as the server calls it.")
        if given.get("strategy") == OWN and not given.get("template"):
            self.add_error("template", "Write the template.")
        if given.get("decoding") != OWN and any(given.get(name) is not None for name in DRAWING):
            self.add_error("decoding", "Choose your own to draw with the numbers below.")
        if given.get("named") and len(given.get("model", ())) > 1:
            self.add_error("named", "Several models have names of their own: leave this empty.")
        if given.get("step") is not None and len(given.get("model", ())) > 1:
            self.add_error("step", "Several models are at steps of their own: leave this empty.")
        return given

    @property
    def details(self) -> list[Details]:
        parts = {
            "A template, or personas, of your own": ("template", "personas", "answers"),
            "Numbers of your own to draw with": (*DRAWING, "max_tokens"),
            "Seed, retries, name, token entropy": ("seed", "retries", "named", "token_entropy"),
            "A checkpoint of a training": ("family", "step"),
            "Prices, budget, workers": COSTS,
        }
        return [Details(title, [self[name] for name in names]) for title, names in parts.items()]

    def save(self) -> list[Run]:
        """Make the drafts, all or none. Raises RunError and RecipeError."""
        models = [self.here[self.called]] if self.is_here else self.cleaned_data["model"]
        with transaction.atomic():
            return [self._draft(model) for model in models]

    def _draft(self, model: str) -> Run:
        given = self.cleaned_data
        recipe = SampleRecipe(
            model=model,
            named=given["named"] or (self.called if self.is_here else ""),
            strategy=self._strategy(),
            decoding=self._decoding(),
            samples=given["samples"],
            seed=given["seed"],
            retries=given["retries"],
            device="auto" if self.is_here else None,
            family=given["family"],
            step=given["step"],
            token_entropy=given["token_entropy"],
        )
        about, name = given["collection"], usual_name(recipe, given["collection"].name)
        return create_run(kind=self.kind, name=_free(name), recipe=recipe, collection=about, **self.terms)

    def _strategy(self) -> Strategy:
        given = self.cleaned_data
        personas = read_personas(given["personas"]) if given["personas"].strip() else ()
        return strategy_named(
            given["strategy"],
            answers=given["answers"] or 5,
            personas=personas,
            template=given["template"] if given["strategy"] == OWN else "",
        )

    def _decoding(self) -> Decoding:
        given = self.cleaned_data
        own = {name: given[name] for name in DRAWING if given[name] is not None}
        return replace(PRESETS.get(given["decoding"], Decoding(**own)), max_tokens=given["max_tokens"])


def _free(name: str) -> str:
    """The name, numbered where a run has it already, as one with another seed or number of responses does."""
    names = (name, *(f"{name[: MOST_NAME - 6]} ({number})" for number in range(2, 1_000)))
    taken = set(Run.objects.filter(name__in=names).values_list("name", flat=True))
    return next((one for one in names if one not in taken), name)
