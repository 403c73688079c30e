"""The form of each kind of scorer: what decides what is asked. Rules live in the recipes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse

from annotation.models import Study
from calibration.forms.runs import RunForm
from calibration.forms.texts import TemplateField
from calibration.panels import panel_named, panel_recipe, panels_of
from calibration.rubrics import newest, read_rubric, rubric_named, rubrics_of
from calibration.scorers.judges.rubrics import BUILT_IN, Rubric
from calibration.scorers.perplexities.perplexity import DIALECTS as PERPLEXITY_DIALECTS
from calibration.scorers.rewards.dialects import DIALECTS as REWARD_DIALECTS
from calibration.scorers.simple import SIMPLE, Simple
from generation.forms.structured import JsonForm
from generation.templatetags.numbers import counted, fixed

METHODS_IN_WORDS = {
    "number": "One number",
    "logprobs": "The probability of each value, by its tokens, where the server tells of them",
    "votes": "Votes: it is asked several times, and each answer counts",
    "stated": "The probability of each value, as it states it",
}
DEFINITIONS_IN_WORDS = {
    "response": "The response, given the query: the paper’s formula",
    "chat": "The whole chat in its template: the authors’ code",
    "both": "Both, which makes two scorers",
}


def in_short(rubric: Rubric) -> str:
    """A rubric as a list of them shows it."""
    names = [criterion.name for criterion in rubric.criteria]
    criteria = ", ".join(names) if len(names) <= 3 else f"{len(names)} criteria"
    called = rubric.name if names == [rubric.name] else f"{rubric.name}: {criteria}"
    return f"{called}, {fixed(rubric.low, 0)} to {fixed(rubric.high, 0)}"


class JudgeForm(JsonForm, RunForm):
    """A language model that is told what to look at."""

    kind = "judge"
    short = ("where", "model", "rubric", "scorer")
    folded = (
        "method", "votes", "temperature", "top_p", "max_tokens", "retries", "structured", "heads", "plain",
    )  # fmt: skip

    rubric = forms.ChoiceField(initial="overall")
    method = forms.ChoiceField(
        label="What it says", choices=[*METHODS_IN_WORDS.items()], initial="number", widget=forms.RadioSelect
    )
    votes = forms.IntegerField(
        required=False,
        min_value=2,
        max_value=100,
        initial=10,
        help_text="How often it is asked, where it votes.",
    )
    heads = forms.BooleanField(
        label="Make a scorer of each criterion too",
        required=False,
        help_text="Of several criteria the score is their mean; shares and votes are each criterion’s own.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        compares = self.study.kind == Study.Kind.COMPARISON
        own = [read_rubric(row) for row in newest(rubrics_of(self.user))]
        groups = {
            title: [(one.name, in_short(one)) for one in rubrics if compares or not one.pairwise]
            for title, rubrics in (("Built in", [*BUILT_IN.values()]), ("Yours", own))
        }
        self.fields["temperature"].help_text = "Left empty: 0, or 1 where it votes."
        self.fields["top_p"].help_text = "Left empty: 0.9, or 1 where it votes."
        field: Any = self.fields["rubric"]
        field.read_more = reverse("rubrics"), "Read them, or write one"
        field.choices = [(title, some) for title, some in groups.items() if some]
        if compares:
            field.help_text = (
                "One about a response rates each of the two, and the difference counts; one about two "
                "responses compares them, in both orders."
            )

    def recipe(self) -> dict[str, Any]:
        asked = super().recipe()
        if asked["method"] != "votes":
            asked.pop("votes", None)
        rubric = rubric_named(self.cleaned_data["rubric"], user=self.user)
        return asked | {"rubric": rubric.as_dict()}

    @classmethod
    def said(cls, recipe: Mapping[str, Any]) -> list[str]:
        unused = set() if recipe["method"] == "votes" else {"votes"}
        return [name for name in super().said(recipe) if name not in unused]


class PanelForm(JsonForm, RunForm):
    """A language model that answers the study's own question as each person of a panel."""

    kind = "panel"
    short = ("where", "model", "panel", "scorer")
    folded = ("temperature", "top_p", "max_tokens", "retries", "structured", "both_orders", "plain")

    panel = forms.ChoiceField(help_text="Each person of it is asked once about everything that is scored.")
    both_orders = forms.BooleanField(
        label="Ask each person in both orders, which takes two calls and gives two votes", required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["temperature"].help_text = self.fields["top_p"].help_text = "Left empty: 1."
        field: Any = self.fields["panel"]
        field.read_more = reverse("panels"), "See who is in them, or make one"
        panels = panels_of(self.user).order_by("name")
        field.choices = [(one.name, f"{one.name}, {counted(one.size, 'persona')}") for one in panels]
        if not field.choices:
            field.help_text = "There is none yet."
        if not self.study.compares:
            del self.fields["both_orders"]

    def recipe(self) -> dict[str, Any]:
        """Raises PanelError."""
        asked = super().recipe()
        panel = panel_named(asked.pop("panel"), user=self.user)
        fields = {name: value for name, value in asked.items() if name != "kind"}
        return panel_recipe(panel, self.study, **fields).as_dict()


class RewardForm(RunForm):
    """A model that gives numbers."""

    kind = "reward"
    in_process = True
    short = ("where", "model", "dialect", "scorer")
    folded = ("heads", "main", "scores", "template", "path", "truncate")

    dialect = forms.ChoiceField(
        label="Kind of server", choices=[(key, one.title) for key, one in REWARD_DIALECTS.items()]
    )
    heads = forms.CharField(
        required=False,
        max_length=3_000,
        help_text="Names with commas between, where the model scores several things, in its order.",
    )
    main = forms.CharField(
        label="Main head", required=False, max_length=60, help_text="The one that is the scorer’s own number."
    )
    scores = forms.ChoiceField(
        choices=[("raw", "Raw, as its last layer gives them"), ("probabilities", "Probabilities")]
    )
    template = TemplateField(
        rows=3,
        required=False,
        max_length=20_000,
        help_text="With {query} and {response}, in place of the model’s chat template.",
    )
    path = forms.CharField(
        required=False, max_length=200, help_text="Such as /v1/classify, where it is not the usual one."
    )
    truncate = forms.BooleanField(
        label="Cut responses that are too long for a model in this process; else they get no score",
        required=False,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.here:
            del self.fields["truncate"]

    def clean_heads(self) -> list[str]:
        return [head.strip() for head in self.cleaned_data["heads"].split(",") if head.strip()]

    @classmethod
    def said(cls, recipe: Mapping[str, Any]) -> list[str]:
        return [name for name in super().said(recipe) if recipe[name] not in ("local", [])]

    def recipe(self) -> dict[str, Any]:
        asked = super().recipe()
        if not self.is_here:  # what a server does is its own
            asked.pop("truncate", None)
        return asked


class PerplexityForm(RunForm):
    """How surprising a language model finds each response."""

    kind = "perplexity"
    in_process = True
    short = ("where", "model", "dialect", "definition", "scorer")
    folded = ("template",)

    dialect = forms.ChoiceField(
        label="Kind of server",
        choices=[(key, words) for key, words in PERPLEXITY_DIALECTS.items() if key != "local"],
    )
    definition = forms.ChoiceField(
        label="Of what", choices=[*DEFINITIONS_IN_WORDS.items()], initial="response", widget=forms.RadioSelect
    )
    template = TemplateField(
        rows=3,
        required=False,
        max_length=20_000,
        help_text="For completions that echo, which know no chats: chatml, plain, or a text of your own with "
        "{query} and {response}.",
    )

    @classmethod
    def said(cls, recipe: Mapping[str, Any]) -> list[str]:
        return [name for name in super().said(recipe) if recipe[name] != "local"]


class SimpleForm(forms.Form):
    """Which of the simple scorers; all, where none is chosen."""

    names = forms.MultipleChoiceField(
        label="Which",
        required=False,
        choices=[(key, one.name) for key, one in SIMPLE.items()],
        initial=[*SIMPLE],
        widget=forms.CheckboxSelectMultiple,
    )

    @property
    def offered(self) -> list[tuple[forms.boundfield.BoundWidget, Simple]]:
        """Each box, and what it stands for."""
        return list(zip(self["names"], SIMPLE.values(), strict=True))


@dataclass(frozen=True)
class Way:
    """A kind of scorer, as it is offered: `cost` says what it takes, `short` names it in a table."""

    short: str
    title: str
    says: str
    cost: str
    button: str


PAID = "Costs what its server takes."
WAYS = {
    "judge": Way(
        "LM judge",
        "A language model as judge",
        "It is told what to look at, by the published rubrics or by yours, and says a number, votes, or how "
        "probable each value is.",
        PAID,
        "Set up a judge",
    ),
    "panel": Way(
        "persona panel",
        "A panel of personas: simulated people",
        "A language model answers the study’s own question as each of many described people would. Their "
        "votes are marked simulated everywhere.",
        PAID,
        "Set up a panel",
    ),
    "reward": Way(
        "reward model",
        "A reward model",
        "It gives a number, or several, to each response: through vLLM, text-embeddings-inference or a "
        "service of your own.",
        PAID,
        "Set up a reward model",
    ),
    "perplexity": Way(
        "perplexity",
        "Perplexity",
        "How surprising a language model finds each response; lower is better. Its server must tell the "
        "probabilities of a prompt.",
        PAID,
        "Set up a perplexity",
    ),
    "simple": Way(
        "simple scorer",
        "Simple scorers",
        "Length, lexical diversity, readability, and similarity to the query’s other responses: what a "
        "scorer should do better than.",
        "At once, for nothing.",
        "Score now",
    ),
}
FORMS = {form.kind: form for form in (JudgeForm, PanelForm, RewardForm, PerplexityForm)}
