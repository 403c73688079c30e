"""The token entropy of a reply: exact of whole distributions, a lower bound of what a server shows."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from generation.recipes.token_entropy import entropy, exact, lower_bound

SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=40).filter(lambda some: sum(some) > 0.01)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["content", "token", "logprob", "top_logprobs"]), inner)
    ),
    max_leaves=12,
)


def token(shares: list[float], chosen: int = 0, *, shown: int = 20) -> dict[str, Any]:
    """A token as a server tells it, with the likeliest in its place."""
    likely = [
        {"token": str(place), "logprob": math.log(share) if share > 0 else -9999.0}
        for place, share in enumerate(shares)
    ]
    return {**likely[chosen], "top_logprobs": sorted(likely, key=lambda one: -one["logprob"])[:shown]}


@given(SHARES)
def test_the_entropy_is_that_of_the_distribution_in_nats(given: list[float]) -> None:
    shares = [one / math.fsum(given) for one in given]
    assert entropy(shares) == pytest.approx(float(stats.entropy(shares)), abs=1e-12)
    assert exact([1.0, 2.0, 0.0]) == {"mean": 1.0, "tokens": 3, "bound": "exact"}


@given(SHARES, st.integers(1, 40), st.integers(0))
def test_what_a_server_shows_bounds_the_entropy_from_below_and_all_of_it_gives_it(
    given: list[float], shown: int, chosen: int
) -> None:
    shares = [one / math.fsum(given) for one in given]
    kept = lower_bound({"content": [token(shares, chosen % len(shares), shown=shown)]})
    assert kept is not None and (kept["tokens"], kept["bound"]) == (1, "lower")
    assert 0 <= kept["mean"] <= entropy(shares) + 1e-9
    if shown >= len(shares):
        assert kept["mean"] == pytest.approx(entropy(shares), abs=1e-9)


def test_all_that_is_not_shown_counts_as_one_token_and_the_mean_is_over_tokens() -> None:
    kept = lower_bound({"content": [token([0.5, 0.25, 0.125, 0.125], shown=2), token([1.0])]})
    assert kept == {"mean": pytest.approx(1.5 * math.log(2) / 2), "tokens": 2, "bound": "lower"}
    # A chosen token that is not among the likeliest is shown all the same.
    unlikely = lower_bound({"content": [token([0.5, 0.25, 0.125, 0.125], chosen=2, shown=2)]})
    assert unlikely is not None and unlikely["mean"] == pytest.approx(1.75 * math.log(2))


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {"content": []},
        {"tokens": ["a"], "token_logprobs": [-0.1]},
        {"content": [token([0.5, 0.5]), {"token": "a", "logprob": -0.1, "top_logprobs": []}]},
        {"content": [{"token": "a", "logprob": None, "top_logprobs": [{"token": "a", "logprob": None}]}]},
        {"content": [token([1.0, 1.0])]},
    ],
    ids=["none", "empty", "of completions", "no others", "no numbers", "more than all"],
)
def test_without_probabilities_there_is_no_bound_rather_than_0(logprobs: Any) -> None:
    assert lower_bound(logprobs) is None


@settings(max_examples=40)
@given(JSON)
def test_no_answer_of_a_server_breaks_it(logprobs: Any) -> None:
    kept = lower_bound(logprobs)
    assert kept is None or kept["mean"] >= 0
