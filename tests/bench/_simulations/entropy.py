"""Intervals of the mean entropy: for what its estimate expects, and for the true entropy."""

from functools import cache, partial

import numpy as np

from annotation.statistics.entropy import entropy_bits, entropy_bits_corrected
from annotation.statistics.intervals import Estimate, mean_estimate
from tests.bench._simulations.ratings import LABELS, PEOPLE, REPLICATES, many, ratings, setting
from tests.bench._simulations.simulation import QUICK, Simulation, coverage


@cache
def expected_entropy(labels: int) -> float:
    """The mean of the plug-in estimate at this number of labels."""
    return float(entropy_bits(many(labels).counts).mean())


@cache
def true_entropy() -> float:
    shares = PEOPLE.probabilities(many().latents)
    return float(-(shares * np.log2(shares)).sum(axis=1).mean())


def entropy(rng: np.random.Generator, *, queries: int, labels: int, corrected: bool) -> Estimate:
    found = ratings(queries, rng, labels=labels)
    each = (entropy_bits_corrected if corrected else entropy_bits)(found.counts)
    return mean_estimate(each, clusters=found.queries, replicates=REPLICATES, rng=rng)


SIMULATIONS: list[Simulation] = [
    *(
        coverage(
            "Mean entropy, plug-in, for its own expectation",
            setting(queries),
            truth=partial(expected_entropy, LABELS),
            estimate=partial(entropy, queries=queries, labels=LABELS, corrected=False),
            band=band,
            quick=QUICK * (queries == 40),
        )
        for queries, band in ((10, (0.83, 0.9)), (20, (0.88, 0.93)), (40, (0.91, 0.95)), (100, (0.92, 0.96)))
    ),
    *(
        coverage(
            f"Mean entropy, {'corrected' if corrected else 'plug-in'}, for the true entropy",
            setting(100, labels=labels),
            truth=true_entropy,
            estimate=partial(entropy, queries=100, labels=labels, corrected=corrected),
            band=band,
            quick=QUICK * (labels == 25),
        )
        for labels, corrected, band in (
            (5, False, (0.0, 0.01)),
            (25, False, (0.0, 0.02)),
            (5, True, (0.0, 0.01)),
            (10, True, (0.03, 0.1)),
            (25, True, (0.81, 0.9)),
            (50, True, (0.9, 0.96)),
        )
    ),
]
