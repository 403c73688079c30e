"""Chains of training whose transfer matrix is known."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from generation.training.chains import Chains, Evaluation, chain
from generation.training.transfer import Transfer, scales_of, transfer


def chains_with(
    matrix: npt.NDArray[np.float64],
    orders: Sequence[Sequence[str]],
    *,
    noise: float = 0.0,
    se: float | None = None,
    scale: float | None = None,
    rng: np.random.Generator | None = None,
) -> Chains:
    """A chain an order, from a common start; each stage adds the row of what it trains, and noise."""
    tasks = sorted({task for order in orders for task in order})
    rng = np.random.default_rng(0) if rng is None else rng

    def evaluations(scores: npt.NDArray[np.float64]) -> dict[str, Evaluation]:
        return {task: Evaluation(score, se) for task, score in zip(tasks, scores.tolist(), strict=True)}

    start = np.full(len(tasks), 0.5)
    made = []
    for number, order in enumerate(orders):
        scores, stages = start, [("", evaluations(start))]
        for task in order:
            scores = scores + matrix[tasks.index(task)] + noise * rng.standard_normal(len(tasks))
            stages.append((task, evaluations(scores)))
        made.append(chain(f"run {number}", stages))
    return Chains(made, {} if scale is None else dict.fromkeys(tasks, scale), {})


def measured(chains: Chains) -> Transfer:
    return transfer(chains.changes, trained=chains.trained, tasks=chains.tasks, scales=scales_of(chains))
