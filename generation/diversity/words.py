"""Words of a text in any script, which every measure of texts takes."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise

# Letters of scripts that put no spaces between words: Chinese and Japanese, Thai, Lao, Burmese, Khmer.
UNSPACED = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_unspaced = re.compile(f"[{UNSPACED}]+")


class Undefined(Exception):
    """A measure has no value for this text, and why: a few words."""


@lru_cache(maxsize=1)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, in one case and one form of its characters (NFKC); each measure of it takes them.

    A word is what stands between spaces and punctuation; apostrophes and hyphens inside it, and the marks of
    numbers such as 1,000, belong to it. Where a script puts no spaces between words, a whole phrase is one.

    >>> words("The mother-in-law doesn't pay $1,000.")
    ('the', 'mother-in-law', "doesn't", 'pay', '1,000')
    """
    return tuple(_word().findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " ")))


def terms(text: str) -> Sequence[str]:
    """What two texts can have in common: words; pairs of letters where no spaces part words.

    >>> terms("Time is money. 时间就是金钱")
    ['time', 'is', 'money', '时间', '间就', '就是', '是金', '金钱']
    """
    if not _unspaced.search(text):
        return words(text)
    return [term for word in words(text) for term in _pairs(word)]


def tokens(text: str) -> list[str]:
    """A text as a sequence: its words; letters, each with its marks, where no spaces part words.

    Case, punctuation and the kind of apostrophe make no difference.

    >>> tokens("Time isn’t Money. 时间就是")
    ['time', "isn't", 'money', '时', '间', '就', '是']
    """
    found = words(text.replace("’", "'"))
    if not _unspaced.search(text):
        return list(found)
    return [token for word in found for token in _letters().findall(word)]


def excerpt(text: str, start: int, stop: int) -> str:
    """Return what stands in a text from one token to before another, as it is written there.

    Where normalising changes how many characters there are (ligatures, ß) the tokens are joined instead.

    >>> excerpt("So: Time, as they say, isn’t Money.", 1, 5)
    'Time, as they say'
    """
    found = tokens(text)[start:stop]
    if not found or len(text.casefold()) != len(text) or not unicodedata.is_normalized("NFKC", text):
        return joined(found)
    spans = [word.span() for word in _word().finditer(text.casefold().replace("_", " ").replace("’", "'"))]
    if _unspaced.search(text):
        spans = [part.span() for span in spans for part in _letters().finditer(text.casefold(), *span)]
    return text[spans[start][0] : spans[start + len(found) - 1][1]]


def is_letter(token: str) -> bool:
    """Whether a token is a letter of a script without spaces, not a word."""
    return _unspaced.match(token) is not None


def joined(sequence: Sequence[str]) -> str:
    """Tokens as a text again: with spaces, but for letters of a script that has none.

    >>> joined(["时", "间", "is", "money"])
    '时间 is money'
    """
    text = ""
    for before, token in pairwise(["", *sequence]):
        text += token if not before or (is_letter(before) and is_letter(token)) else f" {token}"
    return text


def unspaced_share(text: str) -> float:
    """Which share of the letters of a text's words is of a script without spaces; 0 where there are none."""
    if not _unspaced.search(text):
        return 0.0
    letters = "".join(words(text))
    return len("".join(_unspaced.findall(letters))) / len(letters) if letters else 0.0


def _pairs(word: str) -> list[str]:
    """A word; of what is written without spaces each two letters that follow each other."""
    found: list[str] = []
    for part in re.split(f"([{UNSPACED}]+)", word):
        if len(part) > 1 and _unspaced.match(part):
            found += [part[n : n + 2] for n in range(len(part) - 1)]
        elif part:
            found.append(part)
    return found


@cache
def _letters() -> re.Pattern[str]:
    """A letter of a script without spaces, with its marks; or all that stands between such letters."""
    return re.compile(rf"[{UNSPACED}][{_marks()}]*|[^{UNSPACED}]+")


@cache
def _word() -> re.Pattern[str]:
    letters = rf"\w[\w{_marks()}]*"
    return re.compile(rf"{letters}(?:['’‐-]{letters}|(?<=\d)[.,]\d+)*")


def _marks() -> str:
    """Accents and vowel signs that stand for themselves, which `\\w` leaves out, as a class's ranges."""
    points = [point for point in range(0x300, 0x1F000) if unicodedata.category(chr(point))[0] == "M"]
    starts = [point for point in points if unicodedata.category(chr(point - 1))[0] != "M"]
    ends = [point for point in points if unicodedata.category(chr(point + 1))[0] != "M"]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))
