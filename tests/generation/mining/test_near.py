import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.mining.near import RECALL, NearTexts, bands, jaccard, shingles


def changed(text: str, letters: int, drawn: random.Random) -> str:
    """The text with its last letters drawn anew, so that all shingles before them stay."""
    return text[: len(text) - letters] + "".join(drawn.choices("0123456789", k=letters))


def test_near_duplicates_of_known_similarity_are_found_and_others_kept() -> None:
    drawn = random.Random(7)
    found: dict[bool, list[bool]] = {True: [], False: []}
    for number in range(150):
        text = "".join(drawn.choices("abcdefghijklmnopqrstuvwxyz ", k=120))
        other = changed(text, drawn.choice([4, 8, 16, 32, 64]), drawn)
        texts = NearTexts(0.8)
        assert texts.add(number, text) is None
        near = jaccard(shingles(text), shingles(other)) >= 0.8
        found[near].append(texts.add(number + 1, other) == number)
    # Whatever hashing says, no pair below the threshold counts as near.
    assert not any(found[False])
    assert len(found[True]) > 40
    assert sum(found[True]) / len(found[True]) > 0.97


def test_a_text_is_near_the_most_similar_of_those_that_are_alone_and_no_chain_is_made() -> None:
    texts = NearTexts(0.7)
    first = "Write a poem about the river Thames in the early morning"
    assert texts.add(1, first) is None
    assert texts.add(2, first + " mist") == 1
    # Near the second, which stands for nothing itself.
    assert jaccard(shingles(first), shingles(first + " mist of a November")) < 0.75
    third = texts.add(3, first + " mist of a November day long ago")
    assert third is None
    assert texts.add(4, first + " mist of a November day long agone") == 3


@given(st.floats(0.05, 1))
def test_a_pair_at_the_threshold_is_compared_with_the_stated_probability(threshold: float) -> None:
    count, rows = bands(threshold)
    assert count * rows <= 128
    assert rows == 1 or 1 - (1 - threshold**rows) ** count >= RECALL


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_similarity_is_symmetric_and_1_only_for_the_same_shingles(one: str, other: str) -> None:
    first, second = shingles(one), shingles(other)
    assert jaccard(first, second) == jaccard(second, first)
    assert (jaccard(first, second) == 1) == (first == second)


@pytest.mark.parametrize("text", ["", "a", "abcd"])
def test_a_text_shorter_than_a_shingle_is_one(text: str) -> None:
    assert shingles(text) == {text}
