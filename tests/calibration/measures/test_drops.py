import json
from dataclasses import replace

import numpy as np
import pytest

from annotation.frames import LabelFrame
from annotation.statistics.population import Population
from calibration.frames import ScoreColumn
from calibration.measures.drops import CUT_BY_MEAN, DROP, reliability
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.measures.subsets import on_subsets

ASKED = Specification("full", replicates=200)
SCALES = {"rating": np.arange(1, 6), "comparison": np.arange(-2, 3)}


def studied(kind="rating", ratio=1.0, missing=0, seed=0):
    """People who differ twice as much on half of 450 items, where a scorer errs so many times more."""
    rng = np.random.default_rng(seed)
    values = SCALES[kind]
    population = Population.assumed(values, shares=[1, 2, 3, 2, 1], alpha=0.4, query_share=0.2)
    latents, contested = population.latents(30, 15, rng=rng), rng.random(450) < 0.5
    noise = np.where(contested, 1.2, 0.6)
    counts = population.label(latents, 25, rng=rng, noise=noise)[0]
    quality = population.probabilities(latents[0], noise=noise) @ values
    scores = quality + 0.8 * quality.std() * rng.normal(size=450) * np.where(contested, ratio, 1)
    scores[:missing] = np.nan
    n, queries = np.arange(450), np.repeat(np.arange(30), 15)
    names = [str(one) for one in n]
    frame = LabelFrame(kind, n, names, queries, queries, values, counts, 0 * n, None, "query", True)
    return People(frame, ASKED), ScoreColumn("scorer", "other", "number", scores, "")


def found(people, column):
    result = on_subsets(people, Scored(people, column, ASKED), ASKED)
    json.dumps(result, allow_nan=False)
    return {(row["rule"], row["parameter"]): row for row in result["subsets"]}


@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_every_subset_stands_beside_what_its_drop_would_be_anyhow(kind):
    people, column = studied(kind)
    for (rule, _), row in found(people, column).items():
        assert set(DROP) <= row.keys() and row["mean_sd"] > 0
        assert 0 < row["reliability"]["value"] == pytest.approx(row["ceiling"]["value"] ** 2)
        if row["n"] == 450:
            assert row["excess"]["p"] is None and "keeps all" in row["excess"]["reason"]
            continue
        assert row["excess"]["value"] == pytest.approx(row["spearman"]["value"] - row["expected"]["value"])
        assert row["expected"]["low"] <= row["expected"]["value"] <= row["expected"]["high"]
        assert 0 < row["excess"]["p"] <= 1
        test = row["stratified"]
        assert (test["p"] is None) == bool(test.get("reason"))
        assert rule not in CUT_BY_MEAN or "cut by the mean" in test["reason"]


def test_a_narrow_range_alone_is_no_excess_and_larger_errors_where_people_disagree_are_found():
    alike, worse = (found(*studied(ratio=ratio)) for ratio in (1.0, 2.0))
    narrow, contested = alike["tukey", 0.5], ("majority_minority", 16.0)
    assert narrow["spearman"]["value"] < narrow["random"]["low"]
    assert narrow["excess"]["p"] > 0.05 < alike[contested]["stratified"]["p"]
    assert worse[contested]["stratified"]["p"] < 0.01


def test_nothing_is_a_rounded_nought():
    """A perfect scorer's excess, and residuals that are all alike, are 0, not 1e-17."""
    people, column = studied()
    own = np.where(people.means > 3, 4.0, 2.0)
    for scores in (people.means, own):
        for row in found(people, replace(column, values=scores)).values():
            told = [row["excess"]["value"], *(row["stratified"][key] for key in ("value", "expected"))]
            assert all(number is None or number == 0 or abs(number) > 1e-12 for number in told)


def test_a_scorer_of_some_items_is_held_against_those_alone():
    people, column = studied(missing=200)
    rows = found(people, column)
    tukey = next(subset for subset in people.subsets if subset.rule == "tukey")
    kept = people.means[tukey.mask & ~np.isnan(column.values)]
    assert rows["tukey", 3.0]["mean_sd"] == pytest.approx(kept.std(ddof=1))
    assert rows["near_pairs", 1.0]["excess"]["p"] > 0
    empty = ScoreColumn("none", "other", "number", np.full(450, np.nan), "")
    for row in found(people, empty).values():
        assert row["expected"]["value"] is row["excess"]["p"] is row["random"]["value"] is None
        assert row["expected"]["reason"] and row["stratified"]["reason"] and row["corrected"]["reason"]


def test_the_ceiling_of_people_is_the_root_of_their_means_reliability():
    people, _ = studied()
    said = reliability(people, ASKED)
    for end in ("value", "low", "high"):
        assert said["ceiling"][end] == pytest.approx(said["reliability"][end] ** 0.5)
    assert said["ceiling"]["clusters"] == 30
