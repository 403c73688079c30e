"""What a run would still ask for is counted, and what it would send is shown, without asking anybody."""

import json
from decimal import Decimal

import pytest

from annotation.models import Item, Study
from calibration.models import Call, Run
from calibration.runs.job import recipe_of
from calibration.runs.targets import count_targets, subjects
from generation.runs import pricing
from generation.runs.errors import RunError
from generation.runs.preview import preview
from generation.runs.pricing import price_of
from tests.calibration.runs.answered import REWARD, come_back, draft, judge, number, said
from tests.factory import make_items, make_response, make_study

pytestmark = pytest.mark.django_db


def study_of(items: int, slug: str = "answers", **fields: str) -> Study:
    study = make_study(slug, **fields)
    make_items(study, items)
    return study


def expected(run: Run) -> tuple[int, int, int]:
    """Tokens in, out, and out at most, of all calls of the run."""
    recipe = recipe_of(run)
    every = [
        recipe.expected(subject, part)
        for _, subject in subjects(run.study, of_pairs=recipe.of_pairs)
        for part in recipe.parts()
    ]
    return sum(t.into for t in every), sum(t.out for t in every), sum(t.most_out for t in every)


def test_a_draft_is_priced_by_its_texts() -> None:
    votes = judge(method="votes", votes=3, max_tokens=100)
    run = draft(study_of(5), votes, price_in=Decimal("2.5"), price_out=10, currency="EUR")
    price, (into, out, most) = price_of(run), expected(run)
    assert (price.targets, price.calls, price.about) == (5, 15, "response")
    assert (price.tokens_in, price.tokens_out, price.most_out) == (into, out, most)
    assert most == 1500 > out > 0 and into > 15 * 50
    assert price.money == (into * Decimal("2.5") + out * 10) / 1_000_000
    assert price.most_money == (into * Decimal("2.5") + most * 10) / 1_000_000
    assert (price.currency, price.measured, price.n) == ("EUR", False, 0)
    assert json.loads(json.dumps(price.as_dict()))["money"] == str(price.money)
    assert not Call.objects.exists()


def test_after_a_trial_the_rest_is_priced_by_what_the_server_counted() -> None:
    run = draft(study_of(6), judge(max_tokens=100), price_in=1)
    into, out, _ = expected(run)
    come_back(run, lambda n, _: said(3) if n else "refused", trial=2)
    tried = run.calls.count()
    # Each took one and a half times what was estimated, of the texts that are all of one length.
    run.calls.update(tokens_in=round(1.5 * into / 6), tokens_out=2 * out // 6)
    price = price_of(run)
    assert (tried, price.targets, price.calls, price.measured, price.n) == (2, 4, 4, True, 2)
    assert price.tokens_in == pytest.approx(4 * 1.5 * into / 6, rel=0.02)
    assert price.tokens_out == pytest.approx(4 * 2 * out / 6, rel=0.02)
    assert price.most_out == 400
    assert price.money == Decimal(price.tokens_in) / 1_000_000


def test_what_a_start_leaves_is_not_asked_again_and_what_failed_or_is_open_is() -> None:
    run = draft(study_of(6), REWARD)
    backs = [number(1), "refused", "unparsable", "failed", None, number(1)]
    come_back(run, lambda n, _: backs[n])
    price = price_of(run)
    assert (price.targets, price.calls, price.n) == (2, 2, 4)
    come_back(run, lambda *_: number(1))
    done = price_of(run)
    assert (done.targets, done.calls, done.tokens_in, done.money) == (0, 0, 0, Decimal(0))


def test_of_very_many_calls_some_are_read_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = draft(study_of(40), judge(method="votes", votes=2, max_tokens=100), price_in=1)
    whole = price_of(run)
    monkeypatch.setattr(pricing, "MOST_READ", 20)
    some = price_of(run)
    assert (some.targets, some.calls, some.most_out) == (40, 80, 8000)
    assert some.tokens_in == pytest.approx(whole.tokens_in, rel=0.01)
    come_back(run, lambda n, _: None if n == 33 else said(2))
    run.calls.exclude(outcome="").update(tokens_in=1000)
    last = price_of(run)
    assert (last.targets, last.calls, last.n) == (1, 2, 78)
    assert last.tokens_in == pytest.approx(2000, rel=0.01)


def test_a_judge_of_pairs_is_asked_twice_about_each() -> None:
    run = draft(study_of(3, kind="comparison"), judge("pairwise overall"))
    price = price_of(run)
    assert (price.targets, price.calls, price.about) == (3, 6, "item")
    responses = draft(run.study, judge(), scorer="pointwise")
    assert price_of(responses).targets == 6


def test_a_preview_has_what_is_sent_about_one_target_and_knows_its_neighbours() -> None:
    run = draft(study_of(3), judge(method="votes", votes=2))
    first = preview(run)
    assert (first.number, first.targets, first.previous, first.following) == (1, 3, None, 1)
    assert first.subject.query == "Query 0 of answers" and first.subject.responses == ("answer 0",)
    assert [call.part for call in first.calls] == ["vote 1", "vote 2"]
    assert any("answer 0" in message.text for message in first.calls[0].messages)
    assert first.calls[0].tokens == recipe_of(run).expected(first.subject, "vote 1")
    last = preview(run, position=99)
    assert (last.number, last.previous, last.following) == (3, 1, None)
    assert last.subject.responses == ("answer 2",)
    assert not Call.objects.exists()


def test_targets_are_distinct_responses_or_pairs() -> None:
    study = make_study(kind="comparison")
    first, second, third = (make_response("Why?", text) for text in "abc")
    for n, (one, two) in enumerate([(first, second), (second, third), (third, first), (first, third)]):
        Item.objects.create(
            study=study, external_id=f"i{n}", position=n, query=one.query, response_1=one, response_2=two
        )
    assert count_targets(study, of_pairs=False) == 3 == len([*subjects(study, of_pairs=False)])
    assert count_targets(study, of_pairs=True) == 4 == len([*subjects(study, of_pairs=True)])
    run = draft(study, REWARD)
    study.items.all().delete()
    with pytest.raises(RunError, match="has nothing to ask about yet"):
        preview(run)
