"""A study in the field: people come over HTTP by a recruiter's link until every item has its labels.

Some leave without a word, give their place back, finish too late, or come with two devices. Only the clock is
moved by hand: the lease of somebody who left without a word ends at once instead of within the time limit.
"""

import json
import math
import random
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from annotation.models import Slot, Study
from annotation.recruitment.notices import ABOUT_A_SUBMISSION, EVENT, SENT, SIGNATURE, sign
from annotation.studies import open_study
from annotation.tickets import Ticket
from tests.factory import make_check, make_items, make_practice, make_question, make_study
from tests.field_diary import AWAY, Diary, Habit
from tests.people import Page, Person
from tests.server import Server

SECRET = "a webhook's secret of the tests' own"
CODE = re.compile(r'<code class="code" id="code">([^<]+)</code>')
TOTAL = re.compile(r'<progress class="progress" value="\d+" max="(\d+)"')
PATIENCE = 120  # seconds that nobody may enter although work is left


def field_study(slug: str, *, forms: int, size: int, people: int, **fields: Any) -> Study:
    """An open study of fixed forms: each step of the flow, a check in each session, pay by the answer."""
    study = make_study(
        slug,
        design=Study.Design.BLOCKS,
        session_size=size,
        labels_per_item=people,
        recruiters=["prolific"],
        consent="You may stop at any time.",
        instructions="Read, then answer.",
        pay_by=Study.Pay.ITEM,
        pay_rate="0.10",
        currency="GBP",
        **fields,
    )
    make_items(study, forms * size, queries=forms)
    make_question(study, "clear", place="comprehension")
    make_practice(study)
    make_question(study, "age")
    make_question(study, "view", place="after")
    make_check(study, accepted=[study.scale_high])
    return open_study(study=study)


class Field:
    """One study's people, a few at once, each as `habit` says of their number."""

    def __init__(self, server: Server, study: Study, *, habit: Callable[[int], Habit], diary: Diary) -> None:
        self.server, self.study, self.habit, self.diary = server, study, habit, diary
        self.troubles: list[str] = []
        self.latecomers: list[Visit] = []
        # Those whom a cut off run left inside open their link again, and go on.
        self.returning = diary.inside()
        self._numbers = count(max(diary.habits, default=-1) + 1)
        self._lock = threading.Lock()

    def run(self, *, at_once: int = 8, watch: Callable[[int], object] = lambda filled: None) -> None:
        """Let people in until every place is filled; `watch` is told how many are."""
        walks = [threading.Thread(target=self._walks, daemon=True) for _ in range(at_once)]
        for walk in walks:
            walk.start()
        while any(walk.is_alive() for walk in walks):
            watch(self.filled())
            walks[0].join(timeout=1) if walks[0].is_alive() else time.sleep(0.2)
        for visit in self._back(everybody=True):
            visit.come_back()
        watch(self.filled())

    def filled(self) -> int:
        return Slot.objects.filter(study=self.study, participant__isnull=False, filled=True).count()

    def time_passes(self, slots: Any) -> None:
        """As if the time limit were over for these places."""
        held = slots.filter(filled=False, leased_until__gt=timezone.now())
        held.update(leased_until=timezone.now() - timedelta(seconds=1))

    def _walks(self) -> None:
        try:
            while not self.troubles and (visit := self._next()):
                for late in self._back():
                    late.come_back()
                visit.walk()
        except Exception as error:  # a thread's own would be lost
            self.troubles.append(repr(error))
        finally:
            connection.close()

    def _next(self) -> "Visit | None":
        """Who comes now; None when all is done."""
        with self._lock:
            if self.returning:
                return Visit(self, self.returning.pop(), Habit.STEADY)
        if not self._work_left():
            return None
        with self._lock:
            number = next(self._numbers)
        return Visit(self, number, self.habit(number))

    def _work_left(self) -> bool:
        """Whether somebody may get work now; waits while all of it is in others' hands."""
        unfilled = Slot.objects.filter(study=self.study, filled=False)
        give_up = time.monotonic() + PATIENCE
        while unfilled.exists():
            if unfilled.filter(Q(leased_until=None) | Q(leased_until__lte=timezone.now())).exists():
                return True
            if time.monotonic() > give_up:
                held = unfilled.values_list("participant__code", "session__outcome", "leased_until")
                raise TimeoutError(f"work is left, but nobody may have it: {list(held)}")
            time.sleep(0.1)
        return False

    def _back(self, *, everybody: bool = False) -> Iterator["Visit"]:
        """Those whose places others have filled meanwhile: they come back now."""
        with self._lock:
            waiting, self.latecomers = self.latecomers, []
        for visit in waiting:
            theirs = Slot.objects.filter(pk=visit.ticket.slot).exclude(participant=visit.ticket.participant)
            if everybody or theirs.filter(filled=True).exists():
                yield visit
            else:
                self.wait_outside(visit)

    def wait_outside(self, visit: "Visit") -> None:
        """Keep a visit until others have filled its place."""
        with self._lock:
            self.latecomers.append(visit)

    def tell(self, number: int, status: str) -> None:
        """The recruiter's signed notice of a person's submission, which comes twice now and then."""
        notice = {"event_type": ABOUT_A_SUBMISSION, "resource_id": self.submission(number), "status": status}
        body, sent = json.dumps(notice).encode(), f"{time.time():.3f}"
        headers = {
            SIGNATURE: sign(body=body, sent=sent, secret=SECRET).decode(),
            SENT: sent,
            EVENT: f"{self.study.slug}-{number}-{status}".replace(" ", "-"),
            "Content-Type": "application/json",
        }
        url = f"{self.server.address}/recruiters/prolific/"
        for _ in range(1 + (number % 3 == 0)):
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
                answer.read()

    def submission(self, number: int) -> str:
        return f"submission-{self.study.slug}-{number}"

    def device(self, number: int) -> Person:
        """A browser that opens the recruiter's link of a person."""
        link = f"PROLIFIC_PID={self.study.slug}-{number}&STUDY_ID=field&SESSION_ID={self.submission(number)}"
        return Person(self.server.address, f"/s/{self.study.slug}/?{link}")


