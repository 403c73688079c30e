"""What is null in an audit, beside its reason."""

from collections.abc import Iterable
from typing import Any

PAPER = "the preset paper measures Spearman on all items and on the authors' subsets, and nothing else"


def not_in_paper(keys: Iterable[str]) -> dict[str, Any]:
    """Null, with the reason, for what the preset paper does not measure."""
    absent = dict.fromkeys(keys)
    return absent | {"reasons": dict.fromkeys(absent, PAPER)}


def joined(found: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both, with the reasons of both for what is null."""
    reasons = found.get("reasons", {}) | more.get("reasons", {})
    every = {key: value for key, value in (found | more).items() if key != "reasons"}
    return every | ({"reasons": reasons} if reasons else {})
