import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from generation.diversity.comparisons import ensemble_pairs, sign_flip
from generation.diversity.responses import Source, UnusableResponses
from generation.diversity.voices.arms import arms_of, reference_of
from generation.diversity.voices.calls import Voices
from generation.diversity.voices.report import voices_report
from generation.diversity.voices.specification import Specification
from tests.generation.diversity.voices.planted import the_winner_flips, voices

SCHEMA = json.loads(Path("docs/voices.schema.json").read_text())


def report(data: Voices, **asked: object) -> dict:
    plain = {"draws": 2, "replicates": 20, **asked}
    found = voices_report(data, Specification(**plain), version="1", data_hash="0" * 64)
    found = {"collection": "asked", **json.loads(json.dumps(found, allow_nan=False))}
    errors = sorted(map(str, Draft202012Validator(SCHEMA).iter_errors(found)))
    assert not errors, errors[:3]
    return found


def arm(found: dict, unit: str, name: str) -> dict:
    (row,) = [row for row in found["budgets"][unit]["arms"] if row["arm"] == name]
    return {key: one["value"] for key, one in row.items() if key != "arm"}


def row(found: dict, unit: str, section: str, **wanted: str) -> dict:
    rows = found["budgets"][unit][section]
    (one,) = [one for one in rows if wanted.items() <= one.items()]
    return one


def test_as_many_calls_and_as_many_tokens_have_different_winners():
    """Of 10 calls one model's several answers have 20 ideas, half of them good, and five models have 5, of
    which 3 are good; for the 1000 tokens that 10 plain calls take there are 2 calls for several, so 4 ideas
    and 2 good ones."""
    found = report(the_winner_flips())
    several, together = "m0 · several 5", "5 models · plain"
    assert found["budgets"]["calls"]["size"] == 10
    assert found["budgets"]["tokens"]["size"] == 1000
    by_calls, by_tokens = (
        {name: arm(found, unit, name) for name in ("m0 · plain", several, together)}
        for unit in ("calls", "tokens")
    )
    assert [by_calls[name]["classes"] for name in by_calls] == [1, 20, 5]
    assert [by_tokens[name]["classes"] for name in by_tokens] == [1, 4, 5]
    assert [by_calls[name]["good_classes"] for name in by_calls] == [1, 10, 3]
    assert [by_tokens[name]["good_classes"] for name in by_tokens] == [1, 2, 3]
    assert by_calls[several]["tokens"] == 5000
    assert by_tokens[several]["calls"] == 2
    assert arm(found, "money", several) == pytest.approx(by_tokens[several])
    # One answer of three is of the other idea, of two of three pairs.
    assert by_calls[together]["similarity"] == pytest.approx(ensemble_pairs(5, 10))
    assert by_calls[several]["similarity"] == pytest.approx(10 * 4 / (50 * 49 / 2))
    assert by_calls["m0 · plain"]["similarity"] == pytest.approx(1)
    assert by_calls[together]["gap"] == pytest.approx(ensemble_pairs(5, 10))
    assert by_calls[together]["vendi"] == pytest.approx(5)
    assert by_calls[together]["effective"] == pytest.approx(5)
    assert by_calls[together]["quality"] == pytest.approx((8 * 3 + 3 * 2) / 5)
    assert by_calls[together]["good"] == pytest.approx(0.6)
    assert by_calls[together]["best"] == 8
    # Scores from 1 to 10 are utilities as they are: the first answer counts (1 - p), the rest repeat it.
    assert found["scorer"]["utilities"] == "raw"
    assert by_calls["m0 · plain"]["utility"] == pytest.approx(0.2 * 8)
    more = {
        unit: row(
            found,
            unit,
            "differences",
            measure="good_classes",
            arm=several,
            reference=together,
            against="ensemble",
        )["difference"]["value"]
        for unit in ("calls", "tokens")
    }
    assert more == {"calls": 7, "tokens": -1}
    assert row(found, "calls", "efficiency", arm=several)["good_classes"]["value"] == 1
    assert row(found, "tokens", "efficiency", arm=together)["good_classes"]["value"] == 3
    assert found["budgets"]["tokens"]["unit"] == "1000 tokens"


def test_each_way_to_ask_is_held_against_its_own_model_asked_plainly():
    sources = [Source("m0", "plain"), Source("m1", "plain"), Source("m1", "several 5")]
    asked = {n: [([n], 10, 0.0)] * 2 for n in range(len(sources))}
    rows = report(voices(sources, [asked] * 2))["budgets"]["calls"]["differences"]
    held = {(row["arm"], row["reference"]) for row in rows if row["against"] == "plain"}
    assert held == {("m1 · several 5", "m1 · plain")}


