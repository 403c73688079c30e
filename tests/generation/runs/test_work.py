"""Work at a run: all is asked, what was paid is stored, and it ends as it should."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction

from calibration.models import Call, Run, Score
from calibration.scorers import reading
from calibration.scorers.rewards.reward import RewardRecipe
from generation.models import Caller, ModelServer
from generation.recipes.recipe import Asked as AskedCall
from generation.recipes.recipe import Reply
from generation.runs import callers, making, streak
from generation.runs.asking import start_run, stop_run
from generation.runs.errors import RunError
from generation.runs.work import work
from generation.servers import change_server
from generation.servers import make_server as make_model_server
from tests.calibration.runs.running import RECIPE, TOKENS, make_run, make_server, outcomes, score, started
from tests.model_server import Answer, Asked, serving

pytestmark = pytest.mark.django_db
KEY = "sk-never-shown-anywhere"


def test_every_answer_is_asked_about_once_and_its_score_stored() -> None:
    shares: list[float] = []
    with serving(score) as server:
        run = work(run=started(make_server(server.url)), progress=shares.append)
    assert (run.state, run.error) == (Run.State.FINISHED, "")
    assert outcomes(run) == {"answered": 12}
    assert len(server.asked) == 12
    found = Score.objects.filter(scorer__name="judge").values_list("response__text", "value")
    assert dict(found) == {f"answer {n}": float(n) for n in range(12)}
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert not Caller.objects.exists()


def test_as_many_calls_are_under_way_as_the_server_allows_and_no_more() -> None:
    lock, at_once, most = threading.Lock(), 0, 0
    full = threading.Event()

    def answer(asked: Asked) -> Answer:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if at_once == 3:
                full.set()
        full.wait(10)
        with lock:
            at_once -= 1
        return score(asked)

    with serving(answer) as server:
        run = work(run=started(make_server(server.url, concurrency=3)))
    assert (run.state, most) == (Run.State.FINISHED, 3)


def test_faults_are_asked_about_again_and_what_never_succeeds_is_told_beside_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("generation.runs.calls.LONGEST_WAIT", 0.0)
    faults = [
        Answer(status=500),
        Answer(cut=True),
        Answer("no JSON"),
        Answer(status=429, headers={"Retry-After": "0"}),
        Answer({"score": "absurd"}),
    ]
    times: dict[str, int] = {}

    def answer(asked: Asked) -> Answer:
        about = asked.body["response"]
        times[about] = times.get(about, 0) + 1
        number = int(about.split()[-1])
        if number == 5:
            return Answer({"error": {"message": "too long"}}, status=400)
        return faults[number] if number < 5 and times[about] == 1 else score(asked)

    with serving(answer) as server:
        run = work(run=started(make_server(server.url), items=8))
    assert run.state == Run.State.FINISHED
    assert outcomes(run) == {"answered": 6, "unparsable": 1, "failed": 1}
    told = dict(Call.objects.exclude(error="").values_list("response__text", "error"))
    assert "too long" in told["answer 5"] and "score" in told["answer 4"]
    assert times == {f"answer {n}": 2 if n < 4 else 1 for n in range(8)}


@pytest.mark.parametrize("status", [401, 404])
def test_a_server_that_refuses_all_fails_the_run_in_one_line_and_what_was_answered_stays(
    status: int,
) -> None:
    refusing = threading.Event()

    def answer(asked: Asked) -> Answer:
        if refusing.is_set():
            return Answer({"error": {"message": f"Wrong key {KEY}"}}, status=status)
        return score(asked)

    with serving(answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNS_KEY", KEY)
        row = make_server(server.url, key_variable="RUNS_KEY")
        run = work(run=started(row, items=10, trial=4))
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
        refusing.set()
        run = work(run=start_run(run=run))
        assert (run.state, outcomes(run)) == (Run.State.FAILED, {"answered": 4, "": 6})
        assert "\n" not in run.error and f"({status})" in run.error
        assert len(server.asked) <= 4 + row.concurrency
        left = Call.objects.filter(outcome="").values_list("attempts", "tokens_in", "caller")
        assert set(left) == {(0, 0, None)}
        for model in (Run, Call, Score, ModelServer):
            assert KEY not in str(list(model.objects.values()))
        refusing.clear()
        assert outcomes(work(run=start_run(run=run))) == {"answered": 10}
        patch.delenv("RUNS_KEY")
        Call.objects.filter(number__gte=5).update(outcome="", result=None, answered_at=None)
        run = work(run=start_run(run=run))
    assert run.state == Run.State.FAILED and "RUNS_KEY" in run.error


def test_nobody_pays_for_thousands_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streak, "LONGEST", 5)
    with serving(lambda asked: Answer({"error": {"message": "no such field"}}, status=422)) as server:
        run = work(run=started(make_server(server.url, concurrency=2), items=40))
        assert run.state == Run.State.FAILED
        assert "no such field" in run.error and "Start the run again" in run.error
        assert 5 <= len(server.asked) <= 7
        server.answer = score
        assert outcomes(work(run=start_run(run=run))) == {"answered": 40}, "the failed ones too"


def test_a_server_that_dies_and_returns_costs_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.runs.calls.LONGEST_WAIT", 0.01)

    def answer(asked: Asked) -> Answer:
        return Answer(cut=True) if 10 < len(server.asked) <= 20 else score(asked)

    with serving(answer) as server:
        run = work(run=started(make_server(server.url), items=40))
    assert (run.state, outcomes(run), len(server.asked)) == (Run.State.FINISHED, {"answered": 40}, 50)
    assert max(Call.objects.values_list("attempts", flat=True)) <= 3


@pytest.mark.django_db(transaction=True)
def test_stopped_by_a_person_nothing_new_is_asked_and_what_is_under_way_is_stored() -> None:
    person, turns, stopped = User.objects.create_user("ann"), itertools.count(1), threading.Event()

    def answer(asked: Asked) -> Answer:
        turn = next(turns)
        if turn == 5:
            stop_run(run=Run.objects.get(), by=person)
            connection.close()
            stopped.set()
        elif turn > 5:
            stopped.wait(10)
        return score(asked)

    with serving(answer) as server:
        run = work(run=started(make_server(server.url, concurrency=2), items=40))
    assert (run.state, run.error) == (Run.State.STOPPED, "Stopped by ann. Start it again to go on.")
    assert len(server.asked) <= 7
    assert outcomes(run) == {"answered": len(server.asked), "": 40 - len(server.asked)}
    assert run.finished_at and Score.objects.count() == len(server.asked)


def test_sigterm_leaves_nothing_lost_and_the_run_goes_on_with_whoever_works_next() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))

    def answer(asked: Asked) -> Answer:
        if len(server.asked) == 5:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
        return score(asked)

    try:
        with serving(answer) as server:
            run = work(run=started(make_server(server.url, concurrency=2), items=40))
            assert heard == [signal.SIGTERM], "who else listens hears of it"
            assert (run.state, Caller.objects.count()) == (Run.State.RUNNING, 0)
            assert outcomes(run) == {"answered": len(server.asked), "": 40 - len(server.asked)}
            assert work(run=run).state == Run.State.FINISHED
            assert len(server.asked) == 40
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_study_that_is_deleted_meanwhile_leaves_nothing() -> None:
    with serving(score) as server:
        run = started(make_server(server.url, concurrency=2), items=40)
        work(run=run, progress=lambda share: run.study.delete() if share > 0.2 else None)
    assert len(server.asked) < 40
    assert not Run.objects.exists() and not Call.objects.exists()


class Local(RewardRecipe):
    """A model in this process: it gives the length of an answer."""

    def ask(self, asked: Sequence[AskedCall], client: Any) -> Iterator[tuple[AskedCall, Reply]]:
        for one in reversed(asked):
            yield one, Reply("answered", result={"scores": {"": len(one.subject.responses[0])}})


def test_a_model_in_this_process_gets_many_calls_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reading.KINDS, "reward", (__name__, "Local"))
    recipe = Local(model="length", dialect="local")
    run = make_run(None, items=12, recipe=recipe)  # type: ignore[arg-type]
    run = work(run=start_run(run=run))
    assert (run.state, run.error, outcomes(run)) == (Run.State.FINISHED, "", {"answered": 12})


def test_a_recipe_s_own_mistake_fails_the_run_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(self: Any, asked: Sequence[AskedCall], client: Any) -> Iterator[tuple[AskedCall, Reply]]:
        raise KeyError("choices")

    monkeypatch.setattr(RewardRecipe, "ask", ask)
    monkeypatch.setattr(making.logger, "disabled", True)
    run = work(run=started(make_server("http://127.0.0.1:9/v1"), items=3))
    assert (run.state, run.error) == (Run.State.FAILED, "A call stopped: KeyError: 'choices'")
    assert outcomes(run) == {"": 3}


def test_a_run_that_cannot_be_read_or_was_never_started_is_not_worked_at() -> None:
    run = make_run(make_server("http://127.0.0.1:9/v1"), items=3, recipe=RECIPE)
    assert work(run=run).state == Run.State.DRAFT
    start_run(run=run)
    Run.objects.update(recipe={"kind": "astrology"})
    run = work(run=run)
    assert run.state == Run.State.FAILED and run.error.startswith("The recipe of judge cannot be read: ")


def test_a_server_that_is_unshared_is_asked_no_more_and_one_with_another_key_is_asked_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callers, "HEARD_EVERY", 0.0)
    asker, owner = (User.objects.create(username=name) for name in ("asker", "owner"))
    changes: list[dict[str, Any]] = [{"key": "sk-the-second-key"}, {"shared": False}]
    with serving(score) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.MODEL_SERVERS", ("127.0.0.1",))
        row = make_model_server(
            name="theirs", base_url=server.url, key=KEY, owner=owner, shared=True, concurrency=1
        )
        run = start_run(run=make_run(row, items=40, created_by=asker), by=asker)

        def change() -> bool:
            if changes and len(server.asked) > 20 - 10 * len(changes):
                change_server(server=row, **changes.pop(0))
            return False

        run = work(run=run, until=change)
        assert (run.state, run.error) == (
            Run.State.FAILED,
            "asker may not use the server theirs any more: have it shared again.",
        )
        keys = [asked.headers["authorization"] for asked in server.asked]
        assert len(set(keys)) == 2 and keys == sorted(keys, key=lambda key: "second" in key)
        assert 2 <= len(keys) <= 24
        with pytest.raises(RunError, match="somebody else’s"):
            start_run(run=run, by=asker)
        change_server(server=row, shared=True)
        assert outcomes(work(run=start_run(run=run, by=asker))) == {"answered": 40}


def test_a_process_that_was_taken_for_dead_asks_nothing_again_that_it_still_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callers, "HEARD_EVERY", 0.0)
    woken, looks = threading.Event(), itertools.count()

    def answer(asked: Asked) -> Answer:
        woken.wait(10)
        return score(asked)

    def sleep() -> bool:
        if len(server.asked) == 2:
            look = next(looks)
            if look == 0:
                Caller.objects.all().delete()
            elif look == 4:
                woken.set()
        return False

    with serving(answer) as server:
        run = work(run=started(make_server(server.url, concurrency=2), items=6), until=sleep)
    assert (run.state, run.error, outcomes(run)) == (Run.State.FINISHED, "", {"answered": 6})
    assert len(server.asked) == 6
    assert set(Call.objects.values_list("attempts", "tokens_in")) == {(1, TOKENS)}


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_delete_that_waits_for_it_stores_what_was_paid_all_the_same() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("only one writes into SQLite")
    problems, both = list[Exception](), threading.Barrier(3)

    def answer(asked: Asked) -> Answer:
        both.wait(10)
        return score(asked)

    def look() -> bool:
        if len(server.asked) == 2 and not deleting.ident:
            both.wait(10)
            time.sleep(0.2)  # two replies come, and are stored, together
            deleting.start()
            held.wait(10)
        return False

    held, deleting = threading.Event(), threading.Thread(target=lambda: hold())

    def hold() -> None:
        try:
            with transaction.atomic():
                first, last = Call.objects.order_by("-pk").select_for_update(), Call.objects.order_by("pk")
                assert first.first()
                held.set()
                time.sleep(0.5)
                last.select_for_update().first()
        except OperationalError as error:
            problems.append(error)
        finally:
            connection.close()

    with serving(answer) as server:
        run = work(run=started(make_server(server.url, concurrency=2), items=2), until=look)
    deleting.join()
    assert (run.state, run.error, outcomes(run)) == (Run.State.FINISHED, "", {"answered": 2})
    assert len(server.asked) == 2
