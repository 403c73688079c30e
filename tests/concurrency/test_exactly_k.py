"""Many people at once against the real server: every item ends with exactly k labels, and none is lost."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotation.models import CheckAnswer, Label, Session, Slot, Study
from annotation.studies import open_study
from annotation.tickets import Ticket
from tests.factory import make_check, make_items, make_study
from tests.people import Page, Person
from tests.server import SECRET_KEY, Server, serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def servers_key(settings: Any) -> None:
    """The test reads tickets that the server signed."""
    settings.SECRET_KEY = SECRET_KEY


@dataclass
class Crowd:
    """People in threads; `acknowledged` are the answers after which the server showed the next page."""

    server: Server
    study: Study
    acknowledged: dict[tuple[int, int], int] = field(default_factory=dict)  # participant and item: value
    troubles: list[str] = field(default_factory=list)

    def run(self, *walks: threading.Thread) -> None:
        for walk in walks:
            walk.start()
        for walk in walks:
            walk.join(timeout=300)
        assert not any(walk.is_alive() for walk in walks)
        assert self.troubles == []

    def person(self, number: int, **habits: float) -> threading.Thread:
        return threading.Thread(target=self._walk, args=(number,), kwargs=habits, daemon=True)

    def _walk(self, number: int, *, leaves: float = 0.0, twice: float = 0.0, away: float = 0.0) -> None:
        rng = random.Random(number)
        person = Person(
            self.server.address, f"/s/{self.study.slug}/?PROLIFIC_PID=p{number}&SESSION_ID=s{number}"
        )
        try:
            page = person.enter()
            leave_at = rng.randint(1, 6) if rng.random() < leaves else None
            away_at = rng.randint(1, 6) if rng.random() < away else None
            answered = 0
            while page.status == 200 and page.form and page.form.choices:
                if answered == leave_at:
                    return
                if answered == away_at:
                    away_at = None
                    self.let_the_lease_run_out(page)
                    time.sleep(1.5)
                page = self._answer(person, page, rng, twice=rng.random() < twice)
                answered += 1
            if page.status != 200:
                self.troubles.append(f"{page.status} at {page.url}")
        finally:
            person.close()
            connection.close()

    def _answer(self, person: Person, page: Page, rng: random.Random, *, twice: bool) -> Page:
        assert page.form
        ticket, value = Ticket.unseal(page.form.hidden["token"]), rng.randint(1, 5)
        if twice:
            second = Person(self.server.address, "")
            second.cookies = dict(person.cookies)
            press = threading.Thread(target=second.send, args=(page,), kwargs={"label": str(value)})
            press.start()
        after = person.send(page, label=str(value))
        if twice:
            press.join()
            second.close()
        if ticket.item and after.status == 200 and after.url != page.url:
            self.acknowledged[ticket.participant, ticket.item] = value
        return after

    def let_the_lease_run_out(self, page: Page) -> None:
        assert page.form
        session = Ticket.unseal(page.form.hidden["token"]).session
        past = timezone.now() - timedelta(seconds=1)
        Slot.objects.filter(session=session, filled=False).update(leased_until=past)

    def check(self) -> None:
        """Exactly k counted labels an item, nobody twice, and every acknowledged answer stands."""
        labels = list(Label.objects.filter(item__study=self.study))
        counted = Counter(label.item_id for label in labels if label.status == "counted")
        assert counted == dict.fromkeys(
            self.study.items.values_list("pk", flat=True), self.study.labels_per_item
        )
        current = [label for label in labels if label.status != "superseded"]
        standing = {(label.participant_id, label.item_id): label.value for label in current}
        assert len(standing) == len(current), "nobody has two labels of an item"
        assert {person: standing.get(person) for person in self.acknowledged} == self.acknowledged
        filled = {slot.pk for slot in self.study.slots.all() if slot.filled}
        assert filled == {label.slot_id for label in labels if label.status == "counted"}
        answered = Counter(label.session_id for label in current)
        completed = Session.objects.filter(outcome=Session.Outcome.COMPLETED)
        assert all(answered[session.pk] >= session.size for session in completed)


def open_for(count: int, **fields: object) -> Study:
    study = make_study("crowd", **fields)
    make_items(study, count, queries=5)
    return open_study(study=study)


@pytest.mark.parametrize("design", ["random", "blocks"])
def test_sixteen_people_at_once_drain_forty_items_at_three_labels(design: str) -> None:
    study = open_for(40, labels_per_item=3, session_size=8, design=design)
    with serving() as server:
        crowd = Crowd(server, study)
        crowd.run(*[crowd.person(n) for n in range(16)])
        assert Label.objects.filter(status="counted").count() == 120
        crowd.check()


def test_checks_and_people_whom_they_screen_out_leave_every_item_with_k_labels() -> None:
    study = open_for(24, labels_per_item=4, session_size=6, random_checks=2, after_failed_checks="end")
    for position in (3, None, None, None):
        make_check(study, position=position, accepted=[3, 4, 5])
    with serving() as server:
        crowd = Crowd(server, study)
        crowd.run(*[crowd.person(n, twice=0.3, leaves=0.1) for n in range(16)])
        number = 16
        while (unfilled := study.slots.filter(filled=False)).exists() and number < 100:
            leased = unfilled.filter(participant__isnull=False)
            leased.update(leased_until=timezone.now() - timedelta(seconds=1))
            crowd.run(*[crowd.person(n, twice=0.3) for n in range(number, number + 8)])
            number += 8
        crowd.check()
    sessions = Session.objects.filter(participant__study=study)
    assert sessions.filter(outcome="screened").exists() and sessions.filter(outcome="completed").exists()
    asked = CheckAnswer.objects.filter(session__outcome="completed")
    assert asked.exists() and not asked.filter(answered_at=None).exists()


def test_sixty_people_who_leave_press_twice_and_come_back_late_while_the_server_is_killed() -> None:
    study = open_for(25, labels_per_item=25, session_size=13)
    with serving() as server:
        crowd = Crowd(server, study)
        late = Person(server.address, f"/s/{study.slug}/?PROLIFIC_PID=late")
        forgotten = late.enter()
        crowd.let_the_lease_run_out(forgotten)
        killer = threading.Thread(target=_kill_and_start_again, args=(server, crowd), daemon=True)
        people = [crowd.person(n, leaves=0.2, twice=0.15, away=0.15) for n in range(60)]
        crowd.run(*people, killer)
        # Those who left hold their slots until the lease runs out; then others finish the work.
        Slot.objects.filter(filled=False).update(leased_until=timezone.now() - timedelta(seconds=1))
        number = 60
        while Slot.objects.filter(filled=False).exists() and number < 120:
            crowd.run(*[crowd.person(n) for n in range(number, number + 6)])
            number += 6
        assert late.send(forgotten, label="1").status == 200
        late.close()
        crowd.check()
    surplus = Label.objects.filter(status="surplus").select_related("slot__participant", "participant")
    assert surplus.filter(participant__recruitment__isnull=False, value=1).exists()
    assert all(label.slot and label.slot.participant != label.participant for label in surplus)


def _kill_and_start_again(server: Server, crowd: Crowd) -> None:
    while len(crowd.acknowledged) < 150:  # well before the 625th and last
        time.sleep(0.02)
    server.kill()
    server.start()
