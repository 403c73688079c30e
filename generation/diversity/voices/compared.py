"""The arms held against each other: which with which, by how much, and what each gives for its cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.diversity.comparisons import benjamini_hochberg, sign_flip
from generation.diversity.intervals import Estimate, Estimates, mean, ratio
from generation.diversity.responses import FloatArray
from generation.diversity.voices.arms import Arm
from generation.diversity.voices.calls import Unit, Voices
from generation.diversity.voices.measured import Measured
from generation.diversity.voices.specification import Specification

Json = dict[str, Any]

# What is compared; "alike": more is less diverse.
MORE_IS = {
    "similarity": "alike",
    "vendi": "diverse",
    "classes": "diverse",
    "effective": "diverse",
    "good_classes": "better",
    "quality": "better",
    "best": "better",
    "good": "better",
    "utility": "better",
}
SCORED = ("good_classes", "quality", "best", "good", "utility")
NOT_THERE = "of no query enough calls of known cost were made to spend the budget"
WHY = {
    "similarity": "no query of which the budget buys two answers with vectors",
    "vendi": "no query of which the budget buys two answers with vectors",
    "gap": "no query of which the budget buys two answers with vectors",
    "classes": "no query all of whose answers have a class",
    "effective": "no query all of whose answers have a class",
    "good_classes": "no query all of whose answers have a score and a class",
    "quality": "no answer has a score",
    "best": "no query all of whose answers have a score",
    "good": "no answer has a score",
    "utility": "no query all of whose answers have a score and a class",
    "tokens": "nobody counted the tokens of every call",
    "money": "no price is known of every call, or they are of several currencies",
}
NO_SCORER = "no scorer was named"


@dataclass(frozen=True, eq=False)
class Compared:
    """The arms, what was measured of them, and how estimates are made."""

    data: Voices
    asked: Specification
    arms: Sequence[Arm]
    condition: str
    found: Measured

    @property
    def resampling(self) -> Json:
        return {"replicates": self.asked.replicates, "seed": self.asked.seed}

    @property
    def ensemble(self) -> int | None:
        """The arm of several models under the condition of reference."""
        return next(
            (
                n
                for n, arm in enumerate(self.arms)
                if len(arm.sources) > 1 and arm.condition == self.condition
            ),
            None,
        )

    def plain(self, arm: Arm) -> int | None:
        """The arm of the same model under the condition of reference, unless it is that itself."""
        if len(arm.sources) > 1 or arm.condition == self.condition:
            return None
        model = self.data.sources[arm.sources[0]].model
        wanted = [
            n
            for n, other in enumerate(self.data.sources)
            if other.model == model and other.condition == self.condition
        ]
        return wanted[0] if wanted else None

    def pairs(self) -> list[tuple[str, int, int]]:
        """What an arm is held against: the plain one of its model, and the ensemble."""
        own = [(n, self.plain(arm)) for n, arm in enumerate(self.arms)]
        found = [("plain", n, other) for n, other in own if other is not None]
        if (together := self.ensemble) is not None:
            found += [("ensemble", n, together) for n in range(len(self.arms)) if n != together]
        return found

    def mean(self, values: npt.ArrayLike) -> Estimates:
        return mean(values, **self.resampling)

    def why(self, name: str, *, there: bool) -> str:
        """Why no query has it, of arms that can spend the budget or cannot."""
        if name in SCORED and self.data.scorer is None:
            return NO_SCORER
        return WHY.get(name, NOT_THERE) if there else NOT_THERE

    def said(self, found: Estimate, name: str, *, there: bool) -> Json:
        """The estimate, its reason in these words where no query has it."""
        return found.as_dict() | ({"reason": self.why(name, there=there)} if found.n == 0 else {})


def spendable(answers: FloatArray) -> list[bool]:
    """Of which arms some query's calls spend the budget; from their answers, shape (queries, arms)."""
    return [bool(np.isfinite(column).any()) for column in answers.T]


def differences(compared: Compared, values: dict[str, FloatArray]) -> list[Json]:
    """Each arm less what it is held against, paired by query; p adjusted within a measure and `against`."""
    pairs = compared.pairs()
    if not pairs:
        return []
    first, second = [n for _, n, _ in pairs], [n for _, _, n in pairs]
    stacked = np.stack([values[name][:, first] - values[name][:, second] for name in MORE_IS], axis=1)
    found, p = compared.mean(stacked), sign_flip(stacked, seed=compared.asked.seed)
    both = spendable(values["answers"][:, first] + values["answers"][:, second])
    adjusted = np.full(p.shape, np.nan)
    for against in ("plain", "ensemble"):
        of = [n for n, (kind, _, _) in enumerate(pairs) if kind == against]
        for row in range(len(MORE_IS)):
            adjusted[row, of] = benjamini_hochberg(p[row, of])
    return [
        {
            "measure": name,
            "more_is": more_is,
            "arm": compared.arms[a].name,
            "reference": compared.arms[b].name,
            "against": against,
            "difference": compared.said(found.at(row, n), name, there=both[n]),
            "p": _number(p[row, n]),
            "p_adjusted": _number(adjusted[row, n]),
        }
        for row, (name, more_is) in enumerate(MORE_IS.items())
        for n, (against, a, b) in enumerate(pairs)
    ]


def efficiency(compared: Compared, unit: Unit, values: dict[str, FloatArray]) -> list[Json]:
    """Different (good) answers for a call, 1000 tokens, or the currency's unit, of what was spent."""
    spent = values[unit] / (1000 if unit == "tokens" else 1)
    found = {name: ratio(values[name], spent, **compared.resampling) for name in ("classes", "good_classes")}
    there = spendable(values["answers"])
    return [
        {"arm": arm.name}
        | {name: compared.said(one.at(n), name, there=there[n]) for name, one in found.items()}
        for n, arm in enumerate(compared.arms)
    ]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
