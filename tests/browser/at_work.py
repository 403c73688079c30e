"""A study in the middle of its work, for pictures of the console: people came over HTTP, during a day."""

import random
import re
from datetime import timedelta
from zlib import crc32

from django.db.models import F

from annotation.models import Participant, Session, Study
from annotation.quality.exclusion import exclude
from annotation.recruitment.invitations import invite
from annotation.studies import open_study, study_from_responses
from generation.models import Response
from tests.factory import make_check, make_practice, make_question
from tests.people import Page, Person

PEOPLE, APART = 46, timedelta(minutes=17)
LAZY, QUICK, LEAVES, STOPS, INSIDE = 7, 11, 13, 17, 3
TOPICS = 7


def study_at_work(address: str) -> Study:
    """Seven topics of the starter's responses, rated by people from Prolific who are paid by the hour."""
    topics = Response.objects.order_by("query_id").values_list("query_id", flat=True).distinct()[:TOPICS]
    study = study_from_responses(
        responses=Response.objects.filter(query__in=list(topics)),
        slug="field",
        name="Short answers, in the field",
        kind=Study.Kind.RATING,
        labels_per_item=5,
        session_size=10,
        recruiters=["prolific", "invitation"],
        pay_by=Study.Pay.TIME,
        pay_rate=12,
        currency="GBP",
    )
    text = "What are you asked for?"
    make_question(
        study, "task", place="comprehension", text=text, options=["My own view", "What others think"]
    )
    make_question(study, "age_band", text="How old are you?", options=["18 to 34", "35 to 54", "55 or older"])
    make_question(study, "afterwards", place="after", text="How was the study?", options=["Easy", "Hard"])
    make_practice(study, query="Name a colour for Friday.", response="Orange, like a lamp in a window.")
    make_check(study, query="This one checks that you read.", response="Please choose 4 or 5 here.")
    open_study(study=study)
    invite(study=study, notes=["Ada, of the reading group", "Ben, of the reading group"])
    rng = random.Random(1)
    for number in range(PEOPLE):
        _work(Person(address, f"/s/field/?PROLIFIC_PID=person-{number}&SESSION_ID=s-{number}"), number, rng)
    for number, session in enumerate(Session.objects.filter(participant__study=study).order_by("-pk")):
        _set_back(session, number * APART if number >= INSIDE else timedelta())
    Study.objects.filter(pk=study.pk).update(opened_at=F("opened_at") - (PEOPLE + 4) * APART)
    lazy = Participant.objects.filter(study=study).order_by("pk")[LAZY]
    exclude(participant=lazy, reason="The same answer to everything, and a failed check.")
    return study


def _work(person: Person, number: int, rng: random.Random) -> None:
    """One sitting; some leave in the middle, some stop early, and the last are still at it."""
    page, seconds = person.enter(), 4.0 if number % QUICK == 1 else 14.0
    leaves = number % LEAVES == LEAVES - 1 or number >= PEOPLE - INSIDE
    stays = rng.randint(2, 8) if leaves or number % STOPS == STOPS - 1 else 100
    for _ in range(stays):
        if "/task/" not in page.url or page.form is None:
            break
        value = "3" if number % LAZY == 0 else _says(page, rng)
        page = person.send(page, label=value, active_seconds=f"{rng.lognormvariate(0, 0.4) * seconds:.1f}")
    if "/task/" in page.url and not leaves:
        person.send(person.get("/s/field/stop/"))
    elif "/survey/" in page.url and page.form:
        person.send(page, **page.form.first())
    person.close()


def _says(page: Page, rng: random.Random) -> str:
    """Somebody's view of a text: some texts are liked, more or less."""
    shown = "".join(re.findall(r'<div class="text"[^>]*>(.*?)</div>', page.text, re.DOTALL))
    if "choose 4 or 5" in shown:
        return "4"
    return str(min(5, max(1, round(rng.gauss(1.5 + crc32(shown.encode()) % 4, 0.9)))))


def _set_back(session: Session, by: timedelta) -> None:
    """As if it had been so much earlier."""
    took, person = timedelta(minutes=4 + session.pk % 5), session.participant
    session.labels.update(submitted_at=F("submitted_at") - by)
    person.check_answers.update(answered_at=F("answered_at") - by - took)
    person.comprehension_attempts.update(attempted_at=F("attempted_at") - by - took)
    person.replies.update(replied_at=F("replied_at") - by - took)
    moments = {"started_at": session.started_at - by - took}
    if session.ended_at:
        moments["ended_at"] = session.ended_at - by
    Session.objects.filter(pk=session.pk).update(**moments)
    early = by + took + timedelta(minutes=2)
    people = Participant.objects.filter(pk=person.pk)
    people.update(created_at=F("created_at") - early, consented_at=F("consented_at") - early)
    if by:
        session.slots.filter(filled=False).update(leased_until=F("leased_until") - by)
