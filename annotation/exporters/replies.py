"""What people said to a study's questions, a row a person, under their opaque codes."""

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef

from annotation.models import (
    ATTEMPTS,
    ComprehensionAttempt,
    Participant,
    Question,
    Reply,
    Study,
)

PEOPLE_AT_ONCE = 1_000
Place = Question.Place


def reply_lines(study: Study) -> Iterator[str]:
    """The csv file's lines, in flat memory: who replied or made an attempt, in the order they came.

    A survey question has two columns, `name` and `name.declined`, both empty where nothing was said; one of
    the comprehension check has what was chosen at each attempt, `name.1` and `name.2`.
    """
    questions = list(study.questions.order_by("-place", "position", "pk"))
    tests = [question for question in questions if question.place == Place.COMPREHENSION]
    surveys = [question for question in questions if question.place != Place.COMPREHENSION]
    yield _line(_columns(tests, surveys))
    said = Reply.objects.filter(participant=OuterRef("pk"))
    tried = ComprehensionAttempt.objects.filter(participant=OuterRef("pk"))
    people = study.participants.filter(Exists(said) | Exists(tried)).order_by("pk").iterator()
    while block := list(islice(people, PEOPLE_AT_ONCE)):
        yield from map(_line, _rows(block, tests, surveys))


def _columns(tests: list[Question], surveys: list[Question]) -> list[str]:
    columns = ["annotator_id", "excluded"]
    if tests:
        columns += ["comprehension.attempts", "comprehension.passed"]
    columns += [f"{question.name}.{number}" for question in tests for number in range(1, ATTEMPTS + 1)]
    return columns + [name for question in surveys for name in (question.name, f"{question.name}.declined")]


def _rows(people: list[Participant], tests: list[Question], surveys: list[Question]) -> Iterator[list[Any]]:
    attempts: dict[tuple[int, int], ComprehensionAttempt] = {
        (attempt.participant_id, attempt.number): attempt
        for attempt in ComprehensionAttempt.objects.filter(participant__in=people)
    }
    replies = {
        (reply.participant_id, reply.question_id): reply
        for reply in Reply.objects.filter(participant__in=people)
    }
    for person in people:
        made = [attempts.get((person.pk, number)) for number in range(1, ATTEMPTS + 1)]
        row: list[Any] = [person.code, _said(person.excluded_at is not None)]
        if tests:
            passed = any(attempt and attempt.passed for attempt in made)
            row += [sum(attempt is not None for attempt in made), _said(passed) if any(made) else ""]
        row += [_chosen(question, attempt) for question in tests for attempt in made]
        for question in surveys:
            reply = replies.get((person.pk, question.pk))
            row += [reply.value, _said(reply.declined)] if reply else ["", ""]
        yield row


def _chosen(question: Question, attempt: ComprehensionAttempt | None) -> str:
    place = attempt.answers.get(question.name) if attempt else None
    return "" if place is None else str(question.options[place])


def _said(value: bool) -> str:
    return "true" if value else "false"


def _line(row: list[Any]) -> str:
    stream = StringIO()
    csv.writer(stream, lineterminator="\n").writerow(row)
    return stream.getvalue()
