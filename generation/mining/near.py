"""Texts that say nearly the same: found by MinHash and locality-sensitive hashing, and verified."""

from collections.abc import Set

from datasketch import MinHash, MinHashLSH

# Characters: of a short text single words are few, and one changed word would change most runs of words.
SHINGLE = 5
HASHES = 128
# With what probability a pair just at the threshold is compared.
RECALL = 0.98


def shingles(text: str) -> frozenset[str]:
    """The runs of so many characters in a text; a shorter text is one of its own."""
    return frozenset(text[at : at + SHINGLE] for at in range(max(1, len(text) - SHINGLE + 1)))


def jaccard(one: Set[str], other: Set[str]) -> float:
    """What two sets share, of all that they hold; neither is empty."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def bands(threshold: float) -> tuple[int, int]:
    """Bands, and rows of each: as many rows as keep the recall.

    Sets of Jaccard similarity s agree in one of b bands of r rows with probability 1 - (1 - s^r)^b (Leskovec,
    Rajaraman and Ullman, Mining of Massive Datasets, section 3.4).
    """
    for rows in range(HASHES // 2, 1, -1):
        count = HASHES // rows
        if 1 - (1 - threshold**rows) ** count >= RECALL:
            return count, rows
    return HASHES, 1


class NearTexts:
    """Texts that came so far, by a number; memory grows by about 7 KB with each.

    Parameters
    ----------
    threshold : float
        Above 0, at most 1: from which Jaccard similarity of their shingles two texts are near.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        count, rows = bands(threshold)
        self._texts: dict[int, str] = {}
        self._empty = MinHash(num_perm=count * rows)
        self._buckets = MinHashLSH(num_perm=count * rows, params=(count, rows))

    def add(self, key: int, text: str) -> int | None:
        """Keep the text, unless one that came before is near: then that one's key, the most similar's.

        What hashing brings together is compared, so that no text counts as near that is not.
        """
        held, sketch = shingles(text), self._empty.copy()
        sketch.update_batch([shingle.encode() for shingle in held])
        found = sorted(self._buckets.query(sketch))
        similar = [(jaccard(held, shingles(self._texts[other])), -other) for other in found]
        most, other = max(similar, default=(0.0, 0))
        if most >= self.threshold:
            return -other
        self._buckets.insert(key, sketch, check_duplication=False)
        self._texts[key] = text
        return None
