"""Intervals of the order of tasks: the advantage of an order that was chosen as best, and correlations."""

from functools import partial
from math import inf, sqrt

import numpy as np

from annotation.statistics.intervals import Estimate
from generation.training.orders import certainty, every_order
from generation.training.prediction import fit
from generation.training.transfer import Effect, Transfer
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage

ERROR, DRAWS, CHANGES = 0.05, 200, 9


def advantage_held(rng: np.random.Generator, *, tasks: int, effects: float) -> bool:
    """Whether the interval holds what the chosen order is really better by: another number in each study."""
    truth = effects * rng.standard_normal((tasks, tasks))
    seen = truth + ERROR * rng.standard_normal((tasks, tasks))
    names = tuple(f"task {n}" for n in range(tasks))
    cells = {
        (i, j): Effect(seen[row, column], ERROR, None, inf, 1, 0, {})
        for row, i in enumerate(names)
        for column, j in enumerate(names)
    }
    orders, really = every_order(seen, names), every_order(truth, names)
    found = certainty(
        orders,
        Transfer(names, names, dict.fromkeys(names, 1.0), cells, {}),
        draws=DRAWS,
        seed=int(rng.integers(2**32)),
    ).advantage
    assert found.low is not None and found.high is not None
    better = really.median - really.forgetting_of(orders.named(int(orders.ties[0])))
    return found.low <= better + 1e-12 and better - 1e-12 <= found.high


def foretold(rng: np.random.Generator, *, runs: int) -> Estimate:
    """Half of what predictions miss is common to a run's changes."""
    predicted = rng.standard_normal((runs, CHANGES))
    missed = rng.standard_normal((runs, 1)) + rng.standard_normal((runs, CHANGES))
    names = [str(run) for run in range(runs) for _ in range(CHANGES)]
    found = fit(predicted.ravel(), (predicted + missed / sqrt(2)).ravel(), names)
    one = found.pearson
    return Estimate(one.value, one.low, one.high, one.n)


ADVANTAGES: dict[tuple[int, float], Band] = {
    (3, 0.05): (0.9, 1),
    (4, 0.0): (0.97, 1),
    (4, 0.05): (0.92, 1),
    (4, 0.1): (0.88, 0.97),
    (5, 0.1): (0.86, 0.97),
    (5, 0.2): (0.86, 0.97),
}
CORRELATIONS: dict[int, Band] = {3: (0.9, 0.98), 5: (0.89, 0.97), 10: (0.9, 0.97), 20: (0.91, 0.97)}
SIMULATIONS: list[Simulation] = [
    Simulation(
        "Orders: Advantage of the chosen order over the median",
        f"{tasks} tasks, effects of sd {effects:g}, standard errors {ERROR:g}",
        "coverage",
        0.95,
        band,
        partial(advantage_held, tasks=tasks, effects=effects),
        quick=QUICK * ((tasks, effects) == (4, 0.1)) // 3,
    )
    for (tasks, effects), band in ADVANTAGES.items()
] + [
    coverage(
        "Orders: Correlation of predicted with actual changes",
        f"{runs} runs x {CHANGES} changes, jackknife of runs",
        truth=lambda: sqrt(1 / 2),
        estimate=partial(foretold, runs=runs),
        band=band,
        quick=QUICK * (runs == 10) // 3,
    )
    for runs, band in CORRELATIONS.items()
]
