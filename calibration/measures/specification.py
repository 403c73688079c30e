"""What is asked of an audit."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

CLUSTER_UNITS = ("query", "form", "item")


@dataclass(frozen=True)
class Specification:
    """What was asked for: with the same labels and scores it gives the same numbers.

    Attributes
    ----------
    preset : {"paper", "standard", "full"}
        "paper" measures Spearman on all items and on the authors' subsets, and nothing else.
    seed, replicates : int
        Of all that is drawn at random, and how often each interval resamples.
    epsilon : float
        Advantage granted to the scorer in the alternative annotator test.
    margin : float
        Pairs of answers are equally good where the interval of their mean label lies inside so many steps
        of the scale on either side of its middle.
    confident : float
        A scorer is confident of a pair where it gives one side more than this share of people.
    cluster_unit : {"query", "form", "item"} or None
        What intervals resample; None for what the design of the labels chooses.
    rules : mapping of str to sequence of float, or None
        The rules that cut subsets, each with its parameters; None for those of the preset.
    """

    preset: str
    seed: int = 0
    replicates: int = 1000
    epsilon: float = 0.2
    margin: float = 0.5
    confident: float = 0.75
    cluster_unit: str | None = None
    rules: Mapping[str, Sequence[float]] | None = None

    def rng(self, *key: object) -> np.random.Generator:
        """A generator of its own for each scorer and part, whatever else is audited and in which order."""
        name = hashlib.sha256(repr(tuple(str(part) for part in key)).encode()).digest()
        return np.random.default_rng(np.random.SeedSequence([self.seed, int.from_bytes(name)]))

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, the same for the same specification, in whatever order rules are named."""
        rules = self.rules and {rule: [*map(float, self.rules[rule])] for rule in sorted(self.rules)}
        return asdict(self) | {"rules": rules}
