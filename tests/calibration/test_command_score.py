import json
import os
import re
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Study
from calibration.models import Call, Run, Score, Scorer
from generation.models import ModelServer
from generation.runs import callers
from generation.runs.asking import start_run
from tests.calibration.scored import make_scored_study
from tests.factory import make_items, make_study
from tests.model_server import Answer, Asked, chat, serving
from tests.model_server import ModelServer as Fake

pytestmark = pytest.mark.django_db
KEY = "sk-that-nobody-may-see"
ITEMS = 12
RUBRIC = {
    "name": "metaphors",
    "prompt": "{query}\n{response}\n{criteria}",
    "criteria": [{"name": "fresh", "description": "nobody has said it before."}, {"name": "apt"}],
}


@pytest.fixture
def study() -> Study:
    made = make_study("answers")
    make_items(made, ITEMS)
    return made


def printed(*arguments: Any) -> str:
    out = StringIO()
    call_command("score", *map(str, arguments), stdout=out)
    return out.getvalue()


def text_of(asked: Asked) -> str:
    return str(asked.body["messages"][-1]["content"])


def rated(asked: Asked) -> Answer:
    """Four for everything, but one refusal and one that says nothing."""
    if "answer 3\n" in text_of(asked):
        return chat("", refusal="No.")
    if "answer 5\n" in text_of(asked):
        return chat("It is fine.")
    return chat('{"overall": {"score": 4, "reason": "it is"}}', tokens=(100, 10))


def judge(server: Fake, *more: Any) -> str:
    return printed("answers", "judge", "--base-url", server.url, "--model", "m/small", *more)


def test_a_judge_is_asked_about_each_response_and_what_came_of_it_is_said(study: Study) -> None:
    with serving(rated) as server:
        text = judge(server, "--price-in", "10", "--retries", "1")
    assert text.splitlines()[0] == (
        "small overall: 10 answered, 1 refused, 1 unparsable of 12 requests, 1,145 tokens, 0.01 USD."
    )
    assert re.search(r"^refused \(1\): ", text, re.MULTILINE)
    assert re.search(r"^unparsable \(1\): ", text, re.MULTILINE)
    assert len(server.asked) == ITEMS + 1  # the one that cannot be read twice
    scorer = Scorer.objects.get(name="small overall", family="lm_judge")
    assert [*scorer.scores.values_list("value", flat=True)] == [4.0] * 10
    made = ModelServer.objects.get()
    assert (made.owner, made.anywhere, made.shared) == (None, True, False)


def test_the_same_command_again_asks_nobody_and_says_the_same(study: Study) -> None:
    with serving(rated) as server:
        first = json.loads(judge(server, "--json"))
        asked = len(server.asked)
        assert json.loads(judge(server, "--json")) == first
        assert len(server.asked) == asked
    assert first.items() >= {"study": "answers", "scorer": "small overall", "state": "finished"}.items()
    assert (first["answered"], first["refused"], first["unparsable"], first["failed"]) == (10, 1, 1, 0)


def test_a_look_says_what_is_sent_and_what_it_costs_and_leaves_nothing(study: Study) -> None:
    with serving(rated) as server:
        shown = judge(server, "--show")
        cost = judge(server, "--dry-run", "--price-in", "2.5", "--price-out", "10")
        price = json.loads(judge(server, "--dry-run", "--json", "--price-in", "2.5", "--price-out", "10"))
    assert server.asked == []
    assert "[system]\n" in shown and "<response>\nanswer 0\n</response>" in shown and "- overall: " in shown
    assert cost.startswith("small overall asks about 12 responses, in 12 requests.\n")
    assert f"about {price['tokens_in']:,} tokens in" in cost and "at most 0." in cost
    assert (price["calls"], price["measured"], price["most_out"]) == (12, False, 12 * 1024)
    assert not Run.objects.exists() and not ModelServer.objects.exists()


