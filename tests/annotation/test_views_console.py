"""Promises of the console's pages: who sees them, and the list of studies."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation.models import Study
from annotation.studies import open_study
from tests.annotation.pages import labelled_study, text
from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled() -> Study:
    return labelled_study()


def pages(study: Study) -> list[str]:
    return [
        reverse("studies"),
        reverse("study-new"),
        *(
            reverse(name, args=[study.slug])
            for name in ("study", "disagreement", "study-settings", "study-export")
        ),
        reverse("item", args=[study.slug, study.items.first().pk]),  # type: ignore[union-attr]
    ]


def test_every_page_asks_strangers_to_sign_in(client: Client, labelled: Study) -> None:
    for url in pages(labelled):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("login"))
    assert client.post(reverse("study-state", args=[labelled.slug]), {"state": "open"}).status_code == 302
    labelled.refresh_from_db()
    assert labelled.state == Study.State.DRAFT


def test_no_page_has_inline_style_or_script(console: Client, labelled: Study) -> None:
    for url in [
        *pages(labelled),
        *(reverse("study-new") + f"?from={source}" for source in ("labels", "responses")),
    ]:
        html = console.get(url).content.decode()
        assert " style=" not in html
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert not re.search(r"\son\w+=", html)


def test_simulated_labels_are_marked_on_every_page(console: Client, labelled: Study) -> None:
    Study.objects.update(simulated=True)
    for url in pages(labelled):
        if url != reverse("study-new"):
            assert "simulated labels" in text(console.get(url))


# The list of studies


def test_an_empty_console_says_what_to_do(console: Client) -> None:
    assert "Make one from a file of items" in text(console.get(reverse("studies")))


def test_the_lists_queries_do_not_grow_with_studies(
    console: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        open_study(study=_with_items(f"s{n}"))
    console.get(reverse("studies"))
    with django_assert_num_queries(5):  # session, person, count, what is overdue, rows
        page = console.get(reverse("studies"))
    assert page.content.count(b"<progress") == 12


def _with_items(slug: str) -> Study:
    study = make_study(slug, labels_per_item=10, consent="Yes?")
    make_items(study, 5)
    return study


def test_studies_are_found_by_name(console: Client) -> None:
    make_study("a", name="Poems")
    make_study("b", name="Recipes")
    page = console.get(reverse("studies"), {"q": "poe\x00m"})
    assert "Poems" in text(page)
    assert "Recipes" not in text(page)
    assert "Show all studies" in text(console.get(reverse("studies"), {"q": "none such"}))
