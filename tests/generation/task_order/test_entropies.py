"""Promises of token entropies of stored responses, for rows that have none of their own."""

import pytest

from generation.models import Collection, LanguageModel, Query, Response
from generation.reports import ReportError
from generation.task_order.entropies import need_responses, with_entropies
from generation.task_order.report import task_order_report
from generation.task_order.specification import Specification
from generation.task_order.table import TableRow

pytestmark = pytest.mark.django_db


def told(model: str, *entropies: dict[str, object] | None) -> None:
    """Responses of a model to the collection's query, each with what was measured while it was sampled."""
    query, _ = Query.objects.get_or_create(text="Why write?", digest="q")
    collection, _ = Collection.objects.get_or_create(name="held")
    collection.queries.add(query)
    known = LanguageModel.objects.create(name=model)
    for n, entropy in enumerate(entropies):
        metadata = {} if entropy is None else {"sampling": {"token_entropy": entropy}}
        Response.objects.create(
            query=query, model=known, sample=n, digest=f"{model} {n}", text="So.", metadata=metadata
        )


def row(stage: int, model: str, entropy: float | None = None) -> TableRow:
    trained = "math" if stage else ""
    return TableRow(
        "a", stage, trained, "math", stage / 10, token_entropy=entropy, model=model, collection="held"
    )


def test_a_rows_entropy_is_the_mean_over_all_tokens_of_its_models_responses() -> None:
    told(
        "start",
        {"mean": 1.0, "tokens": 10, "bound": "exact"},
        {"mean": 4.0, "tokens": 20, "bound": "exact"},
        None,
    )
    told("trained", {"mean": 2.0, "tokens": 5, "bound": "lower"})
    told("silent", None)
    rows = with_entropies([row(0, "start"), row(1, "trained"), row(2, "silent"), row(3, "start", 0.5)])
    assert [one.token_entropy for one in rows] == [3.0, 2.0, None, 0.5]
    assert [one.bound for one in rows] == ["", "lower", "", ""]
    assert not need_responses([row(3, "start", 0.5)])
    entropy = task_order_report(rows, Specification(20), version="0")["entropy"]
    assert "lower bounds" in entropy["caution"]
    assert entropy["without_domain"] == 1  # nothing says of which domain math is


def test_an_entropy_that_a_file_brought_counts_where_it_is_one() -> None:
    told("elsewhere", {"mean": 2.0, "tokens": 5.0}, {"mean": -1.0, "tokens": 9}, {"mean": "high"})
    (read,) = with_entropies([row(0, "elsewhere")])
    assert read.token_entropy == 2.0


def test_a_name_that_is_not_here_is_told() -> None:
    with pytest.raises(ReportError, match="The table names the model 'nobody', which is not here"):
        with_entropies([row(0, "nobody")])
