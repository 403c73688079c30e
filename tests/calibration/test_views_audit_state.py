"""The page of an audit that is not finished, and the form that asks for one."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from calibration.audit import create_audit, run_audit
from calibration.models import Audit
from tests.calibration.scored import make_scored_study

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("state", ["waiting", "running", "failed", "cancelled"])
def test_the_page_says_how_far_an_audit_is_and_looks_again_while_it_may_change(
    console: Client, state: str
) -> None:
    audit = create_audit(study=make_scored_study(items=12))
    Audit.objects.update(
        state=state, progress=0.42, error="The scores are gone." if state == "failed" else ""
    )
    url = reverse("audit", args=[audit.pk])
    changes = state in ("waiting", "running")
    for text in (
        console.get(url).content.decode(),
        console.get(url, headers=HTMX).content.decode(),
    ):
        assert ('hx-trigger="every 2s"' in text) is changes
        assert ('<progress value="0.420" max="1"' in text) is ("42 % done" in text) is (state == "running")
        assert ("Cancel the audit" in text) is changes
        assert "Run again" in text
    assert ('http-equiv="refresh"' in console.get(url).content.decode()) is changes
    listed = console.get(reverse("audits", args=["answers"])).content.decode()
    assert ("42 %" in listed) is (state == "running")
    assert console.post(reverse("audit-cancel", args=[audit.pk])).status_code == 302
    assert Audit.objects.get().state == ("cancelled" if changes else state)


def test_a_finished_audit_takes_more_scorers(console: Client, researcher: User) -> None:
    study = make_scored_study(items=12)
    audit = run_audit(audit=create_audit(study=study, preset="paper", replicates=20, scorers=["reward"]))
    page = console.get(reverse("audit", args=[audit.pk])).content.decode()
    added = re.search(
        r'<details class="asks">\s*<summary class="button">Add scorers.*?</details>', page, re.S
    )
    assert added and re.findall(r'name="scorers" value="(\w+)"', added[0]) == ["judge"]
    url = reverse("audit-scorers", args=[audit.pk])
    refused = console.post(url, follow=True)
    assert "Choose at least one scorer" in refused.content.decode()
    answer = console.post(url, {"scorers": ["judge"]})
    grown = Audit.objects.latest("pk")
    assert answer["Location"] == reverse("audit", args=[grown.pk])
    assert [scorer.name for scorer in grown.scorers.all()] == ["judge", "reward"]
    assert (grown.created_by, grown.replicates, grown.state) == (researcher, 20, "waiting")
    run_audit(audit=grown)
    assert "Add scorers" not in console.get(reverse("audit", args=[grown.pk])).content.decode()


def test_the_form_asks_what_the_kind_of_study_needs_and_keeps_what_is_chosen(console: Client) -> None:
    make_scored_study("ratings", items=12)
    make_scored_study("pairs", kind="comparison", items=12)
    asked = {"preset": "standard", "scorers": ["reward"], "replicates": 20, "seed": 0, "epsilon": 0.1}
    for slug, own, rule in (("ratings", set(), "tukey"), ("pairs", {"margin", "confident"}, "ties")):
        url = reverse("audits", args=[slug])
        form = console.get(url).context["form"]
        assert {"margin", "confident"} & set(form.fields) == own
        assert [unit for unit, _ in form.fields["cluster_unit"].choices] == ["", "query", "item"]
        assert f"rule_{rule}" in form.fields
        chosen = asked | {f"rule_{rule}": "2 1.5", "cluster_unit": "item", **dict.fromkeys(own, 0.6)}
        assert console.post(url, chosen).status_code == 302
        audit = Audit.objects.latest("pk")
        assert (audit.subsets, audit.cluster_unit, audit.epsilon) == ({rule: [2.0, 1.5]}, "item", 0.1)
        assert (audit.margin, audit.confident) == ((0.6, 0.6) if own else (0.5, 0.75))
        refused = console.post(url, chosen | {f"rule_{rule}": "two"})
        assert (refused.status_code, "<details open>" in refused.content.decode()) == (400, True)
        refused = console.post(url, chosen | {"preset": "paper"})
        assert "authors’ subsets" in refused.content.decode()
