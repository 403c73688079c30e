"""A training in which one format takes over at a known step."""

from typing import Any

from generation.formats.measuring import create_report
from generation.formats.sorting import keep_rules
from generation.formats.specification import Specification
from generation.models import Collection, FormatRules, LanguageModel, Query, Response
from generation.reports import run_report

# Of eight answers to a query, how many are code at each step; one more to every other query.
CODE = {0: 1, 10: 2, 100: 5, 1000: 7}
EACH, QUERIES, FAMILY = 8, 6, "grown"
RULES: dict[str, Any] = {
    "rules": [{"format": "code", "kind": "regex", "pattern": "^```"}],
    "default": "text",
}


def make_rules() -> FormatRules:
    return keep_rules(name="two", rules=RULES)


def make_training(name: str = "trained", **metadata: Any) -> Collection:
    """Checkpoints of one family; code is right three times in four, text every other time."""
    collection = Collection.objects.create(name=name)
    texts = [f"Query {n} of {name}?" for n in range(QUERIES)]
    queries = Query.objects.bulk_create(Query(text=text, digest=Query.digest_of(text)) for text in texts)
    collection.queries.set(queries)
    models = LanguageModel.objects.bulk_create(
        LanguageModel(name=f"{FAMILY}-{step}", family=FAMILY, step=step) for step in CODE
    )
    Response.objects.bulk_create(
        _response(query, n, model, sample, metadata)
        for model in models
        for n, query in enumerate(queries)
        for sample in range(EACH)
    )
    return collection


def measured_training() -> Collection:
    """The same with its report."""
    collection = make_training()
    asked = Specification(family=FAMILY, replicates=50)
    run_report(report=create_report(collection=collection, rules=make_rules(), encoder=None, asked=asked))
    return collection


def _response(query: Query, n: int, model: LanguageModel, sample: int, metadata: dict[str, Any]) -> Response:
    is_code = sample < CODE[model.step or 0] + n % 2
    text = f"```print({sample})```" if is_code else f"<b>{model}</b> says {sample}"
    right = sample % 4 != 3 if is_code else sample % 2 == 0
    told = Response.digest_of(query=query.text, model=model.name, external_id="", sample=sample, text=text)
    said = {"correct": right} | metadata
    return Response(query=query, model=model, sample=sample, text=text, digest=told, metadata=said)
