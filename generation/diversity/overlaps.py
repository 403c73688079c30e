"""What responses share word for word: whole texts, and runs of words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.diversity.measures import Measure, Setting
from generation.diversity.ngrams import Encoded, encode, grams
from generation.diversity.responses import FloatArray, Indices, QueryResponses

# Words in a run: what two texts share by chance is seldom so long.
LEAST = 8
# Words of the query in a row that are its echo, not the response's own.
ECHO = 4


@dataclass(frozen=True)
class SameText:
    """A text that several responses are.

    Attributes
    ----------
    text : str
    rows : tuple of int
        The responses.
    sources : tuple of int
        Whose they are.
    """

    text: str
    rows: tuple[int, ...]
    sources: tuple[int, ...]


def identical_texts(texts: Sequence[str], source: Indices) -> list[SameText]:
    """Find the texts that more than one response is, but for space around them, the most frequent first.

    Parameters
    ----------
    texts : sequence of str, length n
    source : ndarray of intp, shape (n,)

    Examples
    --------
    >>> identical_texts(["Carpe diem.", "Now", "Carpe diem. "], np.array([0, 0, 1]))
    [SameText(text='Carpe diem.', rows=(0, 2), sources=(0, 1))]
    """
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        rows.setdefault(text.strip(), []).append(row)
    several = sorted((item for item in rows.items() if len(item[1]) > 1), key=lambda item: -len(item[1]))
    return [SameText(text, tuple(which), tuple(np.unique(source[which]).tolist())) for text, which in several]


def identical_share(texts: Sequence[str], source: Indices, sources: int) -> FloatArray:
    """Return which share of the pairs of responses of two sources are the same text, but for space around it.

    Parameters
    ----------
    texts : sequence of str, length n
    source : ndarray of intp, shape (n,)
    sources : int

    Returns
    -------
    ndarray of float, shape (S, S)
        On the diagonal of pairs within a source. NaN where there are none.

    Examples
    --------
    >>> identical_share(["a", "b", "a", "a"], np.array([0, 0, 1, 1]), 2).tolist()
    [[0.0, 0.5], [0.5, 1.0]]
    """
    numbers: dict[str, int] = {}
    text = np.array([numbers.setdefault(one.strip(), len(numbers)) for one in texts], np.intp)
    counts = np.bincount(text * sources + source, minlength=len(numbers) * sources)
    held = counts.reshape(-1, sources).astype(np.float64)
    total = held.sum(axis=0)
    same, pairs = held.T @ held, np.outer(total, total)
    same[np.diag_indices(sources)] -= total
    pairs[np.diag_indices(sources)] -= total
    share = np.full((sources, sources), np.nan)
    return np.asarray(np.divide(same, pairs, out=share, where=pairs > 0))


def shared_with_others(
    texts: Sequence[str], source: Indices, *, query: str = "", least: int = LEAST
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say which responses share a run of words with a response of another source.

    Parameters
    ----------
    texts : sequence of str, length n
    source : ndarray of intp, shape (n,)
    query : str
        What they answer: where a text repeats four or more words of it in a row, a run ends.
    least : int
        How many words make a run, in the same order and without a gap; case and punctuation do not matter.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> texts = ["Time is a river that flows.", "I say: time is a river", "time is a river"]
    >>> shared_with_others(texts, np.array([0, 1, 1]), least=4).tolist()
    [True, True, True]
    """
    own = without_echo(texts, query)
    found = grams(own.encoded, least)
    text = own.text[found.texts]
    low, high = np.full(found.number, len(source)), np.full(found.number, -1)
    np.minimum.at(low, found.ids, source[text])
    np.maximum.at(high, found.ids, source[text])
    shares = np.zeros(len(texts), bool)
    shares[text[(low < high)[found.ids]]] = True
    return shares


@dataclass(frozen=True, eq=False)
class Own:
    """What of texts does not repeat their query, in pieces.

    Attributes
    ----------
    encoded : Encoded
        The pieces.
    text : ndarray of intp
        Of which text each piece is.
    first : ndarray of intp
        Which of its tokens each piece begins with.
    """

    encoded: Encoded
    text: Indices
    first: Indices


def without_echo(texts: Sequence[str], query: str) -> Own:
    """Cut out of texts what repeats four or more words of the query in a row.

    Examples
    --------
    >>> own = without_echo(["Sure! A metaphor about time: it is a river"], "a metaphor about time")
    >>> own.encoded.lengths.tolist(), own.first.tolist()
    ([1, 4], [0, 5])
    """
    every = encode([*texts, query])
    last = len(texts)
    found = grams(every, ECHO)
    asked = np.zeros(found.number, bool)
    asked[found.ids[found.texts == last]] = True
    echo = every.texts == last
    for place in range(ECHO):
        echo[found.places[asked[found.ids]] + place] = True
    kept = np.flatnonzero(~echo)
    text = every.texts[kept]
    begins = (np.diff(kept, prepend=-2) > 1) | (np.diff(text, prepend=-1) > 0)
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=len(kept))
    pieces = Encoded(every.ids[kept], lengths, every.vocabulary)
    return Own(pieces, text[starts], kept[starts] - every.starts[text[starts]])


def overlaps(query: QueryResponses, setting: Setting) -> dict[str, FloatArray]:
    """Measure what the responses to one query share word for word.

    Returns
    -------
    dict of str to ndarray of float
        `identical`, shape (S, S), as `identical_share`; `shared`, shape (S,), the share of a source's
        responses that have a run of 8 words in common with a response of another; NaN where there is none.
    """
    shared = setting.cells()
    held = shared_with_others(query.texts, query.source, query=query.text)
    several = len(np.unique(query.source)) > 1
    for source, rows in query.cells():
        if several:
            shared[source] = held[rows].mean()
    return {
        "identical": identical_share(query.texts, query.source, setting.sources),
        "shared": shared,
    }


OVERLAPS = Measure("overlaps", frozenset({"texts"}), overlaps)
