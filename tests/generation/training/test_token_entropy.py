"""Promises of slopes of token entropy by the domain of what is trained."""

import numpy as np
import pytest
from scipy import stats

from generation.training.chains import Chains, Evaluation, chain
from generation.training.token_entropy import mean_interval, slopes

DOMAINS = {"code": "structured", "math": "structured", "story": "creative", "poem": "creative"}


def entropies(slope: dict[str, float], orders: list[list[str]], *, noise: float = 0.0) -> Chains:
    """Levels differ by run and by task; each stage adds the slope of its domain."""
    rng = np.random.default_rng(0)
    made = []
    for number, order in enumerate(orders):
        level = rng.normal(2, 1, size=len(DOMAINS))
        stages = []
        for trained in ("", *order):
            level = level + (slope[DOMAINS[trained]] + noise * rng.standard_normal() if trained else 0)
            rows = {task: Evaluation(0.5, None, value) for task, value in zip(DOMAINS, level, strict=True)}
            stages.append((trained, rows))
        made.append(chain(f"run {number}", stages))
    return Chains(made, {}, DOMAINS)


def test_planted_slopes_are_found_whatever_the_levels_of_runs_and_tasks() -> None:
    found = slopes(
        entropies(
            {"structured": -0.1, "creative": 0.2}, [["code", "story", "math"], ["poem", "math"]], noise=1e-6
        )
    )
    by_domain = {one.domain: one for one in found.domains}
    assert by_domain["structured"].estimate.value == pytest.approx(-0.1, abs=1e-4)
    assert by_domain["structured"].direction == "falls"
    assert (by_domain["structured"].estimate.n, by_domain["structured"].tasks) == (3, 2)
    assert by_domain["structured"].changes == 12
    assert by_domain["creative"].direction == "rises"
    assert found.difference.value == pytest.approx(-0.3, abs=1e-4)


def test_the_interval_counts_stages_not_the_tasks_they_are_evaluated_on() -> None:
    chains = entropies({"structured": -0.1, "creative": 0.1}, [["code", "story"]] * 4, noise=0.2)
    found = {one.domain: one.estimate for one in slopes(chains).domains}
    changes = {
        domain: [
            np.mean([after.evaluations[k].entropy - before.evaluations[k].entropy for k in DOMAINS])
            for one in chains.chains
            for before, after in zip(one.stages, one.stages[1:], strict=False)
            if DOMAINS[after.trained] == domain
        ]
        for domain in ("structured", "creative")
    }
    expected = stats.ttest_1samp(changes["structured"], 0).confidence_interval()
    assert (found["structured"].low, found["structured"].high) == pytest.approx(tuple(expected))
    welch = stats.ttest_ind(changes["structured"], changes["creative"], equal_var=False)
    difference = slopes(chains).difference
    assert (difference.low, difference.high) == pytest.approx(tuple(welch.confidence_interval()))


def test_what_is_too_few_or_unnamed_says_so() -> None:
    chains = entropies({"structured": -0.1, "creative": 0.2}, [["code", "story", "math"]])
    found = slopes(Chains(chains.chains, {}, {"code": "structured", "math": "structured"}))
    assert [one.domain for one in found.domains] == ["structured"]
    assert found.without_domain == 1
    assert found.domains[0].direction == "undecided"  # all stages alike: no interval
    assert found.difference.value is None
    assert found.difference.reason.startswith("creative: it takes two stages")
    assert mean_interval([0.3]).value is None
