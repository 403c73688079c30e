"""Backward and forward transfer of one chain of training, as continual learning defines them."""

from collections.abc import Mapping, Sequence
from math import hypot, inf

import numpy as np

from generation.diversity.intervals import Estimate
from generation.training.chains import Chain
from generation.training.transfer import quantile


def backward_transfer(chain: Chain, *, scales: Mapping[str, float] | None = None) -> Estimate:
    """Mean change of the tasks trained before the last, from after their own stage to the end of the chain.

    Parameters
    ----------
    chain : Chain
    scales : mapping of str to float, optional
        Divide each task's scores by its scale; left out: the scores as they are, as published.

    Returns
    -------
    Estimate
        BWT = 1/(T-1) sum over i < T of (R[T, i] - R[i, i]); n is the number of its terms. Undefined with
        fewer than two stages, with a task trained twice, or where a score is missing. The interval is by the
        scores' standard errors, and knows of the test items only.

    References
    ----------
    Lopez-Paz & Ranzato (2017), Gradient episodic memory for continual learning, NeurIPS, section 2.
    """
    last = len(chain.order)
    terms = [(task, last, own) for own, task in enumerate(chain.order[:-1], start=1)]
    return _mean_difference(chain, terms, scales)


def forward_transfer(chain: Chain, *, scales: Mapping[str, float] | None = None) -> Estimate:
    """Mean change of the tasks trained after the first, from before any training to before their own stage.

    Parameters
    ----------
    chain, scales
        As for `backward_transfer`.

    Returns
    -------
    Estimate
        FWT = 1/(T-1) sum over i > 1 of (R[i-1, i] - b[i]). The published b is a randomly initialised model's
        score; here it is the model's before any stage, which has been pretrained.

    References
    ----------
    Lopez-Paz & Ranzato (2017), as for `backward_transfer`.
    """
    return _mean_difference(chain, [(task, own, 0) for own, task in enumerate(chain.order) if own], scales)


def _mean_difference(
    chain: Chain, terms: Sequence[tuple[str, int, int]], scales: Mapping[str, float] | None
) -> Estimate:
    """The mean over terms of a task's score at one stage less that at another, with its interval."""
    n = len(terms)
    if not n:
        return Estimate(None, None, None, 0, "it takes two stages of training")
    if len(set(chain.order)) < len(chain.order):
        return Estimate(None, None, None, n, "a task was trained twice")
    sizes, errors = [], []
    for task, *numbers in terms:
        if scales is not None and task not in scales:
            return Estimate(None, None, None, n, f"{task} has no scale")
        scale = 1.0 if scales is None else scales[task]
        for number in numbers:
            if task not in chain.stages[number].evaluations:
                return Estimate(None, None, None, n, f"{task} is not evaluated at stage {number}")
        later, earlier = (chain.stages[number].evaluations[task] for number in numbers)
        sizes.append((later.score - earlier.score) / scale)
        errors += [None if one.se is None else one.se / (scale * n) for one in (later, earlier)]
    value = float(np.mean(sizes))
    defined = [error for error in errors if error is not None]
    if len(defined) < len(errors) or not any(defined):
        return Estimate(value, None, None, n, "no interval: a score has no standard error")
    half = quantile(inf, 0.95) * hypot(*defined)
    return Estimate(value, value - half, value + half, n)
