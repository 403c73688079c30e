"""What the form of every run asks for: what matters first, the rest folded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.models import User

from generation.models import AbstractRun, ModelServer
from generation.servers import servers_for

# Before the name of a model in this process, where servers go by their number.
HERE = "here:"
COSTS = ("price_in", "price_out", "currency", "budget_money", "budget_tokens", "workers")
# Fields that take the form's whole width.
ROWS = (forms.RadioSelect, forms.Textarea)


@dataclass(frozen=True)
class Details:
    """A folded part of a form: what takes a row of its own, what stands side by side, what is ticked."""

    title: str
    fields: list[forms.BoundField]

    @property
    def ticks(self) -> list[forms.BoundField]:
        return [field for field in self.fields if isinstance(field.field, forms.BooleanField)]

    @property
    def rows(self) -> list[forms.BoundField]:
        return [field for field in self.fields if isinstance(field.field.widget, ROWS)]

    @property
    def beside(self) -> list[forms.BoundField]:
        return [field for field in self.fields if field not in (*self.ticks, *self.rows)]

    @property
    def open(self) -> bool:
        """What money is spent is seen without looking for it; so is what is to be mended."""
        return any(field.name in COSTS or field.errors for field in self.fields)


def price(of: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=f"Price of a million tokens {of}",
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=6,
        help_text="Left empty: not counted.",
    )


def _place(run: AbstractRun) -> str:
    return run.server.name if run.server else "none: in this process"


def _in_words(field: forms.Field, value: Any) -> str:
    """A recipe's value as its field shows it."""
    if isinstance(field, forms.BooleanField):
        return str(field.label)
    if isinstance(value, Mapping):  # a rubric, whole
        return f"{value['name']}, version {value['version']}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(dict(getattr(field, "choices", ())).get(value, value))


class BudgetForm(forms.Form):
    """How much a run may take in all; empty for no limit."""

    budget_money = forms.DecimalField(
        label="Budget, money",
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=4,
        help_text="It stops before it spends more.",
    )
    budget_tokens = forms.IntegerField(
        label="Budget, tokens", required=False, min_value=1, help_text="It stops before it takes more."
    )


class RunForm(BudgetForm):
    """What every kind asks for: where the model is, what the run is called, what it may cost."""

    kind: ClassVar[str]
    # In this order on the page; `folded` is for who wants it.
    short: ClassVar[tuple[str, ...]] = ("where", "model")
    folded: ClassVar[tuple[str, ...]] = ()
    # What is no part of the recipe.
    beside: ClassVar[frozenset[str]] = frozenset({"where", "model"})
    in_process: ClassVar[bool] = False

    where = forms.ChoiceField(label="Server")
    model = forms.CharField(max_length=200, help_text="As the server calls it.")
    price_in = price("read")
    price_out = price("written")
    currency = forms.CharField(
        max_length=3,
        initial="USD",
        help_text="Its code of three letters.",
        widget=forms.TextInput(attrs={"size": 3, "autocapitalize": "characters"}),
    )
    workers = forms.IntegerField(
        min_value=1, max_value=64, initial=1, help_text="How many work at it, where several run."
    )

    def __init__(self, data: Any = None, *, user: User, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.user = user
        # One's own first: whose key pays is a choice.
        found = sorted(servers_for(user).select_related("owner"), key=lambda one: one.owner_id != user.pk)
        self.servers = {str(server.pk): server for server in found}
        self.here = self.models_here() if self.in_process else {}
        groups = {
            "Servers": [(key, self._server(server)) for key, server in self.servers.items()],
            "In this process": [(f"{HERE}{name}", name) for name in self.here],
        }
        self.fields["where"].choices = [(title, some) for title, some in groups.items() if some]  # type: ignore[attr-defined]
        self.has_where = bool(self.servers or self.here)
        if self.here:
            self.fields["where"].label, self.fields["model"].required = "Where", False
            self.fields["model"].help_text = "As the server calls it; one in this process is named above."

    def models_here(self) -> Mapping[str, str]:
        """What runs in this process, by the names that people see."""
        return settings.LOCAL_MODELS

    def _server(self, server: ModelServer) -> str:
        """Its name, and whose key pays where it is another's."""
        whose = "" if server.owner_id == self.user.pk else f", of {server.owner or 'this site'}"
        return f"{server.name}{whose}"

    @property
    def shown(self) -> list[forms.BoundField]:
        return [self[name] for name in self.short]

    @property
    def details(self) -> list[Details]:
        parts = (("How it is asked", self.folded), ("Prices, budget, workers", COSTS))
        there = [(title, [self[name] for name in names if name in self.fields]) for title, names in parts]
        return [Details(title, fields) for title, fields in there if fields]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "where" in given and not self.is_here and given.get("model") == "":
            self.add_error("model", "Name the model, as the server calls it.")
        return given

    @property
    def is_here(self) -> bool:
        """Whether the model runs in this process."""
        return str(self.cleaned_data.get("where", "")).startswith(HERE)

    @property
    def called(self) -> str:
        """What people call the model."""
        where, model = (str(self.cleaned_data[name]) for name in ("where", "model"))
        return where.removeprefix(HERE) if self.is_here else model

    def recipe(self) -> dict[str, Any]:
        """What decides what is asked; what is left empty is the recipe's own."""
        names = {*self.short, *self.folded} & self.cleaned_data.keys() - self.beside
        given = {name: self.cleaned_data[name] for name in names}
        if self.is_here:
            given["dialect"] = "local"
        model = self.here[self.called] if self.is_here else self.cleaned_data["model"]
        return {"kind": self.kind, "model": model} | {
            name: value for name, value in given.items() if value not in (None, "", [])
        }

    @classmethod
    def words(cls, run: AbstractRun) -> list[tuple[str, str]]:
        """What was chosen for a run, in the words of the form; what is left to the usual is left out."""
        here = {model: name for name, model in settings.LOCAL_MODELS.items()}
        recipe = run.recipe
        rows = [("Model", here.get(recipe["model"], recipe["model"])), ("Server", _place(run))]
        for name in cls.said(recipe):
            field = cls.base_fields[name]
            term = name if isinstance(field, forms.BooleanField) else field.label or name
            rows.append((str(term).replace("_", " ").capitalize(), _in_words(field, recipe[name])))
        return rows

    @classmethod
    def said(cls, recipe: Mapping[str, Any]) -> list[str]:
        """The fields that say something of a recipe."""
        names = [name for name in (*cls.short, *cls.folded) if name in recipe and name != "model"]
        return [name for name in names if recipe[name] is not False and recipe[name] not in (None, "", "off")]

    @property
    def terms(self) -> dict[str, Any]:
        """Where it is asked, and what that may cost."""
        given = self.cleaned_data
        costs = {name: given[name] for name in COSTS if given.get(name) is not None}
        return {"server": self.servers.get(given["where"]), "created_by": self.user, **costs}
