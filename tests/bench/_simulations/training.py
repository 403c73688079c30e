"""Intervals of formats over training steps: shares, their entropy, the first past a threshold, accuracy."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from annotation.statistics.intervals import Estimate
from generation.diversity.intervals import mean
from generation.training.accuracy import format_accuracy
from generation.training.shares import query_shares, share_entropy
from generation.training.steps import first_steps
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage

RESPONSES, REPLICATES = 8, 300
# How much likelier the format that takes over becomes, as the others stay: its share is .46 at the third
# step and .54 at the fourth.
RISE = np.array([-1.5, -0.8, 0.4, 0.8, 2.5])
OTHERS = np.array([0.0, -0.7])
# That a response of each format is correct.
CHANCES = np.array([0.7, 0.4, 0.5])
STEP = 3

Counts = npt.NDArray[np.int64]
Statistic = Callable[[Counts, Counts], Estimate]


def share(counts: Counts, correct: Counts) -> Estimate:
    found = mean(query_shares(counts)[:, STEP, 0], replicates=REPLICATES).at()
    return Estimate(found.value, found.low, found.high, found.n)


def entropy(counts: Counts, correct: Counts) -> Estimate:
    found = share_entropy(query_shares(counts), replicates=REPLICATES).at(STEP)
    return Estimate(found.value, found.low, found.high, found.n)


def first(counts: Counts, correct: Counts) -> Estimate:
    """Places of steps; what never passes does so after the last."""
    found = first_steps(query_shares(counts), replicates=REPLICATES)[0]
    high = len(RISE) if found.high is None and found.low is not None else found.high
    return Estimate(found.place, found.low, high, found.n)


def accuracy(counts: Counts, correct: Counts) -> Estimate:
    found = format_accuracy(correct, counts, replicates=REPLICATES).at(STEP, 0)
    return Estimate(found.value, found.low, found.high, found.n)


def trained(queries: int, rng: np.random.Generator) -> tuple[Counts, Counts]:
    """Each query has its own liking for formats, and its own difficulty."""
    liking = rng.normal(size=(queries, 1, 3))
    rise = np.concatenate([RISE[:, None], np.broadcast_to(OTHERS, (len(RISE), 2))], axis=1)
    shares = np.exp(liking + rise)
    counts = rng.multinomial(RESPONSES, shares / shares.sum(axis=-1, keepdims=True))
    harder = rng.normal(size=(queries, 1, 1))
    chances = 1 / (1 + np.exp(harder - np.log(CHANCES / (1 - CHANCES))))
    return counts, rng.binomial(counts, np.broadcast_to(chances, counts.shape))


@cache
def many() -> tuple[Counts, Counts]:
    return trained(50_000, np.random.default_rng(1))


@cache
def truth(statistic: Statistic) -> float:
    counts, correct = many()
    shares = query_shares(counts)
    if statistic is first:
        return float((shares[:, :, 0].mean(axis=0) > 0.5).argmax())
    if statistic is entropy:
        means = shares[:, STEP].mean(axis=0)
        return float(-(means * np.log2(means)).sum())
    if statistic is accuracy:
        return float(correct[:, STEP, 0].sum() / counts[:, STEP, 0].sum())
    return float(shares[:, STEP, 0].mean())


def estimate(rng: np.random.Generator, *, statistic: Statistic, queries: int) -> Estimate:
    return statistic(*trained(queries, rng))


BANDS: dict[str, tuple[Statistic, dict[int, Band]]] = {
    "Share of a format": (
        share,
        {5: (0.88, 0.94), 10: (0.91, 0.97), 20: (0.92, 0.97), 40: (0.92, 0.97), 100: (0.92, 0.97)},
    ),
    "Entropy of the shares": (
        entropy,
        {5: (0.77, 0.86), 10: (0.88, 0.94), 20: (0.91, 0.96), 40: (0.92, 0.97), 100: (0.92, 0.97)},
    ),
    # Of few measured steps an interval holds whole ones, so it holds the truth more often than it needs.
    "First step above a share of .5": (
        first,
        {5: (0.93, 0.99), 10: (0.96, 1), 20: (0.97, 1), 40: (0.97, 1), 100: (0.98, 1)},
    ),
    "Accuracy within a format": (
        accuracy,
        {5: (0.86, 0.93), 10: (0.9, 0.96), 20: (0.91, 0.96), 40: (0.92, 0.97), 100: (0.92, 0.97)},
    ),
}
SIMULATIONS: list[Simulation] = [
    coverage(
        f"Training: {name}",
        f"{queries} queries x {len(RISE)} steps x {RESPONSES} responses, queries resampled",
        truth=partial(truth, statistic),
        estimate=partial(estimate, statistic=statistic, queries=queries),
        band=band,
        quick=QUICK * (queries == 20) // 3,
    )
    for name, (statistic, bands) in BANDS.items()
    for queries, band in bands.items()
]
