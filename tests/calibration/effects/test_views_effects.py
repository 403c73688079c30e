"""Promises of the page of effects: asked for, waited for, read, kept as files, and whose it is."""

import json
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.members import give_role
from calibration.effects.figures import figures_of
from calibration.models import EffectReport
from generation.tasks import report_task
from tests.calibration.effects.planted import make_panel, make_planted

pytestmark = pytest.mark.django_db

ASKED = {"scorer": "mirror", "by": "model", "splits": 20, "seed": 0}


@pytest.fixture
def ada(client: Client) -> Client:
    """An editor of a study with planted effects, and a panel that sees them."""
    study = make_planted()
    make_panel(study, "mirror")
    client.force_login(User.objects.create(username="ada"))
    give_role(study=study, name="ada", role="editor")
    return client


def test_a_report_is_asked_for_waited_for_read_kept_and_deleted_by_who_asked(ada: Client) -> None:
    address = reverse("effects", args=["planted"])
    page = ada.get(address).content.decode()
    assert "Nothing is measured yet" in page and ">mirror (simulated people)</option>" in page
    for wrong, says in [
        ({"by": ""}, "Give a file of contrasts, or the column"),
        ({"by": "absent"}, "No item of planted has a column absent"),
        ({"splits": 3}, "greater than or equal to 20"),
    ]:
        refused = ada.post(address, ASKED | wrong)
        assert refused.status_code == 400
        assert says in refused.content.decode()
    row = b'{"contrast": "x", "by": "model", "a": "alpha"}\n'
    refused = ada.post(address, ASKED | {"by": "", "file": SimpleUploadedFile("contrasts.jsonl", row)})
    assert "contrasts.jsonl, line 1: no b" in refused.content.decode()
    assert not EffectReport.objects.exists()

    assert ada.post(address, ASKED).status_code == 302
    report = EffectReport.objects.get()
    assert "waits for a worker" in ada.get(address).content.decode()
    report_task.func(report.label)
    page = ada.get(address).content.decode()
    for words in (
        *("simulated people", "alpha less delta", "84 of 111", "null replicated", "the ceiling", "the floor"),
        *("not independent", "queries in pairs", "Published."),
    ):
        assert words in page
    assert "Are the panel’s effects those of people?" in page
    report.refresh_from_db()
    found = report.result or {}
    of_numbers = found | {"scorer": found["scorer"] | {"simulated": False}}
    assert not any("panel" in f"{one.title} {one.says}" for one in figures_of(of_numbers).values())
    assert "style=" not in page
    assert page.count("<tr>") > 6

    def file(name: str, format: str) -> str:
        named = ["planted", report.pk, name, format]
        return ada.get(reverse("effects-file", args=named)).content.decode()

    assert json.loads(file("report", "json"))["data_hash"] == EffectReport.objects.get().data_hash
    for name in ("effects", "rates", "bins"):
        drawn = ElementTree.fromstring(file(name, "svg"))
        assert [text.text for text in drawn.iter() if text.text == "simulated people"]
        head, row, *_ = file(name, "csv").splitlines()
        assert head.startswith("study,") and head.endswith(",simulated_labels,simulated_people")
        assert row.endswith(",false,true")
    missing = reverse("effects-file", args=["planted", report.pk, "absent", "svg"])
    assert ada.get(missing).status_code == 404

    delete = reverse("effects-delete", args=["planted", report.pk])
    EffectReport.objects.update(created_by=None)
    assert ada.post(delete).status_code == 403
    EffectReport.objects.update(created_by=User.objects.get())
    assert ada.post(delete).status_code == 302
    assert not EffectReport.objects.exists()


def test_a_report_whose_scores_are_gone_fails_and_says_so(ada: Client) -> None:
    ada.post(reverse("effects", args=["planted"]), ASKED)
    report = EffectReport.objects.get()
    report.study.scores.all().delete()
    report_task.func(report.label)
    page = ada.get(reverse("effects", args=["planted"])).content.decode()
    assert "The scores of mirror are gone from planted." in page
