"""Promises of the API of people: the same numbers and rules as on the pages."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from annotation.models import Label, Membership, Participant, Study
from tests.factory import make_items, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    cache.clear()
    study = make_study(imported=True)
    items = make_items(study, 3)
    for code, values in (("a/1", [1, 2, 4]), ("b", [2, 3, 5]), ("c", [5, 5, None])):
        person = make_participant(study, code)
        Label.objects.bulk_create(
            Label(
                item=item, participant=person, value=value, cannot_judge=value is None,
                active_seconds=2, submitted_at=timezone.now(),
            )
            for item, value in zip(items, values, strict=True)
        )  # fmt: skip
    return study


def url(study: Study, *parts: str) -> str:
    return "/".join(["/api/v1/studies", study.slug, *parts, ""])


def rows(client: Client, study: Study, **query: Any) -> dict[str, dict[str, Any]]:
    found = client.get(url(study, "people"), query).json()["results"]
    return {row["annotator_id"]: row for row in found}


def test_rows_hold_the_measures_with_n_and_reasons(console: Client, study: Study) -> None:
    found = rows(console, study)
    assert list(found) == ["a/1", "b", "c"]
    one = found["a/1"]
    assert (one["answers"], one["cannot_judge"], one["median_seconds"]) == (3, 0, {"value": 2.0, "n": 3})
    # The others' means of their items are 3.5, 4 and 5.
    assert one["correlation"]["n"] == one["severity"]["n"] == 3
    assert one["severity"]["value"] == pytest.approx((1 - 3.5 + 2 - 4 + 4 - 5) / 3)
    assert one["severity"]["low"] < one["severity"]["value"] < one["severity"]["high"]
    assert found["c"]["correlation"] == {
        "value": None, "low": None, "high": None, "n": 2,
        "reason": "fewer than 3 items that others labelled too",
    }  # fmt: skip
    assert "it takes four items" in one["correlation"]["interval_reason"]
    assert 0 <= one["difference"]["low"] < one["difference"]["value"] < one["difference"]["high"]
    assert found["c"]["flags"] == []
    measures = [value for row in found.values() for value in row.values() if isinstance(value, dict)]
    assert all("n" in value and (value["value"] is None) == ("reason" in value) for value in measures)


def test_somebody_is_excluded_and_restored_and_others_numbers_follow(console: Client, study: Study) -> None:
    gone = console.post(url(study, "people", "c", "exclude"), {"reason": "careless"})
    assert (gone.status_code, gone.json()["exclusion_reason"]) == (200, "careless")
    assert rows(console, study)["a/1"]["severity"]["value"] == pytest.approx(-1)
    assert rows(console, study, with_excluded="true")["a/1"]["severity"]["value"] < -1
    assert list(rows(console, study, show="excluded")) == ["c"]
    again = console.post(url(study, "people", "c", "exclude"), {"reason": "careless"})
    assert (again.status_code, again.json()["detail"]) == (400, "c is excluded already: careless")
    assert console.post(url(study, "people", "a/1", "exclude"), {"reason": ""}).status_code == 400
    assert console.post(url(study, "people", "c", "restore")).json()["excluded"] is False
    assert console.post(url(study, "people", "nobody", "restore")).status_code == 404
    assert console.post(url(study, "people", "a/1", "exclude"), {"reason": "odd"}).status_code == 200


def test_topping_up_without_anything_to_open_is_told(console: Client, study: Study) -> None:
    refused = console.post(url(study, "top-up"))
    assert refused.status_code == 400
    assert "there is nothing to collect again" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("role", "reads", "acts"), [("", 404, 404), ("viewer", 200, 403), ("editor", 200, 200)]
)
def test_viewers_read_and_editors_act(client: Client, study: Study, role: str, reads: int, acts: int) -> None:
    user = User.objects.create_user("somebody")
    if role:
        Membership.objects.create(study=study, user=user, role=role)
    client.force_login(user)
    assert client.get(url(study, "people")).status_code == reads
    assert client.post(url(study, "people", "c", "exclude"), {"reason": "careless"}).status_code == acts
    assert client.post(url(study, "people", "c", "restore")).status_code == acts
    assert client.post(url(study, "top-up")).status_code == (400 if acts == 200 else acts)
    assert not Participant.objects.exclude(excluded_at=None).exists()


def test_a_studys_limits_are_set_over_the_api_and_checked(console: Client, study: Study) -> None:
    def give(limits: object) -> Any:
        return console.patch(url(study), {"quality_limits": limits}, content_type="application/json")

    assert give({"run": 5}).json()["quality_limits"] == {"run": 5}
    refused = give({"run": 0})
    assert refused.status_code == 400
    assert refused.json()["detail"] == "quality limits: run is a number from 2 to 10000, not 0."
