import numpy as np
import pytest
from scipy import stats

from annotation.frames import LabelFrame
from calibration.frames import ScoreColumn
from calibration.measures.comparison import Side, compared
from calibration.measures.people import People
from calibration.measures.specification import Specification
from calibration.metrics.correlation.intervals import pearson, spearman
from calibration.metrics.correlation.paired import spearman_difference

ITEMS, QUERIES, PEOPLE = 120, 24, 12
RNG = np.random.default_rng(7)
QUALITY = RNG.normal(size=ITEMS)
LABELS = np.clip(np.round(3 + QUALITY[:, None] + RNG.normal(size=(ITEMS, PEOPLE))), 1, 5).astype(int)
NOISE = RNG.normal(size=(2, ITEMS))


def frame(labels=LABELS, *, order=None, kind="rating"):
    places = np.arange(len(labels)) if order is None else np.asarray(order)
    counts = np.stack([(labels[places] == value).sum(axis=1) for value in range(1, 6)], axis=1)
    query = np.unique(places % QUERIES, return_inverse=True)[1]
    return LabelFrame(
        kind=kind,
        item_pks=places,
        item_ids=[f"item {n}" for n in places],
        queries=query,
        clusters=query,
        values=np.arange(1, 6),
        counts=counts,
        cannot_judge=np.zeros(len(places), dtype=int),
        annotators=PEOPLE,
        cluster_unit="query",
        simulated=False,
    )


def side(noise=0, sd=1.0, *, missing=(), seed=3, **given):
    made = frame(**given)
    values = (QUALITY + sd * NOISE[noise])[made.item_pks]
    values[np.isin(made.item_pks, missing)] = np.nan
    fields = ScoreColumn.__dataclass_fields__
    more = {name: None for name in ("distributions", "votes") if name in fields}
    column = ScoreColumn("a scorer", "reward_model", "number", values, "digest", **more)
    return Side(People(made, Specification("standard", seed, 400)), column)


def of(found, measure, rule=None):
    rows = [row for row in found["differences"] if row["measure"] == measure and row.get("rule") == rule]
    return rows[0]


def test_differences_are_those_of_the_statistics_on_common_items():
    first, second = side(missing=[0, 5]), side(1, 0.5, missing=[7])
    found = compared(first, second)
    both = np.setdiff1d(np.arange(ITEMS), [0, 5, 7])
    means = first.people.means[both]
    for name, measure in (("spearman", spearman), ("pearson", pearson)):
        row = of(found, name)
        expected = [measure(one.column.values[both], means) for one in (first, second)]
        assert (row["n"], found["items"]) == (ITEMS - 3, ITEMS - 3)
        assert [row["first"], row["second"]] == pytest.approx(expected)
        assert row["difference"]["value"] == pytest.approx(expected[0] - expected[1])
    direct = spearman_difference(
        first.column.values[both],
        second.column.values[both],
        means,
        clusters=first.people.frame.clusters[both],
        replicates=2000,
        rng=np.random.default_rng(0),
    )
    row = of(found, "spearman")
    assert row["difference"]["low"] == pytest.approx(direct.difference.low, abs=0.02)


def test_the_first_and_the_second_change_places_and_signs():
    one, two = side(), side(1, 0.5)
    there, back = compared(one, two), compared(two, one)
    for row, other in zip(there["differences"], back["differences"], strict=True):
        assert row["difference"]["value"] == pytest.approx(-other["difference"]["value"])
        assert row["p"] == pytest.approx(other["p"])


def test_a_scorer_against_itself_differs_nowhere():
    found = compared(side(), side())
    assert {row["difference"]["value"] for row in found["differences"]} == {0.0}
    assert {row["p"] for row in found["differences"]} <= {1.0, None}


def test_items_are_the_same_by_their_ids_whatever_their_order():
    order = np.random.default_rng(1).permutation(ITEMS)
    found = compared(side(), side(1, 0.5, order=order[:90]))
    again = compared(side(order=order[:90]), side(1, 0.5, order=order[:90]))
    assert found["items"] == again["items"] == 90
    for name in ("spearman", "pearson", "within_query"):
        assert of(found, name)["difference"]["value"] == pytest.approx(of(again, name)["difference"]["value"])


def test_each_side_is_held_against_the_labels_that_its_own_audit_read():
    fewer = LABELS.copy()
    fewer[:, 6:] = 0  # labels that nobody had given yet
    found = compared(side(), side(labels=fewer))
    assert not found["same_labels"]
    assert of(found, "spearman")["first"] != of(found, "spearman")["second"]
    assert compared(side(), side(1))["same_labels"]


def test_subsets_are_the_items_that_both_audits_have_in_them_and_pairs_likewise():
    found = compared(side(missing=range(20)), side(1, 0.5))
    subset = next(one for one in side().people.subsets if one.rule == "entropy")
    row = of(found, "spearman", "entropy")
    assert row["n"] == int(subset.mask[20:].sum())
    pairs = next(one for one in side().people.subsets if one.rule == "near_pairs").pairs
    assert of(found, "spearman", "near_pairs")["n"] == int((pairs >= 20).all(axis=1).sum())


def test_the_nearer_scorer_has_the_smaller_distance_and_p_are_adjusted_over_all():
    found = compared(side(sd=0.3), side(1, 3.0))
    for name in ("wasserstein_1", "corrected"):
        row = of(found, name)
        assert row["lower_is_better"] and row["difference"]["high"] < 0
    assert of(found, "spearman")["difference"]["low"] > 0
    assert all(row["adjusted_p"] >= row["p"] for row in found["differences"] if row["p"] is not None)
    # A wide fence keeps all items, as the first row does: one test, which counts once.
    rows = [row for row in found["differences"] if row["p"] is not None]
    once = {(row["measure"], row["n"], row["first"], row["p"]): row["adjusted_p"] for row in rows}
    assert len(once) < len(rows)
    expected = stats.false_discovery_control([p for *_, p in once])
    assert [*once.values()] == pytest.approx(expected)


def test_without_common_items_or_with_other_kinds_there_is_a_reason_and_no_number():
    nothing = compared(side(missing=range(60)), side(1, missing=range(60, ITEMS)))
    assert (nothing["items"], nothing["differences"]) == (0, [])
    assert "no item" in nothing["reason"]
    assert "comparisons" in compared(side(), side(kind="comparison"))["reason"]


def test_the_same_seed_gives_the_same_numbers():
    assert compared(side(), side(1)) == compared(side(), side(1))
    other = compared(side(seed=4), side(1))
    assert (
        of(other, "spearman")["difference"]["low"]
        != of(compared(side(), side(1)), "spearman")["difference"]["low"]
    )