def test_what_a_trial_asked_is_not_asked_again_and_makes_no_score(study: Study) -> None:
    with serving(rated) as server:
        tried = judge(server, "--trial", "2")
        assert "2 answered of 2 requests" in tried and tried.count('"reason": "it is"') == 2
        with pytest.raises(CommandError, match="nothing left to ask about the first 2"):
            judge(server, "--trial", "2")
        assert (Run.objects.get().state, Score.objects.count()) == ("draft", 0)
        price = json.loads(judge(server, "--dry-run", "--json"))
        assert (price["calls"], price["measured"], price["n"]) == (10, True, 2)
        judge(server, "--retries", "3")
        assert len({text_of(asked) for asked in server.asked}) == ITEMS
        assert len(server.asked) == ITEMS + 3
    assert Score.objects.count() == 10


def test_a_budget_stops_it_with_its_line_and_a_larger_one_goes_on(study: Study) -> None:
    with serving(rated) as server:
        asked = ["--max-tokens", "20", "--retries", "0", "--concurrency", "1"]
        with pytest.raises(CommandError, match="The budget does not reach for the next call") as caught:
            judge(server, *asked, "--budget-tokens", "900")
        assert caught.value.returncode == 1
        once = len(server.asked)
        assert 0 < once < ITEMS and Run.objects.get().state == "stopped"
        assert Score.objects.count() == Call.objects.filter(outcome="answered").count() > 0
        judge(server, *asked, "--budget-tokens", "1000000")
        assert Run.objects.get().state == "finished"
        before, after = (
            {text_of(asked) for asked in part} for part in (server.asked[:once], server.asked[once:])
        )
        assert len(before | after) == ITEMS and not before & after


def test_interrupted_it_stores_what_was_under_way_says_so_and_goes_on(study: Study) -> None:
    def interrupts(asked: Asked) -> Answer:
        if len(server.asked) == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return chat('{"overall": {"score": 4}}')

    with serving(interrupts) as server:
        with pytest.raises(CommandError, match=r"^Stopped\. The same command goes on\.$") as caught:
            judge(server, "--concurrency", "1")
        assert caught.value.returncode == 130
        assert (Run.objects.get().state, len(server.asked)) == ("stopped", Score.objects.count())
        assert not callers.living(Run.objects.get()).exists()
        judge(server)
        assert (len(server.asked), Score.objects.count()) == (ITEMS, ITEMS)


def test_it_helps_where_another_process_is_at_work_and_not_with_a_part_of_it(study: Study) -> None:
    with serving(rated) as server:
        judge(server, "--trial", "1")
        run = Run.objects.get()
        start_run(run=run)
        other = callers.join(run)
        with pytest.raises(CommandError, match="small overall is being asked about everything by another"):
            judge(server, "--trial", "2")
        assert "10 answered" in judge(server)
        callers.leave(other)
    assert Run.objects.get().state == "finished"


