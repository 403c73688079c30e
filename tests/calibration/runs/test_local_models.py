"""From a study to its audit, with a real language model in this process."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from annotation.models import Item, Study
from calibration.audit import create_audit, run_audit
from calibration.models import Audit, Run, Score
from calibration.runs.asking import create_run
from calibration.scorers.judges.judge import JudgeRecipe
from calibration.scorers.judges.rubrics import BUILT_IN
from calibration.scorers.perplexities.perplexity import PerplexityRecipe
from generation.local import SMOLLM2
from generation.runs.asking import start_run
from generation.runs.work import work
from tests.calibration.runs.running import make_server
from tests.factory import make_labels, make_response, make_study
from tests.model_server import Answer, Asked, chat, serving

pytestmark = [pytest.mark.django_db, pytest.mark.local_models]

STARTER = Path(__file__).resolve().parents[3] / "generation" / "starter"
QUERIES, WORDS = 5, 10
PERPLEXITY = "SmolLM2 perplexity"


def make_judged_study() -> Study:
    """A query has the beginning of its own response, of another query's, and its own with the words turned.

    People like them in this order, and not all the same.
    """
    lines = (STARTER / "responses.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines][::15][:QUERIES]
    begun = [row["response"].split()[:WORDS] for row in rows]
    study = make_study()
    for place, row in enumerate(rows):
        texts = [begun[place], begun[place - 1], begun[place][::-1]]
        for level, words in zip((5, 3, 1), texts, strict=True):
            response = make_response(row["query"], " ".join(words))
            number = study.items.count()
            item = Item.objects.create(
                study=study,
                external_id=f"i{number}",
                position=number,
                query=response.query,
                response=response,
            )
            make_labels(item, [level, level, min(level + place % 2, 5), max(level - 1, 1)])
    return study


def lots(study: Study) -> Callable[[Asked], Answer]:
    """A judge whose scores are drawn: those of sense as of nonsense."""
    texts = [item.response.text for item in study.items.order_by("position") if item.response]
    draw, drawn = random.Random(1), {}
    for level in range(3):
        drawn |= dict(zip(texts[level::3], draw.sample(range(1, 6), QUERIES), strict=True))

    def answer(asked: Asked) -> Answer:
        [score] = [score for text, score in drawn.items() if text in asked.body["messages"][-1]["content"]]
        return chat(json.dumps({"overall": {"score": score, "reason": "It is what it is."}}))

    return answer


def test_perplexity_knows_sense_from_nonsense_and_the_audit_finds_out_a_judge_that_draws_lots() -> None:
    pytest.importorskip("torch")
    study = make_judged_study()
    perplexity = create_run(study=study, scorer=PERPLEXITY, recipe=PerplexityRecipe(SMOLLM2, "local", "both"))
    finished(perplexity)
    assert Score.objects.filter(study=study, value__gt=1, item=None).count() == 2 * 3 * QUERIES
    with serving(lots(study)) as server:
        recipe = JudgeRecipe(model="random", rubric=BUILT_IN["overall"])
        finished(create_run(study=study, scorer="lots", recipe=recipe, server=make_server(server.url)))
    audit = run_audit(audit=create_audit(study=study, preset="paper", replicates=100))
    assert (audit.state, audit.error) == (Audit.State.FINISHED, "")
    assert audit.result is not None
    found = {scorer["name"]: scorer for scorer in audit.result["scorers"]}
    assert {name: scorer["coverage"] for name, scorer in found.items()} == {
        f"{PERPLEXITY} · response given query": 1.0,
        f"{PERPLEXITY} · whole chat": 1.0,
        "lots": 1.0,
    }
    known = found[f"{PERPLEXITY} · response given query"]["spearman"]
    drawn = found["lots"]["spearman"]
    assert known["low"] > 0.3
    assert drawn["low"] < 0 < drawn["high"]
    assert known["value"] > drawn["value"] + 0.3


def finished(run: Run) -> None:
    run = work(run=start_run(run=run))
    assert (run.state, run.error) == (Run.State.FINISHED, "")
