"""What is asked of an audit."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Specification:
    """What was asked for: with the same labels and scores it gives the same numbers."""

    preset: str
    seed: int
    replicates: int
    epsilon: float

    def rng(self, *key: object) -> np.random.Generator:
        """A generator of its own for each scorer and part, whatever else is audited and in which order."""
        name = hashlib.sha256(repr(tuple(str(part) for part in key)).encode()).digest()
        return np.random.default_rng(np.random.SeedSequence([self.seed, int.from_bytes(name)]))
