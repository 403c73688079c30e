"""Collections of queries with responses, for tests."""

from generation.models import Collection
from tests.factory import make_response


def make_collection(
    name: str = "asked", *, queries: int = 2, responses: int = 3, model: str = "model-a"
) -> Collection:
    """So many queries, each with so many responses of one model."""
    collection, _ = Collection.objects.get_or_create(name=name)
    for query in range(queries):
        for sample in range(responses):
            made = make_response(f"Query {query}", f"{model} says {query}.{sample}", model, sample)
            collection.queries.add(made.query)
    return collection