def test_a_curve_ends_in_what_the_whole_budget_buys_and_never_falls():
    found = report(the_winner_flips(1))
    for unit in ("calls", "tokens", "money"):
        points = found["curves"][unit]
        assert len(points) <= 20
        assert found["budgets"][unit]["size"] in [point["size"] for point in points]
        for n, name in enumerate([one["arm"] for one in found["arms"]]):
            values = [point["arms"][n]["classes"]["value"] for point in points]
            known = [value for value in values if value is not None]
            assert known == sorted(known)
            at = found["budgets"][unit]["size"]
            same = [
                value
                for point, value in zip(points, values, strict=True)
                if point["size"] == at and value is not None
            ]
            assert all(value == arm(found, unit, name)["classes"] for value in same)
    assert found["curves"]["tokens"][-1]["arms"][0]["classes"]["reason"].startswith(
        "the calls about some query end"
    )


def test_differences_are_means_of_paired_differences_and_their_p_adjusted():
    """Query n: plain always idea 0; several has n + 1 ideas in each call."""
    sources = [Source("m", "plain"), Source("m", "several 5"), Source("m", "same")]
    queries = [
        {0: [([0], 10, 0.0)] * 2, 1: [([*range(n + 1)], 10, 0.0)] * 2, 2: [([0], 10, 0.0)] * 2}
        for n in range(6)
    ]
    found = report(voices(sources, queries))
    one = row(found, "calls", "differences", measure="classes", arm="m · several 5", reference="m · plain")
    more = np.arange(6.0)
    assert one["difference"]["value"] == pytest.approx(more.mean())
    assert one["difference"]["low"] < more.mean() < one["difference"]["high"]
    assert one["p"] == pytest.approx(float(sign_flip(more[:, None])[0]))
    assert one["against"] == "plain"
    assert one["p_adjusted"] == pytest.approx(2 * one["p"])
    assert row(found, "calls", "differences", measure="classes", arm="m · same")["p_adjusted"] == 1
    assert found["reference"] == {"condition": "plain", "ensemble": None}


