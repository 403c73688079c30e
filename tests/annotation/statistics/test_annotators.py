import doctest
import math
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annotation.statistics import annotators, beside
from annotation.statistics.annotators import annotator_measures, longest_runs

NAN = math.nan


def test_examples_in_docstrings_hold():
    assert doctest.testmod(annotators).failed == 0


def test_a_small_study_worked_out_by_hand():
    # Ann says 1, 3, 5 and Bob 2, 3, 4 of items 0 to 2; Cem says 5, cannot judge, 1, and 4 of item 3.
    who = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    items = [0, 1, 2, 0, 1, 2, 0, 1, 2, 3]
    values = [1, 3, 5, 2, 3, 4, 5, NAN, 1, 4]
    seconds = [9, 3, 4, 1, NAN, 2, NAN, NAN, NAN, NAN]
    found = annotator_measures(who, items, values, people=4, seconds=seconds, order=range(10))
    assert found.n.tolist() == [3, 3, 3, 0]
    assert found.cannot_judge.tolist() == [0, 0, 1, 0]
    assert found.cannot_judge_share[:3].tolist() == [0, 0, 0.25]
    assert found.median_seconds[:2].tolist() == [4, 1.5]
    assert found.modal_share[:3] == pytest.approx([1 / 3] * 3)
    assert found.entropy_bits[:3] == pytest.approx([math.log2(3)] * 3)
    assert found.longest_run[:3].tolist() == [1, 1, 1]
    # The others' means of Ann's items: 3.5, 3, 2.5. Of Bob's: 3, 3, 3. Of Cem's: 1.5, none, 4.5, none.
    assert found.others_n.tolist() == [3, 3, 2, 0]
    assert found.correlation[0] == pytest.approx(-1)
    assert found.correlation_reason.tolist() == [None, beside.SAME_MEANS, *[beside.TOO_FEW] * 2]
    assert found.difference[:3] == pytest.approx([5 / 3, 2 / 3, 3.5])
    assert found.severity[:3] == pytest.approx([0, 0, 0])
    # Ann lies -2.5, 0 and 2.5 off: sd 2.5, and t of 2 degrees of freedom is 4.3027.
    assert found.severity_high[0] == pytest.approx(4.3027 * 2.5 / math.sqrt(3), rel=1e-4)
    assert np.isnan([found.median_seconds[2], found.modal_share[3], found.severity[3]]).all()


def test_answers_and_runs_are_those_shown_and_means_are_of_the_values():
    values, shown = [2, -2, 2, 0], [2, 2, 2, 0]
    found = annotator_measures(
        [0] * 4 + [1] * 4, [0, 1, 2, 3] * 2, [*values, 1, 1, 1, 1], people=2, order=range(8),
        shown=shown + [1] * 4, lefts=[1, 1, 0, NAN] + [NAN] * 4,
    )  # fmt: skip
    assert (found.modal_share[0], found.longest_run[0]) == (3 / 4, 3)
    assert (found.sided.tolist(), found.left_share[0]) == ([3, 0], 2 / 3)
    assert math.isnan(found.left_share[1])
    assert found.severity[0] == np.mean([1, -3, 1, -1])


def test_somebody_left_out_is_held_against_all_others_and_nobody_against_them():
    who, items, values = [0, 1, 2, -1], [0] * 4, [1.0, 2.0, 5.0, 3.0]
    found = annotator_measures(who, items, values, people=3, counted=[True, True, False, True])
    assert found.severity.tolist() == [1 - 2.5, 2 - 2, 5 - 2]


@st.composite
def labels(draw):
    """Some people's labels, each of an item once."""
    pairs = draw(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 6)), max_size=35))
    known = list({(who, item) for who, item in pairs if who >= 0})
    pairs = known + [pair for pair in pairs if pair[0] < 0]
    values = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, NAN])
    times = st.sampled_from([0.5, 1.5, 2.0, 9.0, NAN])
    return [
        (*pair, draw(values), draw(times), draw(st.integers(0, 1)), draw(st.booleans())) for pair in pairs
    ]


def measured(rows, people=5):
    who, items, values, seconds, sessions, counted = zip(*rows, strict=True) if rows else [[]] * 6
    return annotator_measures(
        who, items, values, people=people, seconds=seconds, sessions=sessions, order=range(len(rows)),
        counted=counted,
    )  # fmt: skip


@given(labels())
def test_each_measure_equals_the_same_measure_of_one_persons_list(rows):
    found = measured(rows)
    for person in range(5):
        mine = [row for row in rows if row[0] == person]
        given = [row[2] for row in mine if not math.isnan(row[2])]
        times = [row[3] for row in mine if not math.isnan(row[3])]
        assert found.n[person] == len(given)
        assert found.cannot_judge[person] == len(mine) - len(given)
        assert found.timed[person] == len(times)
        assert found.median_seconds[person] == pytest.approx(np.median(times) if times else NAN, nan_ok=True)
        by_value = [given.count(value) for value in set(given)]
        share = max(by_value) / len(given) if given else NAN
        assert found.modal_share[person] == pytest.approx(share, nan_ok=True)
        bits = stats.entropy(by_value, base=2) if given else NAN
        assert found.entropy_bits[person] == pytest.approx(bits, abs=1e-12, nan_ok=True)
        runs = [
            len(list(run))
            for session in (0, 1)
            for _, run in groupby(str(row[2]) for row in mine if row[4] == session)
        ]
        assert found.longest_run[person] == pytest.approx(max(runs, default=NAN), nan_ok=True)
        check_beside_others(found, person, mine, rows)


