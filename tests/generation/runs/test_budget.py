"""A budget is never passed, whatever comes back, and the run that reaches it says how to go on."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from calibration.models import Call, Run, Score
from generation.recipes.recipe import Subject
from generation.runs import budget, callers
from generation.runs.asking import change_budget, start_run
from generation.runs.budget import Purse
from generation.runs.calls import begin as begin_calls
from generation.runs.calls import claim
from generation.runs.ending import begin
from generation.runs.work import work
from tests.calibration.runs.running import RECIPE, TOKENS, make_server, outcomes, score, started
from tests.model_server import serving

pytestmark = pytest.mark.django_db

MOST = RECIPE.expected(Subject("Query 0 of answers", ("answer 0",)), "").into


@pytest.mark.parametrize(
    ("limit", "line"),
    [
        ({"budget_tokens": 5 * TOKENS + MOST - 1}, ": 20 of 25 tokens are spent. Raise the budget"),
        (
            {"budget_money": Decimal(5 * TOKENS + MOST - 1) / 1000, "price_in": 1000},
            ": 0.0200 of 0.0250 USD are spent. Raise the budget",
        ),
    ],
)
def test_a_run_asks_until_the_next_call_might_pass_the_budget_and_goes_on_with_a_larger_one(
    limit: dict[str, Any], line: str
) -> None:
    assert MOST == 6 > TOKENS
    with serving(score) as server:
        run = work(run=started(make_server(server.url), items=12, **limit))
        assert run.state == Run.State.STOPPED
        assert outcomes(run) == {"answered": 5, "": 7}
        assert len(server.asked) == 5 == Score.objects.count()
        assert line in run.error
        change_budget(run=run, budget_tokens=None, budget_money=None)
        run = work(run=start_run(run=run))
        assert (run.state, outcomes(run), len(server.asked)) == (Run.State.FINISHED, {"answered": 12}, 12)


def test_what_is_under_way_counts_at_its_most_also_when_it_was_lost_with_its_process() -> None:
    run = started(make_server("http://127.0.0.1:9/v1"), budget_tokens=3 * MOST)
    assert begin(run)
    run.refresh_from_db()
    killed, other = callers.join(run), callers.join(run)
    lost = claim(run, killed, RECIPE, count=2)
    assert begin_calls(run, lost, Purse()) == (2, False)
    purse = Purse()
    assert purse.spent(run).tokens == 2 * MOST
    mine = claim(run, other, RECIPE, count=2)
    assert begin_calls(run, mine, purse) == (1, True)
    callers.leave(killed)
    assert begin_calls(run, mine[1:], purse) == (0, True)
    assert purse.spent(run) == Purse().spent(run)
    assert sum(Call.objects.values_list("tokens_in", flat=True)) == 3 * MOST


def test_what_ended_long_ago_is_summed_up_once_and_nothing_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "SETTLED", timedelta(0))
    purse = Purse()
    with serving(score) as server:
        run = work(run=started(make_server(server.url), items=12, trial=4))
        assert purse.spent(run).tokens == 4 * TOKENS
        run = work(run=start_run(run=run))
    assert purse.spent(run) == Purse().spent(run)
    assert purse.spent(run).tokens == 12 * TOKENS
