"""Promises of the pages of diversity: a collection's report, its files, and a query's map."""

import csv
import io
import json
import re
from importlib import import_module
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from generation.diversity.report.specification import Specification
from generation.encoders import encoder_of, store_of
from generation.measuring import create_report
from generation.models import Collection, Condition, DiversityReport, Encoder, Response
from generation.models.reports import LOST_AFTER
from generation.reports import run_report
from generation.tasks import enqueue_report, report_task
from tests.generation.collected import make_collection

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Any) -> None:
    settings.MANYMINDS_DATA = tmp_path


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(User.objects.create(username="ada"))
    return client


@pytest.fixture
def asked() -> Collection:
    """Two models and two conditions, with vectors in two heaps."""
    for model in ("model-a", "model-b"):
        collection = make_collection(queries=3, responses=8, model=model)
    hot = Condition.objects.create(
        name="hot", strategy="plain", version="1", template={}, decoding={}, digest="d"
    )
    Response.objects.filter(sample__gte=4).update(condition=hot)
    Response.objects.filter(sample__in=[0, 1, 4, 5]).update(metadata={"class": "river"})
    Response.objects.filter(sample__in=[2, 3, 6, 7]).update(metadata={"class": "weaver"})
    encoder = encoder_of(name="tiny", recipe={"kind": "imported"})
    rng = np.random.default_rng(0)
    for query in collection.queries.all():
        keys = list(query.responses.values_list("pk", flat=True))
        Response.objects.filter(pk__in=keys[::2]).update(text="Time is a <b>river</b> that flows")
        Response.objects.filter(pk__in=keys[1::2]).update(text="Time is a weaver of threads")
        heaps = np.where(np.arange(len(keys))[:, None] % 2, [[5, 0, 0]], [[0, 5, 0]])
        store_of(encoder).write(query.pk, keys, heaps + rng.normal(size=(len(keys), 3)))
    # As embedding leaves it.
    encoder.dimensions = 3
    encoder.save()
    return collection


def report_of(collection: Collection, **asked: Any) -> DiversityReport:
    report = create_report(
        collection=collection, encoder=Encoder.objects.get(), asked=Specification(replicates=30, **asked)
    )
    return run_report(report=report)


def test_without_any_report_the_page_says_what_to_do(ada: Client) -> None:
    collection = make_collection()
    page = ada.get(reverse("diversity", args=[collection.name])).content.decode()
    assert "Nothing is measured yet" in page
    assert f'/embedding/new/?collection={collection.name}"' in page
    empty = Collection.objects.create(name="empty")
    assert "have no answers yet" in ada.get(reverse("diversity", args=[empty.name])).content.decode()


def test_a_report_that_is_asked_for_is_measured_in_the_background(ada: Client, asked: Collection) -> None:
    address = reverse("diversity", args=[asked.name])
    given = {"encoder": Encoder.objects.get().pk, "replicates": 30, "seed": 7, "models": ["model-a"]}
    answer = ada.post(address, given)
    report = DiversityReport.objects.get()
    assert answer["Location"] == f"{address}?report={report.pk}"
    assert (report.state, report.specification["seed"]) == ("waiting", 7)
    assert "waits for a worker" in ada.get(answer["Location"]).content.decode()
    report_task.func(report.label)
    asks = {"HTTP_HX-Request": "true", "HTTP_HX-Target": "state"}
    assert ada.get(answer["Location"], **asks)["HX-Refresh"] == "true"
    page = ada.get(address).content.decode()
    assert "24 answers of 2 sources to 3 queries" in page
    assert "model-b" not in re.sub(r"(?s)<form.*?</form>", "", page)


def test_a_report_that_waits_for_a_worker_is_measured_after_the_upgrade(asked: Collection) -> None:
    report = create_report(collection=asked, encoder=None, asked=Specification(replicates=30))
    enqueue_report(report=report)
    as_before = {"args": [report.pk], "kwargs": {}}
    DBTaskResult.objects.update(task_path="generation.tasks.diversity_task", args_kwargs=as_before)
    import_module("generation.migrations.0004_training_and_reports").hand_over(apps, None)
    task = DBTaskResult.objects.first()
    assert task and task.task_path == report_task.module_path
    report_task.func(*task.args_kwargs["args"])
    report.refresh_from_db()
    assert report.state == DiversityReport.State.FINISHED


def test_a_wrong_number_is_refused_beside_its_field(ada: Client, asked: Collection) -> None:
    answer = ada.post(reverse("diversity", args=[asked.name]), {"replicates": 3, "seed": 0})
    assert answer.status_code == 400
    assert "greater than or equal to 20" in answer.content.decode()
    assert not DiversityReport.objects.exists()


