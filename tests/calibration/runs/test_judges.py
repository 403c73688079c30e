"""Judges asked live about a study, from the first request to its scores."""

import json
import math
from threading import Lock
from typing import Any

import pytest

from annotation.models import Study
from calibration.models import Run, Score
from calibration.runs.standing import standing
from calibration.scorers.judges.judge import JudgeRecipe
from calibration.scorers.judges.rubrics import BUILT_IN
from generation.runs.asking import start_run
from generation.runs.work import work
from tests.calibration.runs.running import make_run, make_server, outcomes
from tests.factory import make_items, make_study
from tests.model_server import Answer, Asked, chat, serving

pytestmark = pytest.mark.django_db


def judge(rubric: str, **fields: Any) -> JudgeRecipe:
    return JudgeRecipe(model="judge", rubric=BUILT_IN[rubric], **fields)


def said(score: Any) -> str:
    return json.dumps({"overall": {"score": score, "reason": "so"}})


def test_a_pairwise_judge_is_asked_in_both_orders_and_its_faults_and_its_bias_are_counted() -> None:
    """It prefers the shorter answer, and the first of those about item 3; it says nothing at first."""
    study = make_study(kind=Study.Kind.COMPARISON)
    make_items(study, 8)
    seen: set[str] = set()
    lock = Lock()

    def answer(asked: Asked) -> Answer:
        if asked.body["response_format"]["type"] == "json_schema":
            return Answer({"error": {"message": "response_format must be json_object"}}, status=400)
        text = asked.body["messages"][1]["content"]
        with lock:
            again, _ = text in seen, seen.add(text)
        if "answer 5\n" in text:
            return chat("", refusal="I would rather not.")
        if not again or "answer 6\n" in text:
            return chat("Well.", tokens=(100, 2))
        first = "answer 3\n" in text or "<response_1>\nanswer" in text
        return chat(said("A" if first else "D"), tokens=(100, 20))

    with serving(answer) as server:
        draft = make_run(make_server(server.url), study=study, recipe=judge("pairwise overall", retries=9))
        run = work(run=start_run(run=draft))
        paid = [asked for asked in server.asked if asked.body["response_format"]["type"] == "json_object"]
    assert (run.state, run.error) == (Run.State.FINISHED, "")
    assert outcomes(run) == {"answered": 12, "refused": 2, "unparsable": 2}
    found = dict(Score.objects.filter(study=study).values_list("item__external_id", "value"))
    assert found == {"i3": 0.0} | {f"i{n}": 1.5 for n in (0, 1, 2, 4, 7)}
    now = standing(run)
    assert now.position_bias is not None
    # In order -1 and 2 of five pairs, 2 and 2 of the sixth.
    assert now.position_bias.mean.value == pytest.approx((5 * 0.5 + 2) / 6)
    assert now.position_bias.flips.value == pytest.approx(1 / 6)
    refused = sum("answer 5\n" in asked.body["messages"][1]["content"] for asked in paid)
    assert now.tokens_in == 10 * refused + 100 * (len(paid) - refused)


def test_token_probabilities_are_stored_as_a_distribution_over_the_studys_scale() -> None:
    score = {"4": math.log(0.5), "2": math.log(0.25)}
    likely = [{'{"overall": {"score": ': 0.0}, score, {', "reason": "so"}}': 0.0}]
    with serving(lambda _: chat(said(4), logprobs=likely)) as server:
        draft = make_run(make_server(server.url), items=3, recipe=judge("overall", method="logprobs"))
        run = work(run=start_run(run=draft))
    assert run.state == Run.State.FINISHED
    stored = Score.objects.filter(scorer__name="judge")
    assert [one.distribution for one in stored] == [pytest.approx([0, 1 / 3, 0, 2 / 3, 0])] * 3
    assert [one.metadata["outside"] for one in stored] == [pytest.approx(0.25)] * 3


def test_a_server_without_token_probabilities_is_not_paid_for_every_response() -> None:
    with serving(lambda _: chat(said(4))) as server:
        draft = make_run(make_server(server.url), items=60, recipe=judge("overall", method="logprobs"))
        run = work(run=start_run(run=draft))
        asked = len(server.asked)
    assert run.state == Run.State.FAILED
    assert "the server gave no token probabilities: choose votes or stated" in run.error
    assert asked < 40
    assert not Score.objects.exists()
