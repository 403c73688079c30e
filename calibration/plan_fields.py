"""Fields of a plan's specification: each a default and a check, so that a wrong value is one clear line."""

from collections.abc import Callable, Sequence
from dataclasses import field
from decimal import Decimal, InvalidOperation
from typing import Any


class PlanError(ValueError):
    """What cannot be planned, and why: one line for a person. `field` is the one that is wrong, if one is."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def number(usual: float | None, low: float, high: float, *, above: bool = False) -> Any:
    """A number from `low`, or above it, to `high`."""
    return _with_check(usual, lambda name, value: checked_number(name, value, low, high, above=above))


def whole(usual: int, low: int, high: int) -> Any:
    return _with_check(usual, lambda name, value: checked_whole(name, value, low, high))


def one_of(usual: str, choices: Sequence[str]) -> Any:
    def check(name: str, value: Any) -> Any:
        if value not in choices:
            listed = ", ".join(choice or "nothing" for choice in choices)
            raise PlanError(f"{in_words(name)} must be one of {listed}, not {value!r}.", field=name)
        return value

    return _with_check(usual, check)


def text(most: int) -> Any:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise PlanError(f"{in_words(name)} must be a text of at most {most} characters.", field=name)
        return value

    return _with_check("", check)


def amount(most: int) -> Any:
    """An amount of money, kept as text so that no digit is lost; None for nothing."""

    def check(name: str, value: Any) -> str | None:
        if value == "":
            return None
        try:
            money = Decimal(str(value))
        except InvalidOperation:
            money = Decimal("NaN")
        if not money.is_finite() or not 0 < money <= most:
            raise PlanError(
                f"{in_words(name)} must be an amount above 0 and at most {most:,}, not {value!r}.", field=name
            )
        return str(money)

    return _with_check(None, check)


def _with_check(usual: Any, check: Callable[[str, Any], Any]) -> Any:
    return field(default=usual, metadata={"check": check})


def checked_number(name: str, value: Any, low: float, high: float, *, above: bool = False) -> float:
    right = isinstance(value, int | float) and not isinstance(value, bool)
    # Neither NaN nor infinity lies between two numbers.
    if not right or not low <= value <= high or (above and value == low):
        start = f"above {low:,g}" if above else f"at least {low:,g}"
        raise PlanError(
            f"{in_words(name)} must be a number {start} and at most {high:,g}, not {value!r}.", field=name
        )
    return float(value)


def checked_whole(name: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise PlanError(
            f"{in_words(name)} must be a whole number from {low:,} to {high:,}, not {value!r}.", field=name
        )
    return value


def in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()
