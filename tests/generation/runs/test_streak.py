"""What a process makes of failures."""

import random
import time
from types import SimpleNamespace

import pytest

from generation.recipes.recipe import Reply
from generation.runs import streak
from generation.runs.callers import MOST_PLACES
from generation.runs.streak import LONGEST, Streak

ANSWER = Reply("answered", result={})
DOWN = Reply("later", error="The model server does not answer.")
PATIENCE = Reply("later", error="The model server asks for patience (429).", wait=5.0)
NEVER = Reply("failed", error="The model server rejects the request (400).")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The monotonic clock, which stands still but for what a test adds to `now`."""
    fake = SimpleNamespace(now=time.monotonic())
    fake.monotonic = lambda: fake.now
    monkeypatch.setattr(streak, "time", fake)
    return fake


def test_what_was_under_way_when_a_server_died_counts_once(clock: SimpleNamespace) -> None:
    seen, began = Streak(random.Random(0)), clock.now - 1
    for _ in range(LONGEST + 5):
        seen.saw([(began, DOWN), (began, DOWN)], busy=32)
    assert seen.line == "" and not seen.rests
    for again in range(LONGEST - 1):
        assert seen.line == "", again
        clock.now += 100
        seen.saw([(clock.now - 1, DOWN)], busy=32)
        assert seen.rests
    assert seen.line.startswith(f"{LONGEST} calls in a row failed, the last so: {DOWN.error}")


def test_who_is_asked_for_patience_asks_for_half_as_much_and_for_more_with_each_success(
    clock: SimpleNamespace,
) -> None:
    seen = Streak(random.Random(0))
    assert seen.width == MOST_PLACES
    clock.now += 1
    seen.saw([(clock.now, PATIENCE)] * 3, busy=32)
    assert seen.width == 16
    clock.now += 1
    seen.saw([(clock.now, PATIENCE), (clock.now, ANSWER)], busy=16)
    assert seen.width == 8
    seen.saw([(clock.now, ANSWER)] * 6, busy=8)
    assert seen.width == 14 and not seen.rests


def test_an_error_now_and_then_slows_nobody_down(clock: SimpleNamespace) -> None:
    seen = Streak(random.Random(0))
    for _ in range(10 * LONGEST):
        clock.now += 1
        seen.saw([(clock.now, DOWN)], busy=8)
        seen.saw([(clock.now, ANSWER)], busy=8)
    assert (seen.width, seen.rests, seen.line) == (MOST_PLACES, False, "")


def test_requests_that_can_never_succeed_count_each(clock: SimpleNamespace) -> None:
    seen = Streak(random.Random(0))
    seen.saw([(clock.now, NEVER)] * (LONGEST - 1), busy=32)
    assert seen.line == ""
    seen.saw([(clock.now, NEVER)], busy=32)
    assert NEVER.error in seen.line
