"""Everything that members and recruiters may do, done while people label: nobody waits in a circle, and every
item ends with exactly the labels that it is to have.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection
from django.utils import timezone

from annotation.allocation import receive, start_session, stop_session
from annotation.extension import add_labels
from annotation.models import CheckAnswer, Label, Participant, Slot, Study, Submission
from annotation.quality.exclusion import exclude, restore, top_up
from annotation.recruitment.entry import Entry, admit, note_visit
from annotation.recruitment.submissions import hear
from annotation.rights.identity import erase_identity
from annotation.screens import places, screens
from annotation.steps.flow import Purpose, add_check, remove_check
from annotation.studies import StudyError, open_study, pause_study, update_study
from annotation.tickets import Answer, InvalidAnswer
from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS, LABELS, SIZE = 12, 3, 4
WORKERS, PEOPLE_EACH, TURNS = 5, 8, 12


def entry(name: str) -> Entry:
    return Entry(recruiter="prolific", person=f"person-{name}", visit={"SESSION_ID": f"submission-{name}"})


def work(study: Study, name: str, rng: random.Random, *, steady: bool = False) -> bool:
    """One person comes and answers, often not all; whether there was work."""
    person = admit(study=study, entry=entry(name))
    session = start_session(participant=person)
    if session is None:
        return False
    for screen in screens(session, [place.position for place in places(session.pk)]):
        if not steady and rng.random() < 0.15:
            stop_session(session=session)
            break
        with suppress(InvalidAnswer):  # erased meanwhile
            for _ in range(rng.randint(1, 2)):
                answer = Answer(value=rng.randint(1, 5), attempt=rng.randint(1, 2))
                receive(participant=person, ticket=screen.ticket, answer=answer)
    return True


def acts(study: Study, rng: random.Random) -> list[Callable[[], object]]:
    def anybody(**which: object) -> Participant | None:
        return study.participants.filter(**which).order_by("?").first()

    def on(act: Callable[[Participant], object], **which: object) -> Callable[[], object]:
        def do() -> None:
            if person := anybody(**which):
                act(person)

        return do

    def tell() -> None:
        number = rng.randint(0, WORKERS * PEOPLE_EACH - 1)
        status = rng.choice([Submission.Status.RETURNED, Submission.Status.TIMED_OUT])
        external, event = f"submission-{number}", f"event-{rng.random()}"
        hear(recruiter="prolific", event=event, external=external, status=status, at=timezone.now())

    def grow() -> None:
        items = list(study.items.order_by("?").values_list("pk", flat=True)[:2])
        add_labels(study=study, items=items, labels=1)

    def change_checks() -> None:
        check = add_check(
            study=study, purpose=Purpose.ATTENTION, query="Choose 1", response="One.", accepted=[1]
        )
        remove_check(check=check)

    return [
        on(lambda person: exclude(participant=person, reason="careless"), excluded_at=None),
        on(lambda person: restore(participant=person), excluded_at__isnull=False),
        on(lambda person: erase_identity(participant=person)),
        on(lambda person: note_visit(participant=person, entry=entry(f"again-{rng.random()}"))),
        lambda: top_up(study=study),
        lambda: update_study(study=study, time_limit_minutes=rng.randint(10, 90)),
        lambda: (pause_study(study=study), open_study(study=study)),
        change_checks,
        grow,
        tell,
        tell,
    ]


@pytest.mark.parametrize("design", ["random", "blocks"])
def test_whatever_is_done_at_once_every_item_ends_with_exactly_its_labels(design: str) -> None:
    study = make_study(labels_per_item=LABELS, session_size=SIZE, design=design)
    make_items(study, ITEMS)
    add_check(study=study, purpose=Purpose.KNOWN, query="2 + 2", response="4", accepted=[4, 5])
    study = open_study(study=study)
    errors: list[Exception] = []

    def thread(do: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                do()
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        return threading.Thread(target=run, daemon=True)

    def labels(worker: int) -> None:
        rng = random.Random(worker)
        for turn in range(PEOPLE_EACH):
            work(study, str(worker * PEOPLE_EACH + turn), rng)

    def members(number: int) -> None:
        rng = random.Random(number)
        for _ in range(TURNS):
            with suppress(StudyError):
                rng.choice(acts(study, rng))()

    threads = [thread(lambda n=n: labels(n)) for n in range(WORKERS)]  # type: ignore[misc]
    threads += [thread(lambda n=n: members(n)) for n in range(3)]  # type: ignore[misc]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=120)
    assert not any(one.is_alive() for one in threads)
    assert errors == []
    finish(study)
    exact(study)


def finish(study: Study) -> None:
    """Who is excluded leaves their places, what is leased runs out, and new people do the rest."""
    with suppress(StudyError):
        top_up(study=study)
    Slot.objects.filter(filled=False, participant__isnull=False).update(leased_until=timezone.now())
    Study.objects.filter(pk=study.pk).update(state="open")
    number = 0
    while work(study, f"last-{number}", random.Random(number), steady=True):
        number += 1


def exact(study: Study) -> None:
    wanted = {item.pk: LABELS + item.extra_labels for item in study.items.all()}
    counted = Label.objects.filter(status=Label.Status.COUNTED).values_list("item", "slot", "participant")
    assert Counter(item for item, _, _ in counted) == wanted
    filled = study.slots.filter(filled=True).values_list("item", "pk", "participant")
    assert sorted(counted) == sorted(filled)
    asked = CheckAnswer.objects.exclude(session__participant=None).values_list("session", "position")
    assert not set(asked) & set(study.slots.filter(filled=True).values_list("session", "position"))
