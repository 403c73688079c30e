"""How easy an English text is to read."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from generation.diversity.words import Undefined, words

# Words that English can hardly do without, and that other languages in the same letters hardly have.
ENGLISH = frozenset([
    "the", "of", "and", "to", "that", "it", "with", "you", "this", "as", "your", "from", "by", "or",
    "which", "their", "its", "would", "they", "our", "what", "when", "where", "there", "than", "not", "but",
    "has", "more", "how", "through", "into", "these", "those", "are", "he", "she", "his", "him", "were",
    "could", "out", "about", "who", "just", "them", "after", "been", "any", "only", "while", "because",
    "then", "should", "if", "such", "each",
])  # fmt: skip
# Of 1,224 real answers of at least 50 words 1,221 have so large a share of them or a larger one; texts in
# Danish, Dutch, French, German and Spanish have half of it at most.
FEWEST_ENGLISH = 0.1
# Of its letters: names and quotations may be in other scripts, but not the text.
MOST_FOREIGN = 0.1
_foreign = re.compile("[\u0370-\u1dff\u2c00-\ua71f\ua800-\ufaff\U00010000-\U0003ffff]")
_sentence_end = re.compile(
    r"""[.!?…]+["'”’)\]*_]*(?:\s|$)   # a full stop, whatever closes after it
    | \n\s*\n                         # a new paragraph
    | \n(?=\s*(?:[-*•\#]|\d+[.)])\s)  # an item of a list, or a heading
    """,
    re.VERBOSE,
)
_vowels = re.compile("[aeiouy]+")
# The e of make, makes and baked, but not those of table, boxes and wanted.
_silent = re.compile(
    "(?<![aeiouy])(?<![^aeiouy]l)e$|(?<![sxzcgaeiouy])(?<!ch)(?<!sh)(?<![^aeiouy]l)es$|(?<![aeiouytd])ed$"
)
_one_more = re.compile("[aeiouy]ing")


def flesch_reading_ease(text: str) -> float:
    """How easy a text is to read, by the lengths of its sentences and words; about 100 is very easy.

    206.835 - 1.015 words a sentence - 84.6 syllables a word. Syllables are counted by spelling: for 96 % of
    the words of English answers that is what the CMU Pronouncing Dictionary has, for all together 1 % less.

    Parameters
    ----------
    text : str
        English. A sentence ends at a full stop, a question or exclamation mark, a new paragraph, or a new
        item of a list.

    Returns
    -------
    float
        Higher is easier; it has no limits, but prose lies between 0 and 100.

    Raises
    ------
    Undefined
        For a text without words, or not in English: the formula was fitted to it and says nothing of others.

    References
    ----------
    Flesch, R. (1948). A new readability yardstick. Journal of Applied Psychology 32(3), 221-233.

    Examples
    --------
    >>> round(flesch_reading_ease("The cat sat on the mat."), 2)
    116.15
    """
    found = words(text)
    _check_english(found)
    sentences = sum(any(map(str.isalnum, part)) for part in _sentence_end.split(text))
    spoken = sum(map(syllables, found))
    return 206.835 - 1.015 * len(found) / sentences - 84.6 * spoken / len(found)


@lru_cache(maxsize=50_000)
def syllables(word: str) -> int:
    """How many syllables an English word has, by its spelling; a number counts as one.

    Examples
    --------
    >>> [syllables(word) for word in ("table", "makes", "boxes", "don't", "mother-in-law", "1,000")]
    [2, 1, 2, 1, 4, 1]
    """
    if "-" in word:
        return sum(map(syllables, word.split("-")))
    plain = unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode()
    number = len(_vowels.findall(plain)) + len(_one_more.findall(plain)) - len(_silent.findall(word))
    return max(1, number)


def _check_english(found: Sequence[str]) -> None:
    if not found:
        raise Undefined("no words")
    letters = "".join(found)
    known = sum(word in ENGLISH for word in found)
    if known < FEWEST_ENGLISH * len(found) or len(_foreign.findall(letters)) > MOST_FOREIGN * len(letters):
        raise Undefined("not recognised as English")