class Visit:
    """One person at the study."""

    ticket: Ticket
    page: Page

    def __init__(self, field: Field, number: int, habit: Habit) -> None:
        self.field, self.number, self.habit = field, number, habit
        self.rng = random.Random(f"{field.study.slug} {number}")
        self.devices = [field.device(number) for _ in range(1 + (self.habit is Habit.TWICE))]

    def walk(self) -> None:
        """From the link to the code, or as far as this person goes."""
        self.field.diary.write(number=self.number, habit=self.habit)
        self.page = self._shown(together([device.enter for device in self.devices]))
        total = TOTAL.search(self.page.text)
        leaves_at = self.rng.randrange(int(total[1])) if total and self.habit in AWAY else math.inf
        answered = 0
        while self.page.status == 200 and self.page.form and self.page.form.choices:
            self.ticket = Ticket.unseal(self.page.form.hidden["token"])
            # Whoever is late to a check is late to nothing.
            if answered >= leaves_at and not (self.habit is Habit.LATE and self.ticket.check):
                return self._go_away()
            self._answer()
            answered += 1
        return self._finish()

    def come_back(self) -> None:
        """Send the page that was left open, and go on to the end."""
        self._answer(late=True)
        while self.page.status == 200 and self.page.form and self.page.form.choices:
            self._answer()
        self._finish()

    def _go_away(self) -> None:
        told = self.habit is Habit.TIMED_OUT or (self.habit is Habit.LATE and self.number % 2)
        if self.habit is Habit.RETURNED:
            self.field.tell(self.number, "RETURNED")
        elif told:
            self.field.tell(self.number, "TIMED-OUT")
        else:
            self.field.time_passes(Slot.objects.filter(session=self.ticket.session))
        if self.habit is Habit.LATE:
            self.field.wait_outside(self)
        else:
            self.field.diary.write(number=self.number, gone=self.habit)
            self._close()

    def _answer(self, *, late: bool = False) -> None:
        """Answer the page; with two devices, on both at once, and go on with the other."""
        page = self.page
        assert page.form
        ticket = Ticket.unseal(page.form.hidden["token"])
        value = self._choice(page.form.choices, check=bool(ticket.check))
        for device in self.devices[1:]:
            device.cookies |= self.devices[0].cookies
        entry = [ticket.participant, ticket.item, int(value)]
        if ticket.item:
            self.field.diary.write(number=self.number, sent=entry)
        presses = [lambda device=device: device.send(page, label=value) for device in self.devices]
        self.page = self._shown(together(presses))
        self.devices.reverse()
        if ticket.item and self.page.status == 200 and self.page.url != page.url:
            self.field.diary.write(number=self.number, stored=entry, late=late)

    def _shown(self, pages: list[Page]) -> Page:
        """What the person goes on with: of two devices the one that shows work, if only one does.

        The other may have asked while nothing was left, and shows a code for that. An error on any is told.
        """
        wrong = [page for page in pages if page.status != 200]
        self.field.troubles += [f"{page.status} at {page.url}" for page in wrong]
        working = [n for n, page in enumerate(pages) if page.form and page.form.choices]
        at = working[0] if working else 0
        self.devices.insert(0, self.devices.pop(at))
        return pages[at]

    def _choice(self, values: Sequence[str], *, check: bool) -> str:
        attentive = check and self.rng.random() < 0.95
        return str(self.field.study.scale_high) if attentive else self.rng.choice(values)

    def _finish(self) -> None:
        """Through the survey after the work to the code."""
        while self.page.status == 200 and "/survey/" in self.page.url and self.page.form:
            self.page = self.devices[0].send(self.page, **self.page.form.first())
        code = CODE.search(self.page.text)
        if self.page.status == 200 and code:
            self.field.diary.write(number=self.number, code=code[1])
            self.field.tell(self.number, "AWAITING REVIEW")
        else:
            self.field.troubles.append(f"{self.page.status} without a code at {self.page.url}")
        self._close()

    def _close(self) -> None:
        for device in self.devices:
            device.close()


def together(acts: Sequence[Callable[[], Page]]) -> list[Page]:
    """What each act led to, all of them begun at once."""
    pages: dict[int, Page] = {}

    def run(number: int) -> None:
        pages[number] = acts[number]()

    others = [threading.Thread(target=run, args=(number,)) for number in range(1, len(acts))]
    for thread in others:
        thread.start()
    run(0)
    for thread in others:
        thread.join()
    return [pages[number] for number in range(len(acts))]
