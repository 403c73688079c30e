"""Runs over a small study, asked of a model server of the tests."""

from typing import Any

from annotation.models import Study
from calibration.models import Call, Run
from calibration.runs.asking import create_run
from calibration.scorers.rewards.reward import RewardRecipe
from generation.models import ModelServer
from generation.runs.asking import start_run
from tests.factory import make_items, make_study
from tests.model_server import Answer, Asked

RECIPE = RewardRecipe(model="reward", dialect="json")
# What the server counts of a call, which is less than the recipe expects of it.
TOKENS = 4


def make_server(url: str, **fields: Any) -> ModelServer:
    defaults: dict[str, Any] = {"name": "server", "anywhere": True, "concurrency": 4, "timeout": 20}
    return ModelServer.objects.create(base_url=url, **(defaults | fields))


def make_run(server: ModelServer, *, items: int = 12, study: Study | None = None, **fields: Any) -> Run:
    """A draft about the answers of a study, new unless it is given."""
    if study is None:
        study = make_study()
        make_items(study, items)
    return create_run(study=study, server=server, **({"scorer": "judge", "recipe": RECIPE} | fields))


def started(server: ModelServer, **fields: Any) -> Run:
    trial = fields.pop("trial", None)
    return start_run(run=make_run(server, **fields), trial=trial)


def score(asked: Asked) -> Answer:
    """A score of each answer: its number."""
    number = int(asked.body["response"].split()[-1])
    return Answer({"score": number, "usage": {"prompt_tokens": TOKENS}})


def outcomes(run: Run) -> dict[str, int]:
    """How many calls have each outcome."""
    found: dict[str, int] = {}
    for outcome in Call.objects.filter(run=run).values_list("outcome", flat=True):
        found[outcome] = found.get(outcome, 0) + 1
    return found
