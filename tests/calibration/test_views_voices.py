"""Promises of the page of voices: from the question to its answer, for those who may see the scores."""

import csv
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.members import give_role
from annotation.models import Study
from calibration.models import Scorer, VoicesReport
from generation.models import Collection, Encoder
from generation.tasks import report_task
from tests.calibration.voiced import GOOD_FROM, NAME, SCORER, planted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path


def browser(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get_or_create(username=name)[0])
    return client


def words_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_question_asked_on_the_page_is_answered_there_for_those_who_may_see_the_scores() -> None:
    ada, bob = browser("ada"), browser("bob")
    planted(calls=6)
    give_role(study=Study.objects.get(), name="ada", role="viewer")
    address = reverse("voices", args=[NAME])
    page = words_of(ada.get(address))
    assert "Nothing is compared yet" in page and "They were asked in 6 ways." in page
    assert f'<option value="{SCORER}">' in page
    bare = reverse("voices", args=[Collection.objects.create(name="bare").name])
    assert 'id="ask"' not in ada.get(bare).content.decode()
    assert SCORER not in words_of(bob.get(address))
    encoder = Encoder.objects.get().pk
    given = {"encoder": encoder, "scorer": SCORER, "good": GOOD_FROM, "threshold": 0.8, "seed": 0}
    given |= {"draws": 5, "replicates": 40}
    assert "greater than or equal to 20" in words_of(ada.post(address, given | {"replicates": 3}))
    assert bob.post(address, given).status_code == 400
    asked = ada.post(address, given)
    report = VoicesReport.objects.get()
    assert asked["Location"] == f"{address}?report={report.pk}"
    assert "waits for a worker" in words_of(ada.get(asked["Location"]))
    report_task.func(report.label)
    with CaptureQueriesContext(connection) as read:
        page = words_of(ada.get(address))
    assert len(read) <= 18
    report.refresh_from_db()
    shown_whole(page, ada, report)
    marked_where_good_is_said_by_simulated_people(ada, report)
    assert bob.get(asked["Location"]).status_code == 404
    assert "Nothing is compared yet" in words_of(bob.get(address))
    erase = reverse("voices-delete", args=[NAME, report.pk])
    assert (bob.post(erase).status_code, ada.post(erase).status_code) == (404, 302)
    assert not VoicesReport.objects.exists()


def marked_where_good_is_said_by_simulated_people(ada: Client, report: VoicesReport) -> None:
    Scorer.objects.update(family=Scorer.Family.PERSONA_PANEL)
    made_up = VoicesReport.objects.get(pk=report.pk)
    made_up.result["scorer"] |= {"family": "persona_panel", "simulated": True}
    made_up.save()
    page = words_of(ada.get(reverse("voices", args=[NAME])))
    assert f">{SCORER} (simulated people)</option>" in page
    assert f'<bdi>{SCORER}</bdi> <span class="tag simulated">simulated people</span>' in page
    picture, numbers = (
        ada.get(reverse("voices-file", args=[NAME, report.pk, "calls", kind])).content.decode()
        for kind in ("svg", "csv")
    )
    assert ">simulated people</text>" in picture and numbers.splitlines()[1].endswith(",true")


def shown_whole(page: str, ada: Client, report: VoicesReport) -> None:
    """Each question of a finished page, with files that say the same."""
    for question in (
        "Which buys more different good answers for the same money?",
        "How many different good answers do more calls buy?",
        "Which way to ask buys more for as many tokens?",
        "What do 6 calls a query buy?",
        "What does one budget buy of one query?",
        "What does this not show?",
    ):
        assert question in page
    assert "At 6 calls and at 480 tokens a query “ash-8b · five at once” buys more" in page
    assert f"What is good is what {SCORER} (LM judge) says" in page and "GPT-3.5" in page
    assert "style=" not in page
    for name in ("calls", "calls-differences", "tokens", "tokens-differences"):
        files = [reverse("voices-file", args=[NAME, report.pk, name, kind]) for kind in ("svg", "csv")]
        assert all(one in page for one in files)
        picture, numbers = (ada.get(one).content.decode() for one in files)
        assert ElementTree.fromstring(picture).tag.endswith("svg")
        assert not re.search(r"var\(|light-dark|color-mix|class=", picture)
        header, *rows = csv.reader(io.StringIO(numbers))
        assert header[0] == "collection" and len(rows) > 6
    whole = ada.get(reverse("voices-file", args=[NAME, report.pk, "report", "json"]))
    assert whole.json()["data_hash"] == report.data_hash


def test_without_answers_and_after_a_failure_the_page_says_what_to_do() -> None:
    ada = browser("ada")
    collection = Collection.objects.create(name="empty")
    address = reverse("voices", args=["empty"])
    assert "have no answers yet" in words_of(ada.get(address))
    encoder = Encoder.objects.create(name="none", recipe={"kind": "imported"})
    VoicesReport.objects.create(
        collection=collection, encoder=encoder, specification={}, state="failed", error="Nobody answered."
    )
    assert "Nobody answered." in words_of(ada.get(address))
