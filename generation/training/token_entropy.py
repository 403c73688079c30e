"""How the mean entropy of tokens changes with training, by the domain of what is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import Estimate
from generation.training.chains import Chains
from generation.training.transfer import quantile

STRUCTURED, CREATIVE = "structured", "creative"


@dataclass(frozen=True)
class Slope:
    """The change of mean token entropy per stage of training on tasks of a domain.

    Attributes
    ----------
    domain : str
    estimate : Estimate
        Nats a token and stage; n is the number of stages.
    tasks, runs, changes : int
        Different tasks trained in these stages, runs that they belong to, and changes that were measured.
    """

    domain: str
    estimate: Estimate
    tasks: int
    runs: int
    changes: int

    @property
    def direction(self) -> str:
        """Return "rises", "falls", or "undecided" where the interval holds 0 or is not there."""
        low, high = self.estimate.low, self.estimate.high
        if low is None or high is None or low <= 0 <= high:
            return "undecided"
        return "rises" if low > 0 else "falls"


@dataclass(frozen=True)
class Slopes:
    """Slopes by domain.

    Attributes
    ----------
    domains : sequence of Slope
        In alphabetical order.
    difference : Estimate
        That of structured tasks less that of creative ones.
    without_domain : int
        Stages that were left out, since nothing says of which domain their task is.
    """

    domains: Sequence[Slope]
    difference: Estimate
    without_domain: int


def slopes(chains: Chains) -> Slopes:
    """Estimate the slope of mean token entropy by the domain of what is trained.

    Parameters
    ----------
    chains : Chains
        With entropies where they are known.

    Returns
    -------
    Slopes

    Notes
    -----
    A stage's change is the mean, over the tasks whose entropy is known before and after it, of the second
    less the first: differences within run and evaluated task, so that levels of either (fixed effects) fall
    out. A domain's slope is the mean over its stages, its interval Student's with a degree of freedom less
    than stages: one training is one event, however many tasks it is evaluated on. Undefined with fewer than
    two.
    Stages of one chain, and of one trained task, are taken as independent; with few tasks of a domain the
    slope says little of other tasks of it.

    Examples
    --------
    >>> slopes(Chains([], {}, {})).difference.reason
    'structured: it takes two stages with entropies before and after, and there are 0'
    """
    stages: dict[object, tuple[str, list[float], set[str]]] = {}
    for chain in chains.chains:
        for before, after in zip(chain.stages, chain.stages[1:], strict=False):
            known = [
                now.entropy - then.entropy
                for task, now in after.evaluations.items()
                if (then := before.evaluations.get(task)) is not None
                and now.entropy is not None
                and then.entropy is not None
            ]
            if known:
                stages.setdefault(after.key, (after.trained, known, set()))[2].add(chain.run)
    by_domain: dict[str, list[tuple[str, list[float], set[str]]]] = {}
    for stage in stages.values():
        by_domain.setdefault(chains.domains.get(stage[0], ""), []).append(stage)
    unnamed = len(by_domain.pop("", []))
    return Slopes(
        [_slope(domain, by_domain[domain]) for domain in sorted(by_domain)],
        _difference(
            {
                domain: [float(np.mean(known)) for _, known, _ in by_domain.get(domain, [])]
                for domain in (STRUCTURED, CREATIVE)
            }
        ),
        unnamed,
    )


def _slope(domain: str, stages: Sequence[tuple[str, list[float], set[str]]]) -> Slope:
    return Slope(
        domain,
        mean_interval([float(np.mean(known)) for _, known, _ in stages]),
        tasks=len({trained for trained, _, _ in stages}),
        runs=len(set().union(*(runs for _, _, runs in stages))),
        changes=sum(len(known) for _, known, _ in stages),
    )


def mean_interval(values: npt.ArrayLike) -> Estimate:
    """Return the mean of independent values with Student's interval; undefined of fewer than two.

    Examples
    --------
    >>> mean_interval([1.0]).reason
    'it takes two stages with entropies before and after, and there are 1'
    """
    given = np.asarray(values, dtype=np.float64)
    n = len(given)
    if n < 2:
        return Estimate(None, None, None, n, _too_few(n))
    value, half = float(given.mean()), float(given.std(ddof=1)) / sqrt(n) * quantile(n - 1, 0.95)
    if half == 0:
        return Estimate(value, None, None, n, "no interval: all stages changed it alike")
    return Estimate(value, value - half, value + half, n)


def _difference(changes: Mapping[str, Sequence[float]]) -> Estimate:
    """Structured less creative, by Welch's interval."""
    n = sum(map(len, changes.values()))
    for domain, values in changes.items():
        if len(values) < 2:
            return Estimate(None, None, None, n, f"{domain}: {_too_few(len(values))}")
    first, second = (np.asarray(changes[domain]) for domain in (STRUCTURED, CREATIVE))
    value = float(first.mean() - second.mean())
    errors = [float(one.var(ddof=1)) / len(one) for one in (first, second)]
    total = sum(errors)
    if total == 0:
        return Estimate(value, None, None, n, "no interval: all stages changed it alike")
    parts = sum(error**2 / (len(one) - 1) for error, one in zip(errors, (first, second), strict=True))
    half = quantile(total**2 / parts if parts else inf, 0.95) * sqrt(total)
    return Estimate(value, value - half, value + half, n)


def _too_few(n: int) -> str:
    return f"it takes two stages with entropies before and after, and there are {n}"
