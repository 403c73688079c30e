import json
import re

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from annotation.models import Study
from annotation.quality.exclusion import exclude
from calibration.audit import create_audit, run_audit
from calibration.models import Audit, Score, Scorer
from calibration.tasks import run_audit_task
from tests.calibration.scored import make_scored_study
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def finished(study: Study, **asked: object) -> Audit:
    return run_audit(audit=create_audit(study=study, replicates=20, **asked))  # type: ignore[arg-type]


def upload(client: Client, study: Study, text: str, name: str = "scores.jsonl", **fields: str) -> object:
    file = SimpleUploadedFile(name, text.encode())
    return client.post(reverse("scores", args=[study.slug]), {"file": file, **fields})


@pytest.mark.parametrize("name", ["scorers", "scores", "audits", "audit", "audit-json", "audit-report"])
def test_pages_are_for_people_who_signed_in(client: Client, name: str) -> None:
    study = make_scored_study(items=12)
    keys = {"scorers": [], "scores": [study.slug], "audits": [study.slug]}.get(name, [finished(study).pk])
    url = reverse(name, args=keys)
    answer = client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('login')}?next={url}")


def test_what_is_not_there_is_404(console: Client) -> None:
    waiting = create_audit(study=make_scored_study(items=12))
    for url in (
        *(reverse(name, args=["nowhere"]) for name in ("scores", "audits")),
        reverse("audit", args=[999]),
        reverse("audit-json", args=[waiting.pk]),
        reverse("audit-report", args=[waiting.pk]),
    ):
        assert console.get(url).status_code == 404, url


def test_a_file_of_scores_comes_in_and_its_scorer_is_listed(console: Client) -> None:
    study = make_study()
    make_items(study, 2)
    rows = '{"item_id": "i0", "score": 1}\n{"item_id": "i1", "score": 2.5}\n'
    answer = upload(console, study, rows, scorer="Judge A", family="lm_judge")
    assert answer.status_code == 302  # type: ignore[attr-defined]
    assert Score.objects.filter(scorer__name="Judge A", scorer__family="lm_judge").count() == 2
    page = console.get(reverse("scores", args=[study.slug])).content.decode()
    assert "Judge A" in page
    assert "Imported 2 scores" in page
    assert "Judge A" in console.get(reverse("scorers")).content.decode()


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ('{"item_id": "i9", "score": 1}\n', "scores.jsonl", "i9"),
        ('{"item_id": "i0", "score": "high"}\n', "scores.jsonl", "score"),
        ("not json\n", "scores.jsonl", "line 1"),
        ("", "scores.jsonl", "empty"),
        ("\x00\x01", "scores.parquet", "not a readable parquet file"),
        ("a", "scores.exe", "must end in"),
    ],
)
def test_a_bad_file_is_400_with_the_reason_and_nothing_is_written(
    console: Client, text: str, name: str, words: str
) -> None:
    study = make_study()
    make_items(study, 2)
    answer = upload(console, study, text, name, scorer="Judge A")
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert words in answer.content.decode()  # type: ignore[attr-defined]
    assert not Score.objects.exists()
    assert not Scorer.objects.exists()


def test_a_studys_scores_and_audits_are_among_its_sections(console: Client) -> None:
    study = make_study()
    for name in ("scores", "audits"):
        page = console.get(reverse(name, args=[study.slug])).content.decode()
        assert f'href="{reverse(name, args=[study.slug])}" aria-current="page"' in page
        assert reverse("people", args=[study.slug]) in page


def test_a_score_that_is_there_already_names_the_choice_that_the_page_offers(console: Client) -> None:
    study = make_study()
    make_items(study, 1)
    row = '{"item_id": "i0", "score": 1}\n'
    upload(console, study, row, scorer="rm")
    refused = upload(console, study, row, scorer="rm").content.decode()  # type: ignore[attr-defined]
    assert "already; choose replace to put" in refused
    assert "--" not in re.sub(r"<!--.*?-->", "", refused)
    assert upload(console, study, row, scorer="rm", replace="on").status_code == 302  # type: ignore[attr-defined]


def test_an_audit_is_started_waits_and_shows_its_result_when_a_worker_had_it(
    console: Client, researcher: User
) -> None:
    study = make_scored_study()
    wanted = Scorer.objects.get(name="reward")
    asked = {"preset": "paper", "replicates": 20, "seed": 4, "scorers": [wanted.name]}
    answer = console.post(reverse("audits", args=[study.slug]), asked)
    audit = Audit.objects.get()
    assert answer["Location"] == reverse("audit", args=[audit.pk])
    assert (audit.preset, audit.replicates, audit.seed, audit.created_by) == ("paper", 20, 4, researcher)
    task = DBTaskResult.objects.ready().get()

    page = console.get(answer["Location"])
    assert "waits for a worker" in page.content.decode()
    fragment = console.get(answer["Location"], headers=HTMX)
    assert "waits for a worker" in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    assert "HX-Request" in fragment["Vary"]

    run_audit_task.call(*task.args_kwargs["args"])
    assert console.get(answer["Location"], headers=HTMX)["HX-Refresh"] == "true"
    text = console.get(answer["Location"]).content.decode()
    assert "Does <bdi>reward</bdi> know what people think?" in text
    assert audit.__class__.objects.get().data_hash in text
    assert "falls without any miscalibration" in text


