"""Promises of the answer on the page of formats: it claims no more than interval and p bear."""

from typing import Any

import pytest

from generation.formats.headline import headline


def found(
    *, value: float | None = -0.4, low: float | None = -0.6, p: float | None = 0.01, **first: Any
) -> Any:
    change = {"value": value, "low": low, "high": None if low is None else low + 0.4, "n": 6, "reason": "why"}
    row = {"measure": "entropy", "change": change, "p": p, "p_adjusted": p}
    said = {"format": "code", "step": 100, "after": 10, "stays": True} | first
    return {
        "changes": {"first": 0, "last": 1000, "rows": [row]},
        "steps": [{"step": 1000, "dominant": {"format": "code", "share": {"value": 0.94}}}],
        "first_steps": [said],
        "specification": {"threshold": 0.5},
    }


def test_what_interval_and_p_bear_is_the_answer() -> None:
    assert headline(found()) == (
        "Formats become fewer from step 0 to 1,000: the entropy of their shares changes by −0.40 bits (−0.60 "
        "to −0.20), adjusted p 0.010. At the end 94 % of answers are code, above 50 % from step 100 on."
    )
    assert headline(found(value=0.4, low=0.2)).startswith("Formats become more from")
    assert headline(found(low=None)).startswith("Formats become fewer")


@pytest.mark.parametrize("unsure", [{"p": 0.25}, {"p": None}, {"low": -0.3, "value": -0.1}])
def test_what_either_does_not_bear_cannot_be_told(unsure: dict[str, Any]) -> None:
    assert headline(found(**unsure)).startswith("It cannot be told whether formats become fewer")


@pytest.mark.parametrize("first", [{"step": None, "after": None}, {"after": None}, {"stays": False}])
def test_no_step_is_named_where_none_was_passed_for_good(first: dict[str, Any]) -> None:
    assert headline(found(**first)).endswith("At the end 94 % of answers are code.")


def test_what_is_undefined_says_why() -> None:
    assert headline(found(value=None)).startswith(
        "Whether formats become fewer from step 0 to 1,000 is undefined: why."
    )
