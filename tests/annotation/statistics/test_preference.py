import doctest

import choix
import evalica
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotation.statistics import comparison_fit, newton, preference, strengths, wins
from annotation.statistics.newton import expected_points, fit_strengths
from annotation.statistics.preference import bradley_terry, davidson
from annotation.statistics.wins import strong_components, ties_settled, win_matrix

THREE = (-1, 0, 1)
LETTERS = "abcdefghijklmnopqrstuvwxyz"

# Agresti (1990), Categorical Data Analysis, table 10.10: games of the American League East, 1987.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
GAMES = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]
# Davidson (1970), example 2: brands of chocolate pudding; i, j, i preferred, j preferred, no preference.
PUDDINGS = [
    (1, 2, 19, 22, 16),
    (1, 3, 16, 19, 12),
    (2, 3, 19, 19, 10),
    (1, 4, 18, 23, 13),
    (2, 4, 23, 19, 9),
    (3, 4, 19, 20, 15),
    (1, 5, 13, 19, 18),
    (2, 5, 16, 20, 12),
    (3, 5, 16, 15, 17),
    (4, 5, 17, 14, 16),
    (1, 6, 18, 21, 12),
    (2, 6, 22, 20, 12),
    (3, 6, 13, 18, 10),
    (4, 6, 14, 19, 18),
    (5, 6, 11, 21, 12),
]


def compared(outcomes, models=LETTERS[:4]):
    """One item an entry: its models as letters, then its labels for the second, ties, and for the first."""
    return {
        "first": np.array([models.index(pair[0]) for pair, _ in outcomes]),
        "second": np.array([models.index(pair[1]) for pair, _ in outcomes]),
        "counts": np.array([counts for _, counts in outcomes]),
        "values": THREE,
        "models": models,
    }


def random_comparisons(rng, *, models, items, labels=1, tie=0.0):
    true = rng.normal(size=models)
    first = rng.integers(models, size=items)
    second = (first + rng.integers(1, models, size=items)) % models
    chance = expected_points(true[first] - true[second])[:, None] * [[-1, 0, 1]] * (1 - tie)
    chance += [[1 - tie, tie, 0]]
    return {
        "first": first,
        "second": second,
        "counts": rng.multinomial(labels, chance),
        "values": THREE,
        "models": LETTERS[:models],
    }


@st.composite
def comparisons(draw):
    models, items = draw(st.integers(2, 5)), draw(st.integers(1, 14))
    indices = arrays(np.int64, items, elements=st.integers(-1, models - 1))
    counts = arrays(np.int64, (items, 3), elements=st.integers(0, 4))
    return {
        "first": draw(indices),
        "second": draw(indices),
        "counts": draw(counts),
        "values": THREE,
        "models": LETTERS[:models],
    }


def close(found, wanted, *, order=slice(None)):
    for name in (
        "strength",
        "low",
        "high",
        "win_share",
        "rank",
        "rank_low",
        "rank_high",
        "labels",
        "comparisons",
    ):
        np.testing.assert_allclose(
            getattr(found, name), getattr(wanted, name)[order], atol=1e-7, err_msg=name
        )


def test_examples_in_docstrings_hold():
    for module in (wins, newton, comparison_fit, strengths, preference):
        assert doctest.testmod(module).failed == 0


def test_bradley_terry_equals_agrestis_published_example():
    rows = [(i, j, GAMES[j][i], GAMES[i][j]) for i in range(7) for j in range(i)]
    first, second, lost, won = np.array(rows).T
    found = bradley_terry(
        first, second, np.stack([lost, won], axis=1), values=(-1, 1), models=TEAMS, ridge=0, replicates=0
    )
    published = [1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0]
    assert (found.strength - found.strength[-1]).round(3).tolist() == pytest.approx(published, abs=6e-4)
    assert found.strength.sum() == pytest.approx(0, abs=1e-12)
    assert found.rank.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert (found.n, found.comparisons.tolist(), found.labels.tolist()) == (21, [6] * 7, [78] * 7)
    # Agresti's fitted chance that Detroit beats Boston: .58.
    assert found.beats[1, 4] == pytest.approx(0.58, abs=0.005)


