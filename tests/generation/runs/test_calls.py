"""A call is claimed by one, stored once, and whatever it took is counted."""

import random
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calibration.models import Call, Run
from generation.models import Caller
from generation.recipes.recipe import Reply
from generation.runs import callers, calls
from generation.runs.budget import Purse
from generation.runs.calls import MOST_FAILURES, Claimed, claim, give_back, store
from generation.runs.ending import begin
from tests.calibration.runs.running import RECIPE, make_server, started

pytestmark = pytest.mark.django_db

ANSWER = Reply("answered", result={"scores": {"": 1.0}}, text="1.0", tokens_in=4, tokens_out=1)
JITTER = random.Random(0)


def begun(items: int = 4) -> tuple[Run, Caller]:
    run = started(make_server("http://127.0.0.1:9/v1"), items=items)
    assert begin(run)
    return run, callers.join(run)


def claimed(run: Run, caller: Caller, count: int = 1) -> list[Claimed]:
    """Calls that are counted as made."""
    found = claim(run, caller, RECIPE, count=count)
    assert calls.begin(run, found, Purse()) == (len(found), False)
    return found


def only(call: Claimed) -> Call:
    return Call.objects.get(pk=call.key)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_claim_at_once_no_two_get_the_same_call() -> None:
    run, caller = begun(items=40)
    got: list[int] = []

    def take() -> None:
        while mine := claim(run, caller, RECIPE, count=3):
            got.extend(call.key for call in mine)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(Call.objects.values_list("pk", flat=True))


def test_a_claim_takes_as_many_queries_however_many_calls_there_are() -> None:
    run, caller = begun(items=60)
    Call.objects.filter(number__gte=3).update(outcome="failed", error="?", answered_at=timezone.now())
    with CaptureQueriesContext(connection) as of_few:
        assert len(claimed(run, caller, count=2)) == 2
    Call.objects.update(outcome="", answered_at=None, caller=None)
    with CaptureQueriesContext(connection) as of_many:
        assert len(claimed(run, caller, count=2)) == 2
    assert len(of_few) == len(of_many) <= 10
    with connection.cursor() as cursor:
        sql = next(query["sql"] for query in of_many if "not_before" in query["sql"])
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(str(row) for row in cursor.fetchall())
            assert "USING INDEX calibration_calls_to_be_made (run_id=? AND not_before<?)" in plan
            assert "TEMP B-TREE" not in plan, "in the index's order"


def test_an_answer_is_stored_once_and_what_comes_after_it_adds_what_it_took() -> None:
    run, slow = begun()
    (first,) = claimed(run, slow)
    callers.leave(slow)  # taken for dead
    quick = callers.join(run)
    second = next(call for call in claimed(run, quick, count=9) if call.key == first.key)
    assert store(run, quick, [(second, ANSWER)], JITTER) == 1
    late = Reply("answered", result={"scores": {"": 5.0}}, text="5.0", tokens_in=3, tokens_out=2)
    assert store(run, slow, [(first, late)], JITTER) == 0
    row = only(first)
    assert (row.result, row.reply, row.attempts) == (ANSWER.result, "1.0", 2)
    assert (row.tokens_in, row.tokens_out) == (4 + 3, 1 + 2)


def test_a_late_answer_to_an_open_call_is_its_answer_and_whoever_asks_again_adds_to_it() -> None:
    run, slow = begun()
    (first,) = claimed(run, slow)
    callers.leave(slow)
    quick = callers.join(run)
    second = next(call for call in claimed(run, quick, count=9) if call.key == first.key)
    assert store(run, slow, [(first, ANSWER)], JITTER) == 1
    assert store(run, quick, [(second, Reply("later", error="Too many requests."))], JITTER) == 0
    row = only(first)
    assert (row.outcome, row.caller_id, row.tokens_in, row.tokens_out) == ("answered", None, 4, 1)


