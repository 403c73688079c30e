"""Promises of the page that makes a study."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from annotation.agreement import study_agreement
from annotation.models import Study
from generation.models import Response
from tests.annotation.pages import text
from tests.factory import make_response, make_study

pytestmark = pytest.mark.django_db


ITEMS = [{"query": "Why write?", "response": f"To remember {n}.", "model": "m"} for n in range(3)]


def jsonl(rows: list[Any], name: str = "items.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(json.dumps(row) for row in rows).encode())


def new_items(**fields: Any) -> dict[str, Any]:
    numbers = {"labels_per_item": 3, "session_size": 2, "time_limit_minutes": 30, "design": "random"}
    return {"name": "Short answers", "file": jsonl(ITEMS), **numbers, **fields}


def test_a_file_of_items_becomes_a_draft_with_the_given_texts(console: Client, researcher: User) -> None:
    data = new_items(question="How kind is this?", scale_words="a\nb\nc\nd\ne")
    answer = console.post(reverse("study-new"), data)
    assert answer.status_code == 302
    study = Study.objects.get()
    assert answer.headers["Location"] == reverse("study", args=["short-answers"])
    assert (study.items.count(), study.state, study.members.get()) == (3, Study.State.DRAFT, researcher)
    assert (study.labels_per_item, study.session_size, study.time_limit_minutes) == (3, 2, 30)
    assert (study.question, study.scale_words) == ("How kind is this?", ["a", "b", "c", "d", "e"])
    assert study.consent


def test_a_bad_row_is_named_and_what_was_typed_is_kept(console: Client) -> None:
    rows = [*ITEMS, {"query": "Why write?"}, {"response": "x"}]
    data = new_items(file=jsonl(rows), question="How kind is this?")
    plain = console.post(reverse("study-new"), data)
    assert plain.status_code == 400
    assert "items.jsonl, line 4" in text(plain)
    assert "line 5" in text(plain)
    assert "How kind is this?" in plain.content.decode()
    assert not Study.objects.exists()
    assert not Response.objects.exists()


def test_an_invalid_form_is_swapped_by_htmx_as_a_part_of_the_page(console: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "form"}
    part = console.post(reverse("study-new"), new_items(name=""), headers=headers)
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert "This field is required" in text(part)
    made = console.post(reverse("study-new"), new_items(), headers=headers)
    assert made.headers["HX-Redirect"] == reverse("study", args=["short-answers"])


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (SimpleUploadedFile("items.xlsx", b"x"), "must end in .jsonl, .csv or .parquet"),
        (SimpleUploadedFile("items.csv", b""), "empty"),
        (SimpleUploadedFile("items.csv", b"query,response\n\xff\xfe,b"), "UTF-8"),
        (SimpleUploadedFile("items.csv", b"question,answer\na,b"), "columns"),
        (SimpleUploadedFile("items.parquet", b"PAR1 and no more"), "not a readable parquet file"),
        (SimpleUploadedFile("items.jsonl", b'{"query": "a"'), "line 1"),
    ],
)
def test_unreadable_files_are_refused_in_words(
    console: Client, upload: SimpleUploadedFile, said: str
) -> None:
    answer = console.post(reverse("study-new"), new_items(file=upload))
    assert answer.status_code == 400
    assert said in text(answer)
    assert not Study.objects.exists()


def test_a_file_above_the_limit_is_refused(console: Client, settings: Settings) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    upload = SimpleUploadedFile("items.csv", b"query,response\n" + b"a" * 1_000_000)
    answer = console.post(reverse("study-new"), new_items(file=upload))
    assert answer.status_code == 400
    assert "more than the 1 MB that are taken here" in text(answer)


def test_an_upload_kept_on_disk_is_read_under_its_own_name(console: Client, settings: Settings) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
    assert "items.jsonl, line 4" in text(
        console.post(reverse("study-new"), new_items(file=jsonl([*ITEMS, {"query": "a"}])))
    )
    assert console.post(reverse("study-new"), new_items()).status_code == 302


def test_a_taken_short_name_is_refused_and_a_suggested_one_is_free(console: Client) -> None:
    make_study("short-answers")
    for slug in ("short-answers", "new"):
        assert "choose another" in text(console.post(reverse("study-new"), new_items(slug=slug)))
    console.post(reverse("study-new"), new_items())
    assert Study.objects.filter(slug="short-answers-2").exists()
    console.post(reverse("study-new"), new_items(name="日本語"))
    assert Study.objects.filter(slug="study").exists()


@pytest.mark.parametrize("field", ["labels_per_item", "session_size", "time_limit_minutes"])
@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "many"])
def test_impossible_numbers_are_refused(console: Client, field: str, number: str) -> None:
    assert console.post(reverse("study-new"), new_items(**{field: number})).status_code == 400


def test_wrong_scale_words_leave_nothing_behind(console: Client) -> None:
    answer = console.post(reverse("study-new"), new_items(scale_words="bad\ngood"))
    assert answer.status_code == 400
    assert "5 values but 2 words" in text(answer)
    assert not Study.objects.exists()


def test_collected_labels_become_a_study_with_its_agreement(console: Client) -> None:
    rows = [{"query": "q", "response": f"r{n}", "human_labels": [n, n, 3]} for n in range(1, 6)]
    data = {"name": "Old labels", "file": jsonl(rows)}
    answer = console.post(reverse("study-new") + "?from=labels", data, follow=True)
    study = Study.objects.get()
    assert study.imported
    alpha = study_agreement(study)["krippendorff_alpha"]["ordinal"]
    assert f"{alpha['value']:.2f} alpha, ordinal" in text(answer)
    assert "15 labels from a file" in text(answer)
    assert "Imported 5 items and 15 labels into old-labels." in text(answer)


def test_without_responses_the_form_says_where_to_add_some(console: Client) -> None:
    url = reverse("study-new") + "?from=responses"
    assert "There are no responses here yet" in text(console.get(url))
    make_response()
    assert "There are no responses here yet" not in text(console.get(url))


def test_half_a_scale_is_refused(console: Client) -> None:
    data = {"name": "Old labels", "file": jsonl([{"query": "q", "response": "r", "human_labels": [1]}])}
    url = reverse("study-new") + "?from=labels"
    assert "both ends" in text(console.post(url, data | {"scale_low": 1}))
    assert "below the highest" in text(console.post(url, data | {"scale_low": 3, "scale_high": 3}))


def test_responses_of_chosen_models_and_queries_become_pairs(console: Client) -> None:
    for query in ("Why write?", "Why read?"):
        for model in ("a", "b", "c"):
            make_response(query, f"{query} {model}", model)
    chosen = [make_response("Why write?", "Why write? a", "a").model_id, make_response(model="c").model_id]
    Response.objects.filter(text="To remember.").delete()
    numbers = {"labels_per_item": 3, "session_size": 2, "time_limit_minutes": 30, "design": "blocks"}
    data = {"name": "Pairs", "kind": "comparison", "models": chosen, "search": "WRITE", **numbers}
    assert console.post(reverse("study-new") + "?from=responses", data).status_code == 302
    item = Study.objects.get().items.get()
    assert {item.response_1.text, item.response_2.text} == {"Why write? a", "Why write? c"}  # type: ignore[union-attr]
    for nonsense in ("9" * 30, "x"):
        wrong = console.post(reverse("study-new") + "?from=responses", data | {"models": [nonsense]})
        assert wrong.status_code == 400
        assert console.get(reverse("study-new"), {"from": "responses", "models": nonsense}).status_code == 200
    none = console.post(
        reverse("study-new") + "?from=responses", data | {"search": "nothing", "name": "None"}
    )
    assert none.status_code == 400
    assert "choose others" in text(none)