def check_beside_others(found, person, mine, rows):
    pairs = []
    for row in mine:
        others = [
            o[2]
            for o in rows
            if o is not row and o[1] == row[1] and (o[0] != person) and o[5] and not math.isnan(o[2])
        ]
        if others and not math.isnan(row[2]):
            pairs.append((row[2], np.mean(others)))
    assert found.others_n[person] == len(pairs)
    away = [a - b for a, b in pairs]
    assert found.severity[person] == pytest.approx(np.mean(away) if away else NAN, abs=1e-12, nan_ok=True)
    assert found.difference[person] == pytest.approx(
        np.mean(np.abs(away)) if away else NAN, abs=1e-12, nan_ok=True
    )
    if len(pairs) > 1 and np.std(away) > 1e-9:
        low, high = stats.t.interval(0.95, len(away) - 1, np.mean(away), stats.sem(away))
        assert (found.severity_low[person], found.severity_high[person]) == pytest.approx((low, high))
    far = np.abs(away)
    if len(pairs) > 1 and np.std(far) > 1e-9:
        low, high = stats.t.interval(0.95, len(far) - 1, np.mean(far), stats.sem(far))
        ends = (found.difference_low[person], found.difference_high[person])
        assert ends == pytest.approx((max(0, low), high), abs=1e-12)
    x, y = np.array(pairs).reshape(-1, 2).T
    if len(pairs) < 3:
        assert found.correlation_reason[person] == beside.TOO_FEW
    elif np.ptp(x) == 0:
        assert found.correlation_reason[person] == beside.SAME_ANSWER
    elif np.ptp(y) < 1e-9:
        assert found.correlation_reason[person] == beside.SAME_MEANS
    else:
        assert found.correlation_reason[person] is None
        oracle = stats.pearsonr(x, y)
        assert found.correlation[person] == pytest.approx(oracle.statistic, abs=1e-9)
        ends = [found.correlation_low[person], found.correlation_high[person]]
        if len(pairs) == 3 or abs(oracle.statistic) > 1 - 1e-8:
            assert np.isnan(ends).all()
        else:
            assert ends == pytest.approx(list(oracle.confidence_interval()), abs=1e-6)
        return
    assert math.isnan(found.correlation[person])


@given(labels(), st.permutations(range(7)), st.permutations(range(5)))
def test_names_of_items_and_people_change_no_number(rows, items, people):
    plain = measured(rows)
    renamed = measured([(people[who] if who >= 0 else -1, items[item], *rest) for who, item, *rest in rows])
    for name in vars(plain):
        if name != "correlation_reason":
            after = getattr(renamed, name)[list(people)]
            assert getattr(plain, name).tolist() == pytest.approx(after.tolist(), abs=1e-9, nan_ok=True), name


@given(labels(), st.randoms(use_true_random=False))
def test_the_order_of_rows_matters_for_runs_alone(rows, chance):
    shuffled = chance.sample(rows, len(rows))
    one, other = measured(rows), measured(shuffled)
    for name in vars(one):
        if name not in ("longest_run", "correlation_reason"):
            left, right = getattr(one, name).tolist(), getattr(other, name).tolist()
            assert left == pytest.approx(right, abs=1e-9, nan_ok=True), name


def test_what_does_not_fit_raises():
    with pytest.raises(ValueError, match="one length"):
        annotator_measures([0], [0, 1], [1, 2], people=1)
    with pytest.raises(ValueError, match="between -1 and 0"):
        annotator_measures([1], [0], [1], people=1)
    with pytest.raises(ValueError, match="items must not be negative"):
        annotator_measures([0], [-1], [1], people=1)
    with pytest.raises(ValueError, match="2 labels need as many"):
        annotator_measures([0, 0], [0, 1], [1, 2], people=1, seconds=[1])


def test_a_run_is_of_one_session_in_the_order_answered_and_cannot_judge_is_an_answer_in_it():
    values, order = [2, 2, 3, 2, NAN, NAN, 2], [1, 2, 6, 3, 4, 5, 7]

    def longest(order, **given):
        return longest_runs([0] * 7, values, people=1, order=order, **given)[0]

    assert longest(order) == 3
    assert longest(order, sessions=[1, 1, 1, 2, 2, 2, 2]) == 2
    assert longest([NAN, NAN, NAN, NAN, 1, 2, NAN]) == 2
    assert math.isnan(longest([NAN] * 7))
