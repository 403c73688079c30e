"""Texts as numbers, one a token, and their n-grams, which the lexical measures count."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from generation.diversity.responses import Indices
from generation.diversity.words import tokens


@dataclass(frozen=True, eq=False)
class Encoded:
    """Texts one after the other, each token as its number in a vocabulary.

    Attributes
    ----------
    ids : ndarray of intp, shape (N,)
        The tokens of all texts.
    lengths : ndarray of intp, shape (n,)
        How many of them each text has.
    vocabulary : tuple of str
        The tokens that the numbers stand for.
    """

    ids: Indices
    lengths: Indices
    vocabulary: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def starts(self) -> Indices:
        """Where each text starts, and where the last one ends."""
        return np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.intp)

    @property
    def texts(self) -> Indices:
        """The text of each token."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def of(self, rows: Indices) -> "Encoded":
        """Some of the texts, as given by their rows, in the same vocabulary."""
        lengths = self.lengths[rows]
        before = np.cumsum(lengths) - lengths
        places = np.repeat(self.starts[rows] - before, lengths) + np.arange(lengths.sum())
        return Encoded(self.ids[places], lengths, self.vocabulary)


@dataclass(frozen=True, eq=False)
class Grams:
    """The n-grams of texts; none reaches from one text into the next.

    Attributes
    ----------
    ids : ndarray of intp, shape (G,)
        One a place where an n-gram starts; equal n-grams have equal numbers, 0 upwards.
    places : ndarray of intp, shape (G,)
        Where in the tokens they start.
    texts : ndarray of intp, shape (G,)
        The text of each.
    number : int
        How many different ones there are.
    """

    ids: Indices
    places: Indices
    texts: Indices
    number: int


def encode(texts: Sequence[str]) -> Encoded:
    """Number the tokens of texts in the order in which they first come.

    Parameters
    ----------
    texts : sequence of str, length n

    Examples
    --------
    >>> found = encode(["Time is a river.", "A river"])
    >>> found.ids.tolist(), found.lengths.tolist(), found.vocabulary
    ([0, 1, 2, 3, 2, 3], [4, 2], ('time', 'is', 'a', 'river'))
    """
    numbers: dict[str, int] = {}
    ids: list[int] = []
    lengths = []
    for text in texts:
        found = tokens(text)
        lengths.append(len(found))
        ids += [numbers.setdefault(token, len(numbers)) for token in found]
    return Encoded(np.array(ids, np.intp), np.array(lengths, np.intp), tuple(numbers))


def grams_up_to(encoded: Encoded, most: int) -> Iterator[Grams]:
    """Yield the n-grams of 1, 2, ... `most` tokens.

    Parameters
    ----------
    encoded : Encoded
    most : int
        At least 1.

    Examples
    --------
    >>> [grams.number for grams in grams_up_to(encode(["a rose is a rose"]), 3)]
    [3, 3, 3]
    """
    texts, ends = encoded.texts, np.repeat(encoded.starts[1:], encoded.lengths)
    places = np.arange(len(encoded.ids))
    found, ids = np.unique(encoded.ids, return_inverse=True)
    yield Grams(ids, places, texts, len(found))
    for n in range(2, most + 1):
        kept = places + n <= ends[places]
        places, ids = places[kept], ids[kept]
        pairs = ids * len(encoded.vocabulary) + encoded.ids[places + n - 1]
        found, ids = np.unique(pairs, return_inverse=True)
        yield Grams(ids, places, texts[places], len(found))


def grams(encoded: Encoded, n: int) -> Grams:
    """Return the n-grams of one length.

    Parameters
    ----------
    encoded : Encoded
    n : int
        At least 1.

    Notes
    -----
    Numbered by doubling, as pairs of shorter ones that overlap, so that long ones take few steps.

    Examples
    --------
    >>> found = grams(encode(["a rose is a rose"]), 2)
    >>> found.ids.tolist(), found.number
    ([0, 1, 2, 0], 3)
    """
    ends = np.repeat(encoded.starts[1:], encoded.lengths)
    places = np.arange(len(encoded.ids))
    found, ids = np.unique(encoded.ids, return_inverse=True)
    size = 1
    while size < n:
        step = min(size, n - size)
        kept = places + size + step <= ends[places]
        # Where a text is too short for it there is no n-gram, so that places are looked up.
        at = np.full(len(encoded.ids) + 1, -1)
        at[places] = ids
        places = places[kept]
        pairs = ids[kept] * len(found) + at[places + step]
        found, ids = np.unique(pairs, return_inverse=True)
        size += step
    return Grams(ids, places, encoded.texts[places], len(found))
