"""Names of clusters: the phrases that are common in one and not in the others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from generation.diversity.ngrams import encode, grams_up_to
from generation.diversity.responses import FloatArray, Indices
from generation.diversity.stop_words import STOP_WORDS
from generation.diversity.words import is_letter, joined, tokens

WORDS = 4
# Where no spaces part words most words have two letters.
LETTERS = 2 * WORDS
PHRASES = 3
# Responses that hold a phrase, wherever they are: what stands in one names nothing.
FEWEST = 2
# Of the prior, as responses: so many more have to hold a phrase before it is called distinctive.
PRIOR = 2.0
# A phrase is a longer one's part if the longer one stands in so large a share of what holds it.
SAME = 0.75
# How many of the most distinctive phrases of a cluster are looked at.
CANDIDATES = 200

Tokens = tuple[str, ...]
# Marks that end a phrase, but for those within numbers.
_marks = re.compile(r"""[.,;:!?…()\[\]{}"“”«»*#—–|/\n。，；：！？、（）「」『』《》]+(?!\d)""")


@dataclass(frozen=True)
class Phrase:
    """A phrase that names a cluster.

    Attributes
    ----------
    text : str
        In lower case, without punctuation.
    within, elsewhere : int
        How many responses of the cluster, and of the others, hold it.
    z : float or None
        Its log-odds between the cluster and the others, over its standard error; None if there are no others.
    """

    text: str
    within: int
    elsewhere: int
    z: float | None


def name_clusters(
    texts: Sequence[str], labels: Indices, *, query: str = "", most: int = PHRASES
) -> list[tuple[Phrase, ...]]:
    """Find the phrases that tell each cluster from the others.

    Parameters
    ----------
    texts : sequence of str, length n
    labels : ndarray of intp, shape (n,)
        The cluster of each text, from 0.
    query : str
        What the texts answer: a phrase that stands in it names nothing.
    most : int
        Phrases a cluster.

    Returns
    -------
    list of tuples of Phrase
        Of each cluster, the most distinctive first; none where a cluster is empty, or nothing is
        commoner in it than elsewhere. A single cluster has its commonest phrases.

    Notes
    -----
    Phrases of 1 to 4 words that neither begin nor end with an English stop word; in scripts without spaces
    (Chinese, Japanese, Thai), of 2 to 8 letters. In other languages a name may begin with an article.

    No phrase reaches over a comma, a full stop or another such mark. Responses that hold it are counted, not
    how often: one that repeats itself is one. Phrases are ranked by the log-odds of cluster against rest,
    smoothed by a prior in proportion to the phrase's share of all responses, over its standard error. Of a
    phrase and a longer one that nearly always stands around it the longer one is taken: "time is a river",
    not "river".

    References
    ----------
    Monroe, Colaresi & Quinn (2008). Fightin' words: lexical feature selection and evaluation for identifying
    the content of political conflict. Political Analysis 16, 372-403.

    Examples
    --------
    >>> texts = ["Time is a river.", "Time is a river that flows", "Time is a weaver.", "A weaver of cloth"]
    >>> names = name_clusters(texts, np.array([0, 0, 1, 1]), query="A metaphor about time")
    >>> [phrases[0].text for phrases in names]
    ['time is a river', 'weaver']
    """
    clusters = np.asarray(labels, np.intp)
    if len(clusters) != len(texts):
        raise ValueError(f"{len(clusters)} labels do not belong to {len(texts)} texts")
    sizes = np.bincount(clusters)
    asked = tokens(query)
    phrases, counts = _counted(texts, clusters, len(sizes))
    named = np.array([not _holds(asked, phrase) for phrase in phrases], bool)
    phrases, counts = list(compress(phrases, named)), counts[named]
    scores = _log_odds(counts, sizes) if len(sizes) > 1 else counts.astype(np.float64)
    return [
        tuple(
            Phrase(
                joined(phrases[row]),
                int(held[row]),
                int(counts[row].sum() - held[row]),
                float(score[row]) if len(sizes) > 1 else None,
            )
            for row in _chosen(phrases, held, score, most, frozenset(asked))
        )
        for held, score in zip(counts.T, scores.T, strict=True)
    ]


