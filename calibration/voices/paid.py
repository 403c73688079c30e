"""What calls took: of runs in this database as it was counted, of others as their responses say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

from generation.conditions import known_condition
from generation.diversity.responses import Source
from generation.frames import source_of
from generation.models import Call, Collection, Run
from generation.recipes.recipe import RecipeError
from generation.recipes.sampling import SampleRecipe
from generation.runs.budget import cost
from generation.sampling import responses_of, run_key

ROWS_AT_ONCE = 5_000
IN_VAIN = (Call.Outcome.REFUSED, Call.Outcome.UNPARSABLE, Call.Outcome.FAILED)


@dataclass(frozen=True)
class Paid:
    """What a call took, with all its attempts; NaN where nobody knows."""

    tokens_in: float = nan
    tokens_out: float = nan
    money: float = nan


@dataclass(frozen=True)
class Runs:
    """The calls of the runs that sampled responses to a collection's queries.

    Attributes
    ----------
    calls : dict
        By what the ids of a call's responses begin with.
    in_vain : dict
        By query: those that brought no response, with who was asked.
    currency : str or None
        Of all that was paid; None where no run has a price, or they have several.
    """

    calls: dict[str, Paid] = field(default_factory=dict)
    in_vain: dict[int, list[tuple[Source, Paid]]] = field(default_factory=lambda: defaultdict(list))
    currency: str | None = None

    @classmethod
    def of(cls, collection: Collection) -> "Runs":
        """Read them."""
        calls = Call.objects.filter(query__in=collection.queries.order_by().values("pk"))
        runs = [*Run.objects.filter(kind=Run.Kind.SAMPLE, pk__in=calls.order_by().values("run"))]
        currencies = {run.currency for run in runs if _priced(run)}
        found = cls(currency=currencies.pop() if len(currencies) == 1 else None)
        for run in runs:
            found._read(run, calls.filter(run=run))
        return found

    @property
    def asked_in_vain(self) -> set[Source]:
        """Who was asked and gave no response, at least once."""
        return {source for calls in self.in_vain.values() for source, _ in calls}

    def _read(self, run: Run, calls: Any) -> None:
        source, key = _asked(run), run_key(run)
        if source is None:
            return
        known = self.currency is not None and _priced(run)
        ended = calls.exclude(outcome=Call.Outcome.OPEN).order_by("number")
        columns = ("pk", "query_id", "outcome", "tokens_in", "tokens_out")
        for pk, query, outcome, into, out in ended.values_list(*columns).iterator(ROWS_AT_ONCE):
            paid = Paid(float(into), float(out), float(cost(run, into, out)) if known else nan)
            if outcome in IN_VAIN:
                self.in_vain[query].append((source, paid))
            else:
                self.calls[f"{key}{pk}"] = paid


def _asked(run: Run) -> Source | None:
    """Who was asked: as its responses say, or where none came as its recipe does; None if this is too old."""
    given = responses_of(run).values_list("model__name", "condition__name").first()
    if given is not None:
        return source_of(*given)
    try:
        recipe = SampleRecipe.from_dict(run.recipe)
    except (RecipeError, TypeError):
        return None
    condition = known_condition(recipe.strategy, recipe.decoding)
    return None if condition is None else source_of(recipe.source, condition.name)


def told(responses: Sequence[Mapping[str, Any]]) -> Paid:
    """What a call took by the metadata of its responses, each of which says it of the whole call.

    Where one says something else than the others, nobody knows.
    """
    found = []
    for name in ("tokens_in", "tokens_out"):
        said = {_count(_held(metadata).get(name)) for metadata in responses}
        only = said.pop() if len(said) == 1 else None
        found.append(nan if only is None else only)
    return Paid(*found)


def _held(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """What holds the tokens: how a sampled response came, or what an imported one says."""
    sampling = metadata.get("sampling")
    return sampling if isinstance(sampling, dict) and "tokens_out" in sampling else metadata


def _count(given: Any) -> float | None:
    """A number of tokens; tables give them as text."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < float("inf") else None


def _priced(run: Run) -> bool:
    """A run that has no price costs nobody knows what."""
    return run.price_in + run.price_out > 0
