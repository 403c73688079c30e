"""The longest phrases that responses share word for word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from generation.diversity.ngrams import Encoded
from generation.diversity.overlaps import LEAST, Own, without_echo
from generation.diversity.responses import Indices
from generation.diversity.words import excerpt

MOST = 20


@dataclass(frozen=True)
class SharedPhrase:
    """A run of words that stands in several responses.

    Attributes
    ----------
    text : str
        As it is written in the first of them.
    words : int
        Its length, in tokens.
    rows : tuple of int
        The responses.
    sources : tuple of int
        Whose they are.
    """

    text: str
    words: int
    rows: tuple[int, ...]
    sources: tuple[int, ...]


def shared_phrases(
    texts: Sequence[str],
    source: Indices,
    *,
    query: str = "",
    least: int = LEAST,
    most: int = MOST,
    across: bool = True,
) -> list[SharedPhrase]:
    """Find the longest phrases that responses share.

    Parameters
    ----------
    texts : sequence of str, length n
    source : ndarray of intp, shape (n,)
    query : str
        What they answer: where a text repeats four or more words of it in a row, a phrase ends.
    least : int
        How many words a phrase has at least. Case and punctuation do not matter.
    most : int
        How many phrases are returned.
    across : bool
        Whether only phrases that different sources share.

    Returns
    -------
    list of SharedPhrase
        The longest first; of equally long ones, what more responses share. A phrase within a longer one is
        there if it is shared also where the longer one does not stand, as often as `across` asks.

    Raises
    ------
    ValueError
        If `least` is below 1.

    Notes
    -----
    From a suffix array, made by doubling, and its longest common prefixes, so that every phrase that cannot
    be lengthened is seen, and no two responses are compared.

    References
    ----------
    Manber & Myers (1993). Suffix arrays: a new method for on-line string searches. SIAM Journal on Computing
    22, 935-948. Abouelhoda, Kurtz & Ohlebusch (2004). Replacing suffix trees with enhanced suffix arrays.
    Journal of Discrete Algorithms 2, 53-86.

    Examples
    --------
    >>> texts = ["Time is a river that flows.", "They say: time is a river!", "A weaver"]
    >>> shared_phrases(texts, np.array([0, 1, 1]), least=3)
    [SharedPhrase(text='Time is a river', words=4, rows=(0, 1), sources=(0, 1))]
    """
    if least < 1:
        raise ValueError(f"a phrase has at least one word, not {least}")
    own = without_echo(texts, query)
    order, common = _sorted(own.encoded)
    text, left = own.text[own.encoded.texts], _before(own.encoded)
    runs = sorted(_runs(common, least), key=lambda run: (-run[0], run[1] - run[2], run[1]))
    covered = np.zeros(len(order), bool)
    found: list[SharedPhrase] = []
    for words, start, stop in runs:
        places = order[start:stop]
        if len(found) == most:
            break
        if (left[places] == left[places[0]]).all():
            continue  # what stands before is the same too: a longer one has been seen
        seen = np.concatenate([[0], np.cumsum(covered)])
        rows = np.unique(text[places[words - (seen[places + words] - seen[places]) >= least]])
        if len(rows) > 1 and (not across or len(np.unique(source[rows])) > 1):
            found.append(_phrase(texts, source, own, places, words))
            for place in places.tolist():
                covered[place : place + words] = True
    return found


def _phrase(texts: Sequence[str], source: Indices, own: Own, places: Indices, words: int) -> SharedPhrase:
    pieces = own.encoded.texts[places]
    rows, first = np.unique(own.text[pieces], return_index=True)
    place, piece = int(places[first[0]]), int(pieces[first[0]])
    start = int(own.first[piece] + place - own.encoded.starts[piece])
    return SharedPhrase(
        excerpt(texts[rows[0]], start, start + words),
        words,
        tuple(rows.tolist()),
        tuple(np.unique(source[rows]).tolist()),
    )


def _before(encoded: Encoded) -> Indices:
    """Return the token before each place; where a piece begins, a number that is nowhere else."""
    before = np.roll(encoded.ids, 1)
    starts = encoded.starts[:-1]
    before[starts] = -1 - np.arange(len(starts))
    return before


def _sorted(encoded: Encoded) -> tuple[Indices, Indices]:
    """Order places by the tokens from there on, and count how many each has in common with the next."""
    ranks = _ranks(encoded)
    order = np.argsort(ranks[-1], kind="stable")
    return order, _common(encoded, ranks, order[:-1], order[1:])


def _ranks(encoded: Encoded) -> list[Indices]:
    """Order all places by their next 1, 2, 4, ... tokens, up to the end of a piece; equal ones tie."""
    ends = np.repeat(encoded.starts[1:], encoded.lengths)
    places = np.arange(len(ends))
    found, ranks = np.unique(encoded.ids, return_inverse=True)
    levels, step = [ranks], 1
    while len(found) < len(ends) and step < encoded.lengths.max(initial=0):
        within = places + step < ends
        following = np.zeros(len(ends), np.intp)
        following[within] = ranks[places[within] + step] + 1
        found, ranks = np.unique(ranks * (len(found) + 1) + following, return_inverse=True)
        levels.append(ranks)
        step *= 2
    return levels


def _common(encoded: Encoded, ranks: list[Indices], a: Indices, b: Indices) -> Indices:
    """Count the tokens that places a and b have in common, up to the end of their pieces."""
    ends = np.repeat(encoded.starts[1:], encoded.lengths)
    left = np.minimum(ends[a] - a, ends[b] - b)
    common = np.zeros(len(a), np.intp)
    for level in range(len(ranks) - 1, -1, -1):
        open_ = np.flatnonzero(common < left)
        same = ranks[level][a[open_] + common[open_]] == ranks[level][b[open_] + common[open_]]
        common[open_[same]] += 1 << level
    return np.asarray(np.minimum(common, left))


def _runs(common: Indices, least: int) -> Iterator[tuple[int, int, int]]:
    """Yield (tokens, start, stop) of each largest part of the order whose places have so many in common."""
    stack: list[tuple[int, int]] = []
    for place, words in enumerate([*common.tolist(), 0]):
        start = place
        while stack and stack[-1][0] > words:
            shared, start = stack.pop()
            yield shared, start, place + 1
        if words >= least and (not stack or stack[-1][0] < words):
            stack.append((words, start))
