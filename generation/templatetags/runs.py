"""How money and time are written on the pages of runs."""

import json
from decimal import Decimal
from typing import Any

from django import template

register = template.Library()

SMALLEST = Decimal("0.0001")


@register.filter
def in_money(amount: Decimal, currency: str) -> str:
    """With two decimals, below 1 with up to four: a call costs little."""
    if 0 < amount < SMALLEST:
        return f"below {SMALLEST} {currency}"
    whole, _, decimals = f"{amount:,.{4 if amount < 1 else 2}f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2} {currency}"


@register.filter
def about(estimate: int | Decimal) -> int | Decimal:
    """To three digits: an estimate knows no more."""
    given = Decimal(estimate)
    rounded = round(given, 2 - given.adjusted()) if given else given
    return int(rounded) if isinstance(estimate, int) else rounded


@register.filter
def as_json(result: Any) -> str:
    """What was read of a reply that has no text, such as a perplexity."""
    return json.dumps(result, ensure_ascii=False, indent=2)


@register.filter
def in_time(seconds: float) -> str:
    """About how long: what is left is never known better."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"about {minutes} minute{'' if minutes == 1 else 's'}"
    hours = round(seconds / 3600)
    return f"about {hours} hours" if hours < 72 else f"about {round(hours / 24)} days"
