"""Promises of verdicts, of panels in people's places, of halves, and of sizes of effects."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from calibration.metrics.replication import sizes
from calibration.metrics.replication.answers import Answers
from calibration.metrics.replication.contrasts import ItemContrast, PeopleContrast
from calibration.metrics.replication.effects import Effect
from calibration.metrics.replication.halves import Asked, dealt_effects, splits
from calibration.metrics.replication.panels import Distributions, Numbers, Panel, Personas, Votes, shuffled
from calibration.metrics.replication.verdicts import BINS, bin_of, tally, verdict


def effect(difference: float, p: float, *, d_se: float = 0.1, df: float = 50.0) -> Effect:
    reach = 2.0 * d_se
    return Effect(
        difference, p=p, d=difference, d_se=d_se, d_low=difference - reach, d_high=difference + reach, df=df
    )


@pytest.mark.parametrize(
    ("people", "panel", "expected"),
    [
        (effect(1, 0.049), effect(0.1, 0.049), "replicated"),
        (effect(1, 0.049), effect(1, 0.05), "not found"),
        (effect(1, 0.01), effect(-1, 0.01), "reversed"),
        (effect(1, 0.05), effect(-1, 0.05), "null replicated"),
        (effect(1, 0.6), effect(1, 0.01), "found where people show none"),
        (effect(1, 0.6), Effect(reason="too few"), None),
        (Effect(reason="too few"), effect(1, 0.6), None),
    ],
)
def test_a_verdict_takes_the_sign_and_both_p(people: Effect, panel: Effect, expected: str | None) -> None:
    assert verdict(people, panel) == expected


def test_a_p_at_an_end_is_in_the_next_bin_and_rates_count_what_has_a_verdict() -> None:
    names = [BINS[bin_of(p)][1] for p in (0.0, 0.001, 0.0099, 0.01, 0.05, 0.1, 1.0)]
    assert names == [
        *("p < .001", ".001 to .01", ".001 to .01", ".01 to .05", ".05 to .10", "p ≥ .10", "p ≥ .10"),
    ]
    verdicts: list[Any] = ["replicated", "not found", "null replicated", None, "reversed"]
    sure = [True, True, False, True, True]
    assert [tally(verdicts, sure, of) for of in (None, True, False)] == [(2, 4), (1, 3), (1, 1)]


def test_a_panel_in_peoples_places_answers_as_often_about_the_same_items() -> None:
    rng = np.random.default_rng(0)
    item, person = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    places = Answers(item, person, np.ones(24), 6, 4)
    votes = 10.0 * np.arange(8)[:, None] + np.arange(6)
    own = np.array([0, 0, 0, 0, 1, 1, -1, -1])
    groups = np.array([0, 0, 1, -1])
    dealt = Personas(votes, own).dealt(places, rng, groups)
    np.testing.assert_array_equal(dealt.value % 10, item)
    sat = (dealt.value // 10).reshape(6, 4).astype(int)
    assert (sat == sat[0]).all()
    np.testing.assert_array_equal(own[sat[0]], groups)
    assert sat[0, 0] != sat[0, 1]
    counts = np.zeros((6, 3), dtype=np.int64)
    counts[:5] = [1, 1, 2]
    scale = np.array([1.0, 2.0, 3.0])
    given = Votes(counts, scale).dealt(places, rng)
    assert sorted(given.value[given.item == 0]) == [1, 2, 3, 3]
    assert not (given.item == 5).any()
    shares = np.tile([0.0, 0.5, 0.5], (6, 1))
    drawn = Distributions(shares, scale)
    assert set(drawn.dealt(places, rng).value) == {2.0, 3.0}
    assert drawn.own.within == pytest.approx(0.25)
    numbers = Numbers(np.r_[np.nan, np.arange(5.0)]).dealt(places, rng)
    np.testing.assert_array_equal(numbers.value, numbers.item - 1.0)
    assert sorted(shuffled(dealt, rng).value) == sorted(dealt.value)


def test_a_half_of_people_and_a_panel_like_them_replicate_the_other_half_and_noise_only_its_nulls() -> None:
    rng = np.random.default_rng(1)
    model, query = np.arange(80) % 4, np.arange(80) // 4
    worth, severe = np.array([0.0, 0.0, 0.8, 1.6])[model], 0.8 * (np.arange(24) % 2)
    said = worth + severe[:, None] + rng.normal(0, 0.8, (24, 80))
    votes = worth + severe[:, None] + rng.normal(0, 0.8, (24, 80))
    person, item = np.indices(said.shape).reshape(2, -1)
    people, group = Answers(item, person, said.ravel(), 80, 24), np.arange(24) % 2
    panel: Panel = Personas(votes)
    asked = [
        *(
            Asked(ItemContrast.between(np.where(model == a, 0, np.where(model == b, 1, -1)), query), panel)
            for a, b in ((0, 1), (0, 2), (1, 3), (2, 3))
        ),
        Asked(PeopleContrast(group, query), Personas(votes, group), PeopleContrast(group, query)),
    ]
    made = splits(people, asked, number=8, rng=rng)
    sure = [[one.significant for one in split.first] for split in made]
    assert all(one[1:] == [True] * 4 for one in sure)
    for name, least in (("people", 0.9), ("panel", 0.9)):
        counted = [
            tally(one.verdicts(getattr(one, name)), each) for one, each in zip(made, sure, strict=True)
        ]
        assert np.mean([successes / n for successes, n in counted]) >= least
    noise = [tally(one.verdicts(one.noise), each, True) for one, each in zip(made, sure, strict=True)]
    assert sum(successes for successes, _ in noise) <= 4
    assert sum(n for _, n in noise) == 8 * 4


def test_two_votes_of_one_persona_are_never_taken_for_one_answer_of_a_person() -> None:
    rng = np.random.default_rng(4)
    votes = rng.integers(1, 6, size=(2, 400, 12)).astype(float)
    votes[:, :, ::2] += 1
    twice = Personas(votes.mean(axis=0), spread=votes.std(axis=0))
    places = Personas(votes[0]).own
    dealt = twice.dealt(places, rng)
    assert set(np.unique(dealt.value)) <= set(np.unique(votes))
    assert dealt.value.std() == pytest.approx(places.value.std(), rel=0.03)
    of_items = ItemContrast.between(np.arange(12) % 2, np.arange(12) // 2)
    of_people = PeopleContrast(np.arange(400) % 2, np.arange(12) // 2)
    for contrast in (of_items, of_people):
        once, mean = contrast.effect(places), contrast.effect(twice.own)
        assert once.d and mean.d and once.difference and mean.difference
        assert mean.difference / mean.d == pytest.approx(once.difference / once.d, rel=0.03)


def test_fiellers_interval_holds_what_a_simulation_gives_and_is_undefined_where_people_may_show_none() -> (
    None
):
    people, panel = effect(1.0, 0.001, d_se=0.1, df=1e6), effect(0.8, 0.001, d_se=0.2, df=1e6)
    found = sizes.ratio(people, panel)
    assert found.value == pytest.approx(0.8)
    # The ends are where panel - ratio * people is 1.96 of its errors from 0.
    for end in (found.low, found.high):
        assert end is not None
        assert abs(0.8 - end * 1.0) / np.hypot(0.2, end * 0.1) == pytest.approx(1.959964, abs=1e-4)
    none = sizes.ratio(effect(0.1, 0.3), panel)
    assert (none.value, none.reason) == (None, "the interval of people's effect holds 0")


def test_the_slope_without_peoples_errors_finds_the_truth_that_they_flatten() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(0, 0.3, 400)
    people = [effect(float(one), 0.5, d_se=0.3) for one in truth + rng.normal(0, 0.3, 400)]
    panel = [effect(float(one), 0.5, d_se=0.1) for one in 0.9 * truth + rng.normal(0, 0.1, 400)]
    plain, corrected = (sizes.slope(people, panel, corrected=one) for one in (False, True))
    x, y = (np.array([one.d for one in side], dtype=float) for side in (people, panel))
    assert plain.value == pytest.approx((x @ y) / (x @ x))
    assert plain.value == pytest.approx(0.45, abs=0.06)
    assert corrected.low is not None
    assert corrected.high is not None
    assert corrected.low < 0.9 < corrected.high
    assert sizes.correlation(people, panel).value == pytest.approx((x @ y) / np.sqrt((x @ x) * (y @ y)))
    turned = [effect(-(one.d or 0), 0.5, d_se=0.3) for one in people[:9]]
    back = [effect(-(one.d or 0), 0.5, d_se=0.1) for one in panel[:9]]
    assert sizes.correlation(turned, back).value == pytest.approx(
        sizes.correlation(people[:9], panel[:9]).value
    )
    assert (
        sizes.slope(people[:2], panel[:2], corrected=False).reason
        == "fewer than 3 contrasts have both effects"
    )


def test_a_corrected_slope_that_rests_on_one_contrast_alone_is_undefined() -> None:
    people = [effect(d, 0.5, d_se=0.1) for d in (0.2, 0.05, -0.05, 0.04)]
    for few in (people, people[1:]):
        found = sizes.slope(few, few, corrected=True)
        assert (found.value, found.n) == (None, len(few))
        assert "no larger than their errors" in (found.reason or "")
    assert sizes.slope(people, people, corrected=False).value == pytest.approx(1)


def test_the_interval_of_a_median_is_that_of_order_statistics() -> None:
    values = np.random.default_rng(3).permutation(np.arange(20.0))
    found = sizes.median([*values, np.nan])
    # Of 20 independent numbers the 6th and the 15th hold the median in 95.9 % of cases.
    assert (found.value, found.low, found.high, found.n) == (9.5, 5.0, 14.0, 20)
    assert sizes.median([1.0, 2.0]).low is None


def test_memory_does_not_grow_with_contrasts_of_people() -> None:
    rng = np.random.default_rng(3)
    person, item = np.indices((40, 200)).reshape(2, -1)
    people = Answers(item, person, rng.normal(size=len(item)), 200, 40)
    panel, group, query = Personas(rng.normal(size=(40, 200))), np.arange(40) % 2, np.arange(200)
    assert panel.grouped(group).own is panel.own
    peaks = []
    for number in (3, 30):
        contrast = PeopleContrast(group, query)
        asked = [Asked(contrast, panel.grouped(group), contrast) for _ in range(number)]
        tracemalloc.start()
        dealt_effects(asked, people, rng)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
