"""One simulation: what it measures, on what, and the band in which the documentation says it lies."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Literal
from zlib import crc32

import numpy as np
from tqdm import tqdm

from annotation.statistics.intervals import Estimate

Band = tuple[float, float]
Share = Literal["coverage", "size", "power", "passes"]
ALPHA = 0.05
QUICK = 100
# Studies that one process simulates at a time; each batch has its own seed.
BATCH = 25


@dataclass(frozen=True)
class Simulation:
    """A share of simulated studies: intervals that hold the truth, or tests that reject.

    Attributes
    ----------
    subject, setting : str
        The statistic, and the studies that are simulated. Together they are unique.
    share : {"coverage", "size", "power", "passes"}
    nominal : float or None
        What the share should be, if the method were exact.
    band : Band
        Where the documentation says that the share lies.
    hit : callable
        Simulates one study: whether its interval holds the truth, or its test rejects; None if undefined.
    truth : callable or None
        The true value that an interval should hold.
    quick : int
        How many studies a run in the tests takes; 0: it is left to the full run.
    """

    subject: str
    setting: str
    share: Share
    nominal: float | None
    band: Band
    hit: Callable[[np.random.Generator], bool | None]
    truth: Callable[[], float] | None = None
    quick: int = 0

    @property
    def name(self) -> str:
        return f"{self.subject}, {self.setting}: {self.share}"


@dataclass(frozen=True)
class Measured:
    """A simulation's result: `hits` of `studies` in which it was defined, with a Wilson interval."""

    simulation: Simulation
    hits: int
    studies: int

    @property
    def share(self) -> float:
        return self.hits / self.studies if self.studies else float("nan")

    def interval(self, z: float = 1.96) -> tuple[float, float]:
        """Wilson's interval: the Monte Carlo error of the share."""
        if not self.studies:
            return 0.0, 1.0
        n, share = self.studies, self.share
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def ratio(self, z: float = 3.5) -> float:
        """How far the share is inside its band, as far as chance allows: 1 and more is inside.

        Beyond so many Monte Carlo errors there is no chance, however many are simulated.
        """
        (low, high), (least, most) = self.interval(z), self.simulation.band
        return min(high / max(least, 1e-6), most / max(low, 1e-6)) if self.studies else 0.0


def coverage(
    subject: str,
    setting: str,
    *,
    truth: Callable[[], float],
    estimate: Callable[[np.random.Generator], Estimate],
    band: Band = (0.93, 0.97),
    quick: int = 0,
) -> Simulation:
    """How often a nominal 95 % interval holds the true value."""

    def held(rng: np.random.Generator) -> bool | None:
        found = estimate(rng)
        if found.low is None or found.high is None:
            return None
        return found.low <= truth() <= found.high

    return Simulation(subject, setting, "coverage", 1 - ALPHA, band, held, truth, quick)


def rejection(
    subject: str,
    setting: str,
    *,
    p: Callable[[np.random.Generator], float | None],
    share: Literal["size", "power"],
    band: Band = (0.03, 0.07),
    quick: int = 0,
) -> Simulation:
    """How often a test at the 5 % level rejects: where nothing is there (size), or something (power)."""

    def rejected(rng: np.random.Generator) -> bool | None:
        found = p(rng)
        return None if found is None or np.isnan(found) else found <= ALPHA

    return Simulation(
        subject, setting, share, ALPHA if share == "size" else None, band, rejected, quick=quick
    )


def passes(
    subject: str,
    setting: str,
    *,
    passed: Callable[[np.random.Generator], bool | None],
    band: Band,
    quick: int = 0,
) -> Simulation:
    """How often a study passes; no share is the right one, but the documentation tells it."""
    return Simulation(subject, setting, "passes", None, band, passed, quick=quick)


def measure(simulation: Simulation, *, studies: int, seed: int = 0) -> Measured:
    """Simulate the studies in this process."""
    sizes = _batches(studies)
    return _total(simulation, [_batch(simulation, number, size, seed) for number, size in enumerate(sizes)])


def measure_all(
    simulations: list[Simulation], *, studies: int, seed: int = 0, processes: int = 2
) -> list[Measured]:
    """Simulate all studies in several processes. The figures depend on the seed alone."""
    for simulation in simulations:
        if simulation.truth:
            simulation.truth()  # cached, before processes copy the memory
    _SHARED[:] = simulations
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        pending = [
            [
                pool.submit(_shared_batch, place, number, size, seed)
                for number, size in enumerate(_batches(studies))
            ]
            for place in range(len(simulations))
        ]
        done = tqdm(zip(simulations, pending, strict=True), total=len(simulations), desc="Simulating")
        return [_total(simulation, [batch.result() for batch in batches]) for simulation, batches in done]


# Functions within functions are not pickled: processes find the simulations in the memory that they copy.
_SHARED: list[Simulation] = []


def _batches(studies: int) -> list[int]:
    whole, rest = divmod(studies, BATCH)
    return [BATCH] * whole + [rest] * (rest > 0)


def _shared_batch(place: int, number: int, studies: int, seed: int) -> tuple[int, int]:
    return _batch(_SHARED[place], number, studies, seed)


def _batch(simulation: Simulation, number: int, studies: int, seed: int) -> tuple[int, int]:
    """Hits, and studies in which the interval or test is defined."""
    rng = np.random.default_rng([seed, crc32(simulation.name.encode()), number])
    found = [hit for hit in (simulation.hit(rng) for _ in range(studies)) if hit is not None]
    return int(sum(found)), len(found)


def _total(simulation: Simulation, batches: list[tuple[int, int]]) -> Measured:
    return Measured(simulation, sum(hits for hits, _ in batches), sum(studies for _, studies in batches))