def test_davidsons_ties_equal_his_published_example():
    i, j, won, lost, tied = np.array(PUDDINGS).T
    counts = np.stack([lost, tied, won], axis=1)
    found = davidson(i - 1, j - 1, counts, values=THREE, models=LETTERS[:6], ridge=1e-9)
    worth = np.exp(found.strength)
    # His own iteration stopped some 1e-5 before the maximum.
    published = [0.1388, 0.1730, 0.1617, 0.1654, 0.1587, 0.2024]
    assert worth / worth.sum() == pytest.approx(published, abs=1e-4)
    assert found.tie.value == pytest.approx(0.7468, abs=1e-4)
    # At the maximum the ties to be expected are those observed, and so are each brand's points.
    games, tie = counts.sum(axis=1), found.tie.value
    chances = expected_points(found.strength[i - 1] - found.strength[j - 1], tie)
    excess = np.concatenate([chances * games - won - tied / 2, (1 - chances) * games - lost - tied / 2])
    assert np.bincount(np.concatenate([i, j]), weights=excess) == pytest.approx(0, abs=1e-6)
    root = np.sqrt(worth[i - 1] * worth[j - 1])
    assert (tie * root / (worth[i - 1] + worth[j - 1] + tie * root)) @ games == pytest.approx(tied.sum())


def test_strengths_equal_those_of_evalica_and_choix():
    given = random_comparisons(np.random.default_rng(4), models=12, items=1500, tie=0.2)
    found = bradley_terry(**given, ridge=0)
    names = np.array(list(given["models"]))
    xs, ys = names[given["first"]].tolist(), names[given["second"]].tolist()
    outcome = given["counts"].argmax(axis=1)
    winners = [(evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)[n] for n in outcome]
    theirs = evalica.bradley_terry(xs, ys, winners, tolerance=1e-12, limit=10_000).scores.loc[list(names)]
    logs = np.log(theirs.to_numpy())
    assert found.strength == pytest.approx(logs - logs.mean(), abs=1e-10)

    pairs = zip(given["first"].tolist(), given["second"].tolist(), outcome.tolist(), strict=True)
    both = {0: ((1, 0), (1, 0)), 1: ((0, 1), (1, 0)), 2: ((0, 1), (0, 1))}
    doubled = [((i, j)[a], (i, j)[b]) for i, j, n in pairs for a, b in both[n]]
    assert found.strength == pytest.approx(choix.ilsr_pairwise(12, doubled, tol=1e-12), abs=1e-8)
    # Every label twice, and choix's penalty is alpha times the squares, ours half the ridge.
    prior = choix.opt_pairwise(12, doubled[:400], alpha=1.5, method="BFGS")
    part = {name: given[name][:200] for name in ("first", "second", "counts")}
    assert bradley_terry(**(given | part), ridge=1.5).strength == pytest.approx(prior, abs=1e-4)


@settings(max_examples=50, deadline=None)
@given(comparisons(), st.randoms(use_true_random=False))
def test_strengths_follow_the_models_and_no_order_of_items_sides_or_names_matters(given, random):
    plain = bradley_terry(**given, ridge=0.1)
    size, items = len(given["models"]), len(given["first"])
    order = np.array(random.sample(range(items), items))
    close(
        bradley_terry(
            **given | {name: given[name][order] for name in ("first", "second", "counts")}, ridge=0.1
        ),
        plain,
    )
    turned = {"first": given["second"], "second": given["first"], "counts": given["counts"][:, ::-1]}
    close(bradley_terry(**given | turned, ridge=0.1), plain)
    names = np.array([*random.sample(range(size), size), -1])
    renamed = {side: names[given[side]] for side in ("first", "second")}
    again = bradley_terry(**given | renamed, ridge=0.1)
    assert (again.n, again.left_out) == (plain.n, plain.left_out)
    np.testing.assert_allclose(again.strength[names[:-1]], plain.strength, atol=1e-7)
    np.testing.assert_allclose(again.beats[np.ix_(names[:-1], names[:-1])], plain.beats, atol=1e-7)


