import json
from decimal import Decimal
from math import ceil

import pytest

from calibration.planning import GOALS, PlanError, checked, planned
from tests.calibration.scored import make_scored_study

# Small enough to be quick; the mathematics are tested beside the planners.
QUICK = {"simulations": 20, "labels_per_item": [5, 10]}


@pytest.mark.parametrize("goal", GOALS)
def test_every_goal_is_planned_as_json_and_the_same_from_the_same_seed(goal):
    asked = {"goal": goal, **QUICK, "seed": 5}
    shares = []
    found = planned(asked, progress=shares.append)
    assert json.loads(json.dumps(found, allow_nan=False)) == found == planned(asked)
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert found["goal"] == goal and found["target"] == GOALS[goal].target and found["unit"]
    assert found["specification"] == checked(asked)
    assert [option["labels_per_item"] for option in found["options"]][:1] == [5]
    assert found["options"][found["best"]]["met"]
    meeting = [option["labels"] for option in found["options"] if option["met"]]
    assert found["options"][found["best"]]["labels"] == min(meeting)


def test_people_time_and_money_follow_from_the_labels():
    asked = {"goal": "mean", **QUICK, "items": 100, "session_size": 20, "sessions_per_person": 2}
    paid = {"pay_by": "time", "pay_rate": "9.50", "currency": "GBP", "fee_percent": 33.3}
    option = planned(asked | paid | {"seconds_per_item": 45})["options"][0]
    assert (option["items"], option["labels"], option["people"]) == (100, 500, ceil(500 / 40))
    assert option["minutes"] == 375 and option["minutes_a_person"] == pytest.approx(375 / 13, abs=0.05)
    assert option["cost"] == {"currency": "GBP", "pay": "59.38", "fee": "19.77", "total": "79.15"}
    by_answer = {"pay_by": "item", "pay_rate": 25, "currency": "JPY"}
    assert planned(asked | by_answer)["options"][0]["cost"]["total"] == "12500"
    assert planned(asked)["options"][0]["cost"] is None


def test_an_item_needs_as_many_people_as_labels_and_nobody_labels_it_twice():
    asked = {"goal": "mean", "simulations": 20, "items": 4, "labels_per_item": [25], "session_size": 15}
    assert planned(asked)["options"][0]["people"] == 25


@pytest.mark.django_db
def test_a_pilot_study_says_how_people_answer():
    make_scored_study("pilot", items=60, people=7)
    found = planned({"goal": "mean", "pilot": "pilot", **QUICK})
    people = found["population"]
    assert (people["source"], people["pilot"], people["items"], people["labels"]) == (
        "pilot",
        "pilot",
        60,
        420,
    )
    assert sum(people["shares"]) == pytest.approx(1, abs=1e-5) and 0.2 < people["alpha"] < 0.7
    make_scored_study("thin", items=12, people=3, scorers=("other",))
    for pilot, words in (("thin", "too thin"), ("none", "no study none")):
        with pytest.raises(PlanError, match=words) as caught:
            planned({"pilot": pilot})
        assert caught.value.field == "pilot"


def test_the_usual_specification_is_filled_in_and_checks_to_itself():
    usual = checked({})
    assert (usual["goal"], usual["target"], usual["labels_per_item"]) == ("alpha", 0.06, [3, 5, 10, 15, 25])
    assert checked(usual) == usual == checked({"target": None, "shares": None, "pay_rate": ""})
    assert Decimal(checked({"pay_by": "item", "pay_rate": 0.1, "currency": "EUR"})["pay_rate"]) == Decimal(
        "0.1"
    )


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"colour": 1}, "colour", "knows no field"),
        ({"goal": "fame"}, "goal", "one of alpha"),
        ({"target": -1}, "target", "at least 0.002 and at most 2"),
        ({"target": "wide"}, "target", "a number"),
        ({"target": float("nan")}, "target", "a number"),
        ({"goal": "entropy", "target": 3}, "target", "at most 2.32"),
        ({"goal": "power", "target": 1}, "target", "at most 0.99"),
        ({"scale_low": 5}, "scale_high", "above its lowest"),
        ({"shares": [1, 2]}, "shares", "5 numbers"),
        ({"shares": [1, 0, 0, 0, 0]}, "shares", "two values"),
        ({"shares": [1, "x", 0, 0, 0]}, "shares", "a number"),
        ({"shares": [1, 1, 1, 1, 10**400]}, "shares", "a number"),
        ({"shares": [1e-300, 0, 0, 0, 1]}, "shares", "a millionth"),
        ({"goal": "alpha", "items": 500}, "items", "goal alpha does not use it"),
        ({"pilot": "pilot", "alpha": 0.3}, "alpha", "the pilot's labels say it"),
        ({"labels_per_item": []}, "labels_per_item", "1 to 12"),
        ({"labels_per_item": [1]}, "labels_per_item", "from 2"),
        ({"seed": True}, "seed", "whole number"),
        ({"simulations": 1e9}, "simulations", "whole number"),
        ({"alpha": 0.9, "severity_share": 0.5}, "alpha", "no room"),
        ({"goal": "alt_test", "annotators": 2}, "annotators", "cannot give"),
        ({"goal": "power", "scale_high": 2}, "scale_high", "nothing to compare"),
        ({"most_items": 149}, "most_items", "at least 150"),
        ({"goal": "alt_test", "most_items": 99}, "most_items", "at least 100"),
        ({"pay_by": "item"}, "pay_rate", "how much"),
        ({"pay_by": "item", "pay_rate": "much"}, "pay_rate", "an amount"),
        ({"pay_by": "item", "pay_rate": 1, "currency": "XXX"}, "currency", "such as GBP"),
        ({"pilot": 3}, "pilot", "a text"),
    ],
)
def test_each_wrong_value_is_one_line_that_names_the_field(asked, field, words):
    with pytest.raises(PlanError, match=words) as caught:
        planned(asked)
    assert caught.value.field == field and "\n" not in str(caught.value)
