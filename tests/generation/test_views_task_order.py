"""Promises of the pages of the order of tasks: a table is brought, measured, shown, taken away."""

import csv
import io
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from generation.models import TaskOrderReport
from generation.tasks import report_task
from tests.generation.task_order.test_table import EXAMPLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(User.objects.create(username="ada"))
    return client


def brought(client: Client, content: bytes, **given: object) -> object:
    upload = SimpleUploadedFile("my table.csv", content)
    return client.post(reverse("task-orders"), {"file": upload, "draws": 40, "seed": 0} | given)


def test_a_table_is_measured_in_the_background_and_its_page_answers_the_question(ada: Client) -> None:
    assert "No table was brought yet" in ada.get(reverse("task-orders")).content.decode()
    answer = brought(ada, EXAMPLE.read_bytes())
    report = TaskOrderReport.objects.get()
    address = reverse("task-order", args=[report.pk])
    assert (answer["Location"], report.name, report.state) == (address, "my table", "waiting")
    asked_again = f"{address}?report={report.pk}"
    assert asked_again in ada.get(address).content.decode()
    report_task.func(report.label)
    asks = {"HTTP_HX-Request": "true", "HTTP_HX-Target": "state"}
    assert ada.get(asked_again, **asks)["HX-Refresh"] == "true"
    page = ada.get(address).content.decode()
    assert "style=" not in page
    for question in (
        "Which order is predicted to forget least?",
        "What does training on one task do to another?",
        "How much does the order matter?",
        "Did the matrix foretell what came?",
        "Does training make answers more certain?",
        "What came of the runs that were trained?",
        "What does this not show?",
    ):
        assert f"<h2>{question}</h2>" in page
    assert "not accepted" in page
    assert "stories on code: −0.312 (−0.444 to −0.179), 5 stages" in page
    for name in ("transfer", "forgetting", "foretold", "entropy"):
        drawn = ada.get(reverse("task-order-file", args=[report.pk, name, "svg"])).content.decode()
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        assert "class=" not in drawn
        table = ada.get(reverse("task-order-file", args=[report.pk, name, "csv"])).content.decode()
        assert len(list(csv.DictReader(io.StringIO(table)))) > 2
    whole = ada.get(reverse("task-order-file", args=[report.pk, "report", "json"])).json()
    assert whole["data_hash"] == TaskOrderReport.objects.get().data_hash
    assert "my table" in ada.get(reverse("task-orders")).content.decode()
    brought(ada, EXAMPLE.read_bytes())
    again = TaskOrderReport.objects.first()
    assert again is not None and again.pk != report.pk
    report_task.func(again.label)
    again.refresh_from_db()
    assert again.result == whole  # found in the same table before
    bob = Client()
    bob.force_login(User.objects.create(username="bob"))
    assert bob.get(address).status_code == 200
    assert bob.post(reverse("task-order-delete", args=[report.pk])).status_code == 403
    assert ada.post(reverse("task-order-delete", args=[report.pk])).status_code == 302
    assert list(TaskOrderReport.objects.all()) == [again]


def test_a_wrong_table_is_refused_beside_its_field(ada: Client) -> None:
    answer = brought(ada, b"stage,task,score\n0,math,0.5\n1,math,much\n")
    assert answer.status_code == 400
    said = answer.content.decode()
    assert "line 3: no trained: name the task that stage 1 trained" in said
    assert not TaskOrderReport.objects.exists()


def test_a_report_that_failed_says_why_and_how_to_ask_again(ada: Client) -> None:
    row = b"0,,math,0.5,nobody,nothing\n1,code,math,0.6,nobody,nothing\n"
    brought(ada, b"stage,trained,task,score,model,collection\n" + row)
    report = TaskOrderReport.objects.get()
    report_task.func(report.label)
    page = ada.get(reverse("task-order", args=[report.pk])).content.decode()
    assert "The table names the model &#x27;nobody&#x27;, which is not here." in page
    assert "Ask about another table" in page