@settings(max_examples=50, deadline=None)
@given(comparisons())
def test_labels_given_twice_leave_maximum_likelihood_as_it_is(given):
    plain = bradley_terry(**given, ridge=0)
    assume(not np.isnan(plain.strength).all())
    twice = bradley_terry(**given | {"counts": 2 * given["counts"]}, ridge=0)
    np.testing.assert_allclose(twice.strength, plain.strength, atol=1e-6)
    assert twice.n == plain.n and twice.labels.sum() == 2 * plain.labels.sum()


@settings(max_examples=50, deadline=None)
@given(comparisons())
def test_every_win_is_somebodys_loss_and_a_tie_is_half_of_each(given):
    found = win_matrix(**given)
    assert (found.ties == found.ties.T).all() and (found.items == found.items.T).all()
    assert not np.diag(found.wins).any() and not np.diag(found.items).any()
    known = (given["first"] >= 0) & (given["second"] >= 0) & (given["first"] != given["second"])
    assert found.left_out == (~known).sum()
    assert found.wins.sum() == given["counts"][known].sum()
    assert found.ties.sum() == 2 * given["counts"][known, 1].sum()
    assert (found.wins >= found.ties / 2).all()


def test_how_much_better_an_answer_is_does_not_count_and_items_without_labels_are_none():
    five = win_matrix(
        [0, 0, 1], [1, 1, 0], [[1, 0, 2, 0, 3]] * 2 + [[0] * 5], values=(-2, -1, 0, 1, 2), models="ab"
    )
    assert five.wins.tolist() == [[0, 8], [4, 0]] and five.items[0, 1] == 2


def test_without_a_prior_strengths_that_do_not_exist_are_undefined_and_say_between_which_models():
    beaten = compared([("ab", (3, 0, 4)), ("bc", (0, 0, 5)), ("ac", (0, 0, 2))])
    found = bradley_terry(**beaten, ridge=0)
    assert np.isnan(found.strength).all() and np.isnan(found.rank).all() and np.isnan(found.beats).all()
    assert "undefined without a ridge" in found.reason and "a, b | c" in found.reason
    assert found.component.tolist() == [0, 0, 1, -1] and found.group.tolist() == [0, 0, 0, -1]
    islands = bradley_terry(**compared([("ab", (3, 0, 4)), ("cd", (1, 1, 1))]), ridge=0)
    assert "no comparison links: a, b | c, d" in islands.reason


def test_a_prior_keeps_strengths_finite_and_claims_nothing_that_it_alone_says():
    outcomes = [("ab", (3, 0, 4)), ("bc", (3, 1, 2)), ("ca", (3, 0, 3)), ("ad", (0, 0, 25))] * 3
    found = bradley_terry(**compared(outcomes), replicates=100, rng=np.random.default_rng(0))
    assert np.isfinite(found.strength).all() and found.rank[3] == 4
    assert found.component.tolist() == [0, 0, 0, 1] and "a, b, c | d" in found.reason
    assert np.isfinite(found.low[:3]).all() and np.isnan([found.low[3], found.high[3]]).all()
    assert np.isnan(found.beats_low[3, :3]).all() and found.rank_low[3] == 1
    islands = compared([("ab", (3, 0, 4)), ("cd", (1, 1, 5))] * 20)
    found = bradley_terry(**islands, replicates=100, rng=np.random.default_rng(0))
    assert found.group.tolist() == [0, 0, 1, 1] and "no comparison links" in found.reason
    assert np.isnan(found.rank).all() and np.isnan(found.beats[:2, 2:]).all()
    assert found.strength[:2].sum() == pytest.approx(0, abs=1e-9) and found.win_share[0] == found.beats[0, 1]


def test_what_has_no_strength_says_why_and_a_model_against_itself_is_counted():
    found = bradley_terry([0, 1, 1, -1], [1, 0, 1, 0], [[1, 2]] * 4, values=(-1, 1), models="abc")
    assert np.isnan(found.strength[2]) and np.isfinite(found.strength[:2]).all()
    assert (found.n, found.left_out, found.component[2], found.labels.tolist()) == (2, 2, -1, [6, 6, 0])
    apart = davidson([0] * 9, [1] * 9, [[0, 5, 1000]] * 9, values=THREE, models="ab", ridge=1e-15)
    assert np.isnan(apart.strength).all() and "did not converge" in apart.reason
    nothing = davidson([-1], [0], [[1, 2]], values=(-1, 1), models="abc")
    assert np.isnan(nothing.strength).all() and nothing.tie.value is None
    assert nothing.reason == nothing.tie.reason == "no labels compare two different models that are known"


