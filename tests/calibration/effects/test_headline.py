"""Promises of the answer on the page of effects."""

from typing import Any

from calibration.effects.headline import headline

NOTHING = {"value": None, "low": None, "high": None, "n": 0}


def found(significant: dict[str, Any], null: dict[str, Any], **halves: float | None) -> Any:
    values = {"people": 0.9, "panel": 0.6, "noise": 0.02} | halves
    own = {"significant": significant, "null": null}
    return {
        "rates": {"own": own},
        "halves": {name: {"significant": {"value": value}} for name, value in values.items()},
    }


def test_effects_found_are_counted_and_stand_beside_what_people_and_noise_reach() -> None:
    significant = {"value": 0.75, "low": 0.3, "high": 0.95, "n": 4}
    assert headline(found(significant, {"value": 0.5, "low": 0.1, "high": 0.9, "n": 2})) == (
        "It finds 3 of 4 effects that people show (30 % to 95 %). Of 2 contrasts where people show none, it "
        "shows none in 1. Of what one half of people shows, the other half finds 90 %, it in their places "
        "60 %, noise 2 %."
    )
    assert headline(found(significant, NOTHING, people=None)) == (
        "It finds 3 of 4 effects that people show (30 % to 95 %)."
    )
    assert "the other half finds 90 %, noise" in headline(found(significant, NOTHING, panel=None))


def test_where_people_show_no_effect_none_can_be_found() -> None:
    assert headline(found(NOTHING, NOTHING)) == "It cannot be told: people show no effect that it could find."
