import doctest
import math
import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU

from generation.diversity import bleu, lexical, ngrams, words
from generation.diversity.bleu import leave_one_out_bleu, self_bleu
from generation.diversity.lexical import (
    LEXICAL,
    NAMES,
    compression_ratio,
    distinct,
    rarefied_distinct,
    self_repetition,
)
from generation.diversity.measures import Setting
from generation.diversity.ngrams import encode, grams, grams_up_to
from generation.diversity.responses import QueryResponses
from generation.diversity.words import excerpt, tokens

SENTENCES = st.lists(st.sampled_from(["time", "is", "a", "river", "thief"]), max_size=12).map(" ".join)
TEXTS = st.lists(SENTENCES, min_size=2, max_size=8)
FLUENT = "Time is a river that flows from one sea to another, and nobody has seen its source."


@pytest.mark.parametrize("module", [words, ngrams, bleu, lexical])
def test_examples_in_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


@settings(max_examples=50)
@given(TEXTS)
def test_self_bleu_is_sacrebleus_of_each_text_against_the_others(texts):
    held = [" ".join(tokens(text)) for text in texts]
    oracle = BLEU(tokenize="none", effective_order=True)
    expected = [oracle.sentence_score(one, held[:n] + held[n + 1 :]).score for n, one in enumerate(held)]
    assert leave_one_out_bleu(encode(texts)) * 100 == pytest.approx(expected, abs=1e-9)
    mean = np.mean(expected) / 100 if any(held) else None
    assert self_bleu(encode(texts)) == pytest.approx(mean, abs=1e-11)


@settings(max_examples=50)
@given(TEXTS, st.integers(1, 9))
def test_n_grams_are_those_of_each_text_alone(texts, n):
    encoded = encode(texts)
    found = grams(encoded, n)
    plain = [tuple(text.split()[at : at + n]) for text in texts for at in range(len(text.split()) - n + 1)]
    seen = [tuple(encoded.vocabulary[one] for one in encoded.ids[at : at + n]) for at in found.places]
    assert seen == plain
    assert len(set(zip(found.ids.tolist(), plain, strict=True))) == len(set(plain)) == found.number
    *_, stepwise = grams_up_to(encoded, n)
    assert (stepwise.places.tolist(), stepwise.texts.tolist()) == (
        found.places.tolist(),
        found.texts.tolist(),
    )
    assert distinct(encoded, n) == (len(set(plain)) / len(plain) if plain else None)


def test_the_rarefied_share_is_the_mean_over_all_draws_and_does_not_fall_with_length():
    encoded = encode(["a a b c", "a b"])
    held = encoded.ids.tolist()
    drawn = [
        len({held[one] for one in (i, j, k)})
        for i in range(6)
        for j in range(i)
        for k in range(j)
    ]  # fmt: skip
    assert rarefied_distinct(encoded, 1, size=3) == pytest.approx(np.mean(drawn) / 3)
    assert rarefied_distinct(encoded, 1, size=7) is None
    rng = np.random.default_rng(1)
    short, long = (
        encode([" ".join(rng.choice(list("abcdefghij"), size)) for _ in range(400)]) for size in (10, 80)
    )
    assert distinct(long, 2) < distinct(short, 2) / 4
    assert rarefied_distinct(long, 2) == pytest.approx(rarefied_distinct(short, 2), rel=0.02)
    with pytest.raises(ValueError, match="not 0"):
        rarefied_distinct(encoded, 1, size=0)


@settings(max_examples=50)
@given(TEXTS)
def test_self_repetition_counts_the_other_texts_that_hold_each_four_words(texts):
    held = [{tuple(text.split()[at : at + 4]) for at in range(len(text.split()) - 3)} for text in texts]
    hits = Counter(gram for one in held for gram in one)
    expected = np.mean([math.log(1 + sum(hits[gram] - 1 for gram in one)) for one in held])
    assert self_repetition(encode(texts)) == (pytest.approx(expected) if hits else None)