def test_a_key_of_the_environment_is_sent_and_never_told(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_KEY", KEY)

    def refused(asked: Asked) -> Answer:
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        return Answer({"error": {"message": f"Incorrect API key provided: {KEY}"}}, status=401)

    with serving(refused) as server:
        with pytest.raises(CommandError) as caught:
            judge(server, "--key-variable", "JUDGE_KEY")
        assert server.asked and KEY not in str(caught.value)
        told = "".join(str(value) for model in (Run, Call, ModelServer) for value in model.objects.values())
        assert KEY not in told and "JUDGE_KEY" in told
        monkeypatch.delenv("JUDGE_KEY")
        with pytest.raises(CommandError, match="set the environment variable JUDGE_KEY"):
            judge(server, "--key-variable", "JUDGE_KEY")


def test_a_rubric_of_a_file_makes_a_scorer_of_each_criterion(study: Study, tmp_path: Path) -> None:
    file = tmp_path / "metaphors.json"
    file.write_text(json.dumps(RUBRIC))
    reply = '{"fresh": {"score": 5}, "apt": {"score": 2}}'
    with serving(lambda asked: chat(reply)) as server:
        judge(server, "--rubric", file, "--heads")
    means = {score.scorer.name: score.value for score in Score.objects.select_related("scorer")}
    assert means == {"small metaphors": 3.5, "small metaphors · fresh": 5, "small metaphors · apt": 2}


def test_pairs_are_asked_in_both_orders_and_the_position_bias_is_said() -> None:
    make_items(make_study("pairs", kind="comparison"), 6)
    with serving(lambda asked: chat('{"overall": {"score": "A"}}')) as server:
        text = printed("pairs", "judge", "--base-url", server.url, "--model", "m", "--pairwise")
    assert text.startswith("m pairwise overall: 12 answered of 12 requests")
    assert "Position bias: 2.00 (2.00, 2.00) steps for what is shown first" in text
    assert {*Score.objects.values_list("value", flat=True)} == {0.0}


def test_simple_scorers_need_no_model_and_are_audited(study: Study) -> None:
    make_scored_study("labelled", items=24)
    assert "Scored 12 responses by 1 simple scorer." in printed("answers", "simple", "--only", "words")
    text = printed("labelled", "simple", "--audit")
    assert "length in words" in text and "labelled: 24 items" in text
    with pytest.raises(CommandError, match="colour"):
        printed("labelled", "simple", "--only", "colour")


def test_wrong_requests_are_one_line_and_leave_nothing(study: Study, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    judged = ["judge", "--base-url", "http://127.0.0.1:9/v1", "--model", "m"]
    for arguments, words in [
        (["nowhere", *judged], "There is no study nowhere."),
        (["answers", "judge", "--model", "m"], "Say where the model is: --base-url URL, or --server NAME."),
        (["answers", "judge", "--model", "m", "--server", "x"], "There is no model server x"),
        (["answers", *judged, "--rubric", "unknown"], "There is no rubric unknown."),
        (["answers", *judged, "--rubric", "unknown:2"], "There is no rubric unknown, version 2."),
        (["answers", *judged, "--rubric", str(tmp_path / "none.json")], "cannot be read"),
        (["answers", *judged, "--rubric", str(broken)], "is no JSON"),
        (["answers", *judged, "--pairwise"], "compares two responses"),
        (["answers", *judged, "--method", "votes", "--temperature", "0"], "at a temperature of 0"),
        (["answers", *judged, "--budget-money", "5"], "needs the prices of tokens"),
        (["answers", *judged, "--price-in", "dear"], "invalid _money value|invalid"),
        (["answers", *judged, "--concurrency", "0"], "requests at a time"),
        (["answers", *judged, "--base-url", "ftp://x"], "must look like https://HOST/v1"),
        (
            ["answers", "reward", "--model", "m", "--server", "x", "--dialect", "local"],
            "runs in this process",
        ),
        (["answers", "what"], "invalid choice"),
    ]:
        with pytest.raises(CommandError, match=words) as caught:
            printed(*arguments)
        assert "\n" not in str(caught.value)
    assert not Run.objects.exists() and not ModelServer.objects.exists()


def test_another_recipe_server_or_price_under_one_name_is_refused(study: Study) -> None:
    with serving(rated) as server, serving(rated) as elsewhere:
        judge(server, "--name", "judge", "--price-in", "1")
        asked = len(server.asked)
        for wrong, words in [
            ((server, "--max-tokens", "5"), "judge was asked for otherwise: choose another --name"),
            ((elsewhere,), "judge is asked of 127.0.0.1"),
            ((server, "--price-in", "2"), "judge was priced at 1"),
        ]:
            with pytest.raises(CommandError, match=words):
                judge(*wrong, "--name", "judge")
        assert (len(server.asked), len(elsewhere.asked)) == (asked, 0)
    assert Run.objects.count() == 1


def test_nothing_slow_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, django; django.setup(); import calibration.management.commands.score as score; "
        "score.Command().create_parser('manage.py', 'score'); "
        "print({'numpy', 'openai', 'scipy', 'torch'} & set(sys.modules))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert told.stdout.strip() == "set()", told.stderr
