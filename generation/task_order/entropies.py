"""Mean token entropies of a model's stored responses, for rows of a table that have none of their own."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from generation.models import Collection, LanguageModel, Response
from generation.recipes.token_entropy import kept
from generation.reports import ReportError
from generation.sampling import ENTROPY
from generation.task_order.table import TableRow


def need_responses(rows: Iterable[TableRow]) -> bool:
    """Whether a row names stored responses for its entropy."""
    return any(_asks(row) for row in rows)


def with_entropies(rows: Sequence[TableRow]) -> list[TableRow]:
    """The rows, with the entropies that were measured while their responses were sampled.

    A row's is the mean over all tokens of the model's responses to the collection's queries. Where none of
    them has an entropy the row stays without. Raises ReportError for a model or collection that is not here.
    """
    wanted = {(row.model, row.collection) for row in rows if _asks(row)}
    found = {pair: _entropy(*pair) for pair in sorted(wanted)}
    filled = []
    for row in rows:
        known = found.get((row.model, row.collection)) if _asks(row) else None
        filled.append(row if known is None else replace(row, token_entropy=known[0], bound=known[1]))
    return filled


def _asks(row: TableRow) -> bool:
    return row.token_entropy is None and bool(row.model)


def _entropy(model: str, collection: str) -> tuple[float, str] | None:
    """Nats a token, and "lower" where any of it is a lower bound."""
    for kind, rows, name in (
        ("model", LanguageModel.objects.filter(name=model), model),
        ("collection", Collection.objects.filter(name=collection), collection),
    ):
        if not rows.exists():
            raise ReportError(f"The table names the {kind} {name!r}, which is not here.")
    held = Response.objects.filter(model__name=model, query__collections__name=collection)
    said = held.order_by("pk").values_list(ENTROPY, flat=True).iterator()
    found = [one for one in map(kept, said) if one]
    tokens = sum(one.tokens for one in found)
    if not tokens:
        return None
    lower = any(one.lower for one in found)
    return sum(one.mean * one.tokens for one in found) / tokens, "lower" if lower else ""
