"""Simulated studies with known truth: how often each interval holds it, and how often each test rejects.

`bin/bench statistics` measures all of them and writes the table of docs/simulations.md; a test runs each of
them briefly. A module a subject, each with its list `SIMULATIONS`.
"""

from tests.bench._simulations import (
    agreement,
    comparisons,
    correlation,
    distributions,
    diversity,
    drops,
    entropy,
    groups,
    labels,
    orders,
    paired,
    people,
    plans,
    preference,
    scorers,
    training,
    whom,
)
from tests.bench._simulations.simulation import Simulation

SUBJECTS = (
    agreement,
    entropy,
    labels,
    people,
    groups,
    preference,
    correlation,
    paired,
    scorers,
    drops,
    distributions,
    comparisons,
    whom,
    plans,
    diversity,
    training,
    orders,
)
SIMULATIONS: list[Simulation] = [simulation for subject in SUBJECTS for simulation in subject.SIMULATIONS]