def test_the_similarity_of_so_many_calls_is_exact_and_an_arm_that_ends_before_the_budget_is_undefined():
    """Two of four answers, of two ideas: of six pairs two are alike. Of two models one has a call, the other
    a cheap and a dear one: with the cheap one their calls are worth less than the budget of tokens."""
    sources = [Source("a", "plain"), Source("b", "plain")]
    calls = {0: [([n // 2], 10 if n % 2 else 30, 0.0) for n in range(4)], 1: [([0], 10, 0.0)]}
    found = report(voices(sources, [calls] * 2), calls=2, tokens=30, draws=9)
    assert found["budgets"]["calls"]["arms"][0]["similarity"]["value"] == pytest.approx(1 / 3)
    assert [one["classes"]["n"] for one in found["budgets"]["tokens"]["arms"]] == [2, 0, 0]


def test_a_curve_is_of_the_same_queries_everywhere():
    """Of one query b has a call, of the other four: from two calls on it would be of the other alone."""
    sources = [Source("a", "plain"), Source("b", "plain")]
    calls = [{0: [([0], 10, 0.0)] * 4, 1: [([0], 10, 0.0)] * most} for most in (1, 4)]
    points = report(voices(sources, calls))["curves"]["calls"]
    assert [point["size"] for point in points] == [1, 2, 3, 4]
    assert [[one["classes"]["n"] for one in point["arms"]] for point in points] == [[2, 2, 2]] + [
        [2, 0, n] for n in (2, 0, 0)
    ]


def test_calls_in_vain_cost_as_much_and_bring_nothing():
    """Of the second condition every other call was refused: half as many answers for as many calls."""
    sources = [Source("m", "plain"), Source("m", "several 5")]
    calls = {
        0: [([n], 10, 0.0) for n in range(8)],
        1: [([n], 10, 0.0) for n in range(4)] + [([], 10, 0.0)] * 4,
    }
    found = report(voices(sources, [calls] * 2))
    assert [arm(found, "calls", name)["classes"] for name in ("m · plain", "m · several 5")] == [8, 4]
    assert [arm(found, "tokens", name)["answers"] for name in ("m · plain", "m · several 5")] == [8, 4]
    assert [one["failed_calls"] for one in found["arms"]] == [0, 8]
    half = report(voices(sources, [calls] * 2), calls=4, draws=50)
    assert arm(half, "calls", "m · several 5")["answers"] == pytest.approx(2, abs=0.6)


def test_what_is_undefined_has_its_reason():
    """One answer has no similarity; unknown tokens have no budget; without a scorer nothing is good."""
    sources = [Source("m", "plain"), Source("m", "several 5")]
    calls = {0: [([0], 10, 0.0)], 1: [([0, 1], np.nan, np.nan)]}
    data = voices(sources, [calls] * 2)
    silent = [replace(query, score=np.full(len(query.score), np.nan)) for query in data.queries]
    found = report(replace(data, scorer=None, queries=silent, currency=None))
    plain, several = found["budgets"]["calls"]["arms"]
    assert plain["similarity"]["value"] is None
    assert "two answers" in plain["similarity"]["reason"]
    assert several["similarity"]["value"] == 0
    assert several["tokens"]["reason"] == "nobody counted the tokens of every call"
    assert plain["good_classes"]["reason"] == "no scorer was named"
    of_tokens = found["budgets"]["tokens"]["arms"]
    assert of_tokens[0]["classes"]["value"] == 1
    assert of_tokens[1]["classes"]["value"] is None
    assert "known cost" in of_tokens[1]["classes"]["reason"]
    assert found["arms"][1]["tokens_in"] is None
    too_many = report(data, calls=5)
    assert too_many["budgets"]["calls"] is None
    assert "calls worth 5" in too_many["reasons"]["budgets.calls"]


def test_what_calls_cost_stays_unknown_where_some_draws_make_no_call():
    sources = [Source("m", "plain"), Source("m", "several 5")]
    calls = {0: [([0], 50, np.nan)], 1: [([0, 1], 100, np.nan)]}
    found = report(replace(voices(sources, [calls] * 2), currency=None))
    _, half_a_call = found["budgets"]["tokens"]["arms"]
    assert (half_a_call["calls"]["value"], half_a_call["money"]["value"]) == (0.5, None)


def test_a_scorer_who_scored_nothing_that_is_read_says_nothing_of_it():
    data = the_winner_flips(1)
    silent = [replace(query, score=np.full(len(query.score), np.nan)) for query in data.queries]
    with pytest.raises(UnusableResponses, match="judge has scored none"):
        report(replace(data, queries=silent))


def test_one_missing_score_or_class_makes_what_rests_on_all_of_them_undefined():
    sources = [Source("m", "plain"), Source("m", "several 5")]
    data = voices(sources, [{0: [([0], 10, 0.0)] * 3, 1: [([0, 1], 10, 0.0)] * 3}] * 2)
    first = data.queries[0]
    score, held = first.score.copy(), np.arange(len(first.score) - 1)
    score[-1] = np.nan
    vectors = data.vectors
    torn = replace(
        data,
        queries=[replace(first, score=score), data.queries[1]],
        vectors=lambda n: (held, vectors(n)[1][:-1]) if n == 1 else vectors(n),
    )
    found = report(torn)
    # Of one call most draws are without what is missing.
    for several in (one["budgets"]["calls"]["arms"][1] for one in (found, report(torn, calls=1, draws=9))):
        assert (several["good_classes"]["n"], several["classes"]["n"], several["quality"]["n"]) == (0, 1, 2)
    assert several["similarity"]["n"] == 2
    assert (found["without_vectors"], found["scorer"]["unscored"], found["classes"]["unclassed"]) == (1, 1, 1)


def test_given_classes_take_the_place_of_the_threshold():
    data = the_winner_flips(1)
    lumped = replace(data, queries=[replace(query, classes=query.classes // 4) for query in data.queries])
    found = report(lumped, classes="class")
    assert found["classes"]["by"] == "column"
    assert arm(found, "calls", "m0 · several 5")["classes"] == 5


def test_the_same_seed_says_the_same_and_examples_hold_what_was_drawn():
    data = the_winner_flips(1)
    found = report(data, calls=4, seed=3)
    assert found == report(data, calls=4, seed=3)
    shown = {one["arm"]: one["answers"] for one in found["examples"][0]["arms"]}
    assert len(shown["m0 · several 5"]) == 20
    assert len({one["class"] for one in shown["5 models · plain"]}) == 4
    assert {one["text"] for one in shown["m1 · plain"]} == {"idea 1"}


def test_the_condition_to_compare_with_is_named_where_none_stands_out():
    sources = [Source("a", "plain · cold"), Source("a", "x"), Source("b", "x")]
    assert reference_of(sources, {"x": "plain"}) == "x"
    assert reference_of(sources, {}) == "plain · cold"
    assert reference_of(sources[1:], {}) == "x"
    assert reference_of([Source("a"), *sources[1:]], {}) == ""
    odd = [Source("a", "x"), Source("a", "y")]
    assert reference_of(odd, {}, "y") == "y"
    with pytest.raises(UnusableResponses, match="there are: x, y"):
        reference_of(odd, {})
    with pytest.raises(UnusableResponses, match="z"):
        reference_of(odd, {}, "z")
    assert [arm.sources for arm in arms_of(sources, ["a", "b"])][3:] == [(1, 2)]
    with pytest.raises(UnusableResponses, match="no two"):
        arms_of(sources, ["a"])


def test_for_as_many_tokens_a_source_that_made_few_calls_buys_no_more_than_one_that_made_many():
    rng = np.random.default_rng(0)
    sources = [Source("a", "plain"), Source("a", "other")]
    queries = [
        {
            n: [([int(rng.integers(12))], rng.uniform(50, 150), 0.0) for _ in range(made)]
            for n, made in enumerate((4, 16))
        }
        for _ in range(40)
    ]
    found = report(voices(sources, queries), draws=20)
    few, many = (one for one in found["budgets"]["tokens"]["arms"])
    assert many["tokens"]["value"] == pytest.approx(few["tokens"]["value"], rel=0.02)
    (less,) = (row for row in found["budgets"]["tokens"]["differences"] if row["measure"] == "classes")
    assert abs(less["difference"]["value"]) < 0.2
