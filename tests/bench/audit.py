"""How fast an audit of 56 scorers is, how much memory it takes, and what one scorer more costs.

Both studies of the paper's design: 750 answers rated and 500 pairs compared, each by 25 people.
"""

import time
from collections.abc import Iterator

import numpy as np
from scipy import stats

from calibration.metrics.subsets import subsets_for
from tests.bench._audits import OF_A_QUERY, REPLICATES, SCORERS, Array, draw, measure
from tests.bench._rows import Row, show

SECONDS = {"full": 60, "paper": 5}
MEMORY = 2e9
TIMES_FASTER = 8
# Of scipy's resamples; the others are as slow as these.
TIMED = 50
STUDIES = "750 x 25 ratings and 500 x 25 comparisons"


def rows() -> list[Row]:
    found = measure()
    paper, full = found["paper"], found["full"]
    alone = scipys()
    ours = paper / SCORERS
    more, measured = found["more"], found["measured"]
    return [
        *(
            Row(
                f"preset {preset}, {SCORERS} scorers, {STUDIES}, {REPLICATES:,} replicates",
                f"{found[preset]:.1f} s, of processors {found['processors'][preset]:.1f} s",
                f"{wanted} s wanted",
                wanted / found[preset],
                1,
            )
            for preset, wanted in SECONDS.items()
        ),
        Row(
            "peak memory of the preset full",
            f"{found['peak'] / 1e9:.2f} GB",
            "2 GB wanted",
            MEMORY / found["peak"],
            1,
        ),
        Row(
            "preset paper, a scorer on all items and subsets of both studies",
            f"{ours * 1000:.0f} ms",
            f"{alone:.1f} s: scipy.stats.bootstrap around spearmanr, resampling items, of which {TIMED} of "
            f"{REPLICATES:,} resamples were timed",
            alone / ours,
            TIMES_FASTER,
        ),
        Row(
            "one scorer added to finished audits of both: scorers measured in each",
            f"{measured}, in {more:.1f} s",
            f"1 wanted: the audits took {full:.1f} s",
            1 / measured if measured else 0.0,
            1,
        ),
    ]


def scipys() -> float:
    """Seconds that scipy takes for one scorer on all items and on the authors' subsets of both studies."""
    start = time.perf_counter()
    for x, y in _sides():
        stats.bootstrap(
            (x, y),
            lambda x, y: stats.spearmanr(x, y).statistic,
            n_resamples=TIMED,
            paired=True,
            vectorized=False,
            method="percentile",
            rng=np.random.default_rng(0),
        )
    return (time.perf_counter() - start) * REPLICATES / TIMED


def _sides() -> Iterator[tuple[Array, Array]]:
    for kind in OF_A_QUERY:
        drawn = draw(kind)
        counts = (drawn.labels[:, :, None] == drawn.values).sum(axis=1)
        means = drawn.labels.mean(axis=1)
        subsets = subsets_for(kind, "paper", counts=counts, values=drawn.values, queries=drawn.queries)
        for mask in (np.ones(len(means), dtype=bool), *(subset.mask for subset in subsets)):
            yield drawn.scores[0][mask], means[mask]


if __name__ == "__main__":
    show(rows())
