import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.scorers.judges.shares import Shares, Undefined, shares_of, tokens_of

FIVE = ["1", "2", "3", "4", "5"]


def logprobs(*tokens: str | dict[str, float]) -> dict[str, Any]:
    """The tokens as servers send them; those with alternatives have their probabilities, chosen first."""
    content = []
    for token in tokens:
        likely = {token: 1.0} if isinstance(token, str) else token
        top = [
            {"token": text, "logprob": math.log(share) if share else -9999.0, "bytes": list(text.encode())}
            for text, share in likely.items()
        ]
        content.append({**top[0], "top_logprobs": top})
    return {"content": content}


def read(*tokens: str | dict[str, float], spelled: list[str] = FIVE, before: str = "") -> Shares:
    """The shares where the reply of these tokens has its first score."""
    given = logprobs(*tokens)
    text = "".join(entry["token"] for entry in given["content"]).removeprefix(before)
    starts = [text.find(name) for name in spelled if name in text]
    return shares_of(tokens_of(given), text, min(starts), spelled)


def test_all_spellings_of_a_value_count_and_what_is_off_the_scale_is_set_apart() -> None:
    score = {" 4": 0.4, "4": 0.1, " 5": 0.2, ' "3': 0.1, " 9": 0.1, " The": 0.05, ' "': 0.05}
    found = read('{"overall":', score, "}")
    assert found.values == pytest.approx((0, 0, 1 / 8, 5 / 8, 2 / 8))
    assert found.outside == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("tokens", "chosen"),
    [
        (['{"overall', '":', " ", {"4": 0.75, "2": 0.25}, "}"], 3),
        (['{"overall', {'":4': 0.75, '":2': 0.25}, "}"], 1),
        (['{"overall": "', {'4"}': 0.75, '2"}': 0.25}], 1),
        (["Score", ":", {" 4.": 0.75, " 2.": 0.25}], 2),
        ([{"**4": 0.75, "**2": 0.25}, "/", "5", "**"], 0),
    ],
)
def test_a_score_is_found_whatever_its_token_is_glued_to(tokens: list[Any], chosen: int) -> None:
    assert read(*tokens).values == pytest.approx((0, 0.25, 0, 0.75, 0))


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.98), st.booleans())
def test_a_score_of_several_tokens_has_the_product_of_their_probabilities(
    first: float, second: float, ends: bool
) -> None:
    """Ten is "1" and then "0"; what ends after "1" is one."""
    spelled = [str(value) for value in range(1, 11)]
    rest = {"0": second, "}": 1 - second}
    after = dict(sorted(rest.items(), key=lambda one: one[0] == "0")) if ends else rest
    tokens: list[Any] = ['{"a": ', {"1": first, "7": 1 - first}, after, *([] if ends else ["}"])]
    found = read(*tokens, spelled=spelled)
    assert found.values[0] == pytest.approx(first * (1 - second))
    assert found.values[6] == pytest.approx(1 - first)
    assert found.values[9] == pytest.approx(first * second)
    assert found.outside == pytest.approx(0, abs=1e-9)


def test_a_sign_of_its_own_is_followed_where_it_was_chosen() -> None:
    scale = ["-2", "-1", "0", "1", "2"]
    found = read('{"a":', {" -": 0.995, " 1": 0.005}, {"1": 0.75, "2": 0.25}, "}", spelled=scale)
    assert found.values == pytest.approx((0.24875, 0.74625, 0, 0.005, 0))


def test_values_that_share_a_beginning_which_was_not_followed_are_not_guessed() -> None:
    scale = ["-2", "-1", "0", "1", "2"]
    with pytest.raises(Undefined, match="tell the values apart"):
        read('{"a":', {" 1": 0.6, " -": 0.4}, "}", spelled=scale)
    # Where ten is a token of its own, one is not its beginning.
    tens = [str(value) for value in range(1, 11)]
    assert read("a: ", {"2": 0.5, "1": 0.25, "10": 0.25}, spelled=tens).values[0] == pytest.approx(0.25)
    with pytest.raises(Undefined, match="tell the values apart"):
        read("a: ", {"2": 0.5, "1": 0.5}, spelled=tens)


def test_a_number_too_large_for_a_float_is_a_certainty_or_nothing() -> None:
    given = logprobs({"4": 0.5, "5": 0.5})
    for likely, huge in zip(given["content"][0]["top_logprobs"], (10**400, -(10**400)), strict=True):
        likely["logprob"] = huge
    given["content"][0]["logprob"] = 10**400
    assert shares_of(tokens_of(given), "4", 0, FIVE).values == (0, 0, 0, 1, 0)


def test_letters_are_read_in_either_case() -> None:
    found = read('{"a": "', {"B": 0.5, "b": 0.25, "A": 0.25}, '"}', spelled=["C", "B", "A"])
    assert found.values == pytest.approx((0, 0.75, 0.25))


def test_each_score_of_a_reply_has_its_own_place_whatever_stands_before_it() -> None:
    """Thoughts before the reply, halves of a character that have no text, and the first score."""
    before = ["<think>", "4?", "</think>", '{"a": ', {"4": 0.9, "3": 0.1}, ', "r": "']
    given = logprobs(*before, "\ufffd", "\ufffd", '", "b": ', {"2": 0.6, "1": 0.4}, "}")
    given["content"][6]["bytes"], given["content"][7]["bytes"] = [0xF0, 0x9F], [0x98, 0x80]
    text = '{"a": 4, "r": "😀", "b": 2}'
    tokens = tokens_of(given)
    assert shares_of(tokens, text, text.index("4"), FIVE).values == pytest.approx((0, 0, 0.1, 0.9, 0))
    assert shares_of(tokens, text, text.index("2"), FIVE).values == pytest.approx((0.4, 0.6, 0, 0, 0))


def _without_top(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "top_logprobs": []}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "gave no token probabilities: choose votes or stated"),
        ({"content": None}, "gave no token probabilities"),
        ({"tokens": ["4"], "token_logprobs": [-0.1]}, "gave no token probabilities"),
        ({"content": ["4"]}, "no known form"),
        ({"content": [_without_top(entry) for entry in logprobs("4")["content"]]}, "no other tokens"),
        ({"content": [{"token": "4", "top_logprobs": [{"token": "4", "logprob": None}]}]}, "no other tokens"),
        ({"content": [{"token": "token_id:19", "logprob": -0.1}]}, "not those of the reply"),
        (logprobs({"4": 0.0, "9": 1.0}), "no value of the scale"),
        (logprobs("The 4"), "something else"),
    ],
)
def test_what_makes_no_distribution_is_said(given: Any, why: str) -> None:
    text = "The 4" if why == "something else" else "4"
    with pytest.raises(Undefined, match=why):
        shares_of(tokens_of(given), text, text.index("4"), FIVE)


def test_tokens_without_text_are_not_followed_without_end() -> None:
    with pytest.raises(Undefined, match="tell the values apart"):
        read('{"a":', "-", *[""] * 3000, "1}", spelled=["-1", "0", "1"])


VALUES = (
    st.integers()
    | st.just(10**400)
    | st.none()
    | st.booleans()
    | st.floats()
    | st.sampled_from(["4", " 4", '"', "", "é"])
)
FIELDS = st.sampled_from(["token", "logprob", "bytes", "top_logprobs", "content"])


@given(st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner)))
def test_no_token_list_breaks_anything(given: Any) -> None:
    try:
        found = shares_of(tokens_of({"content": given}), "4", 0, FIVE)
    except Undefined as why:
        assert str(why)
    else:
        assert np.isclose(sum(found.values), 1)
        assert 0 <= found.outside <= 1
