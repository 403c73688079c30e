from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.groups import group_frame, group_questions, study_groups
from annotation.models import Participant, Question, Reply, Study
from annotation.quality.exclusion import exclude
from annotation.steps.flow import remove_question
from tests.factory import make_items, make_labels, make_participant, make_question, make_study

pytestmark = pytest.mark.django_db


def reply(question: Question, people: list[Participant], value: str | None) -> None:
    Reply.objects.bulk_create(
        Reply(
            participant=person,
            question=question,
            value=value or "",
            declined=value is None,
            replied_at=timezone.now(),
        )
        for person in people
    )


def surveyed(
    *, groups: dict[str | None, int], items: int = 8, shift: int = 0, **fields: Any
) -> tuple[Study, Question, list[Participant]]:
    """A study whose people all label all items; the first group `shift` higher. "" never replied."""
    study = make_study(**fields)
    question = make_question(study, "age", options=[name for name in groups if name] or ["young", "old"])
    rows = make_items(study, items)
    people, values, rng = [], [], np.random.default_rng(0)
    for place, (answer, number) in enumerate(groups.items()):
        named = [make_participant(study, f"{place}-{n}") for n in range(number)]
        if answer != "":
            reply(question, named, answer)
        people += named
        values += [shift * (place == 0)] * number
    for n, item in enumerate(rows):
        heard = 2 + n % 3 - shift / 2 + np.array(values) + rng.normal(0, 1, len(people))
        make_labels(item, np.clip(np.round(heard), 1, 5).astype(int).tolist(), people=people)
    return study, question, people


def test_people_are_in_the_group_of_their_reply_and_those_in_none_are_counted() -> None:
    study, question, people = surveyed(groups={"young": 11, "old": 10, "older": 3, None: 2, "": 4})
    found = group_frame(study, question)
    assert found.names == ["young", "old"]
    assert (found.small_groups, found.in_small_groups, found.declined, found.no_reply) == (1, 3, 2, 4)
    assert found.counts.sum(axis=(1, 2)).tolist() == [88, 80]
    assert (
        found.counts[0, 0].tolist()
        == np.bincount(
            [label.value for label in study.items.all()[0].labels.filter(participant__in=people[:11])],
            minlength=6,
        )[1:].tolist()
    )
    assert len(found.rows.value) == 30 * 8


def test_excluded_people_are_in_no_group_unless_asked_for() -> None:
    study, question, people = surveyed(groups={"young": 11, "old": 10})
    exclude(participant=people[0], reason="careless")
    assert study_groups(study, question)["people"]["in_groups"] == 20
    both = study_groups(study, question, with_excluded=True)
    assert (both["people"]["in_groups"], both["with_excluded"]) == (21, True)
    exclude(participant=people[-1], reason="careless")
    gone = study_groups(study, question)
    assert gone["groups"] == [] and "10 people or more" in gone["reason"]


def test_a_difference_between_groups_is_found_and_measured() -> None:
    study, question, _ = surveyed(groups={"young": 12, "old": 12, "older": 12}, shift=2)
    report = study_groups(study, question)
    young = report["groups"][0]
    assert (young["name"], young["people"], young["labels"], young["items"]) == ("young", 12, 96, 8)
    assert young["difference"]["value"] > 1 and young["difference"]["by_chance"]["adjusted"] < 0.01
    assert young["difference"]["by_chance"]["high"] < young["difference"]["low"]
    assert young["association"]["value"] > 1 and young["association"]["within_less_rest"]["p"] < 0.05
    assert report["explained"]["excess"] > 0.1 and report["explained"]["p"] < 0.01
    assert [(pair["first"], pair["second"]) for pair in report["between"]] == [
        ("young", "old"), ("young", "older"), ("old", "older"),
    ]  # fmt: skip
    assert report["between"][2]["value"] > report["between"][0]["value"]


def test_groups_are_computed_once_until_a_reply_or_a_label_changes_them() -> None:
    study, question, people = surveyed(groups={"young": 10, "old": 10, "": 1})
    with CaptureQueriesContext(connection) as first:
        before = study_groups(study, question)
    with CaptureQueriesContext(connection) as again:
        assert study_groups(study, question) == before
    assert len(again) < len(first) - 5
    reply(question, people[-1:], "old")
    assert study_groups(study, question)["groups"][1]["people"] == 11
    make_labels(study.items.all()[0], [5], people=[make_participant(study, "late")])
    assert study_groups(study, question)["people"]["labelled"] == 22


def test_groups_take_as_many_queries_in_a_study_of_any_size(django_assert_num_queries: Any) -> None:
    for slug, items, people in (("small", 2, 10), ("large", 12, 25)):
        study, question, _ = surveyed(groups={"young": people, "old": people}, items=items, slug=slug)
        with django_assert_num_queries(5):
            group_frame(study, question)


def test_groups_are_made_by_questions_with_options_of_the_surveys() -> None:
    study, question, _ = surveyed(groups={"young": 10, "old": 10})
    make_question(study, "typed", options=[])
    make_question(study, "understood", place="comprehension")
    make_question(study, "later", place="after")
    retired = make_question(study, "unanswered")
    remove_question(question=question)
    Question.objects.filter(pk=retired.pk).update(retired_at=timezone.now())
    assert sorted(group_questions(study).values_list("name", flat=True)) == ["age", "later"]


def test_without_two_groups_there_is_a_reason_and_no_number() -> None:
    study, question, _ = surveyed(groups={"young": 12, "old": 2})
    assert "fewer than two answers" in study_groups(study, question)["reason"]
    silent, asked, _ = surveyed(groups={"": 3}, slug="silent")
    assert "nobody who labelled has replied" in study_groups(silent, asked)["reason"]
    empty = make_study("empty")
    nobody = study_groups(empty, make_question(empty, "age"))
    assert "no labels of known people" in nobody["reason"]
    assert (nobody["groups"], nobody["between"], nobody["explained"]) == ([], [], None)