def test_what_failed_is_made_again_after_the_others_and_given_up_after_six_times() -> None:
    run, caller = begun()
    for times in range(1, MOST_FAILURES + 1):
        Call.objects.filter(outcome="").update(not_before=timezone.now() - timedelta(hours=1))
        Call.objects.exclude(number=0).update(not_before=timezone.now() + timedelta(hours=1))
        (call,) = claimed(run, caller, count=9)
        store(run, caller, [(call, Reply("later", error="The server fails (500)."))], JITTER)
        row = only(call)
        assert (row.attempts, row.failures, row.error) == (times, times, "The server fails (500).")
        if times < MOST_FAILURES:
            most = timezone.now() + timedelta(seconds=2**times)
            assert row.outcome == "" and row.caller is None and row.not_before < most
            earlier = timezone.now() - timedelta(minutes=1)
            Call.objects.exclude(number=0).update(not_before=earlier)
            assert claimed(run, caller, count=1)[0].key != call.key
            Call.objects.exclude(number=0).update(caller=None, failures=0)
    assert row.outcome == "failed" and row.answered_at is not None


def test_a_wait_that_the_server_names_is_kept() -> None:
    run, caller = begun()
    (call,) = claimed(run, caller)
    store(run, caller, [(call, Reply("later", error="Patience.", wait=100))], JITTER)
    left = only(call).not_before - timezone.now()
    assert timedelta(seconds=90) < left <= timedelta(seconds=100)


def test_a_recipe_that_wants_another_reply_gets_it_without_a_failure_and_its_tokens_add_up() -> None:
    run, caller = begun(items=1)
    for _ in range(MOST_FAILURES + 3):
        (call,) = claimed(run, caller)
        again = Reply("later", text="?", error="It says no score.", tokens_in=4, tokens_out=2, wait=0.0)
        assert store(run, caller, [(call, again)], JITTER) == 0
    (call,) = claimed(run, caller)
    assert call.asked.attempt == MOST_FAILURES + 3
    # What never came back is no reply: it takes none of the tries.
    store(run, caller, [(call, Reply("later", error="busy", wait=None))], JITTER)
    Call.objects.update(not_before=timezone.now())
    (call,) = claimed(run, caller)
    assert call.asked.attempt == MOST_FAILURES + 3
    last = Reply("unparsable", text="I like it.", error="It says no score.", tokens_in=4, tokens_out=2)
    assert store(run, caller, [(call, last)], JITTER) == 1
    row = only(call)
    assert (row.outcome, row.reply, row.error, row.failures) == ("unparsable", "I like it.", last.error, 1)
    assert (row.tokens_in, row.tokens_out) == (4 * (row.attempts - 1), 2 * (row.attempts - 1))


def test_a_call_that_was_not_made_is_as_if_it_was_never_claimed() -> None:
    run, caller = begun(items=1)
    before = Call.objects.values().get()
    (call,) = claimed(run, caller)
    assert store(run, caller, [(call, None)], JITTER) == 0
    assert Call.objects.values().get() == before
    give_back(run, caller, claim(run, caller, RECIPE, count=1))
    assert Call.objects.values().get() == before


def test_a_call_that_every_time_ends_its_process_is_given_up() -> None:
    run, caller = begun(items=1)
    for _ in range(MOST_FAILURES):
        assert claimed(run, caller)
        callers.leave(caller)  # killed
        caller = callers.join(run)
    assert claimed(run, caller) == []
    assert Call.objects.get().error == calls.LOST


def test_nothing_is_claimed_or_begun_of_a_run_that_was_stopped() -> None:
    run, caller = begun()
    found = claim(run, caller, RECIPE, count=2)
    assert len(found) == 2
    Run.objects.update(state=Run.State.STOPPED, error="Stopped.")
    assert claim(run, caller, RECIPE, count=2) == []
    assert calls.begin(run, found, Purse()) == (0, False)
    assert set(Call.objects.values_list("attempts", "tokens_in")) == {(0, 0)}


@pytest.mark.django_db(transaction=True)
def test_a_caller_that_claims_while_it_is_taken_for_dead_holds_nothing_and_nobody_fails() -> None:
    run, silent = begun(items=6)
    alive, problems = callers.join(run), list[Exception]()
    claim(run, silent, RECIPE, count=2)
    long_ago = timezone.now() - timedelta(seconds=callers.LOST_AFTER + 1)
    Caller.objects.filter(pk=silent.pk).update(heard_at=long_ago)

    def forget() -> None:
        try:
            assert callers.renew(alive, busy=0, wanted=4)
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=forget)
    with transaction.atomic():
        assert len(claim(run, silent, RECIPE, count=2)) == 2
        thread.start()
        thread.join(0.2)
    thread.join()
    assert (problems, claim(run, silent, RECIPE, count=2)) == ([], [])
    assert [*Caller.objects.all()] == [alive]
    assert not Call.objects.filter(caller__isnull=False).exists()
