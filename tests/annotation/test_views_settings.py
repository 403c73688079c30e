"""Promises of the pages with a study's settings and its export."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Study
from annotation.quality.exclusion import exclude
from annotation.studies import open_study
from tests.annotation.pages import labelled_study, text
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled() -> Study:
    return labelled_study()


def _with_items(slug: str) -> Study:
    study = make_study(slug, labels_per_item=10, consent="Yes?")
    make_items(study, 5)
    return study


def settings_of(study: Study, client: Client) -> dict[str, Any]:
    form = client.get(reverse("study-settings", args=[study.slug])).context["form"]
    values = {name: form[name].value() for name in form.fields if not form.fields[name].disabled}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_a_draft_may_change_its_scale_and_number_of_people(console: Client) -> None:
    study = _with_items("draft")
    words = "\n".join("abcdefg")
    data = settings_of(study, console) | {"scale_high": 7, "labels_per_item": 4, "scale_words": words}
    assert console.post(reverse("study-settings", args=["draft"]), data).status_code == 302
    study.refresh_from_db()
    assert (study.scale_high, study.labels_per_item, study.scale_words) == (7, 4, list("abcdefg"))


def test_an_open_study_keeps_its_scale_and_numbers_whatever_is_sent(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    data = settings_of(study, console) | {"scale_high": 7, "labels_per_item": 4, "consent": "Really?"}
    assert console.post(reverse("study-settings", args=["open"]), data).status_code == 302
    study.refresh_from_db()
    assert (study.scale_high, study.labels_per_item) == (5, 10)
    assert (study.consent, study.consent_version) == ("Really?", 2)


def test_saving_unchanged_settings_changes_nothing(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    before = Study.objects.filter(pk=study.pk).values().get()
    assert (
        console.post(reverse("study-settings", args=["open"]), settings_of(study, console)).status_code == 302
    )
    assert Study.objects.filter(pk=study.pk).values().get() == before


@pytest.mark.parametrize(
    "wrong", [{"scale_high": 1}, {"scale_words": "one"}, {"session_size": 0}, {"name": ""}]
)
def test_wrong_settings_are_refused_with_a_message(console: Client, wrong: dict[str, Any]) -> None:
    study = _with_items("draft")
    before = Study.objects.values().get()
    answer = console.post(reverse("study-settings", args=["draft"]), settings_of(study, console) | wrong)
    assert answer.status_code == 400
    assert "Nothing was saved" in text(answer)
    assert Study.objects.values().get() == before


def test_a_download_is_streamed_under_a_telling_name(console: Client, labelled: Study) -> None:
    url = reverse("study-export", args=[labelled.slug])
    for shape in ("long", "items", "infinity-chat"):
        for form in ("csv", "jsonl", "parquet"):
            answer = console.get(url, {"shape": shape, "format": form})
            assert answer.status_code == 200
            assert answer.streaming
            assert answer.headers["Content-Disposition"] == f'attachment; filename="answers-{shape}.{form}"'
            assert len(answer.getvalue()) > 100


def test_an_unknown_shape_or_format_is_refused(console: Client, labelled: Study) -> None:
    url = reverse("study-export", args=[labelled.slug])
    assert console.get(url, {"shape": "wide", "format": "csv"}).status_code == 400
    assert console.get(url, {"shape": "long", "format": "xlsx"}).status_code == 400


def test_the_export_page_warns_of_cells_that_a_spreadsheet_would_run(
    console: Client, labelled: Study
) -> None:
    page = text(console.get(reverse("study-export", args=[labelled.slug])))
    assert "a spreadsheet may run a cell that begins with =, +, - or @" in page


def test_an_export_from_the_page_is_with_or_without_the_excluded(console: Client) -> None:
    study = make_study(imported=True)
    people = [make_participant(study, code) for code in ("one", "two")]
    make_labels(make_items(study, 1)[0], [1, 5], people=people)
    exclude(participant=people[1], reason="careless")
    url = reverse("study-export", args=[study.slug])

    def labels(excluded: str) -> int:
        asked = {"format": "jsonl", "shape": "long", "excluded": excluded}
        return len(b"".join(console.get(url, asked).streaming_content).splitlines())  # type: ignore[attr-defined]

    assert [labels(way) for way in ("", "with", "without")] == [2, 2, 1]
    assert console.get(url, {"format": "jsonl", "shape": "long", "excluded": "some"}).status_code == 400
