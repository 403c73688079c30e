"""The pages of categories: deciding about proposals, and a collection's shares."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generation.models import Category, Collection, ModelServer, Query, Run
from generation.taxonomy.categories import New, accept, propose
from generation.views.categories import CATEGORIES_A_PAGE
from tests.generation.taxonomy.classified import classified, make_collection, says
from tests.model_server import chat

pytestmark = pytest.mark.django_db

HEBREW = "כתוב שיר על הים"
SAID = {
    "Write a poem.": says(["Writing Genres"], ["Verse", "Wordplay"]),
    "Plan my week.": says(["Decision Support"], ["Scheduling"]),
    HEBREW: says(["Writing Genres"], ["Verse"]),
    "1+1?": says([]),
    "Insult me.": chat("", refusal="No."),
}


@pytest.fixture
def run() -> Run:
    return classified(make_collection(list(SAID)), SAID)


def decide(console: Client, act: str, *names: str, **more: Any) -> Any:
    picks = [row.pk for row in Category.objects.filter(name__in=names)]
    return console.post(reverse("categories"), {"act": act, "picks": picks, **more})


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_proposals_wait_with_their_counts_examples_and_definitions_the_commonest_first(
    console: Client, run: Run
) -> None:
    shown = text(console.get(reverse("categories")))
    assert shown.index("Verse</bdi>") < shown.index("Scheduling</bdi>") < shown.index("Wordplay</bdi>")
    assert "About Verse." in shown and "2 examples" in shown and HEBREW in shown
    assert shown.index("Waiting") < shown.index("Philosophical")
    assert "No name fits" in text(console.get(reverse("categories"), {"q": "zzz"}))


def test_a_proposal_is_accepted_merged_dropped_and_taken_back_by_plain_forms(
    console: Client, run: Run
) -> None:
    styles = Category.objects.get(name="Alternative Styles")
    assert decide(console, "accept", "Verse", parent=styles.pk).status_code == 302
    decide(console, "merge", "Wordplay", into=" writing genres")
    decide(console, "drop", "Scheduling")
    states = {row.name: row.state for row in Category.objects.exclude(state="standard")}
    assert states == {"Verse": "accepted", "Wordplay": "merged", "Scheduling": "dropped"}
    assert "Nothing waits" in text(console.get(reverse("categories")))
    assert "merged into <bdi>Writing Genres" in text(console.get(reverse("categories"), {"state": "merged"}))
    decide(console, "restore", "Verse", "Wordplay", "Scheduling")
    assert set(Category.objects.exclude(state="standard").values_list("state", flat=True)) == {"proposed"}


def test_many_are_decided_about_at_once_those_of_the_page_or_those_that_are_ticked(console: Client) -> None:
    propose([New(f"Kind {n:03}", "") for n in range(CATEGORIES_A_PAGE + 5)])
    page = console.get(reverse("categories")).content.decode()
    keys = [part.split('"')[0] for part in page.split('name="shown" value="')[1:]]
    assert len(keys) == CATEGORIES_A_PAGE
    console.post(reverse("categories"), {"act": "merge", "shown": keys, "every": "on", "into": "Kind 003"})
    assert Category.objects.filter(merged_into__name="Kind 003").count() == CATEGORIES_A_PAGE - 1
    assert Category.objects.filter(state="proposed").count() == 6
    part = console.get(reverse("categories"), headers={"HX-Request": "true", "HX-Target": "proposed"})
    assert "Kind 003" in text(part) and "<html" not in text(part)


@pytest.mark.parametrize(
    ("act", "names", "more", "says_why"),
    [
        ("drop", [], {}, "Tick the categories"),
        ("merge", ["Verse"], {"into": "No such"}, "Name the category to merge into"),
        ("merge", ["Verse"], {"into": ""}, "Name the category to merge into"),
        ("restore", ["Verse"], {}, "Verse is proposed: it stays as it is."),
        ("drop", ["Philosophical"], {}, "not one of the available choices"),
        ("burn", ["Verse"], {}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    console: Client, run: Run, act: str, names: list[str], more: dict[str, str], says_why: str
) -> None:
    before = list(Category.objects.order_by("pk").values())
    response = decide(console, act, *names, **more)
    assert response.status_code == 400 and says_why in text(response)
    assert text(response).count(" checked") == ("Verse" in names), "what was ticked stays ticked"
    assert list(Category.objects.order_by("pk").values()) == before


def test_the_words_of_a_proposal_can_be_changed_and_those_of_a_standard_category_cannot(
    console: Client, run: Run
) -> None:
    verse = Category.objects.get(name="Verse")
    address = reverse("category", args=[verse.pk])
    assert HEBREW in text(console.get(address)) and "It is" not in text(console.get(address))
    response = console.post(address, {"name": "Poetry", "definition": "<b>Lines</b>"}, follow=True)
    assert "&lt;b&gt;Lines" in text(response) and "Verse" in text(response) and HEBREW in text(response)
    assert "already" in text(
        console.post(
            reverse("category", args=[Category.objects.get(name="Poetry").pk]),
            {"name": "wordplay", "definition": ""},
        )
    )
    standard = reverse("category", args=[Category.objects.get(name="Philosophical").pk])
    assert "Change its words" not in text(console.get(standard))
    refused = console.post(standard, {"name": "Else", "definition": ""})
    assert refused.status_code == 400 and Category.objects.filter(name="Philosophical").exists()


def test_a_collections_page_has_the_shares_with_intervals_what_was_left_out_and_the_queries(
    console: Client, run: Run
) -> None:
    genres = Category.objects.get(name="Writing Genres")
    address = reverse("collection-categories", args=["asked"])
    shown = text(console.get(address))
    assert "50.0 %" in shown and "15.0 % to 85.0 %" in shown and "38.5 %" in shown
    assert "arXiv 2510.22954" in shown and "4 queries" in shown
    assert "<b>1</b><span>refused" in shown and "<b>1</b><span>of them without a category" in shown
    listed = text(console.get(address, {"run": run.pk, "category": genres.pk}))
    assert HEBREW in listed and "It is Writing Genres." in listed and "Plan my week." not in listed
    part = console.get(
        address,
        {"run": run.pk, "category": genres.pk},
        headers={"HX-Request": "true", "HX-Target": "queries"},
    )
    assert HEBREW in text(part) and "<html" not in text(part)


def test_what_was_accepted_after_a_run_is_said_not_to_have_been_offered_to_it(
    console: Client, run: Run
) -> None:
    accept(categories=[Category.objects.get(name="Verse")])
    assert (
        text(console.get(reverse("collection-categories", args=["asked"]))).count("not offered</span>") == 1
    )


def test_two_runs_can_be_compared(console: Client, run: Run) -> None:
    other = classified(run.collection or Collection(), SAID | {"1+1?": says(["Problem Solving"])}, "by n")
    shown = text(
        console.get(reverse("collection-categories", args=["asked"]), {"run": run.pk, "with": other.pk})
    )
    assert "75.0 %" in shown and "Do the two models agree?" in shown


def test_a_collection_that_nobody_classified_says_how(console: Client) -> None:
    make_collection(["a"], "fresh")
    shown = text(console.get(reverse("collection-categories", args=["fresh"])))
    assert "No model has classified these queries yet" in shown and "classify_queries fresh" in shown
    assert console.get(reverse("collection-categories", args=["none"])).status_code == 404


def test_the_pages_ask_as_much_of_the_database_however_much_there_is(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    said = {f"q{n}": says(["Philosophical", "Writing Genres"], [f"Kind {n}"]) for n in range(30)}
    run = classified(make_collection(list(said)), said)
    with django_assert_max_num_queries(14):
        console.get(reverse("categories"))
    with django_assert_max_num_queries(14):
        console.get(reverse("collection-categories", args=["asked"]), {"run": run.pk})
    assert Query.objects.count() == 30


def test_whoever_has_no_account_is_sent_to_the_sign_in(client: Client, run: Run) -> None:
    assert client.get(reverse("categories")).status_code == 302
    assert User.objects.count() == 0


def test_a_run_is_drafted_by_a_form_with_the_categories_that_stand(console: Client, run: Run) -> None:
    accept(categories=[Category.objects.get(name="Verse")])
    ModelServer.objects.update(shared=True)
    address = reverse("classify-new", args=["asked"])
    assert "See what is sent" in text(console.get(address))
    given = {
        "where": str(run.server_id),
        "model": "n",
        "currency": "USD",
        "workers": 1,
        "sample": 2,
        "seed": 8,
    }
    response = console.post(address, {**given, "only_open": "on", "structured": "on"})
    assert response.status_code == 400 and "no query to ask about" in text(response)
    response = console.post(address, {**given, "structured": "on"})
    made = Run.objects.get(name="asked: categories by n, 2 by seed 8")
    assert response.url == reverse("asking-run", args=[made.pk])
    assert len(made.recipe["categories"]) == 18 and made.state == "draft"
    assert "Verse" in text(console.get(response.url))


def test_from_the_run_to_its_shares_and_on_to_people_who_check_them(console: Client, run: Run) -> None:
    shares = reverse("collection-categories", args=["asked"])
    assert f'href="{shares}?run={run.pk}"' in text(console.get(reverse("asking-run", args=[run.pk])))
    study = reverse("study-make", args=["asked"])
    assert f'href="{study}?kind=query&amp;asks=category"' in text(console.get(shares))
    form = console.get(study, {"kind": "query", "asks": "category"}).context["form"]
    assert (form["kind"].value(), form["asks"].value()) == ("query", "category")
