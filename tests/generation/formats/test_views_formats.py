"""Promises of the page of formats over a training: asked for, shown whole, its files, deleted."""

import csv
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generation.charts.over_steps import places_of, step_text
from generation.models import Collection, Condition, FormatReport, Response
from generation.tasks import report_task
from tests.generation.formats.trained import CODE, FAMILY, make_rules, make_training

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path


def words(page: Any) -> str:
    return " ".join(re.sub(r"(?s)<[^>]*>", " ", page.content.decode()).split())


def test_the_page_from_the_collection_to_the_report_its_files_and_its_end(client: Client) -> None:
    client.force_login(User.objects.create(username="ada"))
    collection = make_training()
    address = reverse("formats", args=[collection.name])
    assert address in client.get(reverse("collection", args=[collection.name])).content.decode()
    assert "Nothing is measured yet" in words(client.get(address))
    given = {"family": FAMILY, "rules": make_rules().name, "threshold": 0.5, "replicates": 30, "seed": 0}
    answer = client.post(address, given)
    report = FormatReport.objects.get()
    assert answer["Location"] == f"{address}?report={report.pk}"
    assert "The report waits for a worker" in words(client.get(answer["Location"]))
    report_task.func(report.label)
    page = client.get(address)
    said = words(page)
    assert "192 answers of 4 checkpoints of grown to 6 queries, sorted by the rules two" in said
    assert "94 % of answers are code at step 1,000, its commonest format" in said
    assert "The commonest format at the end, code, was not the commonest at the beginning" in said
    assert "code step 100 100 to 100 stays above 6" in said
    assert "text by step 0 0 to 0 falls below again 6" in said
    assert "does not show that either causes the other" in said
    assert "&lt;b&gt;grown-0&lt;/b&gt; says" in page.content.decode()
    for name in re.findall(r'id="figure-(\w+)"', page.content.decode()):
        files = {
            kind: reverse("formats-file", args=[collection.name, report.pk, name, kind])
            for kind in ("svg", "csv")
        }
        assert ElementTree.fromstring(client.get(files["svg"]).content).tag.endswith("svg")
        rows = list(csv.DictReader(io.StringIO(client.get(files["csv"]).content.decode())))
        assert {int(row["step"]) for row in rows} == set(CODE)
    whole = client.get(reverse("formats-file", args=[collection.name, report.pk, "report", "json"])).json()
    report.refresh_from_db()
    assert whole == report.result
    assert client.post(reverse("formats-delete", args=[collection.name, report.pk])).status_code == 302
    assert not FormatReport.objects.exists()


def test_what_cannot_be_measured_is_said_in_the_form_and_nothing_waits(client: Client) -> None:
    client.force_login(User.objects.create(username="ada"))
    Collection.objects.create(name="empty")
    assert "No two checkpoints of one family" in words(client.get(reverse("formats", args=["empty"])))
    collection = make_training()
    hot = Condition.objects.create(
        name="hot", strategy="s", version="1", template={}, decoding={}, digest="d"
    )
    Response.objects.filter(sample=0).update(condition=hot)
    given = {"family": FAMILY, "rules": "shapes", "threshold": 0.5, "replicates": 30, "seed": 0}
    answer = client.post(reverse("formats", args=[collection.name]), given)
    assert answer.status_code == 400
    assert "answered under 2 conditions, which are not to be mixed" in words(answer)
    assert not FormatReport.objects.exists()
    client.post(reverse("formats", args=[collection.name]), given | {"condition": "-"})
    assert FormatReport.objects.get().specification["condition"] == ""


def test_steps_stand_by_their_orders_of_magnitude_and_step_0_apart() -> None:
    zero, one, ten, thousand = places_of([0, 1, 10, 1000])
    assert thousand - ten == pytest.approx(2 * (ten - one))
    assert one - zero > 40
    assert places_of([5, 50])[0] == zero
    assert [step_text(step) for step in (0, 800, 1_500, 143_000, 20_000_000)] == [
        *("0", "800", "1.5k"),
        *("143k", "20M"),
    ]
