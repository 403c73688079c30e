from dataclasses import replace

import numpy as np
import pytest

from annotation.frames import LabelFrame
from annotation.rows import LabelRows
from calibration.measures.design import design
from calibration.measures.people import People
from calibration.measures.specification import Specification

RELIABLE = {"value": 0.81}


def studied(*, queries, per_query, labels, known):
    items = queries * per_query
    places = np.arange(items)
    counts = np.zeros((items, 5), dtype=np.int64)
    counts[:, 2] = labels
    query = places // per_query
    frame = LabelFrame(
        "rating", places, [str(n) for n in places], query, query, np.arange(1, 6), counts, 0 * places, None,
        "query", True,
    )  # fmt: skip
    person, item = np.repeat(np.arange(labels), items), np.tile(places, labels)
    rows = LabelRows(person, item, np.full(len(item), 3), np.arange(labels), 0) if known else None
    return People(frame, Specification("standard", replicates=20), rows=rows)


def told(people, reliability=RELIABLE):
    rows = design(people, reliability)
    assert len({row["question"] for row in rows}) == len(rows) == 6
    assert all(row["words"].endswith(".") for row in rows)
    return rows


def test_the_papers_design_is_enough_for_all_but_single_people_and_groups_that_nobody_knows():
    rows = told(studied(queries=50, per_query=15, labels=25, known=False))
    assert [row["adequate"] for row in rows] == [True, True, True, True, False, False]
    assert "about 0.90" in rows[1]["words"]
    assert rows[4]["words"] == rows[5]["words"] == "The labels do not tell who gave them."


def test_people_of_sixty_items_each_can_be_held_against_a_scorer():
    assert told(studied(queries=10, per_query=6, labels=3, known=True))[4]["adequate"]
    assert not told(studied(queries=10, per_query=5, labels=3, known=True))[4]["adequate"]
    assert not told(studied(queries=10, per_query=6, labels=2, known=True))[4]["adequate"]


@pytest.mark.parametrize("value", [0.69, None])
def test_a_thin_design_says_so_and_why(value):
    rows = told(
        studied(queries=8, per_query=4, labels=3, known=True), {"value": value, "reason": "no repeats"}
    )
    assert not any(row["adequate"] for row in rows)
    assert rows[0]["words"].startswith("8 queries")
    assert ("no repeats" in rows[1]["words"]) == (value is None)
    assert rows[5]["words"].startswith("No question of the survey makes ")


def test_the_unit_is_that_of_the_audit():
    people = studied(queries=41, per_query=1, labels=2, known=False)
    people.frame = replace(people.frame, cluster_unit="item")
    assert told(people)[0] == {
        "question": "Are intervals as wide as they say?",
        "adequate": True,
        "words": "41 items are resampled; from fewer than 40 intervals come out too narrow.",
    }
