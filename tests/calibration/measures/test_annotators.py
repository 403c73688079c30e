from typing import Any

import numpy as np
import pytest

from annotation.frames import label_frame
from annotation.groups import every_group
from annotation.models import Study
from annotation.rows import label_rows
from calibration.frames import score_columns
from calibration.measures.annotators import alt_test, annotators, groups, label_of
from calibration.measures.keys import data_hash
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.annotators.altest import alternative_annotator_test
from calibration.models import Score, Scorer
from tests.annotation.test_groups import reply
from tests.factory import make_items, make_labels, make_participant, make_question, make_study

pytestmark = pytest.mark.django_db

ITEMS, PEOPLE = 64, 24


def labelled(slug: str = "answers", *, people: bool = True, seed: int = 0) -> Study:
    """Everybody labels everything; half are young, and judge by something of their own."""
    rng = np.random.default_rng(seed)
    study = make_study(slug)
    named = [make_participant(study, f"p{n}") for n in range(PEOPLE)] if people else None
    question = make_question(study, "age", options=["young", "old", "other"])
    if named:
        reply(question, named[:11], "young")
        reply(question, named[11:22], "old")
        reply(question, named[22:], "other")
    quality, own = rng.normal(size=(2, ITEMS))
    for n, item in enumerate(make_items(study, ITEMS, queries=16)):
        heard = np.where(np.arange(PEOPLE) < 11, own[n], quality[n]) + rng.normal(scale=0.8, size=PEOPLE)
        make_labels(item, np.clip(np.round(3 + heard), 1, 5).astype(int).tolist(), people=named)
        for name, value in (("reward", quality[n]), ("judge", np.clip(np.round(3 + quality[n]), 1, 5))):
            scorer, _ = Scorer.objects.get_or_create(name=name)
            Score.objects.create(study=study, item=item, scorer=scorer, value=float(value))
    return study


def audited(study: Study) -> tuple[People, dict[str, Scored]]:
    frame, asked = label_frame(study), Specification("standard", 1, 100)
    rows = label_rows(study, frame)
    people = People(frame, asked, rows=rows, groups=every_group(study, rows))
    columns = score_columns(study, item_pks=frame.item_pks, scorers=Scorer.objects.all())
    return people, {column.name: Scored(people, column, asked) for column in columns}


def test_numbers_of_the_scale_are_labels_and_others_become_the_mean_of_their_distribution() -> None:
    people, scored = audited(labelled())
    judge, words = label_of(people, scored["judge"])
    assert np.array_equal(judge, scored["judge"].values) and "its own numbers" in words
    reward, words = label_of(people, scored["reward"])
    assert "out of fold" in words
    assert np.allclose(reward, scored["reward"].distributions @ people.frame.values)
    assert 1 < reward.min() < reward.max() < 5


def test_votes_stand_for_a_scorer_by_their_mean() -> None:
    study = labelled()
    Score.objects.filter(scorer__name="judge").update(value=None, votes=[4, 4, 5])
    people, scored = audited(study)
    label, words = label_of(people, scored["judge"])
    assert np.allclose(label, 13 / 3) and words == "the mean of its votes"


def test_the_alternative_annotator_test_is_that_of_the_labels_with_the_epsilon_asked_for() -> None:
    people, scored = audited(labelled())
    found = alt_test(people, scored["judge"], people.asked)["alt_test"]
    rows = people.rows
    assert rows is not None
    direct = alternative_annotator_test(
        rows.person, rows.item, rows.value, scored["judge"].values, epsilon=people.asked.epsilon
    )
    assert (found["winning_rate"], found["passed"]) == (direct.winning_rate, direct.passed)
    assert found["advantage_probability"]["value"] == direct.advantage.value
    assert found["advantage_probability"]["low"] is not None
    assert (found["annotators"], found["items"], found["items_per_annotator"]) == (PEOPLE, ITEMS, ITEMS)
    assert (found["adequate"], found["alignment"], found["epsilon"]) == (True, "rmse", 0.2)


def test_single_people_and_groups_are_told_without_anybody_being_named() -> None:
    people, scored = audited(labelled())
    found = annotators(people, scored["reward"], people.asked)["annotators"]
    assert (found["n"], found["left_out"]) == (PEOPLE, 0)
    assert sum(one["n"] for one in found["bins"]) == PEOPLE
    assert found["spread"]["p"] < 0.05 and found["spread"]["low"] > 0
    (age,) = groups(people, scored["reward"], people.asked)["groups"]
    young, old = age["groups"]
    assert (age["question"], young["name"], old["name"]) == ("age", "young", "old")
    assert (young["people"], age["left_out"]["in_small_groups"]) == (11, 2)
    assert young["spearman"]["value"] < old["spearman"]["value"] and young["difference"]["adjusted_p"] < 0.05
    assert age["differences"]["p"] < 0.05


def test_where_nobody_is_known_each_part_is_null_with_its_reason() -> None:
    people, scored = audited(labelled(people=False))
    for key, part in (("alt_test", alt_test), ("annotators", annotators), ("groups", groups)):
        found = part(people, scored["reward"], people.asked)
        assert found[key] is None and "who gave them" in found["reasons"][key]


def test_the_same_labels_in_other_hands_have_another_hash_and_no_keys_of_the_database() -> None:
    def read(study: Study) -> tuple[str, Any]:
        people, scored = audited(study)
        told = annotators(people, scored["reward"], people.asked)
        return data_hash(people, [scored["reward"].column]), told

    first, second = labelled("first"), labelled("second")
    assert read(first) == read(second)
    item = second.items.all()[0]
    high, low = item.labels.order_by("-value", "pk")[0], item.labels.order_by("value", "pk")[0]
    for label, value in ((high, low.value), (low, high.value)):
        type(label).objects.filter(pk=label.pk).update(value=value)
    assert np.array_equal(label_frame(first).counts, label_frame(second).counts)
    assert read(second)[0] != read(first)[0]
