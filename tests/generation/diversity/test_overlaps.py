import difflib
import doctest
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.diversity import overlaps, phrases
from generation.diversity.measures import Setting
from generation.diversity.overlaps import OVERLAPS, identical_share, identical_texts, shared_with_others
from generation.diversity.phrases import shared_phrases
from generation.diversity.responses import QueryResponses

SENTENCES = st.lists(st.sampled_from(["time", "is", "a", "river"]), max_size=14).map(" ".join)
TEXTS = st.lists(st.tuples(SENTENCES, st.integers(0, 2)), min_size=2, max_size=6)
QUERY = "Write a metaphor about time for my grandmother"


@pytest.mark.parametrize("module", [overlaps, phrases])
def test_examples_in_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


@given(SENTENCES, SENTENCES)
def test_the_longest_phrase_of_two_texts_is_difflibs(first, second):
    one, two = first.split(), second.split()
    match = difflib.SequenceMatcher(None, one, two, autojunk=False).find_longest_match()
    found = shared_phrases([first, second], np.array([0, 1]), least=1, most=1)
    assert [len(phrase.text.split()) for phrase in found] == ([match.size] if match.size else [])
    assert shared_with_others([first, second], np.array([0, 1]), least=3).tolist() == [match.size >= 3] * 2


@given(TEXTS)
def test_a_phrase_names_exactly_the_responses_that_hold_it(given_texts):
    texts, source = [text for text, _ in given_texts], np.array([one for _, one in given_texts])
    found = shared_phrases(texts, source, least=2, most=100)
    for phrase in found:
        pattern = re.compile(rf"\b{phrase.text}\b")
        assert phrase.rows == tuple(row for row, text in enumerate(texts) if pattern.search(text))
        assert phrase.sources == tuple(sorted(set(source[list(phrase.rows)].tolist())))
        assert len(phrase.sources) > 1 and phrase.words == len(phrase.text.split()) >= 2
    assert [phrase.words for phrase in found] == sorted((phrase.words for phrase in found), reverse=True)
    assert bool(found) == shared_with_others(texts, source, least=2).any()


def test_a_phrase_within_a_longer_one_is_named_only_if_it_is_shared_elsewhere_too():
    river, short = "time is a river that flows to the sea", "a river that flows"
    texts = [f"One says {river}.", f"Two: {river}!", f"Rain feeds {short}"]
    source = np.array([0, 1, 1])
    assert [phrase.words for phrase in shared_phrases(texts, source, least=4)] == [9]
    texts.append(f"Snow feeds {short}")
    both = shared_phrases(texts, np.array([0, 1, 1, 2]), least=4)
    assert [(phrase.words, phrase.rows) for phrase in both] == [(9, (0, 1)), (5, (2, 3))]
    # Of one source: only where phrases of one source are asked for.
    assert len(shared_phrases(texts, np.array([0, 1, 1, 1]), least=4)) == 1
    assert len(shared_phrases(texts, np.array([0, 1, 1, 1]), least=4, across=False)) == 2


def test_what_repeats_the_query_is_nobodys_overlap():
    texts = [
        "Sure! A metaphor about time for my grandmother: a quilt",
        "A metaphor about time for my grandmother? Sand.",
    ]
    source = np.array([0, 1])
    assert shared_with_others(texts, source, least=5).all()
    assert not shared_with_others(texts, source, query=QUERY, least=1).any()
    assert [one.words for one in shared_phrases(texts, source, least=1)] == [7]
    assert shared_phrases(texts, source, query=QUERY, least=1) == []


def test_a_phrase_is_shown_as_it_is_written_and_found_however_it_is():
    texts = [
        "**Time**, it’s said, is a river",
        "TIME IT'S SAID IS A RIVER",
        "时间是一条河流。",
        "看，时间是一条河流",
    ]
    found = shared_phrases(texts, np.array([0, 1, 0, 1]), least=5)
    assert [phrase.text for phrase in found] == ["时间是一条河流", "Time**, it’s said, is a river"]
    assert [phrase.words for phrase in found] == [7, 6]
    with pytest.raises(ValueError, match="not 0"):
        shared_phrases(texts, np.array([0, 1, 0, 1]), least=0)


@given(TEXTS)
def test_the_share_of_identical_pairs_is_that_of_all_pairs_looked_at(given_texts):
    texts, source = [text for text, _ in given_texts], np.array([one for _, one in given_texts])
    found = identical_share(texts, source, 3)
    for a in range(3):
        for b in range(3):
            pairs = [
                texts[i] == texts[j]
                for i in np.flatnonzero(source == a)
                for j in np.flatnonzero(source == b)
                if i != j
            ]
            assert found[a, b] == pytest.approx(np.mean(pairs) if pairs else np.nan, nan_ok=True)
    several = sum(len(one.rows) for one in identical_texts(texts, source))
    assert several == sum(texts.count(text) > 1 for text in texts)


def test_responses_that_are_all_equal_or_all_different_have_the_extreme_values():
    source = np.repeat([0, 1], 3)
    equal = ["one two three four five six seven eight"] * 6
    found = OVERLAPS.function(QueryResponses("q", "", source, equal, None), Setting(2))
    assert (found["identical"] == 1).all() and (found["shared"] == 1).all()
    different = [" ".join(f"w{n}x{word}" for word in range(9)) for n in range(6)]
    found = OVERLAPS.function(QueryResponses("q", "", source, different, None), Setting(2))
    assert (found["identical"] == 0).all() and (found["shared"] == 0).all()
    # With one source there is no other to share with, and of one response no pair.
    found = OVERLAPS.function(QueryResponses("q", "", np.array([1]), ["one"], None), Setting(2))
    assert np.isnan(found["identical"]).all() and np.isnan(found["shared"]).all()
    none = QueryResponses("q", QUERY, np.zeros(0, int), (), None)
    assert np.isnan(OVERLAPS.function(none, Setting(2))["shared"]).all()
