"""Promises about a study's log: every act is in it with who and when, and nothing in it changes."""

import json
import logging

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from annotation.log import acts_with, record
from annotation.models import Act, Study
from annotation.studies import create_study, delete_study
from tests.factory import make_study

pytestmark = pytest.mark.django_db


def upload(rows: list[dict[str, object]], name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(json.dumps(row) for row in rows).encode())


ITEMS: list[dict[str, object]] = [{"item_id": f"i{n}", "query": "q", "response": f"r{n}"} for n in range(3)]
LABELS = [row | {"human_labels": [1, 3, 5]} for row in ITEMS]
SCORES: list[dict[str, object]] = [{"item_id": f"i{n}", "scorer": "length", "score": n} for n in range(3)]


def told(slug: str) -> list[str]:
    """What was done, oldest first."""
    return [f"{act.by} {act.what} {act.words}".strip() for act in Act.objects.filter(study__slug=slug)][::-1]


def test_every_act_in_a_studys_life_is_told_with_who_did_it(console: Client) -> None:
    new = {"name": "Answers", "labels_per_item": 3, "session_size": 2, "time_limit_minutes": 9}
    file = upload(ITEMS, "mine.jsonl")
    console.post(reverse("study-new"), new | {"design": "random", "slug": "answers", "file": file})
    api = "/api/v1/studies/answers/"
    console.patch(api, {"question": "Good?", "name": "Better"}, content_type="application/json")
    for state in ("open", "paused", "closed"):
        console.post(reverse("study-state", args=["answers"]), {"state": state})
    console.get(reverse("study-export", args=["answers"]), {"shape": "items", "format": "csv"})
    assert told("answers") == [
        "researcher made",
        "researcher imported items file: mine.jsonl; items: 3",
        "researcher changed fields: name, question",
        "researcher opened",
        "researcher paused",
        "researcher closed",
        "researcher exported the labels format: csv; shape: items",
    ]


def test_imports_of_labels_and_scores_and_audits_are_told(console: Client) -> None:
    api = "/api/v1/studies/old/"
    assert console.post(f"{api}labels/", {"file": upload(LABELS, "l.jsonl")}).status_code == 201
    assert console.post(f"{api}scores/", {"file": upload(SCORES, "s.jsonl")}).status_code == 201
    audit = console.post(f"{api}audits/", {"preset": "paper", "replicates": 50}, "application/json").json()
    console.post(reverse("audit", args=[audit["id"]]))
    assert console.get(f"{api}labels/?file_format=csv").status_code == 200
    assert told("old") == [
        "researcher made",
        "researcher imported labels file: l.jsonl; labels: 9",
        "researcher imported scores file: s.jsonl; scorers: length; scores: 3",
        f"researcher asked for an audit audit: {audit['id']}; subsets: paper",
        f"researcher ran an audit again audit: {audit['id']}",
        "researcher exported the labels format: csv; shape: long",
    ]


def test_the_command_line_acts_under_its_own_name(tmp_path: object) -> None:
    study = make_study()
    call_command("export_labels", study.slug, format="csv", output=f"{tmp_path}/labels.csv")
    assert told(study.slug) == ["command line exported the labels format: csv; shape: long"]


def test_who_deletes_a_study_is_in_the_servers_log(
    caplog: pytest.LogCaptureFixture, researcher: User
) -> None:
    study = create_study(slug="gone", name="Gone", kind="rating", owner=researcher)
    with caplog.at_level(logging.WARNING):
        delete_study(study=study, by=researcher)
    assert "the study gone was deleted by researcher" in caplog.text
    assert not Act.objects.exists()


def test_nothing_in_the_log_is_changed_or_deleted(console: Client) -> None:
    study = make_study()
    record(study, "made")
    act = Act.objects.get()
    act.what = "unmade"
    for change in (
        act.save,
        act.delete,
        Act.objects.all().delete,
        lambda: Act.objects.update(what="unmade"),
        lambda: Act.objects.bulk_update([act], ["what"]),
    ):
        with pytest.raises(TypeError), transaction.atomic():
            change()
    for page in ("change", "delete"):
        url = reverse(f"admin:annotation_act_{page}", args=[act.pk])
        assert console.post(url, {"what": "unmade", "post": "yes"}).status_code == 403
    assert told(study.slug) == ["command line made"]


def test_what_somebody_did_stays_under_their_name_when_their_account_goes(researcher: User) -> None:
    record(make_study(), "made", by=researcher)
    researcher.delete()
    assert told("answers") == ["researcher made"]


def test_the_log_is_read_newest_first_by_pages_and_found_by_words(console: Client, researcher: User) -> None:
    study = make_study()
    for n in range(60):
        record(study, "imported items", by=researcher if n % 2 else None, items=n, file=f"file-{n}.csv")
    page = console.get(reverse("log", args=[study.slug])).content.decode()
    assert page.index("file-59.csv") < page.index("file-10.csv")
    assert "file-9.csv" not in page
    assert "file-9.csv" in console.get(reverse("log", args=[study.slug]), {"page": 2}).content.decode()
    assert [act.detail["items"] for act in acts_with(study, "RESEARCHER file-7.csv")] == [7]
    assert not acts_with(study, "researcher file-8.csv")
    assert (
        "Nothing in the log has"
        in console.get(reverse("log", args=[study.slug]), {"q": "x\x00y"}).content.decode()
    )


def test_the_log_reads_no_more_queries_when_it_is_longer(
    console: Client, django_assert_max_num_queries: object
) -> None:
    study = make_study()
    url = reverse("log", args=[study.slug])
    for n in range(40):
        record(study, "opened", count=n)
    console.get(url)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        console.get(url)
    assert Study.objects.count() == 1