def test_components_come_in_an_order_in_which_no_later_one_beats_an_earlier():
    rng = np.random.default_rng(7)
    for _ in range(200):
        won = rng.random((6, 6)) < 0.2
        np.fill_diagonal(won, False)
        component = strong_components(won)
        assert (component[:, None] <= component)[won].all()
        within = won & (component[:, None] == component)
        for number in range(component.max() + 1):
            members = component == number
            walks = np.linalg.matrix_power(np.eye(6) + within, 6)
            assert (walks[np.ix_(members, members)] > 0).all()


def test_davidsons_tie_parameter_without_ties_is_0_and_of_nothing_but_ties_is_undefined():
    decided = compared([("ab", (3, 0, 5)), ("bc", (2, 0, 4)), ("ca", (3, 0, 3))] * 3)
    found = davidson(**decided, replicates=100, rng=np.random.default_rng(1))
    assert (found.tie.value, found.tie.low, found.tie.high) == (0, 0, 0)
    close(found, bradley_terry(**decided, replicates=100, rng=np.random.default_rng(1)))
    ties = davidson(**compared([("ab", (0, 4, 0))]))
    assert ties.tie.value is None and ties.reason == "every label is a tie"
    # Nobody ever lost: the likelihood grows for ever with the tie parameter.
    never = davidson(**compared([("ab", (0, 3, 5))] * 9), replicates=100, rng=np.random.default_rng(1))
    assert never.tie.low is None and "only the prior bounds the tie parameter" in never.tie.reason
    assert not ties_settled([[0, 1, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 1], [1, 1, 0]])
    assert ties_settled([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [[0, 0, 1], [0, 0, 0], [1, 0, 0]])


def test_a_fit_of_many_matrices_is_that_of_each_even_far_from_its_start():
    rng = np.random.default_rng(3)
    # From worlds in which all is even to worlds in which somebody wins a thousand times for one loss.
    points = rng.integers(1, 4, size=(30, 5, 5)) * 10.0 ** rng.integers(0, 4, size=(30, 5, 5))
    points[:, range(5), range(5)] = 0
    ties = rng.integers(0, 3, size=30).astype(float)
    start = np.array([6.0, -6, 3, -3, 0, 2])
    found = fit_strengths(points, ties, ridge=0, start=start)
    alone = [fit_strengths(points[[n]], ties[[n]], ridge=0, start=np.zeros(6))[0] for n in range(30)]
    np.testing.assert_allclose(found, alone, atol=1e-9)
    gap = found[:, :-1, None] - found[:, None, :-1]
    chances = expected_points(gap, np.exp(found[:, -1])[:, None, None])
    expected = ((points + points.swapaxes(1, 2)) * chances).sum(axis=2)
    np.testing.assert_allclose(expected, points.sum(axis=2), rtol=1e-9)


def test_a_fit_of_more_models_than_are_solved_at_once_is_the_maximum_too():
    points = np.random.default_rng(1).integers(0, 3, size=(2, 150, 150)).astype(float)
    points[:, range(150), range(150)] = 0
    found = fit_strengths(points, np.zeros(2), ridge=0, start=np.zeros(151))[:, :-1]
    chances = expected_points(found[:, :, None] - found[:, None])
    expected = ((points + points.swapaxes(1, 2)) * chances).sum(axis=2)
    np.testing.assert_allclose(expected, points.sum(axis=2), rtol=1e-9)


def test_resamples_that_lose_a_link_are_left_out_and_counted_and_those_that_split_are_named():
    rare = compared([("ab", (3, 0, 4)), ("ba", (1, 0, 2))] * 4 + [("bc", (1, 0, 1))])
    found = bradley_terry(**rare, replicates=400, rng=np.random.default_rng(2))
    # One item of nine is missing from about (8/9)^9 = 35 % of resamples.
    assert 230 < found.replicates < 290 and found.clusters == 9
    assert f"leave out {400 - found.replicates} of 400 resamples" in found.reason
    close_call = compared([("ab", (0, 0, 3))] * 8 + [("ab", (1, 0, 2))])
    held = bradley_terry(**close_call, replicates=400, rng=np.random.default_rng(2))
    assert held.replicates == 400 and np.isfinite(held.low[0])
    assert "of 400 resamples only the prior says how far some models are apart" in held.reason
    without = bradley_terry(**close_call, ridge=0, replicates=400, rng=np.random.default_rng(2))
    assert 230 < without.replicates < 290 and without.high[0] < held.high[0]


def test_intervals_are_those_of_resampled_clusters_one_after_the_other():
    rng = np.random.default_rng(6)
    given = random_comparisons(rng, models=4, items=120, labels=3)
    queries = rng.integers(12, size=120)
    found = bradley_terry(**given, clusters=queries, ridge=0, replicates=60, rng=np.random.default_rng(9))
    drawn = np.random.default_rng(9).integers(12, size=(60, 12))
    loop = []
    for chosen in drawn:
        items = np.concatenate([np.flatnonzero(queries == query) for query in chosen])
        part = {name: given[name][items] for name in ("first", "second", "counts")}
        loop.append(bradley_terry(**given | part, ridge=0).strength)
    low, high = np.quantile(loop, [0.025, 0.975], axis=0)
    np.testing.assert_allclose([found.low, found.high], [low, high], atol=1e-7)
    np.testing.assert_allclose(
        found.beats_low + found.beats_high.T, np.where(np.eye(4), np.nan, 1), atol=1e-7
    )


def test_what_cannot_be_compared_is_refused():
    right = compared([("ab", (1, 1, 1))])
    for wrong, words in [
        ({"first": [4]}, "between -1 and 3"),
        ({"second": [0.5]}, "indices"),
        ({"first": [0, 1]}, "indices"),
        ({"values": (1, 0, -1)}, "rise"),
        ({"ridge": -1.0}, "ridge"),
        ({"confidence": 95.0}, "confidence"),
        ({"replicates": 100}, "rng"),
        ({"clusters": [1, 2]}, "clusters"),
    ]:
        with pytest.raises(ValueError, match=words):
            bradley_terry(**right | wrong)
    with pytest.raises(ValueError, match="above 0"):
        davidson(**right, ridge=0)


def test_query_intervals_hold_true_strengths_and_ranks_where_those_of_items_are_too_narrow():
    true, spread, rng = np.array([-1, -0.5, 0, 0, 0.5, 1]), 1.0, np.random.default_rng(40)
    # Models are better at some queries: what their strengths are over all queries is known by quadrature.
    node, weight = np.polynomial.hermite_e.hermegauss(40)
    shifted = true[:, None, None] - true[:, None] + np.sqrt(2) * spread * node
    chances = expected_points(shifted) @ (weight / weight.sum())
    np.fill_diagonal(chances, 0)
    strength = fit_strengths(chances[None], np.zeros(1), ridge=0, start=np.zeros(7))[0, :-1]
    best, worst = 1 + (true > true[:, None]).sum(axis=1), 6 - (true < true[:, None]).sum(axis=1)
    queries, pairs, held = 40, 10, np.zeros(3)
    for _ in range(60):
        quality = true + spread * rng.normal(size=(queries, 6))
        query = np.repeat(np.arange(queries), pairs)
        first = rng.integers(6, size=len(query))
        second = (first + rng.integers(1, 6, size=len(query))) % 6
        won = rng.binomial(5, expected_points(quality[query, first] - quality[query, second]))
        given = (first, second, np.stack([5 - won, won], axis=1))
        for n, clusters in enumerate((query, None)):
            found = bradley_terry(
                *given, values=(-1, 1), models="abcdef", clusters=clusters, replicates=200, rng=rng
            )
            held[n] += ((found.low <= strength) & (strength <= found.high)).mean()
            held[2] += (n == 0) * ((found.rank_low <= best) & (worst <= found.rank_high)).mean()
    of_queries, of_items, of_ranks = held / 60
    assert 0.9 < of_queries < 0.985 and of_items < 0.87 and of_ranks > 0.95
