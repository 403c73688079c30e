"""How money and time are written on the pages of runs."""

from decimal import Decimal

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
def in_time(seconds: float) -> str:
    """About how long: what is left is never known better."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = round(seconds / 3600)
    return f"{hours} hours" if hours < 72 else f"{round(hours / 24)} days"
