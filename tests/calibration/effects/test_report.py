"""Promises of the rates of a report of effects."""

from typing import Any

import pytest

from calibration.effects.report import Row, _rates
from calibration.metrics.replication.effects import Effect


def test_draws_in_which_an_effect_is_undefined_do_not_round_a_rate() -> None:
    sure, none, nothing = Effect(1.0, p=0.01), Effect(0.1, p=0.5), Effect(reason="no variance")
    groups: Any = None
    rows = [
        Row(groups, sure, sure, [sure, sure, sure, none]),
        Row(groups, sure, nothing, [nothing, nothing, nothing, sure]),
    ]
    found = _rates(rows)["people_n"]
    # 4 of the 5 verdicts of four draws; a draw has 1.25 of them.
    assert found["all"]["value"] == pytest.approx(0.8)
    assert (found["all"]["n"], found["null"]["value"]) == (1, None)
    seldom = _rates([Row(groups, sure, nothing, [sure, nothing, nothing, nothing])])["people_n"]
    assert (seldom["all"]["value"], seldom["all"]["n"]) == (1, 1)
