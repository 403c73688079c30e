import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation.members import give_role
from annotation.models import Label
from calibration.audit import create_audit, run_audit
from calibration.compare import Choice, compare
from calibration.models import Audit, Score
from calibration.report.comparison import comparison_figure
from tests.calibration.scored import make_scored_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def audit() -> Audit:
    study = make_scored_study()
    return run_audit(audit=create_audit(study=study, preset="paper", replicates=100))


def asked(*sides: tuple[Audit, str], name: str = "audit-compare", **given: Any) -> str:
    named = zip(("first", "second"), sides, strict=False)
    query = urlencode({side: f"{audit.pk}:{scorer}" for side, (audit, scorer) in named})
    return f"{reverse(name, kwargs=given)}?{query}"


def comparison(console: Client, *sides: tuple[Audit, str]) -> dict[str, Any]:
    response = console.get(asked(*sides, name="audit-compare-json"))
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(response.text)
    return found


def test_two_scorers_of_an_audit_are_compared_on_the_items_of_both(console: Client, audit: Audit) -> None:
    found = comparison(console, (audit, "reward"), (audit, "judge"))
    assert (found["items"], found["same_labels"]) == (30, True)
    assert found["first"] == {
        "audit": audit.pk,
        "study": "answers",
        "scorer": "reward",
        "data_hash": audit.data_hash,
        "simulated": False,
        "simulated_people": False,
        "with_excluded": False,
    }
    rho = found["differences"][0]
    assert (rho["measure"], rho["n"]) == ("spearman", 30)
    assert rho["difference"]["low"] < rho["first"] - rho["second"] < rho["difference"]["high"]
    page = console.get(asked((audit, "reward"), (audit, "judge")))
    assert page.status_code == 200
    for words in ("Which of the two follows people more", "30 common items", "What this does not say"):
        assert words in page.text
    assert page.text.count(" selected>") == 2


def test_audits_are_compared_as_they_were_whatever_was_labelled_since(console: Client, audit: Audit) -> None:
    before = comparison(console, (audit, "reward"), (audit, "judge"))
    Label.objects.all().delete()
    Score.objects.all().delete()
    cache.clear()
    assert comparison(console, (audit, "reward"), (audit, "judge")) == before


def test_two_audits_are_each_held_against_their_own_labels(console: Client, audit: Audit) -> None:
    Label.objects.filter(item__position__lt=10, value=1).update(value=5)
    later = run_audit(audit=create_audit(study=audit.study, preset="paper", replicates=100))
    found = comparison(console, (audit, "reward"), (later, "reward"))
    assert (found["items"], found["same_labels"]) == (60, False)
    assert "The labels differ" in console.get(asked((audit, "reward"), (later, "reward"))).text


def test_the_page_says_what_to_do_before_two_are_chosen(console: Client, audit: Audit) -> None:
    assert "Choose two scorers" in console.get(asked()).text
    assert "Choose the other scorer too" in console.get(asked((audit, "reward"))).text
    assert f'value="{audit.pk}:judge"' in console.get(asked()).text
    Audit.objects.all().delete()
    assert "before an audit is finished" in console.get(asked()).text


def test_what_cannot_be_compared_says_why(console: Client, audit: Audit) -> None:
    waiting = create_audit(study=audit.study, preset="paper", replicates=100)
    for sides, words in (
        (((audit, "reward"), (audit, "reward")), "does not differ from itself"),
        (((audit, "reward"), (waiting, "reward")), "not finished"),
        (((audit, "reward"), (audit, "\0")), "is named AUDIT:SCORER"),
        (((audit, "reward"), (audit, "nobody")), "keeps no scores of nobody"),
    ):
        page = console.get(asked(*sides))
        assert page.status_code == 400 and words in page.text
        assert words in console.get(asked(*sides, name="audit-compare-json")).json()["detail"]
    assert console.get(f"{reverse('audit-compare')}?first=reward").status_code == 400


def test_an_audit_of_an_earlier_version_is_shown_and_not_compared(console: Client, audit: Audit) -> None:
    audit.measurements.all().delete()
    Audit.objects.update(labels=None)
    assert console.get(reverse("audit", args=[audit.pk])).status_code == 200
    page = console.get(asked((audit, "reward"), (audit, "judge")))
    assert page.status_code == 400 and "run a new one" in page.text


def test_of_many_items_a_comparison_draws_fewer_replicates_and_says_so(
    console: Client, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calibration.compare.ENOUGH_REPLICATES", 20)
    monkeypatch.setattr("calibration.compare.MOST_DRAWS", 60 * 50)
    assert comparison(console, (audit, "reward"), (audit, "judge"))["replicates"] == 50


def test_scorers_without_a_common_item_have_nothing_to_compare(console: Client, audit: Audit) -> None:
    other = make_scored_study("others")
    for item in other.items.all():
        type(item).objects.filter(pk=item.pk).update(external_id=f"other {item.pk}")
    second = run_audit(audit=create_audit(study=other, preset="paper", replicates=100))
    page = console.get(asked((audit, "reward"), (second, "reward")))
    assert page.status_code == 200 and "Nothing in common" in page.text
    assert (
        console.get(
            asked((audit, "reward"), (second, "reward"), name="audit-compare-figure", format="svg")
        ).status_code
        == 404
    )


def test_the_picture_and_all_its_numbers_are_files(console: Client, audit: Audit) -> None:
    sides = (audit, "reward"), (audit, "judge")
    picture = console.get(asked(*sides, name="audit-compare-figure", format="svg"))
    assert picture["Content-Type"] == "image/svg+xml" and "rho within queries" in picture.text
    numbers = console.get(asked(*sides, name="audit-compare-figure", format="csv")).text.splitlines()
    found = comparison(console, *sides)
    assert len(numbers) == 1 + len(found["differences"])
    assert repr(found["differences"][0]["difference"]["value"]) in numbers[1]


def test_rules_that_keep_the_same_items_are_drawn_once(audit: Audit) -> None:
    found = compare(Choice(audit, "reward"), Choice(audit, "judge"))
    subset = next(row for row in found["differences"] if row.get("rule") == "entropy")
    plain, doubled = (
        comparison_figure(found | {"differences": [*found["differences"], *more]})
        for more in ([], [subset | {"rule": "gini"}])
    )
    assert plain and doubled
    assert [row.name for row in plain.plot.rows] == [row.name for row in doubled.plot.rows]
    assert len(doubled.table.rows) == len(plain.table.rows) + 1


def test_only_who_may_read_both_studies_compares_their_audits(client: Client, audit: Audit) -> None:
    other = make_scored_study("others")
    theirs = run_audit(audit=create_audit(study=other, preset="paper", replicates=100))
    viewer = User.objects.create_user("viewer")
    give_role(study=audit.study, name="viewer", role="viewer")
    client.force_login(viewer)
    for name, given in (("audit-compare", {}), ("audit-compare-json", {})):
        assert client.get(asked((audit, "reward"), (audit, "judge"), name=name, **given)).status_code == 200
        assert client.get(asked((audit, "reward"), (theirs, "judge"), name=name, **given)).status_code == 404
    assert "others" not in client.get(asked()).text
