import json
from dataclasses import replace

import numpy as np
import pytest

from annotation.frames import LabelFrame
from annotation.statistics.population import Population
from calibration.frames import ScoreColumn
from calibration.measures.disagreement import by_disagreement
from calibration.measures.distribution import on_distribution
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.distribution.distances import MEASURES

PEOPLE = Population.assumed([1, 2, 3, 4, 5], shares=[1, 2, 3, 4, 3], alpha=0.3, query_share=0.3)
STANDARD = Specification("standard", replicates=200)


def studied(queries=40, labels=25, per_query=15, kind="rating"):
    """People's counts, and the quality and true shares that are behind them."""
    rng = np.random.default_rng([queries, labels])
    latents = PEOPLE.latents(queries, per_query, rng=rng)[0]
    true = PEOPLE.probabilities(latents)
    query = np.repeat(np.arange(queries), per_query)
    frame = LabelFrame(
        kind=kind,
        item_pks=np.arange(len(query)),
        item_ids=[str(n) for n in range(len(query))],
        queries=query,
        clusters=query,
        values=np.arange(1, 6) - 3 * (kind == "comparison"),
        counts=rng.multinomial(labels, true),
        cannot_judge=np.zeros(len(query), dtype=int),
        annotators=None,
        cluster_unit="query",
        simulated=True,
    )
    return frame, latents, true


def column(values=None, shares=None, votes=None, family="other"):
    if votes is not None:
        shares = votes / votes.sum(axis=1, keepdims=True)
    given = shares @ PEOPLE.values if values is None else np.asarray(values, dtype=float)
    return ScoreColumn("scorer", family, "kind", given, "digest", shares, votes)


def found(frame, given, asked=STANDARD, part=on_distribution):
    people = People(frame, asked)
    answer = part(people, Scored(people, given, asked), asked)
    json.dumps(answer, allow_nan=False)
    return answer


def distribution(frame, given, asked=STANDARD):
    return found(frame, given, asked)["distribution"]


@pytest.mark.parametrize("labels", [3, 25])
@pytest.mark.parametrize("votes", [None, 5])
def test_a_perfect_judge_scores_its_floor_and_has_no_error_of_its_own(votes, labels):
    frame, _, true = studied(labels=labels)
    drawn = None if votes is None else np.random.default_rng(1).multinomial(votes, true).astype(float)
    told = distribution(frame, column(shares=true, votes=drawn))
    for measure in MEASURES[:-1]:
        assert told[measure]["value"] == pytest.approx(told["floor"][measure], rel=0.06)
    assert told["entropy_gap"]["value"] == pytest.approx(told["entropy_gap_floor"], abs=0.06)
    assert told["corrected"]["low"] - 0.01 < told["floor"]["corrected"] < told["corrected"]["high"] + 0.01
    assert told["skill"]["corrected"]["value"] == pytest.approx(1, abs=0.1)
    assert told["source"] == ("stated" if votes is None else "votes")
    assert (told["references"]["left_out_person"]["total_variation"] > 0.5) and told["n"] == 600


def test_scores_split_into_peoples_own_spread_and_skill_is_over_the_overall_distribution():
    frame, _, true = studied()
    told = distribution(frame, column(shares=np.roll(true, 1, axis=1)))
    counts = frame.counts / 25
    below = np.cumsum(counts, axis=1)[:, :-1]
    spread = (below * (1 - below)).sum(axis=1).mean()
    error = np.square(below - np.cumsum(np.roll(true, 1, axis=1), axis=1)[:, :-1]).sum(axis=1).mean()
    assert told["spread"]["ranked_probability_score"]["value"] == pytest.approx(spread)
    assert told["ranked_probability_score"]["value"] == pytest.approx(spread + error)
    overall = told["references"]["overall"]
    for measure in MEASURES:
        wanted = 1 - told[measure]["value"] / overall[measure]
        assert told["skill"][measure]["value"] == pytest.approx(wanted) and wanted < 0


def test_a_number_is_asked_for_all_that_it_holds_whatever_its_unit():
    frame, latents, _ = studied()
    best = distribution(frame, column(latents))
    assert best["source"] == "ordered_logit"
    assert best["wasserstein_1"]["value"] == pytest.approx(best["floor"]["wasserstein_1"], rel=0.05)
    other = distribution(frame, column(1e6 * latents - 3))
    assert other["wasserstein_1"]["value"] == pytest.approx(best["wasserstein_1"]["value"])
    noise = distribution(frame, column(np.random.default_rng(0).normal(size=len(latents))))
    assert noise["skill"]["ranked_probability_score"]["value"] == pytest.approx(0, abs=0.01)
    surprise = distribution(frame, column(-np.exp(-3 * latents), family="perplexity"))
    assert surprise["wasserstein_1"]["value"] == pytest.approx(best["wasserstein_1"]["value"])


