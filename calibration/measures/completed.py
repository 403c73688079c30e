"""What the contract names and nothing answers: null, with the reason."""

from collections.abc import Iterable
from typing import Any

LATER = "not part of this version's audit"
PAPER = "the preset paper measures Spearman on all items and on the authors' subsets, and nothing else"


def completed(found: dict[str, Any], contract: Iterable[str], *, reason: str = LATER) -> dict[str, Any]:
    """Null, beside its reason, for what the contract names and no part answers."""
    absent = [key for key in contract if key not in found]
    return joined(found, dict.fromkeys(absent) | {"reasons": dict.fromkeys(absent, reason)})


def joined(found: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both, with the reasons of both for what is null."""
    reasons = found.get("reasons", {}) | more.get("reasons", {})
    every = {key: value for key, value in (found | more).items() if key != "reasons"}
    return every | ({"reasons": reasons} if reasons else {})
