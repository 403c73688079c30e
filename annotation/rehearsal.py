"""A rehearsal: simulated people walk the same lease-and-submit path as real ones.

It shows a study's pages, exports and audits before anybody is paid. What it makes is marked simulated in
every row, and a study that holds it never opens for people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotation.allocation import session_slots, start_session, stop_session, submit
from annotation.log import record
from annotation.models import Item, Label, Participant, Slot, Study
from annotation.studies import StudyError, lay_out
from annotation.tickets import Answer, Ticket
from generation.models import digest

# How often simulated people do what real ones do.
LEAVES, CORRECTS, PRESSES_TWICE, CANNOT_JUDGE = 0.03, 0.02, 0.02, 0.01
WORDS_A_SECOND = 4.0


@dataclass(frozen=True)
class Person:
    """`severity` shifts every answer; `taste` decides which side of a divisive text they take."""

    participant: Participant
    severity: float
    taste: float
    rng: np.random.Generator


class Given(NamedTuple):
    """How many labels a rehearsal added that count, and how many answers a correction took the place of."""

    labels: int
    corrections: int


def rehearse(
    *, study: Study, participants: int, seed: int, progress: Callable[[int], object] | None = None
) -> Given:
    """Let simulated people label until none of them finds work; returns what they gave.

    The same study, number and seed give the same labels. A session is a transaction, so that others can
    write meanwhile; a rehearsal that was cut off is marked simulated like any other, and goes on when it is
    run again. Raises StudyError when the study holds anything by real people.
    """
    _refuse_people(study)
    lay_out(study=study)
    study = _mark(study)
    before = _given(study)
    waiting = [_person(study, n, seed) for n in range(participants)]
    while waiting:
        waiting = [person for person in waiting if _sit(study, person, seed, progress)]
    Study.objects.filter(pk=study.pk).update(state=Study.State.CLOSED, closed_at=timezone.now())
    after = _given(study)
    record(study, "rehearsed", people=participants, labels=after.labels - before.labels)
    return Given(after.labels - before.labels, after.corrections - before.corrections)


def _given(study: Study) -> Given:
    labels = Label.objects.filter(item__study=study)
    return Given(
        labels.filter(status=Label.Status.COUNTED).count(),
        labels.filter(status=Label.Status.SUPERSEDED).count(),
    )


@transaction.atomic
def _mark(study: Study) -> Study:
    """From here on the study is simulated: nobody real gets in, so nothing is ever mixed."""
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    _refuse_people(study)
    study.simulated, study.state, study.closed_at = True, Study.State.OPEN, None
    study.opened_at = study.opened_at or timezone.now()
    study.save(update_fields=["simulated", "state", "opened_at", "closed_at"])
    return study


def _refuse_people(study: Study) -> None:
    if study.imported or study.participants.filter(simulated=False).exists():
        raise StudyError(
            f"{study.slug} holds labels of real people, and simulated ones are never mixed with them: "
            "make another study of the same items and rehearse that."
        )


def _person(study: Study, number: int, seed: int) -> Person:
    code = f"simulated-{seed}-{number + 1:04}"
    participant, _ = Participant.objects.get_or_create(study=study, code=code, defaults={"simulated": True})
    rng = _rng(seed, "person", number, participant.sessions.count())
    return Person(participant, severity=rng.normal(0, 0.08), taste=rng.choice([-1.0, 1.0]), rng=rng)


@transaction.atomic
def _sit(study: Study, person: Person, seed: int, progress: Callable[[int], object] | None) -> bool:
    """One session; False when there was no work."""
    session = start_session(participant=person.participant)
    if session is None:
        return False
    slots = session_slots(session=session)
    stays = len(slots) if person.rng.random() >= LEAVES else int(person.rng.integers(1, len(slots) + 1))
    for slot in slots[:stays]:
        _answer(study, person, slot, seed)
        if progress:
            progress(1)
    if stays < len(slots):
        stop_session(session=session)
    return True


def _answer(study: Study, person: Person, slot: Slot, seed: int) -> None:
    ticket, answer = Ticket.for_slot(slot), _judge(study, person, slot.item, seed)
    submit(participant=person.participant, ticket=ticket, answer=answer)
    if person.rng.random() < PRESSES_TWICE:
        submit(participant=person.participant, ticket=ticket, answer=answer)
    if person.rng.random() < CORRECTS:
        again = _judge(study, person, slot.item, seed)
        submit(participant=person.participant, ticket=Ticket.for_slot(slot), answer=again)


def _judge(study: Study, person: Person, item: Item, seed: int) -> Answer:
    seconds = round(float(person.rng.lognormal(log(3 + _words(item) / WORDS_A_SECOND), 0.4)), 1)
    if person.rng.random() < CANNOT_JUDGE:
        return Answer(value=None, cannot_judge=True, active_seconds=seconds)
    place = _place(study, person, item, seed)
    place = min(max(place + person.rng.normal(0, 0.13), 0.0), 1.0)
    return Answer(
        value=study.scale_low + round(place * (study.scale_high - study.scale_low)), active_seconds=seconds
    )


def _place(study: Study, person: Person, item: Item, seed: int) -> float:
    """Where on the scale a person would put an item, but for chance: 0 is its low end, 1 its high one."""
    if item.response is not None:
        return _liking(item.response.digest, item.response.text, person, seed) - person.severity
    if item.response_1 is None or item.response_2 is None:
        return _liking(item.query.digest, item.query.text + item.claim, person, seed) - person.severity
    first, second = (response.text for response in (item.response_1, item.response_2))
    if not study.compares:
        return _alikeness(first, second) - person.severity
    likings = [_liking(each.digest, each.text, person, seed) for each in (item.response_1, item.response_2)]
    return 0.5 + 0.7 * (likings[0] - likings[1])


def _alikeness(first: str, second: str) -> float:
    """The share of the words of two texts that both have, whichever is the first."""
    one, other = (set(text.lower().split()) for text in (first, second))
    return len(one & other) / max(1, len(one | other))


def _liking(mark: str, text: str, person: Person, seed: int) -> float:
    """How much a person likes a text, about 0 to 1: chance, variety of words, and taste where it divides."""
    rng = _rng(seed, "text", mark)
    words = text.lower().split()
    variety = len(set(words)) / len(words) if words else 0.0
    quality = 0.2 + 0.35 * variety + rng.uniform(-0.25, 0.35)
    divides = rng.choice([0.05, 0.12, 0.35], p=[0.5, 0.35, 0.15])
    return float(quality + person.taste * divides)


def _words(item: Item) -> int:
    shown = (item.response, item.response_1, item.response_2)
    texts = [response.text for response in shown if response is not None] or [item.query.text, item.claim]
    return sum(len(text.split()) for text in texts)


def _rng(*parts: object) -> np.random.Generator:
    return np.random.default_rng(int(digest(*parts)[:16], 16))