def test_only_full_shows_isotonic_shares_beside_the_ordered_logit():
    frame, latents, true = studied(queries=12)
    full = replace(STANDARD, preset="full")
    assert "isotonic" not in distribution(frame, column(latents))
    assert "isotonic" not in distribution(frame, column(shares=true), full)
    beside = distribution(frame, column(np.exp(latents)), full)
    assert beside["isotonic"]["wasserstein_1"]["value"] < beside["wasserstein_1"]["value"]


def test_rows_with_a_distribution_use_it_and_the_numbers_are_fitted_among_themselves():
    frame, latents, true = studied()
    values, shares = 1e3 + latents, true.copy()
    shares[::2] = np.nan
    values[1::2] = shares[1::2] @ PEOPLE.values
    told = distribution(frame, column(values, shares))
    assert told["source"] == "stated+ordered_logit" and told["n"] == 600
    assert told["wasserstein_1"]["value"] == pytest.approx(told["floor"]["wasserstein_1"], rel=0.05)


def test_comparisons_are_fitted_from_the_difference():
    frame, latents, _ = studied(kind="comparison")
    told = distribution(frame, column(latents))
    assert told["source"] == "ordered_logit"
    assert told["skill"]["ranked_probability_score"]["low"] > 0.1


def test_a_scorer_is_held_against_the_items_that_it_scored():
    frame, latents, _ = studied(queries=12)
    values = np.where(np.arange(len(latents)) % 3, latents, np.nan)
    told = distribution(frame, column(values))
    assert told["n"] == told["wasserstein_1"]["n"] == told["entropy_gap"]["n"] == 120
    none = found(frame, column(np.full(len(latents), np.nan)))
    assert none["distribution"] is None and "has a score" in none["reasons"]["distribution"]


def test_one_query_has_nothing_to_learn_from_but_stated_shares_stand():
    frame, latents, true = studied(queries=1)
    none = found(frame, column(latents))
    assert none["distribution"] is None and "only one query" in none["reasons"]["distribution"]
    told = distribution(frame, column(shares=true))
    assert told["wasserstein_1"]["value"] and told["wasserstein_1"]["low"] is None
    assert told["skill"]["brier"]["value"] is None and "one query" in told["skill"]["brier"]["reason"]
    assert told["references"]["overall"] is None and "one query" in told["references"]["reasons"]["overall"]


def test_one_label_an_item_leaves_undefined_what_needs_two():
    frame, _, true = studied(labels=1)
    told = distribution(frame, column(shares=true))
    assert told["corrected"]["value"] is None and "two labels" in told["corrected"]["reason"]
    assert told["floor"] is told["entropy_gap_floor"] is told["entropy_gap"]["value"] is None
    assert told["reasons"].keys() == {"floor", "entropy_gap_floor"}
    assert told["references"]["reasons"].keys() == {"left_out_person"}
    assert told["wasserstein_1"]["value"] > 0
    levels = found(frame, column(shares=true), part=by_disagreement)
    assert levels["by_disagreement"] is None and "three labels" in levels["reasons"]["by_disagreement"]


def test_who_knows_where_people_disagree_shows_in_the_entropies():
    frame, latents, true = studied()
    known = distribution(frame, column(shares=true))
    sure = distribution(frame, column(shares=np.eye(5)[true.argmax(axis=1)]))
    assert known["entropy_gap"]["value"] == pytest.approx(0, abs=0.05)
    assert known["entropy_correlation"]["low"] > 0.5
    assert sure["entropy_gap"]["high"] < -1 and sure["entropy_correlation"]["value"] is None
    contested = np.abs(latents - latents.mean())
    told = distribution(frame, column(contested))["spread_correlation"]
    assert told["score"]["high"] < -0.2 and told["distance"]["n"] == 600


def test_the_same_seed_gives_the_same_numbers_and_another_other_intervals():
    frame, latents, _ = studied(queries=12)
    once, again = (json.dumps(distribution(frame, column(latents))) for _ in range(2))
    other = json.dumps(distribution(frame, column(latents), replace(STANDARD, seed=1)))
    assert once == again != other
