"""How often a drop on a subset is held to be the scorer's: where its errors are equal, and where not."""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from annotation.statistics.entropy import entropy_bits, mean_label
from annotation.statistics.population import Population
from calibration.metrics.nulls.equal_noise import equal_noise
from calibration.metrics.nulls.equal_noise_pairs import equal_noise_of_pairs
from calibration.metrics.nulls.unsure_means import variance_of_means
from calibration.metrics.subsets import entropy, middle, near_pairs, percent_agreement, ties, tukey
from tests.bench._simulations.scorers import PEOPLE
from tests.bench._simulations.simulation import Simulation, rejection

Array = npt.NDArray[np.float64]

PERMUTATIONS = 199
SIDES = Population.assumed((-2.0, -1.0, 0.0, 1.0, 2.0), shares=(1, 2, 2, 2, 1), alpha=0.25, query_share=0.0)
SHAPES: dict[str, Callable[[Array], Array]] = {
    "normal scores": lambda z: z,
    "exponentials of normal scores": lambda z: np.exp(1.5 * z),
    "scores 1 to 5": lambda z: np.clip(np.round(3 + z), 1, 5),
    "scores of two values": lambda z: (z > 0.3).astype(np.float64),
}


def drop_p(
    rng: np.random.Generator,
    *,
    subset: str,
    labels: int = 25,
    people: float = 1.0,
    scorer: float = 1.0,
    rho: float = 0.5,
    shape: str = "normal scores",
) -> float | None:
    """On half of the items people's noise, and the scorer's, is so many times that on the others."""
    compared = subset in ("ties", "agreement")
    population, queries, items = (SIDES, 50, 10) if compared else (PEOPLE, 50, 15)
    latents = population.latents(queries, items, rng=rng)
    contested = rng.random(latents.shape[1]) < 0.5
    noise = np.where(contested, people, 1.0) / np.sqrt((people**2 + 1) / 2)
    counts = population.label(latents, labels, rng=rng, noise=noise)[0]
    quality = population.probabilities(latents[0], noise=noise) @ np.array(population.values)
    error = np.sqrt(1 / rho**2 - 1) * quality.std() * np.where(contested, scorer, 1.0)
    scores = quality + rng.normal(scale=error)
    scores = SHAPES[shape]((scores - scores.mean()) / scores.std())
    means = mean_label(counts, population.values)
    options = {"variances": variance_of_means(counts, population.values), "permutations": PERMUTATIONS}
    if subset == "pairs":
        of_query = np.repeat(np.arange(queries), items)
        pairs = near_pairs(means, of_query, 0.5).pairs
        assert pairs is not None
        return equal_noise_of_pairs(scores, means, of_query, [pairs], **options, rng=rng)[0].p
    rules = {
        "tukey": lambda: tukey(means, 0.5),
        "middle": lambda: middle(means, 60),
        "entropy": lambda: entropy(entropy_bits(counts), 40),
        "ties": lambda: ties(counts, population.values, 60),
        "agreement": lambda: percent_agreement(counts, population.values, 60),
    }
    return equal_noise(scores, means, [rules[subset]().mask], **options, rng=rng)[0].p


DROP = "Excess of a drop over equal noise"
WORDS = {
    "tukey": "Tukey's fences, k .5",
    "middle": "middle 60 %",
    "entropy": "40 % of highest entropy",
    "ties": "comparisons, 60 % with most ties",
    "agreement": "comparisons, 60 % of least agreement",
    "pairs": "pairs nearer than .5",
}
TWICE = "people differ twice as much on half of the items"


def size(words: str, subset: str, *, quick: int = 0, **setting: object) -> Simulation:
    return rejection(
        DROP,
        f"{WORDS[subset]}; {words}; the scorer's errors are equal",
        p=partial(drop_p, subset=subset, **setting),
        share="size",
        band=(0.0, 0.07),
        quick=quick,
    )


SIMULATIONS: list[Simulation] = [
    *(size("25 labels, people differ alike", subset, quick=20 * (subset != "pairs")) for subset in WORDS),
    *(
        size(f"{labels} labels, {TWICE}, rho {rho}", subset, people=2.0, rho=rho, labels=labels)
        for labels in (5, 25)
        for rho in (0.4, 0.8)
        for subset in ("entropy", "agreement", "pairs")
    ),
    *(size(f"25 labels, {shape}", subset, shape=shape) for shape in list(SHAPES)[1:] for subset in WORDS),
    rejection(
        DROP,
        f"{WORDS['entropy']}; 25 labels, {TWICE}, and the scorer errs 1.5 times as much there",
        p=partial(drop_p, subset="entropy", people=2.0, scorer=1.5),
        share="power",
        band=(0.15, 0.35),
    ),
]
