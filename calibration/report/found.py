"""What an audit found, as its frozen result says it: what is absent has a reason in its place."""

from collections.abc import Iterable, Mapping
from typing import Any

from calibration.models import Scorer

Result = dict[str, Any]
Found = Mapping[str, Any]

NOT_MEASURED = "not measured by this audit"
LEVEL = 0.05


def told(found: Found, key: str) -> Found:
    """What the result has under a key; where it has nothing, a value of None beside the reason."""
    return found.get(key) or {"value": None, "reason": reason_of(found, key)}


def reason_of(found: Found, key: str) -> str:
    """Why there is nothing under a key."""
    return str((found.get("reasons") or {}).get(key) or found.get("reason") or NOT_MEASURED)


def absent(scorers: Iterable[Found], key: str) -> str:
    """Why no scorer has anything under a key; empty where one has."""
    every = list(scorers)
    if any(scorer.get(key) for scorer in every):
        return ""
    reasons = [reason_of(scorer, key) for scorer in every]
    return max(reasons, key=reasons.count, default=NOT_MEASURED)


def ranked(result: Found) -> list[Result]:
    """The scorers by rho, the highest first and the undefined last, their families in words."""
    return [
        scorer | {"family": family_words(scorer["family"])}
        for scorer in sorted(result["scorers"], key=_by_rho)
    ]


def fullest(scorers: Iterable[Found], key: str) -> Found | None:
    """The part of the scorer whose part rests on the most items: for what is the same of all scorers."""
    return max(
        (scorer[key] for scorer in scorers if scorer.get(key)), key=lambda part: part["n"], default=None
    )


def falls(excess: Found) -> bool:
    """Whether a fall is more than the range explains, by the adjusted p where there is one."""
    p = p_of(excess)
    return p is not None and p <= LEVEL


def p_of(test: Found) -> float | None:
    adjusted = test.get("adjusted_p")
    return test.get("p") if adjusted is None else adjusted


def family_words(family: str) -> str:
    """The family as a page writes it; simulated people are called so."""
    if family not in Scorer.Family.values:
        return family
    label = str(Scorer.Family(family).label)
    return label if family == Scorer.Family.PERSONA_PANEL else label.split(" (")[0]


def _by_rho(scorer: Found) -> tuple[bool, float, str]:
    rho = scorer["spearman"]["value"]
    return rho is None, -(rho or 0.0), scorer["name"]
