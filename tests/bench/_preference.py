"""Preferences: 1,000 resamples of Bradley and Terry's strengths, and how near to evalica's they are."""

from functools import partial

import evalica
import numpy as np
import numpy.typing as npt

from annotation.statistics.preference import bradley_terry
from annotation.statistics.strengths import Strengths
from tests.bench._rows import Row, fastest

COMPARISONS, MODELS, QUERIES, REPLICATES = 12_500, 25, 100, 1000
TIES = 0.2
SECONDS, DIFFERENCE = 0.5, 1e-6
NAMES = tuple(f"model {number}" for number in range(MODELS))
OUTCOMES = (evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)
IntArray = npt.NDArray[np.int64]


def rows() -> list[Row]:
    rng = np.random.default_rng(0)
    first, second, outcome = _comparisons(rng)
    query = rng.integers(QUERIES, size=COMPARISONS)
    xs, ys = (np.array(NAMES)[side] for side in (first, second))
    winners = np.array(OUTCOMES, dtype=object)[outcome]

    def turn() -> None:
        drawn = rng.integers(COMPARISONS, size=COMPARISONS)
        _evalica(xs[drawn], ys[drawn], winners[drawn])

    theirs = _evalica(xs, ys, winners)
    difference = np.abs(_strengths(first, second, outcome, ridge=0).strength - theirs).max()
    loop = fastest(turn, times=10) * REPLICATES
    work = f"Bradley-Terry, {COMPARISONS:,} comparisons x {MODELS} models"
    found = [
        Row(
            "most that a strength differs from evalica's",
            f"{difference:.1e}",
            f"{DIFFERENCE:.0e} allowed, evalica run to 1e-12",
            DIFFERENCE / max(difference, 1e-16),
            1,
        ),
    ]
    for name, clusters in ((f"{QUERIES} queries", query), ("comparisons", None)):
        resampled = partial(_strengths, clusters=clusters, replicates=REPLICATES)
        ours = fastest(partial(resampled, first, second, outcome))
        found.append(
            Row(
                f"{work}, {REPLICATES:,} resamples of {name}",
                f"{ours:.2f} s",
                f"{SECONDS} s wanted; a loop around evalica takes {loop:.0f} s, of which 10 turns were timed",
                SECONDS / ours,
                1,
            )
        )
    return found


def _comparisons(rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """The models of each, and whether the second won, nobody did, or the first."""
    true = rng.normal(size=MODELS)
    first = rng.integers(MODELS, size=COMPARISONS)
    second = (first + rng.integers(1, MODELS, size=COMPARISONS)) % MODELS
    won = rng.random(COMPARISONS) < 1 / (1 + np.exp(true[second] - true[first]))
    return first, second, np.where(rng.random(COMPARISONS) < TIES, 1, 2 * won)


def _strengths(
    first: IntArray,
    second: IntArray,
    outcome: IntArray,
    *,
    clusters: IntArray | None = None,
    ridge: float = 0.01,
    replicates: int = 0,
) -> Strengths:
    found = bradley_terry(
        first,
        second,
        np.eye(3)[outcome],
        values=(-1, 0, 1),
        models=NAMES,
        clusters=clusters,
        ridge=ridge,
        replicates=replicates,
        rng=np.random.default_rng(1),
    )
    assert found.replicates == replicates, found
    return found


def _evalica(
    xs: npt.NDArray[np.str_], ys: npt.NDArray[np.str_], winners: npt.NDArray[np.object_]
) -> npt.NDArray[np.float64]:
    given = (xs.tolist(), ys.tolist(), winners.tolist())
    logs = np.log(
        evalica.bradley_terry(*given, tolerance=1e-12, limit=10_000).scores.loc[list(NAMES)].to_numpy()
    )
    return np.asarray(logs - logs.mean())
