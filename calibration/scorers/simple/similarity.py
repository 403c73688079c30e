"""How alike a query's responses are in their words."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from generation.diversity.words import terms

DIGITS = 12


def document_frequencies(texts: Iterable[str]) -> tuple[Counter[str], int]:
    """In how many texts each term stands, and how many texts there are; they are read one by one.

    Examples
    --------
    >>> document_frequencies(["a rose is a rose", "a river"])
    (Counter({'a': 2, 'rose': 1, 'is': 1, 'river': 1}), 2)
    """
    found: Counter[str] = Counter()
    number = 0
    for text in texts:
        found.update(dict.fromkeys(terms(text), 1))
        number += 1
    return found, number


def similarity_to_others(
    texts: Sequence[str], frequencies: Mapping[str, int], number: int
) -> npt.NDArray[np.float64]:
    """The mean TF-IDF cosine of each text with the others.

    A term weighs its count times ln((1 + number) / (1 + frequency)) + 1. For unit vectors v_i of n texts and
    their sum s the mean is (s . v_i - 1) / (n - 1), so that no matrix of pairs is made.

    Parameters
    ----------
    texts : sequence of str, length n
        The responses to one query.
    frequencies : mapping of str to int
        In how many texts each term stands, of those of the texts at least; 0 for what it does not hold.
    number : int
        How many texts the frequencies are of.

    Returns
    -------
    ndarray of float, shape (n,)
        From 0, no term in common with any, to 1, the same terms as all. NaN for a text without terms, which
        is nobody's other, and where there is no other.

    Examples
    --------
    >>> texts = ["time is a river", "time is a thief", "time is a river"]
    >>> similarity_to_others(texts, *document_frequencies(texts)).round(2).tolist()
    [0.79, 0.57, 0.79]
    """
    from scipy import sparse

    counts = [Counter(terms(text)) for text in texts]
    known = [n for n, count in enumerate(counts) if count]
    found = np.full(len(texts), np.nan)
    if len(known) < 2:
        return found
    columns: dict[str, int] = {}
    places = [columns.setdefault(term, len(columns)) for n in known for term in counts[n]]
    tf = np.array([number for n in known for number in counts[n].values()], dtype=np.float64)
    idf = np.array([math.log((1 + number) / (1 + frequencies.get(term, 0))) + 1 for term in columns])
    weights = tf * idf[places]
    sizes = np.array([len(counts[n]) for n in known])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    norms = np.sqrt(np.add.reduceat(weights**2, starts[:-1]))
    shape = (len(known), len(columns))
    vectors = sparse.csr_matrix((weights / np.repeat(norms, sizes), places, starts), shape)
    total = np.asarray(vectors.sum(axis=0)).ravel()
    # What is equal must tie: the sums of two texts may differ in their last digits.
    found[known] = np.clip((vectors @ total - 1) / (len(known) - 1), 0, 1).round(DIGITS)
    return found
