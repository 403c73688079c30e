"""What people are shown is drawn evenly, by a seed alone, under the rule that is stated."""

from collections import Counter

import numpy as np
import pytest

from generation.diversity.clusters import balanced
from generation.diversity.responses import QueryResponses, unit
from generation.selection import PairRule, TooFew, distinct, diverse, pairs

IDEAS, EACH = 5, 8


def planted(seed: int = 0) -> QueryResponses:
    """Five ideas, eight responses each, far from each other; the idea stands in the text."""
    rng = np.random.default_rng(seed)
    idea = np.repeat(np.arange(IDEAS), EACH)
    vectors = unit(np.eye(IDEAS, 12)[idea] + 0.1 * rng.normal(size=(IDEAS * EACH, 12)))
    texts = [f"{n} of idea {i}" for n, i in enumerate(idea)]
    return QueryResponses(
        "q",
        "What is time?",
        np.arange(len(idea)) % 3,
        texts,
        vectors,
        idea,
        [f"r{n}" for n in range(len(idea))],
    )


def shuffled(query: QueryResponses, seed: int) -> QueryResponses:
    """The same responses in another order, under other keys."""
    other = query.of(np.random.default_rng(seed).permutation(len(query)))
    keys = [f"other-{n}" for n in range(len(query))]
    return QueryResponses("other", other.text, other.source, other.texts, other.vectors, other.classes, keys)


@pytest.mark.parametrize("pick", ["random", "centre"])
def test_one_response_of_each_balanced_cluster_is_picked_whatever_the_order_and_the_keys(pick: str) -> None:
    query = distinct(planted(), seed=3)
    picked = diverse(query, IDEAS, seed=3, pick=pick)  # type: ignore[arg-type]
    assert sorted(query.classes[one.row] for one in picked) == list(range(IDEAS))  # type: ignore[index]
    clusters = balanced(query.vectors, IDEAS, seed=3)  # type: ignore[arg-type]
    assert [clusters[one.row] for one in picked] == [one.cluster for one in picked]
    again = distinct(shuffled(planted(), 1), seed=3)
    texts = {again.texts[one.row] for one in diverse(again, IDEAS, seed=3, pick=pick)}  # type: ignore[arg-type]
    assert texts == {query.texts[one.row] for one in picked}


def test_another_seed_picks_other_responses_and_the_centre_is_nearest_to_its_cluster() -> None:
    query = distinct(planted(), seed=0)
    drawn = {frozenset(one.row for one in diverse(query, IDEAS, seed=seed)) for seed in range(6)}
    assert len(drawn) > 3
    clusters = balanced(query.vectors, IDEAS, seed=0)  # type: ignore[arg-type]
    for one in diverse(query, IDEAS, seed=0, pick="centre"):
        rows = np.flatnonzero(clusters == one.cluster)
        vectors = query.vectors[rows]  # type: ignore[index]
        distances = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
        assert rows[distances.argmin()] == one.row


def test_texts_that_are_alike_are_one_and_each_of_their_sources_is_drawn_as_often() -> None:
    texts = ["yes", " yes\n", "yes", "no"]
    query = QueryResponses("q", "Well?", np.array([0, 1, 2, 0]), texts, None)
    drawn = Counter(distinct(query, seed=seed).source[1] for seed in range(300))
    assert all(len(distinct(query, seed=seed)) == 2 for seed in range(5))
    assert set(drawn) == {0, 1, 2} and min(drawn.values()) > 70
    with pytest.raises(TooFew, match="2 different texts"):
        diverse(distinct(query, seed=0), 3, seed=0)


def test_pairs_keep_to_their_rule_and_weights_add_up_to_what_was_drawn_from() -> None:
    query = distinct(planted(), seed=0)
    assert query.classes is not None and query.vectors is not None
    every = len(query) * (len(query) - 1) / 2
    within = IDEAS * EACH * (EACH - 1) / 2
    for name, held, alike in (
        ("random", every, None),
        ("same-cluster", within, True),
        ("different-cluster", every - within, False),
    ):
        rule = PairRule(name, 12, clusters=IDEAS)  # type: ignore[arg-type]
        found = pairs(query, rule, seed=5)
        assert len({frozenset((pair.first, pair.second)) for pair in found}) == 12
        assert sum(pair.weight for pair in found) == pytest.approx(held)
        if alike is not None:
            assert {query.classes[pair.first] == query.classes[pair.second] for pair in found} == {alike}
        for pair in found:
            cosine = float(query.vectors[pair.first] @ query.vectors[pair.second])
            assert pair.similarity == pytest.approx(cosine, abs=1e-6)
        texts = {frozenset((query.texts[pair.first], query.texts[pair.second])) for pair in found}
        again = distinct(shuffled(planted(), 2), seed=0)
        assert texts == {
            frozenset((again.texts[pair.first], again.texts[pair.second]))
            for pair in pairs(again, rule, seed=5)
        }


def test_near_pairs_are_drawn_evenly_over_bands_and_stand_for_all_of_them() -> None:
    query = distinct(planted(), seed=0)
    assert query.vectors is not None
    similarity = (query.vectors @ query.vectors.T)[np.triu_indices(len(query), 1)]
    threshold = float(np.quantile(similarity, 0.9))
    found = pairs(query, PairRule("near", 20, threshold=threshold, below=10), seed=1)
    above = [pair for pair in found if (pair.similarity or 0) >= threshold]
    below = [pair for pair in found if (pair.similarity or 0) < threshold]
    assert (len(above), len(below)) == (20, 10)
    assert sum(pair.weight for pair in above) == pytest.approx((similarity >= threshold).sum())
    assert sum(pair.weight for pair in below) == pytest.approx((similarity < threshold).sum())
    bands = Counter(pair.band for pair in above)
    held = {band: ((similarity >= band[0]) & (similarity < band[1])).sum() for band in bands if band}
    # A band gets fewer than another only where it has no more.
    most = max(bands.values())
    assert all(bands[band] >= most - 1 or bands[band] == held[band] for band in held)
    assert all(pair.band and pair.band[0] <= (pair.similarity or 0) <= pair.band[1] for pair in found)


def test_pairs_of_similar_quality_stand_next_to_each_other_and_take_their_scores_along() -> None:
    query = distinct(planted(), seed=0)
    scores = {key: float(n % 7) + n / 100 for n, key in enumerate(query.keys) if n % 4}
    ranked = sorted(scores.values())
    found = pairs(query, PairRule("similar-quality", 9), seed=2, scores=scores)
    assert len(found) == 9
    for pair in found:
        told = (scores[query.keys[pair.first]], scores[query.keys[pair.second]])
        assert pair.scores == told
        assert abs(ranked.index(told[0]) - ranked.index(told[1])) == 1
    with pytest.raises(TooFew, match="1 different texts with a score"):
        pairs(query, PairRule("similar-quality", 9), seed=2, scores={query.keys[0]: 1.0})


def test_which_of_a_pair_comes_first_is_drawn() -> None:
    query = distinct(planted(), seed=0)
    found = [pair for seed in range(20) for pair in pairs(query, PairRule("random", 20), seed=seed)]
    share = np.mean([pair.first < pair.second for pair in found])
    assert 0.4 < share < 0.6
