"""So many requests in any minute, whoever makes them."""

import random
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from generation.models import ModelServer
from generation.runs import clock
from generation.runs.pace import Pace, rest
from generation.runs.work import work
from tests.calibration.runs.running import make_server, outcomes, score, started
from tests.model_server import serving

pytestmark = pytest.mark.django_db

LIMIT = 90


def test_no_minute_holds_more_requests_than_the_limit_though_many_take_their_moments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = make_server("http://127.0.0.1:9/v1", requests_a_minute=LIMIT)
    now = timezone.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    draw, paces = random.Random(1), [Pace() for _ in range(3)]
    made: list[datetime] = []
    while len(made) < 3 * LIMIT:
        now += timedelta(seconds=draw.choice([0.02, 0.1, 0.4]))
        mine = draw.choice(paces)
        due = mine.due(server, draw.randint(1, 5))
        mine.use(due)
        made += [now] * due
    for n, first in enumerate(made):
        minute = [moment for moment in made[n:] if moment - first < timedelta(seconds=60)]
        assert len(minute) <= LIMIT
    assert made[-1] - made[0] < timedelta(seconds=3 * 61 * 1.5), "most moments are used"


def test_without_a_limit_all_are_due_and_a_new_limit_holds_from_then_on() -> None:
    server, mine = make_server("http://127.0.0.1:9/v1"), Pace()
    assert (mine.due(server, 7), mine.due(None, 5), mine.wait()) == (7, 5, None)
    ModelServer.objects.update(requests_a_minute=1)
    server.refresh_from_db()
    assert mine.due(server, 7) == 1
    mine.use(1)
    assert (mine.due(server, 7), Pace().due(server, 7)) == (0, 0)


def test_a_server_that_asks_for_patience_is_left_alone_by_all_until_the_latest_moment() -> None:
    server = make_server("http://127.0.0.1:9/v1")
    rest(server, 60)
    rest(server, 5)
    server.refresh_from_db()
    assert server.resting_until is not None
    assert server.resting_until > timezone.now() + timedelta(seconds=50)
    with serving(score) as answering:
        ModelServer.objects.update(base_url=answering.url)
        run = started(server, items=2)
        looks = iter([False, False, True])
        run = work(run=run, until=lambda: next(looks))
        assert (outcomes(run), answering.asked) == ({"": 2}, [])
        ModelServer.objects.update(resting_until=timezone.now())
        assert outcomes(work(run=run)) == {"answered": 2}
