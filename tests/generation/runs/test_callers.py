"""The places of a server: shared fairly, and never more than there are."""

from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from calibration.models import Call, Run
from generation.models import Caller, ModelServer
from generation.recipes.recipe import Reply
from generation.runs import budget, callers, calls, pace
from generation.runs.callers import shares
from tests.calibration.runs.running import RECIPE, make_server, started

WANTED = st.lists(st.integers(0, 512), min_size=1, max_size=8)


@given(wanted=WANTED, places=st.integers(0, 512))
def test_nobody_gets_less_than_it_wants_so_that_another_gets_more(wanted: list[int], places: int) -> None:
    given = shares(wanted, places)
    assert sum(given) == min(places, sum(wanted))
    for mine, want in zip(given, wanted, strict=True):
        assert 0 <= mine <= want
        if mine < want:
            assert mine >= max(given) - 1


@pytest.mark.django_db
def test_a_newcomer_gets_its_share_as_the_calls_of_others_end() -> None:
    run = started(make_server("http://127.0.0.1:9/v1", concurrency=5))
    first, second = callers.join(run), callers.join(run)

    def places(caller: Caller, *, busy: int, wanted: int = 512) -> tuple[int, int]:
        assert callers.renew(caller, busy=busy, wanted=wanted)
        found = dict(Caller.objects.values_list("pk", "places"))
        assert sum(found.values()) <= 5
        return found[first.pk], found[second.pk]

    assert places(first, busy=0) == (5, 0)
    assert places(second, busy=0) == (5, 0)
    assert places(first, busy=4) == (4, 0)
    assert places(second, busy=0) == (4, 1)
    assert places(first, busy=1) == (3, 1)
    assert places(second, busy=1) == (3, 2)
    assert places(first, busy=1, wanted=1) == (1, 2)
    assert places(second, busy=2) == (1, 4)
    callers.leave(first)
    callers.renew(second, busy=4, wanted=512)
    assert second.places == 5


@pytest.mark.django_db
def test_who_is_silent_for_long_loses_its_places_and_its_calls_and_hears_so() -> None:
    run = started(make_server("http://127.0.0.1:9/v1"))
    silent, alive = callers.join(run), callers.join(run)
    callers.renew(silent, busy=0, wanted=512)
    Call.objects.filter(number__lt=3).update(caller=silent)
    callers.renew(alive, busy=0, wanted=512)
    assert alive.places == 0
    long_ago = timezone.now() - timedelta(seconds=callers.LOST_AFTER + 1)
    Caller.objects.filter(pk=silent.pk).update(heard_at=long_ago)
    callers.renew(alive, busy=0, wanted=512)
    assert alive.places == 4
    assert not Call.objects.filter(caller__isnull=False).exists()
    assert not callers.renew(silent, busy=3, wanted=512)
    assert [*callers.living(run)] == [alive]


@pytest.mark.django_db
def test_a_machine_whose_clock_is_wrong_takes_nobody_for_dead_and_does_not_wait_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the processes of SQLite are on one machine")
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=1))
    run = started(make_server("http://127.0.0.1:9/v1", requests_a_minute=600))
    pace.rest(run.server, 60.0)
    right, wrong = callers.join(run), callers.join(run)
    monkeypatch.setattr(timezone, "now", real)
    assert callers.renew(right, busy=0, wanted=512)
    Run.objects.update(state=Run.State.RUNNING)
    server = ModelServer.objects.get()
    assert server.resting_until and server.resting_until < real() + timedelta(minutes=2)
    ModelServer.objects.update(resting_until=None)
    claimed = calls.claim(run, right, RECIPE, count=1)
    assert calls.begin(run, claimed, budget.Purse()) == (1, False)
    assert pace.Pace().due(server, 4) == 1
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=1))
    assert callers.renew(wrong, busy=0, wanted=512)
    assert callers.living(run).count() == 2
    assert pace.Pace().due(server, 4) == 0
    calls.store(run, right, [(claimed[0], Reply("answered", result={"scores": {"": 1}}))], Random(0))
    answered = Call.objects.get(outcome="answered").answered_at
    assert answered and answered < real() + timedelta(minutes=2)
