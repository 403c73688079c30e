"""What the contract names and nothing answers: null, with the reason."""

from collections.abc import Iterable
from typing import Any

LATER = "not part of this version's audit"
PAPER = "the preset paper measures Spearman on all items and on the authors' subsets, and nothing else"


def completed(found: dict[str, Any], contract: Iterable[str], *, reason: str = LATER) -> dict[str, Any]:
    """Null, beside its reason, for what the contract names and no part answers."""
    absent = [key for key in contract if key not in found]
    reasons = {"reasons": dict.fromkeys(absent, reason)} if absent else {}
    return found | dict.fromkeys(absent) | reasons
