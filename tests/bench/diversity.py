"""How fast diversity is measured: 25 models, 100 queries, 50 responses each, vectors of 1,536 dimensions.

Vectors and texts lie in files, as embedding leaves them, and are read each time; the files are in the page
cache. As many threads as there are cores take queries, each with linear algebra of one thread; the other way
is timed with as many threads as its libraries like.
"""

import subprocess
import sys
import tempfile
from operator import mul
from pathlib import Path

import numpy as np
from sacrebleu.metrics import BLEU

from generation.diversity.bleu import leave_one_out_bleu
from generation.diversity.centring import CENTRED
from generation.diversity.clusters import balanced, balanced_greedily
from generation.diversity.kmeans import inertia
from generation.diversity.measures import Setting
from generation.diversity.ngrams import encode
from generation.diversity.pairs import EDGES, PAIRS
from generation.diversity.responses import DataSet, QueryResponses
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY
from generation.diversity.words import tokens
from tests.bench._diversity import QUERIES, RESPONSES, SOURCES, make, stored, texts_of
from tests.bench._rows import Row, fastest, show

MEANS, HISTOGRAM, CLUSTERS = 0.5, 6.0, 0.6
MORE, GROWS = 10, 1.3


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="manyminds-bench-") as name:
        folder = Path(name)
        make(folder, QUERIES * MORE)
        data = stored(folder, QUERIES)
        first = next(data.load())
        return [
            *_means(data, first),
            _histogram(data, first),
            *_clusters(first),
            *_self_bleu(),
            _memory(folder),
        ]


def _means(data: DataSet, first: QueryResponses) -> list[Row]:
    ours = fastest(lambda: measure(data, [SIMILARITY], sample=0), 3)
    both = fastest(lambda: measure(data, [SIMILARITY, CENTRED]), 3)
    theirs = _literal_means(first) * QUERIES
    by_hand = _pair_by_pair(first) * QUERIES
    return [
        Row(
            "within and between means, with reading",
            f"{ours:.2f} s",
            f"{MEANS} s wanted",
            MEANS / ours,
            1,
        ),
        Row(
            "the same",
            f"{ours:.2f} s",
            f"{theirs:.0f} s (from 1 query): cosines of each two sources' lists of floats, by numpy; "
            f"{by_hand:,.0f} s (from 100 pairs): pair by pair in Python",
            theirs / ours,
            200,
        ),
        Row(
            "the same, and centred, and the floor with its sample, with reading twice",
            f"{both:.2f} s",
            f"{2 * MEANS:g} s: twice what one pass may take",
            2 * MEANS / both,
            1,
        ),
    ]


def _literal_means(query: QueryResponses) -> float:
    """Seconds for one query: the cosines of every two sources' responses, from lists as JSON gives them."""
    lists = [query.vectors[rows].tolist() for _, rows in query.cells()]

    def literal() -> np.ndarray:
        found = np.full((SOURCES, SOURCES), np.nan)
        upper = np.triu_indices(RESPONSES, 1)
        for one in range(SOURCES):
            for other in range(one + 1):
                cosines = np.array(lists[one]) @ np.array(lists[other]).T
                found[one, other] = found[other, one] = (cosines[upper] if one == other else cosines).mean()
        return found

    np.testing.assert_allclose(
        literal(), SIMILARITY.function(query, Setting(SOURCES))["similarity"], atol=1e-6
    )
    return fastest(literal, 1)


def _pair_by_pair(query: QueryResponses) -> float:
    """Seconds for one query, from 100 of its pairs."""
    lists = query.vectors[:200].tolist()
    pairs = list(zip(lists[:100], lists[100:], strict=True))
    seconds = fastest(lambda: [sum(map(mul, one, other)) for one, other in pairs], 3)
    return seconds / len(pairs) * len(query) * (len(query) - 1) / 2


def _histogram(data: DataSet, first: QueryResponses) -> Row:
    ours = fastest(lambda: measure(data, [PAIRS], sample=0), 2)
    pairs = np.triu_indices(len(first), 1)
    theirs = fastest(lambda: np.histogram((first.vectors @ first.vectors.T)[pairs], EDGES), 2) * QUERIES
    return Row(
        "histogram of all 78 million pairs of a query's responses, with reading",
        f"{ours:.2f} s",
        f"{HISTOGRAM:g} s wanted; numpy.histogram of the matrix {theirs:.0f} s (from 1 query)",
        HISTOGRAM / ours,
        1,
    )


def _clusters(first: QueryResponses) -> list[Row]:
    vectors = first.vectors
    ours = fastest(lambda: balanced(vectors, SOURCES), 3)
    cost, greedy = (
        inertia(vectors, balanced(vectors, SOURCES)),
        inertia(vectors, balanced_greedily(vectors, SOURCES)),
    )
    return [
        Row(
            "1,250 responses in 25 clusters of one size",
            f"{ours:.2f} s",
            f"{CLUSTERS} s wanted",
            CLUSTERS / ours,
            1,
        ),
        Row(
            "their sum of squared distances",
            f"{cost:.1f}",
            f"{greedy:.1f}, assigned greedily to k-means' centres",
            greedy / cost,
            1,
        ),
    ]


def _self_bleu() -> list[Row]:
    texts = texts_of(np.random.default_rng(1), RESPONSES)
    ours = fastest(lambda: leave_one_out_bleu(encode(texts)))
    spaced = [" ".join(tokens(text)) for text in texts]
    bleu = BLEU(tokenize="none", effective_order=True)

    def loop() -> list[float]:
        return [
            bleu.sentence_score(text, spaced[:place] + spaced[place + 1 :]).score / 100
            for place, text in enumerate(spaced)
        ]

    theirs = fastest(loop, 2)
    error = float(np.abs(leave_one_out_bleu(encode(texts)) - loop()).max())
    return [
        Row(
            "self-BLEU of 50 responses of 80 words",
            f"{ours * 1000:.1f} ms",
            f"sacrebleu {theirs * 1000:.0f} ms",
            theirs / ours,
            20,
        ),
        Row(
            "the same: farthest from sacrebleu",
            f"{error:.0e}",
            "1e-09 allowed",
            min(1e-9 / max(error, 1e-18), 1e6),
            1,
        ),
    ]


def _memory(folder: Path) -> Row:
    few, many = (_peak(folder, queries) for queries in (QUERIES, QUERIES * MORE))
    return Row(
        f"peak memory of similarities, centred ones and all pairs, {QUERIES * MORE:,} queries",
        f"{many / 1e6:.0f} MB",
        f"{few / 1e6:.0f} MB of {QUERIES} queries, {GROWS} times as much wanted at most",
        few / many,
        1 / GROWS,
    )


def _peak(folder: Path, queries: int) -> int:
    command = [sys.executable, "-m", "tests.bench._diversity", str(folder), str(queries)]
    return int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


if __name__ == "__main__":
    show(rows())
