"""Promises of the answer on the page of the order of tasks."""

from typing import Any

import pytest

from generation.task_order.headline import headline

NOTHING = {"value": None, "low": None, "high": None, "n": 0, "reason": "why"}


def found(advantage: dict[str, Any]) -> Any:
    orders = {"best": [["قصص", "math"], ["math", "قصص"]], "ties": 2, "orders": 2}
    fit = {"pearson": {"value": 0.7, "low": 0.5, "high": 0.8}}
    return {
        "orders": orders | {"certainty": {"advantage": advantage}},
        "prediction": {"foretold": fit},
        "reasons": {},
    }


def test_the_best_order_stands_with_its_advantage_and_how_it_was_met() -> None:
    said = headline(found({"value": 0.2, "low": 0.1, "high": 0.3}))
    assert said == (
        "“\u2068قصص\u2069 → \u2068math\u2069” is predicted to forget least of 2 orders, and 1 more as "
        "little: 0.200 (0.100 to 0.300) less than the median order, in shares of the tasks’ scales. What the "
        "other runs foretell of a run and what came correlate at 0.70 (0.50 to 0.80)."
    )


@pytest.mark.parametrize(
    ("advantage", "says"),
    [
        (
            {"value": 0.2, "low": -0.1, "high": 0.5},
            "It cannot be told whether the order matters: of 2 orders",
        ),
        (NOTHING, "how sure that is, is undefined: why."),
    ],
)
def test_no_advantage_is_claimed_that_may_be_nothing(advantage: dict[str, Any], says: str) -> None:
    assert says in headline(found(advantage))


def test_a_foretelling_that_may_be_none_is_not_claimed() -> None:
    one = found({"value": 0.2, "low": 0.1, "high": 0.3})
    one["prediction"]["foretold"]["pearson"] |= {"low": -0.1}
    assert "Whether other runs foretell what comes of a run cannot be told" in headline(one)


def test_without_orders_the_reason_is_the_answer() -> None:
    assert headline({"orders": None, "reasons": {"orders": "nine tasks"}}) == "It cannot be told: nine tasks."
