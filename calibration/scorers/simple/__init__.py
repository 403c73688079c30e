"""Simple scorers: of the text alone, at once and for nothing, so that any study has a baseline."""

from collections.abc import Callable
from dataclasses import dataclass

from calibration.scorers.simple.diversity import WINDOW, lexical_diversity
from calibration.scorers.simple.length import length_in_characters, length_in_words
from calibration.scorers.simple.readability import flesch_reading_ease
from calibration.scorers.simple.similarity import document_frequencies, similarity_to_others
from generation.diversity.words import Undefined

__all__ = [
    "SIMPLE",
    "Simple",
    "Undefined",
    "document_frequencies",
    "flesch_reading_ease",
    "length_in_characters",
    "length_in_words",
    "lexical_diversity",
    "similarity_to_others",
]


@dataclass(frozen=True)
class Simple:
    """A simple scorer: what its scores are called, what they mean, and in which version of the definition.

    Its sign is a convention: an audit takes more for better, so a negative correlation says that people
    prefer less of it.

    Attributes
    ----------
    name : str
        The scorer's.
    definition : str
    version : int
        Another one may give the same text another number.
    of : callable or None
        The number of one text, or Undefined is raised; None for the similarity, which takes all responses to
        a query together.
    """

    name: str
    definition: str
    version: int
    of: Callable[[str], float] | None


SIMPLE = {
    "words": Simple(
        "length in words",
        "The number of words: more is longer. Undefined where a script puts no spaces between words.",
        1,
        length_in_words,
    ),
    "characters": Simple(
        "length in characters",
        "The number of Unicode characters (NFC) without the space around the text: more is longer.",
        1,
        length_in_characters,
    ),
    "diversity": Simple(
        "lexical diversity",
        f"The moving-average type-token ratio (MATTR) in windows of {WINDOW} words, or of pairs of letters "
        "where a script puts no spaces between words: more is richer. Undefined for shorter texts.",
        1,
        lexical_diversity,
    ),
    "readability": Simple(
        "readability",
        "Flesch reading ease, with syllables counted by spelling: more is easier. Undefined for what is not "
        "recognised as English.",
        1,
        flesch_reading_ease,
    ),
    "similarity": Simple(
        "similarity to the query's other responses",
        "The mean TF-IDF cosine with the study's other responses to the same query, terms weighed by all of "
        "the study's responses: more is more alike. Undefined where a query has one response.",
        1,
        None,
    ),
}
