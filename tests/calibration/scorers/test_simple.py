"""Simple scorers: published worked examples, scikit-learn, and what must not change a number."""

import doctest
import unicodedata
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from calibration.scorers.simple import (
    SIMPLE,
    Undefined,
    document_frequencies,
    flesch_reading_ease,
    length_in_characters,
    length_in_words,
    lexical_diversity,
    similarity_to_others,
)
from calibration.scorers.simple.readability import syllables
from generation.diversity.words import terms, words

PROSE = "The owl and the pussycat went to sea in a beautiful pea-green boat. "
TEXTS = st.text(st.sampled_from("aбéकि时间ไทย ,.!?’'-_\n19"), max_size=60)
WORDS = st.lists(st.sampled_from(["time", "is", "a", "river", "fleuve", "时间", "Zeit"]), max_size=12)


@pytest.mark.parametrize("name", ["length", "diversity", "readability", "similarity"])
def test_the_examples_of_the_docstrings_hold(name: str) -> None:
    found = doctest.testmod(import_module(f"calibration.scorers.simple.{name}"))
    assert found.attempted and not found.failed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("🙂 — !", 0),
        ("It’s 3.50, isn't it?", 4),
        ("हिन्दी में लिखा हुआ", 4),
        ("Ça va, l’été à l'école?", 5),
        ("시간은 강물과 같다", 3),
        ("**bold** snake_case [a](b)", 5),
        ("Tokyo is 東京 in Japanese", 5),
    ],
)
def test_words_are_counted_in_any_script_that_parts_them(text: str, number: int) -> None:
    assert length_in_words(text) == number


@pytest.mark.parametrize(
    "text", ["时间是一条河", "時間は川のようだ。", "เวลาคือแม่น้ำ", "ເວລາ", "အချိန်", "ពេលវេលា"]
)
def test_words_are_not_counted_where_no_spaces_part_them(text: str) -> None:
    with pytest.raises(Undefined, match="no spaces between words"):
        length_in_words(text)
    assert length_in_characters(text) == len(text)
    assert terms(text)[0] == text[:2]


@given(TEXTS)
def test_no_number_depends_on_how_characters_are_stored_or_on_case_or_space_around(text: str) -> None:
    same = ["\n " + text + " ", unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text)]
    for other in same:
        assert length_in_characters(other) == length_in_characters(text)
    for other in [*same, text.upper(), text.lower()]:
        assert words(other) == words(text) and terms(other) == terms(text)


@given(WORDS, st.integers(1, 6))
def test_lexical_diversity_is_the_mean_over_all_windows(text: list[str], window: int) -> None:
    found = terms(" ".join(text))
    windows = [found[n : n + window] for n in range(len(found) - window + 1)]
    if not windows:
        with pytest.raises(Undefined, match=f"fewer than {window} words"):
            lexical_diversity(" ".join(text), window=window)
    else:
        expected = np.mean([len(set(one)) / window for one in windows])
        assert lexical_diversity(" ".join(text), window=window) == pytest.approx(expected)


def test_lexical_diversity_stays_where_the_plain_ratio_falls_with_length() -> None:
    rng = np.random.default_rng(4)
    short, long = (" ".join(f"w{n}" for n in rng.zipf(1.5, size)) for size in (400, 8000))
    plain = [len(set(words(text))) / len(words(text)) for text in (short, long)]
    assert plain[1] < 0.6 * plain[0]
    assert lexical_diversity(long) == pytest.approx(lexical_diversity(short), abs=0.02)
    assert lexical_diversity("again " * 90) == 1 / 50


@pytest.mark.parametrize(
    ("text", "ease"),
    [
        ("The cat sat on the mat.", 116),
        # Worked by hand in many places: 13 words, 24 syllables.
        ("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.", 37.5),
        ("This sentence, taken as a reading passage unto itself, is being used to prove a point.", 69),
    ],
)
def test_readability_is_that_of_published_examples(text: str, ease: float) -> None:
    assert round(flesch_reading_ease(text), 1 if ease % 1 else 0) == ease


