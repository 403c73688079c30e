import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from annotation.statistics.population import Population
from calibration.metrics import multiple
from calibration.metrics.annotators import altest
from calibration.metrics.annotators.altest import alternative_annotator_test
from calibration.metrics.multiple import benjamini_yekutieli

PEOPLE = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.25, query_share=0.3)


def nearness(label, others, alignment):
    if alignment == "accuracy":
        return np.mean([label == other for other in others])
    return -np.sqrt(np.mean([(label - other) ** 2 for other in others]))


def indicators(annotators, items, values, scorer, alignment):
    """Of each annotator, by item: whether the scorer, and whether they, are as near to the others."""
    found = {}
    for who in sorted(set(annotators)):
        rows = []
        for item, own in zip(items[annotators == who], values[annotators == who], strict=True):
            others = values[(items == item) & (annotators != who)]
            if len(others) and not np.isnan(scorer[item]):
                mine, its = (nearness(label, others, alignment) for label in (own, scorer[item]))
                rows.append((its >= mine - 1e-9, mine >= its - 1e-9))
        found[who] = np.array(rows, dtype=float).reshape(-1, 2)
    return found


def by_loop(*data, alignment, epsilon, fewest):
    """The procedure of the paper, one annotator at a time."""
    kept = [rows for rows in indicators(*data, alignment).values() if len(rows) >= fewest]
    p = []
    for rows in kept:
        ahead = rows[:, 1] - rows[:, 0]
        p.append(stats.ttest_1samp(ahead, epsilon, alternative="less").pvalue)
    rejected = multipletests(p, 0.05, "fdr_by")[0]
    return rejected.mean(), np.mean([rows[:, 0].mean() for rows in kept]), len(kept)


def answered(rng, people=6, items=50, judge=0.7):
    """Labels of people who each see most items, and a judge's."""
    latents = PEOPLE.latents(items, 1, rng=rng)[0]
    seen = np.argwhere(rng.random((people, items)) < 0.9)
    noise = np.sqrt(PEOPLE.noise)
    labels = PEOPLE.answers(latents[seen[:, 1]] + rng.normal(scale=noise, size=len(seen))) + 1.0
    judged = PEOPLE.answers(latents + judge * rng.normal(scale=noise, size=items)) + 1.0
    return seen[:, 0], seen[:, 1], labels, judged


def test_examples_in_docstrings_hold():
    assert not any(doctest.testmod(module).failed for module in (altest, multiple))


def test_three_annotators_by_hand():
    """Labels 1, 1, 4 of the first item and 2, 3, 3 of the second.

    A scorer that says 1 and 2 equals a and b on the first item, and is nearer to 1, 1 than c's 4 is; on the
    second it equals a, and is as far from 2, 3 as b and c are. One that says 5 and 5 is farther from any two.
    One that says 4 and 9 equals c on the first, and is as far from 1, 4 as a and b are.
    """
    labels = list("aabbcc"), [0, 1] * 3, [1, 2, 1, 3, 4, 3]
    good = alternative_annotator_test(*labels, [1, 2], fewest_items=2, epsilon=0.2)
    assert (good.advantage.value, good.annotators, good.items) == (1.0, 3, 2)
    bad = alternative_annotator_test(*labels, [5, 5], fewest_items=2, epsilon=0.2)
    assert (bad.advantage.value, bad.winning_rate, bad.passed) == (0.0, 0.0, False)
    assert alternative_annotator_test(*labels, [4, 9], fewest_items=2).advantage.value == 0.5


@pytest.mark.parametrize("alignment", ["rmse", "accuracy"])
@pytest.mark.parametrize(("epsilon", "items"), [(0.0, 45), (0.2, 45), (0.2, 25), (0.5, 25)])
def test_equals_the_papers_procedure_one_annotator_at_a_time(alignment, epsilon, items):
    for seed in range(3):
        data = answered(np.random.default_rng(seed), items=items)
        data[3][2] = np.nan
        rate, advantage, number = by_loop(*data, alignment=alignment, epsilon=epsilon, fewest=20)
        found = alternative_annotator_test(*data, alignment=alignment, epsilon=epsilon, fewest_items=20)
        assert found.winning_rate == pytest.approx(rate)
        assert found.advantage.value == pytest.approx(advantage)
        assert found.annotators == number == 6 - found.left_out


@pytest.mark.parametrize(("judge", "rate"), [([1.0, 2.0] * 20, 1.0), ([9.0] * 40, 0.0)])
def test_items_that_are_all_alike_leave_no_doubt(judge, rate):
    """Student's p has no standard error there: everybody says what the judge says, or is nearer on all."""
    who, item = np.divmod(np.arange(160), 40)
    found = alternative_annotator_test(who, item, np.array([1.0, 2.0] * 20)[item], judge, epsilon=0.2)
    assert found.winning_rate == rate


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=30))
def test_benjamini_yekutieli_equals_statsmodels(p):
    assert benjamini_yekutieli(p).tolist() == multipletests(p, 0.05, "fdr_by")[0].tolist()