def test_every_figure_has_its_question_its_sentence_its_table_and_its_files(
    ada: Client, asked: Collection
) -> None:
    report = report_of(asked)
    address = reverse("diversity", args=[asked.name])
    with CaptureQueriesContext(connection) as read:
        page = ada.get(address).content.decode()
    assert len(read) <= 14
    assert "style=" not in page
    assert reverse("study-make", args=[asked.name]) in page  # what comes next
    for question in (
        "How alike are one model’s answers to the same query?",
        "How alike are the answers of different models?",
        "Does another decoding or prompting strategy help?",
        "Do several models give more diverse answers than one?",
        "Whose are the answers that are nearest to an answer?",
        "Do clusters mix models?",
        "From which similarity on are two answers the same idea?",
        "How diverse are the words?",
        "Which words do different models share?",
    ):
        assert f"<h2>{question}</h2>" in page
    assert "its floor" in page
    assert report.data_hash[:16] in page
    for name in ("within", "between", "neighbours", "conditions", "ensembles"):
        files = [
            reverse("diversity-file", args=[asked.name, report.pk, name, kind]) for kind in ("svg", "csv")
        ]
        assert all(one in page for one in files)
        picture, numbers = (ada.get(one).content.decode() for one in files)
        root = ElementTree.fromstring(picture)
        assert root.tag == f"{SVG}svg"
        assert not re.search(r"var\(|light-dark|color-mix|class=", picture)
        header, *rows = csv.reader(io.StringIO(numbers))
        assert header[0] == "collection"
        assert rows
    whole = ada.get(reverse("diversity-file", args=[asked.name, report.pk, "report", "json"]))
    assert json.loads(whole.content)["data_hash"] == report.data_hash
    missing = reverse("diversity-file", args=[asked.name, report.pk, "absent", "svg"])
    assert ada.get(missing).status_code == 404


def test_a_failed_report_says_why(ada: Client) -> None:
    collection = Collection.objects.create(name="empty")
    report = create_report(collection=collection, encoder=None, asked=Specification())
    report_task.func(report.label)
    page = ada.get(f"{reverse('diversity', args=['empty'])}?report={report.pk}").content.decode()
    report.refresh_from_db()
    assert report.error
    assert report.error in page


def test_a_report_that_nothing_is_heard_of_says_so_and_goes(ada: Client, asked: Collection) -> None:
    report = report_of(asked)
    page = f"{reverse('diversity', args=[asked.name])}?report={report.pk}"
    silent = timezone.now() - 2 * LOST_AFTER
    running = {"state": DiversityReport.State.RUNNING, "heard_at": timezone.now()}
    DiversityReport.objects.update(**running, created_by=User.objects.get())
    assert "The report was stopped" not in ada.get(page).content.decode()
    DiversityReport.objects.update(heard_at=silent)
    shown = ada.get(page).content.decode()
    assert "The report was stopped" in shown
    address = reverse("diversity-delete", args=[asked.name, report.pk])
    assert address in shown and ada.post(address).status_code == 302


def test_only_who_asked_for_a_report_deletes_it(ada: Client, asked: Collection) -> None:
    report = report_of(asked)
    address = reverse("diversity-delete", args=[asked.name, report.pk])
    assert ada.post(address).status_code == 403
    DiversityReport.objects.update(created_by=User.objects.get())
    assert ada.post(address).status_code == 302
    assert not DiversityReport.objects.exists()


def test_a_map_shows_every_answer_and_names_its_clusters(ada: Client, asked: Collection) -> None:
    report_of(asked)
    query = asked.queries.order_by("pk")[1]
    address = reverse("query-map", args=[asked.name, query.pk])
    with CaptureQueriesContext(connection) as read:
        page = ada.get(address, {"clusters": 2}).content.decode()
    assert len(read) <= 16
    assert page.count("data-spot>") == query.responses.count()
    headings = re.findall(r"<h3>.*?</h3>", page, flags=re.DOTALL)
    said = "".join(headings)
    assert "river" in said
    assert "weaver" in said
    assert "&lt;b&gt;river" in page
    assert "<b>river" not in page
    assert "style=" not in page
    assert "floor of tiny" in page
    for other in asked.queries.exclude(pk=query.pk):
        assert reverse("query-map", args=[asked.name, other.pk]) in page


def test_the_answers_of_a_cluster_are_listed_and_a_mark_leads_to_its_own(
    ada: Client, asked: Collection
) -> None:
    query = asked.queries.order_by("pk")[0]
    address = reverse("query-map", args=[asked.name, query.pk])
    page = ada.get(address, {"clusters": 2}).content.decode()
    link = re.findall(r'<a href="(\?[^"]*)#answer-(\d+)" data-spot', page)[0]
    listed = ada.get(address + link[0].replace("&amp;", "&")).content.decode()
    assert f'id="answer-{link[1]}"' in listed


def test_a_map_comes_as_a_picture_and_as_numbers(ada: Client, asked: Collection) -> None:
    query = asked.queries.order_by("pk")[0]
    picture, numbers = (
        ada.get(reverse("query-map-file", args=[asked.name, query.pk, kind])).content.decode()
        for kind in ("svg", "csv")
    )
    root = ElementTree.fromstring(picture)
    assert len(list(root.iter(f"{SVG}path"))) >= query.responses.count()
    assert not re.search(r"var\(|light-dark|color-mix|class=|href", picture)
    rows = list(csv.DictReader(io.StringIO(numbers)))
    assert len(rows) == query.responses.count()
    assert {row["model"] for row in rows} == {"model-a", "model-a · hot", "model-b", "model-b · hot"}


def test_a_query_without_vectors_has_no_map_and_says_why(ada: Client) -> None:
    collection = make_collection()
    query = collection.queries.all()[0]
    page = ada.get(reverse("query-map", args=[collection.name, query.pk])).content.decode()
    assert "There is no map yet" in page
    assert ada.get(reverse("query-map-file", args=[collection.name, query.pk, "svg"])).status_code == 404