def _counted(texts: Sequence[str], clusters: Indices, k: int) -> tuple[list[Tokens], Indices]:
    """Return the phrases that stand in two responses or more, and how many of each cluster hold them."""
    parts = [_marks.split(text) for text in texts]
    encoded = encode([part for text in parts for part in text])
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in parts])
    vocabulary = encoded.vocabulary
    letter = np.array([is_letter(token) for token in vocabulary], bool)
    weak = np.array([token in STOP_WORDS for token in vocabulary], bool)
    short = letter | np.array([len(token) < 2 for token in vocabulary], bool)
    letters = np.concatenate([[0], np.cumsum(letter[encoded.ids])])
    phrases: list[Tokens] = []
    counts = [np.zeros((0, k), np.intp)]
    for n, found in enumerate(grams_up_to(encoded, LETTERS if letter.any() else WORDS), 1):
        first, last = encoded.ids[found.places], encoded.ids[found.places + n - 1]
        fit = ~(weak[first] | weak[last])
        if n == 1:
            fit &= ~short[first]
        if n > WORDS:
            fit &= letters[found.places + n] - letters[found.places] == n
        ids, places = found.ids[fit], found.places[fit]
        held, of = np.divmod(np.unique(ids * len(texts) + owner[found.texts[fit]]), len(texts))
        by_cluster = np.bincount(held * k + clusters[of], minlength=found.number * k)
        by_cluster = by_cluster.reshape(found.number, k)
        kept = np.flatnonzero(by_cluster.sum(axis=1) >= FEWEST)
        counts.append(by_cluster[kept])
        place = np.zeros(found.number, np.intp)
        place[ids] = places
        phrases += [tuple(vocabulary[one] for one in encoded.ids[at : at + n]) for at in place[kept].tolist()]
    return phrases, np.concatenate(counts)


def _log_odds(counts: Indices, sizes: Indices) -> FloatArray:
    """Return the log-odds of each phrase in each cluster against the rest, over their standard errors."""
    total, held = sizes.sum(), counts.sum(axis=1, keepdims=True)
    share = (held + 0.5) / (total + 1)
    prior, prior_without = PRIOR * share, PRIOR * (1 - share)
    here, without = counts + prior, sizes - counts + prior_without
    elsewhere, elsewhere_without = held - counts + prior, total - sizes - held + counts + prior_without
    odds = np.log(here / without) - np.log(elsewhere / elsewhere_without)
    return np.asarray(odds / np.sqrt(1 / here + 1 / elsewhere))


def _chosen(
    phrases: list[Tokens], held: Indices, score: FloatArray, most: int, asked: frozenset[str]
) -> list[int]:
    """Return the rows of the phrases that name a cluster, no two with a telling word in common."""
    order = np.argsort(-score, kind="stable")[:CANDIDATES]
    ranked = [row for row in order.tolist() if score[row] > 0 and held[row]]
    chosen: list[int] = []
    used: set[str] = set()
    for row in ranked:
        longer = [
            other
            for other in ranked
            if _holds(phrases[other], phrases[row]) and held[other] >= SAME * held[row]
        ]
        best = max(longer, key=lambda other: (len(phrases[other]), score[other]))
        telling = set(phrases[best]) - STOP_WORDS - asked
        if telling and not telling & used:
            chosen.append(best)
            used |= telling
        if len(chosen) == most:
            break
    return chosen


def _holds(sequence: Sequence[str], part: Sequence[str]) -> bool:
    n = len(part)
    return any(tuple(sequence[at : at + n]) == tuple(part) for at in range(len(sequence) - n + 1))
