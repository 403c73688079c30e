"""Texts that say nearly the same: found by MinHash and locality-sensitive hashing, and verified."""

from collections.abc import Iterable, Set
from hashlib import blake2b
from sqlite3 import connect

from datasketch import MinHash

# Characters: of a short text single words are few, and one changed word would change most runs of words.
SHINGLE = 5
HASHES = 128
# With what probability a pair just at the threshold is compared.
RECALL = 0.98
TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE texts (key INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE buckets (bucket INTEGER, key INTEGER, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
BEGIN;
"""
# A cross join keeps SQLite from reading all texts: the buckets come first.
FOUND = "SELECT DISTINCT key, text FROM buckets CROSS JOIN texts USING (key) WHERE bucket IN ({})"


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
    """Texts that came so far, by a number; they lie in a temporary file, so that memory stays what it is.

    Parameters
    ----------
    threshold : float
        Above 0, at most 1: from which Jaccard similarity of their shingles two texts are near.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._bands, self._rows = bands(threshold)
        self._empty = MinHash(num_perm=self._bands * self._rows)
        # SQLite makes a file for itself, as soon as it is worth one, and removes it.
        self._file = connect("", isolation_level=None)
        self._file.executescript(TABLES)

    def add(self, key: int, text: str) -> int | None:
        """Keep the text, unless one that came before is near: then that one's key, the most similar's.

        What hashing brings together is compared, so that no text counts as near that is not.
        """
        held = shingles(text)
        buckets = self._buckets(held)
        places = ",".join("?" * len(buckets))
        similar = [
            (jaccard(held, shingles(other)), -place)
            for place, other in self._file.execute(FOUND.format(places), buckets)
        ]
        most, nearest = max(similar, default=(0.0, 0))
        if most >= self.threshold:
            return -nearest
        self._file.execute("INSERT INTO texts VALUES (?, ?)", (key, text))
        self._file.executemany("INSERT INTO buckets VALUES (?, ?)", ((bucket, key) for bucket in buckets))
        return None

    def _buckets(self, held: Iterable[str]) -> list[int]:
        """One number for each band of the sketch: equal where all rows of the band are."""
        sketch = self._empty.copy()
        sketch.update_batch([shingle.encode() for shingle in held])
        rows = sketch.hashvalues.reshape(self._bands, self._rows)
        told = (blake2b(band.tobytes(), digest_size=8, salt=b"%d" % n) for n, band in enumerate(rows))
        return [int.from_bytes(one.digest(), signed=True) for one in told]
