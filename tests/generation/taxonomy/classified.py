"""Collections of queries, and runs that classify them at a model server of the tests."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generation.models import Call, Collection, ModelServer, Query, Run
from generation.recipes.classifying import ClassifyRecipe
from generation.runs.asking import create_run, start_run
from generation.runs.work import work
from generation.taxonomy.categories import offered
from generation.taxonomy.standard import ensure_standard
from tests.model_server import Answer, Asked, chat, serving


def make_collection(texts: Sequence[str], name: str = "asked", openness: str = "") -> Collection:
    collection = Collection.objects.create(name=name)
    for text in texts:
        query, _ = Query.objects.get_or_create(
            digest=Query.digest_of(text), defaults={"text": text, "openness": openness}
        )
        collection.queries.add(query)
    return collection


def query_of(asked: Asked) -> str:
    """The query that a request is about."""
    text: str = asked.body["messages"][-1]["content"]
    return text.split("\n", 1)[1].rsplit("\n", 1)[0]


def says(categories: Sequence[str], proposals: Sequence[str] = ()) -> Answer:
    """A reply of these names."""
    new = [{"name": name, "definition": f"About {name}.", "justification": "new"} for name in proposals]
    chosen = [{"name": name, "justification": f"It is {name}."} for name in categories]
    return chat(json.dumps({"categories": chosen, "new_categories": new}))


def answering(said: Mapping[str, Answer]) -> Callable[[Asked], Answer]:
    return lambda asked: said[query_of(asked)]


def make_run(collection: Collection, url: str, name: str = "by m", **fields: Any) -> Run:
    ensure_standard()
    server, _ = ModelServer.objects.get_or_create(
        name="server", defaults={"base_url": url, "anywhere": True, "timeout": 20}
    )
    ModelServer.objects.filter(pk=server.pk).update(base_url=url)
    recipe = ClassifyRecipe(**{"model": "m", "retries": 0, "categories": offered(), **fields})
    return create_run(kind="classify", name=name, recipe=recipe, collection=collection, server=server)


def classified(collection: Collection, said: Mapping[str, Answer], name: str = "by m", **fields: Any) -> Run:
    """A run to its end, its replies by the queries' texts."""
    with serving(answering(said)) as server:
        return work(run=start_run(run=make_run(collection, server.url, name, **fields)))


def outcomes(run: Run) -> dict[str, str]:
    """What became of the call about each query."""
    return dict(Call.objects.filter(run=run).values_list("query__text", "outcome"))
