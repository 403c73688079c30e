"""What must hold when a study in the field is done, by its rows and by the server's own pages and files."""

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count
from django.test import Client

from annotation.models import CheckAnswer, Label, Participant, Recruitment, Session
from tests.field import Field
from tests.field_diary import Habit
from tests.people import Page, Person

PROGRESS = re.compile(r"<b>([\d,]+)</b><span>of [\d,]+ labels")


@dataclass(frozen=True)
class Finding:
    """A number and what it must be."""

    what: str
    found: int
    wanted: int

    @property
    def holds(self) -> bool:
        return self.found == self.wanted


def findings(field: Field) -> list[Finding]:
    return [*_labels(field), *_people(field), *_outside(field)]


def _labels(field: Field) -> list[Finding]:
    study, diary = field.study, field.diary
    k, items = study.labels_per_item, study.items.count()
    labels = Label.objects.filter(item__study=study)
    each = Counter(labels.filter(status="counted").values_list("item", flat=True))
    current = labels.exclude(status="superseded")
    twice = current.values("participant", "item").annotate(n=Count("pk")).filter(n__gt=1)
    stored = {(label.participant_id, label.item_id): label for label in current}
    kept = sum(key in stored and stored[key].value == value for key, value in diary.stored.items())
    given = sum((*key, label.value) in diary.sent for key, label in stored.items())
    surplus = {key for key, label in stored.items() if label.status == "surplus"}
    return [
        Finding("counted labels", sum(each.values()), items * k),
        Finding(f"items with exactly {k}", sum(n == k for n in each.values()), items),
        Finding("people with two labels of an item", twice.count(), 0),
        Finding("acknowledged answers stored", kept, len(diary.stored)),
        Finding("labels that nobody gave, or that came of checks", labels.count() - given, 0),
        Finding("late answers kept as surplus", len(surplus & diary.late), len(diary.late)),
        Finding("surplus labels of people in time", len(surplus - diary.late), 0),
    ]


def _people(field: Field) -> list[Finding]:
    study, diary = field.study, field.diary
    people = Participant.objects.filter(study=study)
    sessions = Session.objects.filter(participant__study=study)
    answered = CheckAnswer.objects.filter(participant__study=study, answered_at__isnull=False)
    finished = sessions.filter(outcome="completed")
    codes = Counter(diary.codes.values())
    known = [study.completion_code, study.partial_code, study.no_work_code]
    returned = list(diary.gone.values()).count(Habit.RETURNED)
    return [
        Finding("participants, one for each who came", people.count(), len(diary.habits)),
        Finding(
            "people known to the recruiter", Recruitment.objects.filter(study=study).count(), people.count()
        ),
        Finding("who finished and has the code for it", codes[study.completion_code], finished.count()),
        Finding(
            "who stayed and has a code",
            sum(codes[code] for code in known),
            len(diary.habits.keys() - diary.gone.keys()),
        ),
        Finding(
            "returned by the recruiter",
            sessions.filter(outcome="returned").count(),
            returned,
        ),
        Finding(
            "checks answered in finished sessions",
            answered.filter(session__in=finished).count(),
            finished.count(),
        ),
    ]


def _outside(field: Field) -> list[Finding]:
    """What a member of the study sees and downloads."""
    study = field.study
    k, items = study.labels_per_item, study.items.count()
    browser = _signed_in(field)
    long = _rows(browser.get(f"/studies/{study.slug}/export/?format=jsonl&shape=long"))
    lists = _rows(browser.get(f"/studies/{study.slug}/export/?format=jsonl&shape=infinity-chat"))
    shown = PROGRESS.search(browser.get(f"/studies/{study.slug}/progress/").text)
    pay = list(csv.DictReader(browser.get(f"/studies/{study.slug}/pay.csv").text.splitlines()))
    browser.close()
    given = Label.objects.filter(item__study=study).exclude(status="superseded").count()
    checks = CheckAnswer.objects.filter(session__participant__study=study, answered_at__isnull=False).count()
    return [
        Finding("counted rows of the long export", sum(not row["surplus"] for row in long), items * k),
        Finding(
            "lists of exactly k in the data set's shape",
            sum(len(row["human_labels"]) == k for row in lists),
            items,
        ),
        Finding("labels on the page of progress", int(shown[1].replace(",", "")) if shown else -1, items * k),
        Finding("answers that are paid", sum(int(row["answers"]) for row in pay), given + checks),
        Finding("people on the list of pay", len(pay), len(field.diary.habits)),
    ]


def _signed_in(field: Field) -> Person:
    """A member's browser. Passwords are hashed otherwise in tests, so its session is made here."""
    member, _ = User.objects.get_or_create(username="member", is_superuser=True)
    client = Client()
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
    browser = Person(field.server.address, "")
    browser.cookies = {name: cookie.value for name, cookie in client.cookies.items()}
    return browser


def _rows(page: Page) -> list[dict[str, Any]]:
    return [json.loads(line) for line in page.text.splitlines()]
