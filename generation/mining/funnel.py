"""How many of a log's conversations each gate let through: the file's own, then the model's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from generation.models import Mining

# Of Infinity-Chat, by GPT-4o from WildChat-1M: "Artificial Hivemind" (arXiv 2510.22954), section 2 and
# appendix B. What was dropped is the rest.
PAPER = {"asked about": 37_426, "open-ended": 26_070, "closed-ended": 8_817, "dropped": 2_539}
# The candidates that each of the model's gates dropped, and what became of the others.
ASKED = Q(near=None)
PARTS = {
    "unjudged": ASKED & Q(meaningful=None),
    "meaningless": Q(meaningful=False),
    "about_the_model": Q(about_the_model=True),
    "open": Q(many_answers=True),
    "closed": Q(many_answers=False),
    "near": Q(near__isnull=False),
}


@dataclass(frozen=True)
class Gate:
    """One gate: its name, how many are left after it, how many it dropped, and what else there is to say."""

    gate: str
    left: int
    dropped: int
    more: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"gate": self.gate, "left": self.left, "dropped": self.dropped, **self.more}


@dataclass(frozen=True)
class Funnel:
    """Both halves, and how many of the candidates are of each of `PARTS`.

    The model's gates count what it was asked about; its first one drops what has no verdict so far.
    """

    file: tuple[Gate, ...]
    model: tuple[Gate, ...]
    parts: Mapping[str, int]

    @property
    def gates(self) -> tuple[Gate, ...]:
        return self.file + self.model

    @property
    def rows(self) -> int:
        """What came in."""
        return self.file[0].left if self.file else 0

    @property
    def asked(self) -> int:
        """Candidates that a model is asked about."""
        return sum(self.parts.values()) - self.parts["near"]

    @property
    def judged(self) -> int:
        """Candidates with a verdict."""
        return self.asked - self.parts["unjudged"]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "gates": [gate.as_dict() for gate in self.gates],
            "candidates": dict(self.parts),
            "paper": PAPER,
        }


def funnel_of(mining: Mining) -> Funnel:
    """The funnel as it is now, in one query."""
    parts = mining.candidates.order_by().aggregate(
        **{name: Count("pk", filter=q) for name, q in PARTS.items()}
    )
    file = tuple(Gate(row["gate"], row["left"], row["dropped"], _rest(row)) for row in mining.funnel)
    left = sum(parts.values()) - parts["near"]
    model = []
    for gate, dropping in (
        ("judged", "unjudged"), ("meaningful", "meaningless"), ("not about the model", "about_the_model"),
    ):  # fmt: skip
        left -= parts[dropping]
        model.append(Gate(gate, left, parts[dropping], {}))
    return Funnel(file, tuple(model), parts)


def _rest(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("gate", "left", "dropped")}
