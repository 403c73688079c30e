"""The page of responses."""

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generation.models import LanguageModel, Response
from tests.factory import make_response

pytestmark = pytest.mark.django_db
URL = "/responses/"


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def upload(rows: list[dict[str, str]]) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("r.jsonl", "\n".join(map(json.dumps, rows)).encode())}


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    assert client.get(URL).status_code == client.post(URL).status_code == 302


def test_an_empty_page_says_what_to_do(console: Client) -> None:
    assert "There are no responses yet" in text(console.get(URL))


def test_queries_are_listed_with_the_number_of_responses_of_each_model(console: Client) -> None:
    for sample in range(3):
        make_response("Why write?", f"a{sample}", "model-a", sample)
    make_response("Why write?", "b", "model-b")
    assert "Why write? model-a 3 model-b 1 4" in text(console.get(URL))


def test_the_lists_queries_do_not_grow(
    console: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(40):
        make_response(f"Query {n}", "x", f"model-{n % 3}")
    with django_assert_num_queries(6):  # session, person, count, queries, numbers, models
        console.get(URL)


def test_queries_are_found_by_text_and_model_also_as_a_part_for_htmx(console: Client) -> None:
    make_response("Why write?", "x", "model-a")
    make_response("Why read?", "x", "model-b")
    headers = {"HX-Request": "true", "HX-Target": "list"}
    part = console.get(URL, {"q": "WRITE\x00"}, headers=headers)
    assert b"<html" not in part.content
    assert "Why write?" in text(part)
    assert "Why read?" not in text(part)
    model = LanguageModel.objects.get(name="model-b").pk
    assert "Why write?" not in text(console.get(URL, {"model": model}, headers=headers))
    for nonsense in ("x", "-1", "9" * 30, "²"):
        assert console.get(URL, {"model": nonsense}).status_code == 200
    assert "No query fits" in text(console.get(URL, {"q": "none such"}))


def test_what_is_shown_can_be_made_into_a_study(console: Client) -> None:
    make_response("Why write?", "x", "model-a")
    model = LanguageModel.objects.get().pk
    html = console.get(URL, {"q": "why", "model": str(model)}).content.decode()
    link = f"{reverse('study-new')}?from=responses&amp;search=why&amp;models={model}"
    assert link in html
    form = console.get(link.replace("&amp;", "&")).content.decode()
    assert 'value="why"' in form
    assert re.search(rf'value="{model}"[^>]*checked', form)


def test_an_uploaded_file_adds_its_responses(console: Client) -> None:
    rows = [{"query": "Why?", "response": f"r{n}", "model": "m"} for n in range(3)]
    answer = console.post(URL, upload(rows), follow=True)
    assert "3 responses" in text(answer)
    assert Response.objects.count() == 3


def test_a_bad_row_is_named_and_nothing_is_kept(console: Client) -> None:
    answer = console.post(URL, upload([{"query": "Why?", "response": "r"}, {"query": "Why?"}]))
    assert answer.status_code == 400
    assert "r.jsonl, line 2" in text(answer)
    assert not Response.objects.exists()
    assert console.post(URL).status_code == 400
