"""A mining of planted texts, and a model server that judges them as a test says."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generation.mining.gates import Limits
from generation.mining.reading import read_log
from generation.models import Candidate, Mining, ModelServer, Run
from generation.recipes.gating import GatingRecipe
from generation.runs.asking import create_run, start_run
from generation.runs.work import work
from tests.generation.mining import planted
from tests.model_server import Answer, Asked, chat, serving

HAIKU, SUEZ, VERSION, SECOND = (planted.TALKS[place][0] for place in (0, 1, 11, 12))
# What a model says of the planted candidates.
SAID: dict[str, dict[str, Any]] = {
    HAIKU: {"answers": "multiple"},
    SUEZ: {"answers": "single", "revised": "In which year was the Suez Canal opened to ships?"},
    VERSION: {"about": "yes"},
    SECOND: {"meaningful": "no"},
}


def message_of(asked: Asked) -> str:
    """The text that a request is about."""
    content: str = asked.body["messages"][-1]["content"]
    return content.split("\n", 1)[1].rsplit("\n", 1)[0]


def verdict(said: Mapping[str, Any]) -> str:
    """A reply as it was asked for: an open-ended query, but for what is said otherwise."""
    given = {"revised": None, "meaningful": "yes", "about": "no", "answers": "multiple", **said}
    reply: dict[str, Any] = {"revised": given["revised"]}
    passed = True
    for key, name, dropped in (
        ("meaningful", "meaningful", "no"),
        ("about", "about_the_model", "yes"),
        ("answers", "answers", ""),
    ):
        reply[name] = {"reason": f"So it is: {given[key]}.", "verdict": given[key]} if passed else None
        passed = passed and given[key] != dropped
    return json.dumps(reply)


def judging(said: Mapping[str, Mapping[str, Any]] = SAID) -> Callable[[Asked], Answer]:
    return lambda asked: chat(verdict(said.get(message_of(asked), {})), tokens=(100, 20))


def make_mining(folder: Path, texts: Sequence[str] = (), name: str = "chats") -> Mining:
    """Of the planted log, or of these texts."""
    rows = planted.wildchat([(text, {}) for text in texts] or planted.TALKS)
    return read_log(path=planted.as_jsonl(folder / f"{name}.jsonl", rows), limits=Limits())


def make_run(mining: Mining, url: str, name: str = "by m", **fields: Any) -> Run:
    server, _ = ModelServer.objects.get_or_create(name="server", defaults={"anywhere": True, "timeout": 20})
    ModelServer.objects.filter(pk=server.pk).update(base_url=url)
    terms = {key: fields.pop(key) for key in ("budget_tokens",) if key in fields}
    recipe = GatingRecipe(**{"model": "m", "retries": 1, **fields})
    return create_run(kind="mine", name=name, recipe=recipe, mining=mining, server=server, **terms)


def judged(
    mining: Mining, answer: Callable[[Asked], Answer] | None = None, name: str = "by m", **fields: Any
) -> Run:
    """A run to its end."""
    with serving(answer or judging()) as server:
        return work(run=start_run(run=make_run(mining, server.url, name, **fields)))


def standing(mining: Mining) -> dict[str, tuple[bool | None, bool | None, bool | None, str]]:
    """Each candidate's verdicts and its query."""
    return {
        one.text: (
            one.meaningful,
            one.about_the_model,
            one.many_answers,
            one.query.text if one.query else "",
        )
        for one in Candidate.objects.filter(mining=mining).select_related("query")
    }
