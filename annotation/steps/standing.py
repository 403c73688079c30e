"""The steps of a participant: where they go on is read from what they have done, and stored nowhere."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from annotation.allocation import GIVEN_AGAIN, sessions_left
from annotation.models import (
    ATTEMPTS,
    Check,
    CheckAnswer,
    ComprehensionAttempt,
    Participant,
    Question,
    Reply,
    Session,
    Study,
)

Place = Question.Place
PRACTICE = Check.Purpose.PRACTICE


class Step(StrEnum):
    """In the order in which a person takes them."""

    CONSENT = "consent"
    NOT_OPEN = "not open"
    INSTRUCTIONS = "instructions"
    COMPREHENSION = "comprehension"
    PRACTICE = "practice"
    BEFORE = "survey before"
    READY = "ready"
    TASK = "task"
    AFTER = "survey after"
    DONE = "done"


PREPARATION = (Step.COMPREHENSION, Step.PRACTICE, Step.BEFORE)


@dataclass(frozen=True)
class Standing:
    """Where a person is. `begun`: before their work, they have done some of what follows the instructions."""

    step: Step
    begun: bool = False


def standing_of(participant: Participant) -> Standing:
    """One query during a session, two in a study without steps; a query more for each kind that it has."""
    return _standings([participant])[participant.pk]


def next_step(participant: Participant) -> Step:
    """Where the person goes on: the instructions, as long as they have done nothing of what follows them."""
    return _next(standing_of(participant))


def next_steps(people: QuerySet[Participant]) -> dict[int, Step]:
    """Where each of the people goes on, by their keys, in as many queries as for one."""
    standings = _standings(list(people.select_related("study", "recruitment")))
    return {key: _next(standing) for key, standing in standings.items()}


def comprehension_failed(participant: Participant) -> bool:
    """Whether the person has used up their attempts. They are thanked and paid, and get no work."""
    attempts = ComprehensionAttempt.objects.filter(participant=participant)
    return attempts.filter(number=ATTEMPTS, passed=False).exists()


def consent_outdated(participant: Participant) -> bool:
    return participant.consent_version != participant.study.consent_version


def ready_for_work(participant: Participant) -> bool:
    """Whether all that comes before a session is done; a study that is not open starts none all the same."""
    before = (Step.CONSENT, *PREPARATION)
    return standing_of(participant).step not in before and not comprehension_failed(participant)


@dataclass(frozen=True)
class _Steps:
    """What a study has ever asked, and what it asks now, by place or purpose."""

    ever: Mapping[str, set[int]]
    now: Mapping[str, set[int]]

    def left(self, kind: str, done: set[int]) -> bool:
        return bool(self.now.get(kind, set()) - done)


@dataclass(frozen=True)
class _Done:
    """What a person has done: whether each attempt passed, and the keys of what they answered."""

    attempts: list[bool]
    practised: set[int]
    replied: set[int]


def _next(standing: Standing) -> Step:
    unread = standing.step in PREPARATION and not standing.begun
    return Step.INSTRUCTIONS if unread else standing.step


def _standings(people: list[Participant]) -> dict[int, Standing]:
    """By their keys; what people do outside a session is read only if somebody is."""
    sessions = Session.objects.filter(participant__in=people).order_by("pk")
    last = dict(sessions.values_list("participant", "outcome"))  # empty while it runs
    outside = [person for person in people if last.get(person.pk) != ""]
    steps = {study.pk: _steps_of(study) for study in {person.study for person in outside}}
    done = _done_by(outside, list(steps.values()))
    return {
        person.pk: _outside(person, last.get(person.pk), steps[person.study_id], done[person.pk])
        if person.pk in done
        else Standing(Step.CONSENT if consent_outdated(person) else Step.TASK)
        for person in people
    }


def _outside(participant: Participant, session: str | None, steps: _Steps, done: _Done) -> Standing:
    """The standing of somebody whose last session ended thus, or who has had none."""
    if session in GIVEN_AGAIN and sessions_left(participant=participant) != 0:
        session = None  # they come with another submission, or are restored
    if session:
        asks = steps.left(Place.AFTER, done.replied) and not consent_outdated(participant)
        return Standing(Step.AFTER if asks else Step.DONE)
    begun = done.attempts or done.practised or done.replied & steps.ever.get(Place.BEFORE, set())
    return Standing(_step_before(participant, steps, done), bool(begun))


def _step_before(participant: Participant, steps: _Steps, done: _Done) -> Step:
    passed = any(done.attempts)
    if len(done.attempts) >= ATTEMPTS and not passed:
        return Step.DONE
    if consent_outdated(participant):
        return Step.CONSENT
    if participant.study.state != Study.State.OPEN:
        return Step.NOT_OPEN
    if steps.now.get(Place.COMPREHENSION) and not passed:
        return Step.COMPREHENSION
    if steps.left(PRACTICE, done.practised):
        return Step.PRACTICE
    return Step.BEFORE if steps.left(Place.BEFORE, done.replied) else Step.READY


def _steps_of(study: Study) -> _Steps:
    questions = study.questions.order_by().values_list("place", "pk", "retired_at")
    practice = study.checks.order_by().filter(purpose=PRACTICE).values_list("purpose", "pk", "retired_at")
    ever: dict[str, set[int]] = defaultdict(set)
    now: dict[str, set[int]] = defaultdict(set)
    for kind, key, retired_at in questions.union(practice, all=True):
        ever[kind].add(key)
        if retired_at is None:
            now[kind].add(key)
    return _Steps(ever, now)


def _done_by(people: list[Participant], steps: list[_Steps]) -> dict[int, _Done]:
    """What each has done, asking only for what the studies have ever had."""
    had = {kind for study in steps for kind in study.ever}
    attempts, practised, replied = {}, {}, {}
    if Place.COMPREHENSION in had:
        attempts = _by_person(ComprehensionAttempt.objects.filter(participant__in=people), "passed")
    if PRACTICE in had:
        answers = CheckAnswer.objects.filter(participant__in=people, session=None)
        practised = _by_person(answers, "check_asked")
    if had & {Place.BEFORE, Place.AFTER}:
        replied = _by_person(Reply.objects.filter(participant__in=people), "question")
    return {
        key: _Done(attempts.get(key, []), set(practised.get(key, [])), set(replied.get(key, [])))
        for key in (person.pk for person in people)
    }


def _by_person(rows: QuerySet[Any], value: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for person, said in rows.order_by().values_list("participant", value):
        found[person].append(said)
    return found
