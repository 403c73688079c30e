"""Promises of the page of preferences: what it shows, in which states, and how fast it is the second time."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation.models import Study
from annotation.quality.exclusion import exclude
from tests.annotation.pages import text
from tests.annotation.test_preferences import compare
from tests.factory import make_items, make_participant, make_study

pytestmark = pytest.mark.django_db
MODELS = [f"organisation/a-model-with-a-long-name-{n:02d}-instruct" for n in range(25)]


@pytest.fixture
def study() -> Study:
    return make_study("pairs", kind="comparison", imported=True)


def shown(client: Client, study: Study, **asked: str) -> Any:
    return client.get(reverse("preferences", args=[study.slug]), asked)


def file(client: Client, study: Study, name: str, format: str = "csv", **asked: str) -> Any:
    return client.get(reverse("figure", args=[study.slug, name, format], query=asked))


def test_every_number_stands_beside_its_interval_its_n_and_what_it_means(
    console: Client, study: Study
) -> None:
    compare(study, [("alpha", "beta"), ("beta", "gamma"), ("gamma", "alpha")] * 20, [2, 1, 0, -1])
    said = text(shown(console, study))
    for words in (
        "3 models", "60 comparisons with 240 labels",
        "Share of ties mean of 60 comparisons 25 % (25 % to 25 %)",
        "A chain of wins or ties leads from every model to every other", "1,000 resamples of 60 queries",
        "A ridge of 0.01", "Strengths are relative to the other models here", "alpha", "40 160 labels",
        "Only the sign of a label counts", "ties as half a win", "never a tie",
        "Undefined : a file of labels does not say which answer was shown first.",
    ):  # fmt: skip
        assert words in said, words


def test_without_anything_to_compare_the_page_says_why(console: Client, study: Study) -> None:
    assert "Undefined : no response names its model." in text(shown(console, study))
    ratings = make_study("ratings")
    make_items(ratings, 2)
    assert "the study compares no answers" in text(shown(console, ratings))
    assert file(console, study, "strengths").status_code == 404
    assert file(console, study, "wins", "svg").status_code == 404


def test_groups_that_are_not_connected_are_named(console: Client, study: Study) -> None:
    compare(study, [("a", "b")] * 6, [1, -1])
    compare(study, [("x", "y")] * 6, [1, -1])
    said = text(shown(console, study))
    assert "Not all models are connected." in said
    assert "Compared with each other: a, b" in said and "Compared with each other: x, y" in said
    assert "none" in said, "a cell of two that never met"


def test_25_models_have_a_row_each_and_a_cell_a_pair(
    console: Client, study: Study, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    pairs = [(MODELS[n], MODELS[(n + step) % 25]) for n in range(25) for step in (1, 2, 7)]
    compare(study, pairs, [2, 1, 0, -1])
    page = shown(console, study).content.decode()
    assert page.count('class="won-') - 5 == 2 * 75  # five are the key
    assert page.count("<circle") == 25
    (row,) = re.findall(rf'<th scope="row" title="{MODELS[3]}">(.*?)</th>', page)
    assert "…" in row and row.endswith("03-instruct</bdi>")
    with django_assert_max_num_queries(9):
        shown(console, study)
    rows = list(csv.DictReader(io.StringIO(file(console, study, "wins").content.decode())))
    assert len(rows) == 150
    assert {row["labels"] for row in rows} == {"4"}
    strengths = list(csv.DictReader(io.StringIO(file(console, study, "strengths").content.decode())))
    assert {row["model"] for row in strengths} == set(MODELS)
    assert all(float(row["strength_low"]) < float(row["strength_high"]) for row in strengths)
    pictures = [file(console, study, name, "svg").content.decode() for name in ("wins", "strengths")]
    assert [picture.count("<rect") for picture in pictures] == [1 + 150, 1 + 25]
    assert not any(re.search(r"var\(|color-mix|class=", picture) for picture in pictures)


def test_the_excluded_are_counted_where_they_are_asked_for(console: Client, study: Study) -> None:
    people = [make_participant(study, code) for code in ("ann", "bob")]
    compare(study, [("a", "b")] * 8, [1, -1], people=people)
    assert "excluded" not in text(shown(console, study))
    exclude(participant=people[1], reason="always the other")
    assert "8 comparisons with 8 labels" in text(shown(console, study))
    both = shown(console, study, excluded="with")
    assert "8 comparisons with 16 labels" in text(both)
    assert "figures/strengths.csv?excluded=with" in both.content.decode()
    assert ",true\n" in file(console, study, "strengths", excluded="with").content.decode()