def test_the_compression_ratio_is_zlibs_of_the_sorted_texts():
    texts = ["b " * 300, "a"]
    size = len("\n".join(sorted(texts)))
    packed = zlib.compress("\n".join(sorted(texts)).encode(), 9)
    assert compression_ratio(texts) == compression_ratio(texts[::-1]) == size / len(packed)
    assert compression_ratio(["", ""]) is None
    # Half of a character, as some servers send it, is no reason to stop.
    assert compression_ratio(["\ud83d half"]) > 0


def test_responses_that_are_all_equal_or_all_different_have_the_extreme_values():
    n = 6
    different = [" ".join(f"w{n}x{word}" for word in range(100)) for n in range(n)]
    query = QueryResponses("q", "", np.repeat([0, 1], n), [FLUENT] * n + different, None)
    found = LEXICAL.function(query, Setting(3))
    assert found["self_bleu"].tolist()[:2] == [1.0, 0.0]
    words_of = len(FLUENT.split())
    assert found["distinct_1"][1] == found["distinct_3"][1] == 1.0
    assert found["rarefied_2"][1] == pytest.approx(1)
    assert found["distinct_3"][0] == pytest.approx(1 / n)
    assert found["self_repetition"].tolist()[:2] == [math.log(1 + (words_of - 3) * (n - 1)), 0.0]
    assert found["compression"][0] > 3 * compression_ratio([FLUENT])
    assert found["words"].tolist()[:2] == [words_of, 100]
    assert all(np.isnan(column[2]).all() for column in found.values())


def test_a_measure_of_words_is_undefined_where_there_are_too_few():
    query = QueryResponses("q", "", np.array([0, 1]), ["", "one"], None)
    found = {name: column.tolist() for name, column in LEXICAL.function(query, Setting(2)).items()}
    assert found["words"] == [0.0, 1.0]
    assert math.isnan(found["distinct_1"][0]) and found["distinct_1"][1] == 1.0
    for name in ("distinct_2", "self_bleu", "self_repetition", "rarefied_2"):
        assert np.isnan(found[name]).all()
    # What has no words, or none of four in a row, has none in common either.
    short = QueryResponses("q", "", np.array([0, 0, 1, 1]), ["", "?", "a a a", "a a a"], None)
    found = {name: column.tolist() for name, column in LEXICAL.function(short, Setting(2)).items()}
    assert math.isnan(found["self_bleu"][0]) and found["self_bleu"][1] == 1
    assert np.isnan(found["self_repetition"]).all()
    none = QueryResponses("q", "", np.zeros(0, int), (), None)
    assert all(np.isnan(column).all() for column in LEXICAL.function(none, Setting(2)).values())


def test_what_is_typed_differently_is_the_same_token_and_letters_without_spaces_are_tokens():
    assert tokens("Don’t STOP") == tokens("don't stop!") == ["don't", "stop"]
    assert tokens("時間は川 GPT4は") == ["時", "間", "は", "川", "gpt4", "は"]
    assert excerpt("Time isn’t; Money 时间。", 1, 4) == "isn’t; Money 时"
    # The ligature is two letters, so that places in the text are not those of the tokens.
    assert excerpt("A ﬁsh swims", 0, 2) == "a fish"


@settings(max_examples=30)
@given(TEXTS, st.randoms())
def test_neither_order_nor_case_nor_punctuation_changes_a_measure_of_words(texts, random):
    def measured(given_texts):
        source = np.zeros(len(given_texts), int)
        found = LEXICAL.function(QueryResponses("q", "", source, given_texts, None), Setting(1))
        return {name: column[0] for name, column in found.items() if name in NAMES and name != "compression"}

    other = [f"« {text.title()} ! »" for text in texts]
    random.shuffle(other)
    assert measured(other) == pytest.approx(measured(texts), nan_ok=True)
