"""What may be asked of a run; a person's acts on it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from calibration.models import Call, Run, Score, Scorer
from calibration.runs import targets
from calibration.runs.asking import create_run
from calibration.runs.targets import subjects
from calibration.scorers.judges.rubrics import BUILT_IN
from calibration.scorers.rewards.reward import RewardRecipe
from generation.runs import asking, callers
from generation.runs.asking import RunError, change_budget, delete_run, start_run, stop_run
from generation.runs.work import work
from tests.calibration.runs.running import RECIPE, make_run, make_server, outcomes, score, started
from tests.factory import make_items, make_study
from tests.model_server import serving

pytestmark = pytest.mark.django_db

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"budget_tokens": -1}, "A budget of tokens is more than 0"),
        ({"budget_tokens": 0}, "A budget of tokens is more than 0"),
        ({"budget_money": -0.5, "price_in": 1}, "A budget of money is more than 0"),
        ({"budget_money": Decimal("NaN"), "price_in": 1}, "A budget of money is more than 0"),
        ({"budget_tokens": 10**18}, "at most 18 digits"),
        ({"budget_money": 5}, "needs the prices"),
        ({"price_in": -1}, "A price for a million tokens"),
        ({"price_out": float("nan")}, "A price for a million tokens"),
        ({"price_in": Decimal("sNaN")}, "A price for a million tokens"),
        ({"currency": "BTC"}, "There is no currency"),
        ({"workers": 0}, "A run has 1 to"),
        ({"scorer": "  "}, "A scorer needs a name"),
        ({"scorer": "x" * 151}, "A scorer needs a name"),
        ({"server": None}, "asked through a server: name one"),
        ({"recipe": RewardRecipe(model="m", dialect="local")}, "in this process: name no server"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(given: dict[str, Any], line: str) -> None:
    study = make_study()
    make_items(study, 2)
    asked = {"scorer": "judge", "recipe": RECIPE, "server": make_server(NOWHERE)} | given
    with pytest.raises(RunError, match=line) as refused:
        create_run(study=study, **asked)
    assert "\n" not in str(refused.value)
    assert not Run.objects.exists()


def test_a_study_is_asked_about_where_it_has_what_the_scorer_wants() -> None:
    server, study = make_server(NOWHERE), make_study()
    with pytest.raises(RunError, match="has no responses yet"):
        make_run(server, study=study)
    make_items(study, 2)
    pairwise = _judge("pairwise overall")
    with pytest.raises(RunError, match="shows one at a time"):
        make_run(server, study=study, recipe=pairwise)
    study.kind = "pair"
    with pytest.raises(RunError, match="is neither"):
        make_run(server, study=study)


def test_a_name_that_is_another_scorer_s_is_refused() -> None:
    server = make_server(NOWHERE)
    run = make_run(server, items=2)
    with pytest.raises(RunError, match="has a run of judge already"):
        make_run(server, study=run.study)
    other = make_study("other")
    make_items(other, 2)
    with pytest.raises(RunError, match="another recipe's run"):
        make_run(server, study=other, recipe=RewardRecipe(model="other", dialect="json"))
    assert make_run(server, study=other).scorer == "judge", "the same recipe may score two studies"
    scorer = Scorer.objects.create(name="from a file", family="reward_model")
    Score.objects.create(study=other, scorer=scorer, response=other.items.first().response, value=1.0)
    with pytest.raises(RunError, match="from a file"):
        make_run(server, study=run.study, scorer="from a file")


def test_every_response_is_a_target_once_in_the_study_s_order() -> None:
    server, study = make_server(NOWHERE), make_study(kind="comparison")
    items = make_items(study, 6)
    same = items[0].response_1
    study.items.filter(pk=items[5].pk).update(response_2=same)
    run = start_run(run=make_run(server, study=study))
    asked = [subject.responses for _, subject in subjects(run.study, of_pairs=False)]
    assert asked[:3] == [("answer 0",), ("other answer 0",), ("answer 1",)]
    assert len(asked) == len(set(asked)) == 11
    calls = Call.objects.filter(run=run).order_by("number")
    assert [call.response.text for call in calls.select_related("response")] == [text for (text,) in asked]
    assert [call.number for call in calls] == [*range(11)]
    pairs = start_run(run=make_run(server, study=study, recipe=_judge("pairwise overall"), scorer="pairs"))
    assert next(subjects(pairs.study, of_pairs=True))[1].responses == ("answer 0", "other answer 0")
    assert {call.item_id for call in pairs.calls.all()} == {item.pk for item in items}
    assert pairs.calls.count() == 12, "each is asked in both orders"


def test_a_trial_asks_about_the_first_targets_and_the_start_after_it_about_the_rest() -> None:
    with serving(score) as server:
        run = make_run(make_server(server.url), items=12)
        run = work(run=start_run(run=run, trial=3))
        assert (run.state, run.trial, outcomes(run)) == (Run.State.DRAFT, None, {"answered": 3})
        assert not Score.objects.exists(), "a trial gives no scores"
        run = work(run=start_run(run=run, trial=5))
        assert sorted(asked.body["response"] for asked in server.asked) == [f"answer {n}" for n in range(5)]
        run = work(run=start_run(run=run))
        assert (run.state, outcomes(run), len(server.asked)) == (Run.State.FINISHED, {"answered": 12}, 12)
        with pytest.raises(RunError, match="a trial comes before"):
            start_run(run=run, trial=2)


def test_a_finished_run_asks_about_what_was_added_since() -> None:
    with serving(score) as server:
        run = work(run=started(make_server(server.url), items=3))
        with pytest.raises(RunError, match="has nothing left to ask"):
            start_run(run=run)
        added = make_items(make_study("more"), 5)[3:]
        for n, item in enumerate(added):
            item.pk, item.study, item.position, item.external_id = None, run.study, 3 + n, f"new {n}"
            item.save(force_insert=True)
        run = work(run=start_run(run=run))
    assert (run.state, len(server.asked), Score.objects.count()) == (Run.State.FINISHED, 5, 5)


def test_a_run_is_started_once_however_often_it_is_asked_for_until_nobody_works_at_it() -> None:
    run = started(make_server(NOWHERE))
    with pytest.raises(RunError, match="runs already"):
        start_run(run=run)
    long_ago = timezone.now() - timedelta(seconds=callers.LOST_AFTER + 1)
    Run.objects.update(started_at=long_ago, state=Run.State.RUNNING)
    caller = callers.join(run)
    with pytest.raises(RunError, match="runs already"):
        start_run(run=run)
    with pytest.raises(RunError, match="stop it first"):
        delete_run(run=run)
    callers.leave(caller)
    assert start_run(run=run).state == Run.State.WAITING


def test_a_stopped_run_keeps_what_was_answered_and_can_be_deleted_without_its_scores() -> None:
    person = User.objects.create_user("ann")
    with serving(score) as server:
        run = work(run=started(make_server(server.url), trial=2))
        run = stop_run(run=start_run(run=run), by=person)
        assert (run.state, run.error) == (Run.State.STOPPED, "Stopped by ann. Start it again to go on.")
        assert run.finished_at is not None and Score.objects.count() == 2
        assert work(run=run).state == Run.State.STOPPED, "what waited in the queue does nothing"
        assert len(server.asked) == 2
    stop_run(run=run)
    change_budget(run=run, budget_tokens=7, budget_money=None)
    with pytest.raises(RunError, match="more than 0"):
        change_budget(run=run, budget_tokens=-7, budget_money=None)
    assert Run.objects.get().budget_tokens == 7
    delete_run(run=run, by=person)
    assert not Call.objects.exists() and Score.objects.count() == 2
    with pytest.raises(RunError, match="was deleted"):
        start_run(run=run)
    acts = [act.what for act in run.study.acts.order_by("pk")]
    assert acts == [
        "made a run", "tried a run", "started a run", "stopped a run", "changed a run's budget",
        "deleted a run",
    ]  # fmt: skip


def _judge(rubric: str) -> Any:
    from calibration.scorers.judges.judge import JudgeRecipe

    return JudgeRecipe(model="judge", rubric=BUILT_IN[rubric])


@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_of_many_calls_the_first_are_written_down_at_the_start_and_the_rest_by_who_works(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(targets, "CALLS_AT_ONCE", 4)
    study = make_study(kind=kind)
    make_items(study, 13)
    every = 13 if kind == "rating" else 26
    with serving(score) as server:
        run = make_run(make_server(server.url), study=study)
        assert start_run(run=run, trial=7).calls.count() == 4
        work(run=run, until=lambda: True)
        assert (len(server.asked), Run.objects.get().state) == (0, Run.State.WAITING), "it goes on later"
        run = work(run=run)
        assert (run.state, len(server.asked)) == (Run.State.DRAFT, 7)
        assert start_run(run=run).calls.filter(outcome="").exists()
        run = work(run=run)
        assert (run.state, outcomes(run)) == (Run.State.FINISHED, {"answered": every})
        assert len({asked.body["query"] + asked.body["response"] for asked in server.asked}) == every
    asked_about = [call.response.text for call in Call.objects.order_by("number").select_related("response")]
    assert asked_about == [subject.responses[0] for _, subject in subjects(run.study, of_pairs=False)]
    with pytest.raises(RunError, match="nothing left"):
        start_run(run=run)


def test_a_run_of_more_calls_than_a_database_should_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_CALLS", 11)
    with pytest.raises(RunError, match="would be 12 calls, and a run makes 11"):
        started(make_server(NOWHERE))