def test_syllables_are_those_of_the_dictionary() -> None:
    ones, twos = (
        "the makes baked tree true don’t eyes school",
        "table boxes wanted being value coffee apples café",
    )
    threes, fours = "beautiful understand remember tomorrow", "information definition interesting"
    assert [*map(syllables, ones.split())] == [1] * 8
    assert [*map(syllables, twos.split())] == [2] * 8
    assert [*map(syllables, threes.split())] == [3] * 4
    assert [*map(syllables, fours.split())] == [4] * 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no words"),
        ("Die Zeit ist ein Fluss, der niemals zurückkehrt, und wir sind die Steine.", "English"),
        ("El tiempo es un río que nunca vuelve, y nosotros somos las piedras.", "English"),
        (
            "Toch is het belangrijk om te weten wat we nu doen, of het is een probleem.",
            "English",
        ),
        ("Tiden er en flod; for mig at se er det bedst at vente, for vi kan have ret.", "English"),
        ("Время — это река, которая никогда не возвращается.", "English"),
        ("时间是一条河。", "English"),
        ("The word of the day is this: " + "время река камень " * 9, "English"),
    ],
)
def test_readability_has_no_number_for_what_is_not_english(text: str, why: str) -> None:
    with pytest.raises(Undefined, match=why):
        flesch_reading_ease(text)


def test_sentences_end_at_stops_paragraphs_and_items_of_lists() -> None:
    one = flesch_reading_ease(PROSE)
    assert flesch_reading_ease(PROSE * 3) == pytest.approx(one)
    assert flesch_reading_ease("\n- ".join([PROSE.strip(". ")] * 3)) == pytest.approx(one)
    assert flesch_reading_ease("\n\n".join([f"“{PROSE.strip()}”"] * 3)) == pytest.approx(one)
    assert flesch_reading_ease((PROSE * 3).replace(".", ",")) == pytest.approx(one - 1.015 * 2 * 13)


def test_texts_that_are_equally_alike_tie_to_the_last_digit() -> None:
    texts = ["time is a river", "river a is time", "so blue", "very green", "deep red that burns"]
    found = similarity_to_others(texts, *document_frequencies(texts)).tolist()
    assert found[0] == found[1]
    assert found[2:] == [0, 0, 0]


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_similarity_is_scikit_learns_mean_cosine_with_the_others(given_words: list[list[str]]) -> None:
    texts = [" ".join(text) for text in given_words]
    corpus = [*texts, "a river is time", "nothing alike", "时间"]
    found = similarity_to_others(texts, *document_frequencies(corpus))
    with_terms = [n for n, text in enumerate(texts) if terms(text)]
    assert np.isnan(np.delete(found, with_terms)).all()
    if len(with_terms) < 2:
        assert np.isnan(found).all()
        return
    vectors = TfidfVectorizer(analyzer=terms).fit(corpus).transform(texts[n] for n in with_terms)
    cosines = cosine_similarity(vectors)
    np.fill_diagonal(cosines, np.nan)
    np.testing.assert_allclose(found[with_terms], np.nanmean(cosines, axis=1), atol=1e-12)


@given(st.permutations(range(4)))
def test_similarity_follows_its_text_and_lies_between_none_and_the_same(order: list[int]) -> None:
    texts = ["time is a river", "time is a thief", "Wer weiß", "wer weiss"]
    frequencies = document_frequencies(texts)
    found = similarity_to_others(texts, *frequencies)
    moved = similarity_to_others([texts[n] for n in order], *frequencies)
    np.testing.assert_allclose(moved, found[order])
    assert found[2] == pytest.approx(1 / 3) == found[3]
    assert similarity_to_others(texts[2:], *frequencies) == pytest.approx([1, 1])
    assert similarity_to_others(["a b", "c d"], {}, 2) == pytest.approx([0, 0])


@given(TEXTS)
def test_every_measure_of_a_text_is_a_finite_number_or_says_why_not(text: str) -> None:
    for simple in SIMPLE.values():
        if simple.of:
            try:
                assert np.isfinite(simple.of(text))
            except Undefined as why:
                assert str(why)