@given(st.integers(0, 2**32))
def test_order_and_names_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    who, item, label, judged = answered(rng, items=40)
    plain = alternative_annotator_test(who, item, label, judged)
    order, places = rng.permutation(len(who)), rng.permutation(40)
    moved = np.empty(40)
    moved[places] = judged
    names = np.array(list("fbcdea"))[who[order]]
    other = alternative_annotator_test(names, places[item[order]], 3 * label[order] - 2, 3 * moved - 2)
    assert other.winning_rate == plain.winning_rate
    assert other.advantage.value == pytest.approx(plain.advantage.value)
    named = alternative_annotator_test(who, item, label, judged, alignment="accuracy")
    renamed = np.array([0, 9, 4, 7, 1, 3.5])
    again = alternative_annotator_test(
        who, item, renamed[label.astype(int)], renamed[judged.astype(int)], alignment="accuracy"
    )
    assert again.winning_rate == named.winning_rate
    assert again.advantage.value == pytest.approx(named.advantage.value)


def test_the_interval_of_the_advantage_holds_its_value_and_narrows_with_items():
    widths = []
    for items in (60, 600):
        data = answered(np.random.default_rng(1), items=items)
        found = alternative_annotator_test(
            *data, clusters=np.arange(items) // 3, replicates=300, rng=np.random.default_rng(0)
        ).advantage
        assert found.low < found.value < found.high and found.clusters == items // 3
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2


def test_designs_that_are_too_thin_say_so():
    thin = alternative_annotator_test(*answered(np.random.default_rng(0), items=20))
    assert thin.passed is thin.winning_rate is thin.advantage.value is None
    assert "nobody labelled 30 items" in thin.reason and not thin.adequate and thin.left_out == 6
    short = alternative_annotator_test(*answered(np.random.default_rng(0), items=45))
    assert not short.adequate and "with fewer than 60" in short.reason
    pair = alternative_annotator_test(*answered(np.random.default_rng(0), people=2, items=120))
    assert not pair.adequate and "fewer than 3 annotators" in pair.reason
    assert alternative_annotator_test(*answered(np.random.default_rng(0), items=90)).adequate


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"epsilon": 1}, "epsilon"),
        ({"alignment": "kappa"}, "alignment"),
        ({"items": [0, 1, 0, 9]}, "places"),
        ({"items": [0, 0, 0, 1]}, "twice"),
        ({"values": [1, 2, 3, np.nan]}, "missing"),
        ({"values": [1, 2]}, "length"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, words):
    given = {"annotators": list("aabb"), "items": [0, 1, 0, 1], "values": [1, 2, 3, 4], "scorer": [1, 2]}
    with pytest.raises(ValueError, match=words):
        alternative_annotator_test(**(given | wrong))


def passes(items, *, judge, epsilon, studies):
    """How often a judge passes beside ten people who label all items."""
    rng = np.random.default_rng([items, studies])
    noise, found = np.sqrt(PEOPLE.noise), 0
    item, who = np.divmod(np.arange(10 * items), 10)
    for _ in range(studies):
        latents = PEOPLE.latents(items, 1, rng=rng)[0]
        labels = PEOPLE.answers(latents[item] + rng.normal(scale=noise, size=len(item))) + 1.0
        judged = PEOPLE.answers(latents + judge * rng.normal(scale=noise, size=items)) + 1.0
        found += bool(
            alternative_annotator_test(who, item, labels, judged, epsilon=epsilon, fewest_items=2).passed
        )
    return found / studies


def test_the_same_judge_seldom_passes_with_few_items_and_nearly_always_with_120():
    few, some, more, many = (passes(n, judge=0.85, epsilon=0.2, studies=80) for n in (15, 30, 60, 120))
    assert few <= 0.2 and 0.08 <= some <= 0.4 and 0.4 <= more <= 0.8 and many >= 0.88


def test_a_judge_that_is_worse_by_epsilon_seldom_passes():
    item, who = np.divmod(np.arange(4_000), 10)
    rng, noise = np.random.default_rng(5), np.sqrt(PEOPLE.noise)
    latents = PEOPLE.latents(400, 1, rng=rng)[0]
    labels = PEOPLE.answers(latents[item] + rng.normal(scale=noise, size=4_000)) + 1.0
    judged = PEOPLE.answers(latents + 1.3 * rng.normal(scale=noise, size=400)) + 1.0
    rows = np.concatenate(list(indicators(who, item, labels, judged, "rmse").values()))
    worse = float((rows[:, 1] - rows[:, 0]).mean())
    assert worse > 0
    assert passes(60, judge=1.3, epsilon=worse, studies=80) <= 0.12
