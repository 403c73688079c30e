"""Collections of queries, and runs that sample responses to them at a model server of the tests."""

from typing import Any

from generation.models import Collection, ModelServer, Run
from generation.recipes.sampling import SampleRecipe
from generation.runs.asking import create_run
from tests.generation.taxonomy.classified import make_collection
from tests.model_server import Answer, Asked, chat

QUERIES = ["Why write?", "Name a colour.", "What is time?"]


def collection(texts: list[str] | None = None) -> Collection:
    return make_collection(texts or QUERIES)


def make_run(url: str, name: str = "run", about: Collection | None = None, **fields: Any) -> Run:
    """A draft of a run about three queries, four responses each, unless something else is said."""
    server, _ = ModelServer.objects.get_or_create(
        name="server", defaults={"base_url": url, "anywhere": True, "timeout": 20, "concurrency": 4}
    )
    usual: dict[str, Any] = {"model": "m", "samples": 4, "seed": 1}
    about = about or Collection.objects.filter(name="asked").first() or collection()
    return create_run(
        kind="sample", name=name, recipe=SampleRecipe(**(usual | fields)), collection=about, server=server
    )


def says_its_seed(asked: Asked) -> Answer:
    """A response that tells what it was asked with, so that none can be taken for another."""
    return chat(f"{asked.body['messages'][-1]['content']} {asked.body['seed']}")