def test_pages_and_lists_of_audits_take_as_many_queries_whatever_the_audits_and_scorers(
    console: Client,
) -> None:
    numbers = []
    for slug, scorers, audits in (("small", ("a", "b"), 1), ("large", ("c", "d", "e", "f", "g"), 4)):
        study = make_scored_study(slug, items=24, scorers=scorers)
        found = [finished(study, preset="paper") for _ in range(audits)]
        pages = [
            reverse("audits", args=[slug]),
            reverse("audit", args=[found[0].pk]),
            reverse("audit-compare"),
            f"/api/v1/studies/{slug}/audits/",
            f"/api/v1/audits/{found[0].pk}/",
        ]
        with CaptureQueriesContext(connection) as queries:
            assert {console.get(page).status_code for page in pages} == {200}
        numbers.append(len(queries))
        lists = [query["sql"] for query in queries if 'FROM "calibration_audit"' in query["sql"]]
        assert sum('"calibration_audit"."result"' in sql for sql in lists) == 2  # of one audit alone
        assert not any('"calibration_audit"."labels",' in sql for sql in lists)
    assert numbers[0] == numbers[1]


def test_history_gets_the_whole_page(console: Client) -> None:
    audit = create_audit(study=make_scored_study(items=12))
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    assert "<html" in console.get(reverse("audit", args=[audit.pk]), headers=headers).content.decode()


@pytest.mark.parametrize("left", [Audit.State.WAITING, Audit.State.RUNNING, Audit.State.FAILED])
def test_an_unfinished_audit_offers_to_run_again(console: Client, left: str) -> None:
    audit = create_audit(study=make_scored_study(items=12))
    Audit.objects.filter(pk=audit.pk).update(
        state=left, error="The scores are gone." if left == "failed" else ""
    )
    url = reverse("audit", args=[audit.pk])
    text = console.get(url).content.decode()
    assert "Run again" in text
    assert ("The scores are gone." in text) == (left == Audit.State.FAILED)
    assert console.post(url).status_code == 302
    audit.refresh_from_db()
    assert (audit.state, audit.error, DBTaskResult.objects.ready().count()) == (Audit.State.WAITING, "", 1)


def test_a_finished_audit_is_not_run_again(console: Client) -> None:
    audit = finished(make_scored_study(items=12))
    console.post(reverse("audit", args=[audit.pk]))
    assert not DBTaskResult.objects.exists()
    assert not audit.study.acts.filter(what="ran an audit again").exists()


def test_wrong_wishes_are_400_with_a_message(console: Client) -> None:
    study = make_scored_study(items=12)
    url = reverse("audits", args=[study.slug])
    reward = "reward"
    right = {"preset": "paper", "replicates": 20, "seed": 0, "scorers": [reward]}
    wrongs = ({"preset": "x"}, {"replicates": 1}, {"seed": -1}, {"seed": 2**70}, {"scorers": []})
    for wrong in (*wrongs, {"scorers": ["9" * 30]}):
        answer = console.post(url, right | wrong)
        assert answer.status_code == 400, wrong
        assert 'class="error"' in answer.content.decode()
    make_labels(make_items(make_study("bare"), 1)[0], [1])
    assert console.post(reverse("audits", args=["bare"]), right).status_code == 400
    assert not Audit.objects.exists()


def test_json_and_report_are_downloads(console: Client) -> None:
    audit = finished(make_scored_study())
    answer = console.get(reverse("audit-json", args=[audit.pk]))
    assert json.loads(answer.content) == audit.result
    assert answer["Content-Disposition"] == f'attachment; filename="audit-{audit.pk}.json"'
    report = console.get(reverse("audit-report", args=[audit.pk]))
    assert report["Content-Disposition"] == f'attachment; filename="audit-{audit.pk}.html"'


def test_no_page_has_inline_style_or_script(console: Client) -> None:
    study = make_scored_study()
    audit = finished(study, preset="full")
    for url in (
        reverse("audit", args=[audit.pk]),
        reverse("audits", args=[study.slug]),
        reverse("scores", args=[study.slug]),
        reverse("scorers"),
    ):
        text = console.get(url).content.decode()
        assert not re.search(r'\sstyle="|<style|<script(?![^>]*\ssrc=)|\son\w+="', text), url


def test_one_of_a_thing_stands_in_the_singular_on_the_audits_and_the_studys_page(console: Client) -> None:
    study = make_study()
    (item,) = make_items(study, 1)
    make_labels(item, [3])
    Score.objects.create(study=study, scorer=Scorer.objects.create(name="flat"), item=item, value=1)
    audit = finished(study)
    for url in (reverse("audit", args=[audit.pk]), reverse("study", args=[study.slug])):
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", console.get(url).content.decode()))
        assert not re.search(r"\b1 (items|labels|people|responses|queries|scorers|pairs)\b", text), url
        assert not re.search(r"undefined bits|over 0 items|0 queries", text), url


def test_an_audit_with_excluded_people_is_offered_where_there_are_some_and_says_so(console: Client) -> None:
    study = make_scored_study()
    url = reverse("audits", args=[study.slug])
    assert "labels of excluded people too" not in console.get(url).content.decode()
    person = make_participant(study, "loud")
    make_labels(study.items.all()[0], [1], people=[person])
    exclude(participant=person, reason="shouts")
    assert "labels of excluded people too" in console.get(url).content.decode()
    form = {"preset": "paper", "scorers": ["reward"], "replicates": 20, "seed": 0, "with_excluded": "on"}
    assert console.post(url, form).status_code == 302
    audit = run_audit(audit=Audit.objects.get())
    assert audit.with_excluded
    for page in ("audit", "audit-report"):
        content = console.get(reverse(page, args=[audit.pk])).content.decode()
        assert "with excluded people</span>" in content
        assert "labels by excluded people are among them" in content
