import csv
import io
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Study
from annotation.quality.exclusion import exclude
from tests.annotation.test_groups import surveyed
from tests.factory import make_items, make_labels, make_question, make_study

pytestmark = pytest.mark.django_db

FIGURES = ("entropy-by-labels", "means-by-labels", "stability-by-labels")


def shown(client: Client, name: str, study: Study, **asked: str) -> str:
    response = client.get(reverse(name, args=[study.slug]), asked)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_page_shows_each_groups_people_mean_and_agreement_and_what_groups_explain(
    console: Client,
) -> None:
    study, _, _ = surveyed(groups={"young": 12, "old & wise": 11, "older": 3, None: 2, "": 1}, shift=2)
    page = shown(console, "groups", study)
    assert "29 people gave labels. 23 are in 2 groups." in page
    assert "1 without a reply, 2 who preferred not to say, 3 with a reply that makes no group" in page
    assert '<th scope="row" dir="auto">old &amp; wise</th> <td class="n" data-label="People">11</td>' in page
    assert "would, if people were dealt into groups by chance" in page
    assert "Do groups answer differently?" in page and "older" not in page
    assert "2 groups of 1 question can be looked at here" in page
    assert '<meta charset="utf-8">' in page and "<script>" not in page and " style=" not in page


def test_another_question_is_chosen_by_its_name_and_an_unknown_one_is_the_first(console: Client) -> None:
    study, _, _ = surveyed(groups={"young": 10, "old": 10})
    make_question(study, "town")
    assert "nobody who labelled has replied" in shown(console, "groups", study, question="town")
    for name in ("age", "", "none such"):
        assert '<option value="age" selected>' in shown(console, "groups", study, question=name)


def test_each_state_without_groups_says_why_and_what_to_do(console: Client) -> None:
    assert "Add one to the steps" in shown(console, "groups", make_study("plain"))
    assert "came from a file" in shown(console, "groups", make_study("file", imported=True))
    silent, _, _ = surveyed(groups={"": 3}, slug="silent", simulated=True)
    page = shown(console, "groups", silent)
    assert "Simulated people answer no survey" in page and "simulated labels, not people" in page


def test_excluded_people_are_left_out_with_the_usual_switch(console: Client) -> None:
    study, _, people = surveyed(groups={"young": 11, "old": 11})
    exclude(participant=people[0], reason="careless")
    assert "21 are in 2 groups" in shown(console, "groups", study)
    both = shown(console, "groups", study, excluded="with", question="age")
    assert "22 are in 2 groups" in both
    assert "question=age&amp;excluded=with" in both  # the figure's files are of the same people


def test_the_curve_comes_as_a_part_of_the_page_about_disagreement_and_as_a_page(console: Client) -> None:
    study, _, _ = surveyed(groups={"young": 6})
    around = shown(console, "disagreement", study)
    address = reverse("labels-curve", args=[study.slug])
    assert f'hx-get="{address}" hx-trigger="load"' in around and f'<a href="{address}">' in around
    whole = shown(console, "labels-curve", study)
    part = console.get(address, headers={"HX-Request": "true", "HX-Target": "enough"}).content.decode()
    assert "<html" in whole and "<html" not in part
    for name in FIGURES:
        assert f'id="figure-{name}"' in whole and f'id="figure-{name}"' in part
    bare = make_study("bare")
    make_labels(make_items(bare, 1)[0], [3, 4])
    assert "no item has 3 labels" in shown(console, "labels-curve", bare)


@pytest.mark.parametrize("name", [*FIGURES, "group-differences"])
def test_every_figure_is_a_picture_and_a_table_of_its_own(console: Client, name: str) -> None:
    study, _, _ = surveyed(groups={"young": 10, "old": 10})

    def file(format: str) -> str:
        return console.get(reverse("figure", args=[study.slug, name, format])).content.decode()

    root: Any = ElementTree.fromstring(file("svg"))
    assert len(list(root.iter("{http://www.w3.org/2000/svg}text"))) > 5
    rows = list(csv.DictReader(io.StringIO(file("csv"))))
    assert len(rows) == (2 if name == "group-differences" else 18)
    assert console.get(reverse("figure", args=[make_study("none").slug, name, "svg"])).status_code == 404


def test_the_api_gives_what_the_pages_show(console: Client) -> None:
    study, _, _ = surveyed(groups={"young": 10, "old": 10})
    address = reverse("study-statistics-groups", args=[study.slug])
    groups = console.get(address, {"question": "age"}).json()
    assert [group["name"] for group in groups["groups"]] == ["young", "old"]
    assert console.get(address).json() == groups
    wrong = console.get(address, {"question": "town"})
    assert (wrong.status_code, wrong.json()["detail"]) == (
        400, "No question with options is named town; there are: age.",
    )  # fmt: skip
    without = console.get(reverse("study-statistics-groups", args=[make_study("plain").slug]))
    assert without.status_code == 400 and "no question with options" in without.json()["detail"]
    curve = console.get(reverse("study-statistics-labels-curve", args=[study.slug])).json()
    assert [row["labels"] for row in curve["sizes"]][:2] == [3, 4]
