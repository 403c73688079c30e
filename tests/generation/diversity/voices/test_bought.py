from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.diversity.comparisons import ensemble_pairs
from generation.diversity.responses import unit
from generation.diversity.voices.arms import orders
from generation.diversity.voices.bought import Judged, similar_classes
from generation.diversity.voices.calls import QueryCalls
from generation.diversity.voices.expected import expected_similarity
from generation.diversity.voices.goodness import Goodness
from generation.diversity.voices.walks import Walk
from tests.generation.diversity.voices.planted import query_of


def random_calls(
    rng: np.random.Generator, sources: int, calls: int, each: int
) -> tuple[QueryCalls, np.ndarray]:
    made = {
        n: [(rng.integers(0, 4, each).tolist(), 10, 0.0) for _ in range(calls + n)] for n in range(sources)
    }
    query, _ = query_of(made)
    return query, unit(rng.normal(size=(len(query.score), 3)))


def naive_similarity(vectors: np.ndarray) -> float:
    pairs = [*combinations(range(len(vectors)), 2)]
    return sum(float(vectors[a].astype(float) @ vectors[b].astype(float)) for a, b in pairs) / len(pairs)


@pytest.mark.parametrize(("sources", "each", "size"), [(1, 1, 2), (1, 3, 2), (2, 1, 3), (2, 2, 4)])
def test_the_expected_similarity_is_the_mean_over_every_way_to_draw(sources, each, size):
    """Source n has 2 + n calls, of which two at most are its share; every order of sources and of calls is
    as likely."""
    query, vectors = random_calls(np.random.default_rng(0), sources, 2, each)
    members = [np.flatnonzero(query.source == n) for n in range(sources)]
    every = []
    for turn in permutations(range(sources)):
        choices = [[]]
        for own in turn:
            choices = [[*chosen, one] for chosen in choices for one in permutations(members[own], 2)]
        for chosen in choices:
            order = np.array(chosen).T.ravel()[:size]
            every.append((turn, naive_similarity(vectors[query.rows(order)])))
    # Sources with more calls have more ways, in each order of the sources alike.
    found = expected_similarity(query, members, vectors[query.rows(np.concatenate(members))], size)
    assert found == pytest.approx(np.mean([value for _, value in every]), abs=1e-6)
    drawn = [
        naive_similarity(vectors[query.rows(order[:size])])
        for order in orders(members, 200, np.random.default_rng(1))
    ]
    assert found == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / len(drawn) ** 0.5 + 1e-6)


def test_ensembles_of_models_that_each_know_one_idea_are_as_alike_as_the_share_of_their_pairs():
    query, ideas = query_of({n: [([n], 1, 0.0)] * 4 for n in range(3)})
    vectors = np.eye(3, dtype=np.float32)[ideas]
    members = [np.flatnonzero(query.source == n) for n in range(3)]
    for size in range(2, 13):
        assert expected_similarity(query, members, vectors, size) == pytest.approx(ensemble_pairs(3, size))
    assert expected_similarity(query, members, vectors, 1) is None
    uneven, ideas = query_of({0: [([0], 1, 0.0), ([0, 1], 1, 0.0)]})
    assert expected_similarity(uneven, [np.arange(2)], np.eye(2, dtype=np.float32)[ideas], 2) is None


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_what_answers_are_worth_is_what_plain_loops_say(seed):
    rng = np.random.default_rng(seed)
    query, vectors = random_calls(rng, 2, 3, 2)
    n = len(query.score)
    score = rng.normal(size=n).round(1)
    query = QueryCalls(
        query.text,
        query.source,
        query.answers,
        query.tokens_in,
        query.tokens_out,
        query.money,
        score,
        query.classes,
    )
    worth = Goodness.of(score, score[query.classes == 0], least=0.1, where="plain")
    own = Judged(
        query, np.arange(n), vectors, query.classes, worth.utility(score), worth.good(score), 0.8, True
    )
    rows = rng.permutation(n)[: rng.integers(2, n + 1)]
    found = own.of_set(rows)
    classes = query.classes[rows].tolist()
    assert found["similarity"] == pytest.approx(naive_similarity(vectors[rows]), abs=1e-5)
    assert found["classes"] == len(set(classes))
    shares = [classes.count(one) / len(classes) for one in set(classes)]
    assert found["effective"] == pytest.approx(np.exp(-sum(share * np.log(share) for share in shares)))
    assert found["good_classes"] == len({c for c, s in zip(classes, score[rows], strict=True) if s >= 0.1})
    assert found["quality"] == pytest.approx(score[rows].mean())
    assert found["good"] == pytest.approx((score[rows] >= 0.1).mean())
    eigenvalues = np.linalg.eigvalsh((vectors[rows] @ vectors[rows].T).astype(float) / len(rows))
    vendi = np.exp(-sum(one * np.log(one) for one in eigenvalues if one > 1e-9))
    assert found["vendi"] == pytest.approx(vendi, rel=1e-4)
    seen: set[int] = set()
    utility = 0.0
    for place, at in enumerate(rows):
        rank = sum((other < score[at]) + 0.5 * (other == score[at]) for other in score) / n
        if classes[place] not in seen:
            utility += 0.2 * 0.8**place * rank
        seen.add(classes[place])
    assert own.utility_of(rows) == pytest.approx(utility)


