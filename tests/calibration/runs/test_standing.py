"""Where a run stands is counted from its calls, in as many queries for few as for many."""

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Study
from calibration.models import Call, Run
from calibration.runs.scores import collect
from calibration.runs.standing import standing
from generation.models import Caller
from generation.runs import callers
from generation.runs.standing import Said
from tests.calibration.runs.answered import Back, come_back, draft, judge, number, said
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db


def study_of(items: int, slug: str = "answers", **fields: str) -> Study:
    study = make_study(slug, **fields)
    make_items(study, items)
    return study


def in_state(run: Run, state: str, **fields: object) -> Run:
    Run.objects.filter(pk=run.pk).update(state=state, **fields)
    run.refresh_from_db()
    return run


def test_calls_tokens_and_money_are_counted_by_what_came_of_them() -> None:
    votes = judge(method="votes", votes=2)
    run = draft(study_of(8), votes, price_in=Decimal("2.5"), price_out=10)
    backs: list[Back] = ["refused", "unparsable", "failed", None]
    come_back(run, lambda n, part: backs[n] if n < 4 and part == "vote 1" else said(3))
    caller = Caller.objects.create(at=run.label, heard_at=timezone.now(), places=1)
    run.calls.filter(outcome="").update(caller=caller, attempts=3, tokens_in=100, tokens_out=50)
    now = standing(run)
    expected = Counter(run.calls.values_list("outcome", flat=True))
    assert {name: getattr(now, name) for name in ("answered", "refused", "unparsable", "failed")} == {
        name: expected[name] for name in ("answered", "refused", "unparsable", "failed")
    }
    assert (now.calls, now.targets, now.ended, now.under_way, now.waiting) == (16, 8, 15, 1, 0)
    assert (now.attempts, now.tokens_in, now.tokens_out) == (18, 250, 125)
    assert now.money == (250 * Decimal("2.5") + 125 * 10) / 1_000_000
    assert (now.share("refused"), now.share_done) == (1 / 15, 15 / 16)
    plain = json.loads(json.dumps(now.as_dict()))
    assert (plain["money"], plain["calls"], plain["refused_share"]) == ("0.001875", 16, 1 / 15)
    caller.delete()
    assert standing(run).waiting == 1


def test_a_draft_without_calls_has_no_shares_and_no_time_and_says_why() -> None:
    now = standing(draft(study_of(2)))
    assert (now.calls, now.targets, now.share("refused"), now.share_done) == (0, 0, None, 0.0)
    assert (now.rate, now.seconds_left, now.no_time) == (None, None, "It does not run.")
    assert (now.may_start, now.may_stop, now.may_audit, now.errors) == (True, False, False, ())


def test_the_time_left_follows_from_the_calls_of_the_last_minute() -> None:
    run = come_back(draft(study_of(40)), lambda n, _: number(1) if n < 30 else None)
    in_state(run, "running", started_at=timezone.now() - timedelta(hours=1))
    caller = callers.join(run)
    ended = run.calls.filter(outcome="answered")
    ended.filter(number__lt=10).update(answered_at=timezone.now() - timedelta(seconds=75))
    now = standing(run)
    assert now.rate == pytest.approx(20) and now.seconds_left == pytest.approx(10 / 20 * 60)
    assert (now.no_time, now.may_stop, now.may_start) == ("", True, False)
    in_state(run, "running", started_at=timezone.now() - timedelta(seconds=30))
    assert standing(run).rate == pytest.approx(40, rel=0.05)
    ended.update(answered_at=timezone.now() - timedelta(minutes=2))
    quiet = standing(run)
    assert (quiet.rate, quiet.seconds_left) == (None, None)
    assert quiet.no_time == "No call has ended in the last minute."
    Caller.objects.filter(pk=caller.pk).update(heard_at=timezone.now() - timedelta(minutes=1))
    for state in ("running", "waiting"):
        assert standing(in_state(run, state)).no_time.startswith("It waits for a worker")
    run.calls.exclude(outcome="answered").delete()
    assert standing(in_state(run, "running")).no_time.startswith("All is asked")


def test_the_latest_errors_stand_together_with_their_numbers() -> None:
    run = come_back(draft(study_of(9)), lambda n, _: None if n == 8 else "failed" if n % 2 else "refused")
    for call in run.calls.all():
        at = timezone.now() - timedelta(seconds=call.number)
        Call.objects.filter(pk=call.pk, answered_at__isnull=False).update(answered_at=at)
    run.calls.filter(number=8).update(error="Busy.", not_before=timezone.now())
    Call.objects.filter(run=run, number=7).update(error="Another.")
    assert standing(run).errors == (
        Said("", "Busy.", 1),
        Said("refused", "It was refused.", 4),
        Said("failed", "It was failed.", 3),
        Said("failed", "Another.", 1),
    )


def test_the_position_bias_of_a_judge_of_pairs_is_there_once_the_run_rests() -> None:
    run = draft(study_of(8, kind="comparison"), judge("pairwise overall"))
    # Four pairs twice for the one shown first, three for response_1 whatever is first, one with one order.
    back = {"first first": lambda n: said(2), "second first": lambda n: said(2 if n < 4 else -2)}
    come_back(run, lambda n, part: "refused" if n == 7 and part == "second first" else back[part](n))
    bias = standing(run).position_bias
    assert bias is not None
    assert bias.mean.value == pytest.approx(4 * 2 / 7) and bias.mean.n == 7
    assert bias.flips.value == pytest.approx(4 / 7)
    assert bias.mean.low is not None and bias.mean.low <= 8 / 7 <= (bias.mean.high or 0)
    assert standing(run).as_dict()["position_bias"]["flips"]["n"] == 7
    assert standing(in_state(run, "running", started_at=timezone.now())).position_bias is None
    rating = draft(study_of(2, "ratings"), judge(), scorer="rates")
    assert standing(rating).position_bias is None


def test_what_has_scores_and_labels_may_be_audited() -> None:
    study = study_of(3)
    run = come_back(draft(study), lambda n, _: number(n))
    assert not standing(run).may_audit
    collect(run=run)
    assert not standing(run).may_audit
    make_labels(study.items.get(position=0), [3, 4])
    assert standing(run).may_audit
    assert not standing(in_state(run, "running", started_at=timezone.now())).may_audit


def test_queries_do_not_grow_with_calls() -> None:
    numbers = []
    for size in (4, 120):
        study = study_of(size, f"of-{size}", kind="comparison")
        run = come_back(draft(study, judge("pairwise overall")), lambda n, _: said(1) if n % 3 else "refused")
        with CaptureQueriesContext(connection) as queries:
            standing(run)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 7
