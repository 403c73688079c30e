import json

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from annotation.frames import LabelFrame
from calibration.frames import ScoreColumn
from calibration.measures.between import adjusted, between
from calibration.measures.people import People
from calibration.measures.ranks import correlations, coverage
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.correlation.paired import paired_difference

ASKED = Specification("standard", replicates=200)


def compared(scores, clusters, counts, asked=ASKED):
    """What is between scorers of these scores, with nothing on subsets."""
    n = np.arange(len(counts))
    frame = LabelFrame(
        "rating",
        n,
        [str(one) for one in n],
        clusters,
        clusters,
        np.arange(1, 6),
        counts,
        0 * n,
        None,
        "query",
        True,
    )
    people = People(frame, asked)
    columns = [ScoreColumn(name, "other", "number", given, "") for name, given in scores.items()]
    measured = []
    for column in columns:
        scored = Scored(people, column, asked)
        found = coverage(people, scored, asked) | correlations(people, scored, asked)
        measured.append(found | {"name": column.name, "subsets": []})
    found = between(people, columns, measured)
    json.dumps(found, allow_nan=False)
    return people, found["differences"]


def drawn(queries=30, per_query=10):
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(queries), per_query)
    quality = rng.normal(size=queries)[clusters] + rng.normal(size=len(clusters))
    labels = np.clip(np.round(3 + quality[:, None] + rng.normal(size=(len(clusters), 9))), 1, 5)
    counts = (labels[:, :, None] == np.arange(1, 6)).sum(axis=1)
    noise = {"b": 0.6, "a": 0.5, "c": 2}
    scores = {name: quality + sd * rng.normal(size=len(clusters)) for name, sd in noise.items()}
    return scores, clusters, counts


def test_each_scorer_is_held_against_the_highest_on_common_items_in_the_audits_own_resamples():
    scores, clusters, counts = drawn()
    scores["c"][::3] = np.nan
    people, rows = compared(scores, clusters, counts)
    assert [(row["first"], row["second"]) for row in rows] == [("a", "b"), ("a", "c")]
    for row in rows:
        both = ~np.isnan(scores[row["first"]] + scores[row["second"]])
        sides = [people.resamples.spearman_values(scores[row[place]], both) for place in ("first", "second")]
        values, replicates = zip(*sides, strict=True)
        expected = paired_difference(values, replicates, n=int(both.sum()), clusters=30)
        assert (row["n"], row["spearman"], row["p"]) == (
            both.sum(),
            expected.difference.as_dict(),
            expected.p,
        )
    assert [row["adjusted_p"] for row in rows] == pytest.approx(
        # Of three pairs of scorers, that which is not told counts too.
        multipletests([*(row["p"] for row in rows), 1.0], method="fdr_bh")[1][:2]
    )
    assert rows[1]["p"] < 0.001 and rows[1]["spearman"]["low"] > 0


def test_a_scorer_of_a_few_items_is_not_what_the_others_are_held_against():
    scores, clusters, counts = drawn()
    few = np.where(np.arange(300) < 40, counts @ np.arange(1, 6), np.nan)
    _, rows = compared(scores | {"few": few}, clusters, counts)
    assert {row["first"] for row in rows} == {"a"}
    _, alone = compared({"few": few}, clusters, counts)
    assert alone == []


def test_scorers_without_common_items_have_no_difference_and_the_reason():
    scores, clusters, counts = drawn()
    scores["a"][:140], scores["b"][140:] = np.nan, np.nan
    _, rows = compared({name: scores[name] for name in "ab"}, clusters, counts)
    (row,) = rows
    assert (row["n"], row["p"], row["adjusted_p"], row["spearman"]["value"]) == (0, None, None, None)
    assert row["spearman"]["reason"]


def test_p_is_adjusted_over_all_tests_of_a_kind_of_all_scorers_and_subsets():
    chances = [0.001, 0.2, None, 0.03, 0.04, 0.5]
    subsets = [
        {"rule": "entropy", "n": 9, "excess": {"value": 0.1, "p": p}, "stratified": None} for p in chances
    ]
    subsets[0]["stratified"] = {"value": 0.3, "p": 0.02}
    measured = [{"name": name, "subsets": subsets[place : place + 3]} for place, name in ((0, "a"), (3, "b"))]
    found = [subset for scorer in adjusted(measured) for subset in scorer["subsets"]]
    known = [p for p in chances if p is not None]
    expected = iter(multipletests(known, method="fdr_bh")[1])
    for subset, p in zip(found, chances, strict=True):
        assert subset["excess"]["p"] == p
        assert subset["excess"]["adjusted_p"] == (None if p is None else pytest.approx(next(expected)))
    told = subsets[0]["stratified"] | {"adjusted_p": 0.02}
    assert [subset["stratified"] for subset in found] == [told] + [None] * 5
    assert "adjusted_p" not in measured[0]["subsets"][0]["excess"]


def test_cuts_that_keep_the_same_items_are_one_test():
    def adjusted_p(chances):
        subsets = [{"n": 9, "excess": {"value": p, "p": p}, "stratified": None} for p in chances]
        (scorer,) = adjusted([{"name": "a", "subsets": subsets}])
        return [subset["excess"]["adjusted_p"] for subset in scorer["subsets"]]

    once = adjusted_p([0.01, 0.04, 0.5])
    assert adjusted_p([0.01, 0.01, 0.01, 0.04, 0.5, 0.5]) == [once[0]] * 3 + [once[1]] + [once[2]] * 2
