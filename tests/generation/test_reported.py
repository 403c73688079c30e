"""Promises of the answer on the page of diversity."""

from generation.reported import headline

NOTHING = {"value": None, "low": None, "high": None, "n": 0, "reason": "why"}
ALIKE = {"value": 0.86, "low": 0.84, "high": 0.88, "n": 8}
GAP = {"value": 0.76, "low": 0.55, "high": 0.87, "n": 8}


def test_the_answer_is_how_alike_answers_are_within_a_model_and_between_two() -> None:
    within = {"within": {"average": {"similarity": ALIKE, "gap": GAP}}}
    between = {"between": {"average": {"similarity": ALIKE}}}
    first = (
        "One model’s answers to a query are 0.86 (0.84 to 0.88) alike, 0.76 (0.55 to 0.87) above answers to "
        "different queries."
    )
    assert headline(within | between) == f"{first} Those of two models are 0.86 (0.84 to 0.88) alike."
    assert headline(within) == headline(within | {"between": None}) == first


def test_where_only_words_were_measured_no_likeness_is_claimed() -> None:
    assert headline({"within": None}) == ""
    assert headline({"within": {"average": {"similarity": NOTHING, "gap": NOTHING}}}) == ""