def test_calls_are_made_until_the_budget_is_spent_on_average():
    query, _ = query_of({0: [([0, 1], 30, 0.1), ([], 20, 0.1), ([1, 2], 60, 0.1), ([3], 10, 0.1)]})
    walk = Walk.of(query, np.arange(4))
    assert walk.calls("tokens", [29, 30, 49.9, 50, 109, 110, 120, 121]).tolist() == [0, 1, 1, 2, 2, 3, 4, -1]
    assert walk.calls("calls", [1, 4, 5]).tolist() == [1, 4, -1]
    shares = (np.arange(60) + 0.5) / 60
    for budget in (10, 30, 42, 50, 90, 120):
        spent = [walk.spent["tokens"][walk.calls("tokens", budget, least=share)] for share in shares]
        assert np.mean(spent) == pytest.approx(budget)
    assert walk.calls("money", 0.1 + 0.1 + 0.1) == 3
    assert walk.different(query.classes, np.ones(5, bool)).tolist() == [0, 2, 2, 3, 4]
    assert walk.different(query.classes, query.classes % 2 == 0).tolist() == [0, 1, 1, 2, 2]
    free, _ = query_of({0: [([0], 30, 0.0), ([], 0, 0.0), ([0], 1, 0.0)]})
    assert Walk.of(free, np.arange(3)).calls("tokens", 30) == 2
    unknown, _ = query_of({0: [([0], np.nan, 0.1), ([0], 10, 0.1)]})
    assert Walk.of(unknown, np.array([1, 0])).calls("tokens", 10) == -1


def test_sources_take_turns_and_the_first_calls_are_a_fair_sample():
    members = [np.arange(4), np.arange(4, 10)]
    drawn = [*orders(members, 400, np.random.default_rng(0))]
    assert all(len(order) == 8 for order in drawn)
    assert all(abs(int((order[:size] < 4).sum()) * 2 - size) <= 1 for order in drawn for size in range(1, 9))
    assert abs(np.mean([order[0] < 4 for order in drawn]) - 0.5) < 0.1
    often = np.bincount(np.concatenate(drawn), minlength=10) / len(drawn)
    assert often[:4] == pytest.approx(1)
    assert often[4:] == pytest.approx(4 / 6, abs=0.1)


def test_classes_by_similarity_are_shared_by_all_who_answered():
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 0, 2, 1]]
    classes = similar_classes(vectors, 1.0, np.random.default_rng(0))
    assert [bool(classes[a] == classes[b]) for a, b in [(0, 2), (1, 4), (0, 1), (3, 4)]] == [
        True,
        True,
        False,
        False,
    ]
    turned = np.array([[np.cos(angle), np.sin(angle)] for angle in (0, 0.5, 1)], dtype=np.float32)
    counts = {len({*similar_classes(turned, 0.8, np.random.default_rng(n)).tolist()}) for n in range(9)}
    assert counts == {1, 2}  # whether the one in the middle comes first
