"""Promises of an item's page."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Label, Study
from annotation.quality.exclusion import exclude
from annotation.views import item as item_view
from tests.annotation.pages import labelled_study, text
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled() -> Study:
    return labelled_study()


def test_an_items_page_shows_its_texts_counts_statistics_and_comments(
    console: Client, labelled: Study
) -> None:
    item = labelled.items.get(external_id="i3")
    Label.objects.filter(item=item, value=2).update(comment="Too <b>short</b>")
    page = console.get(reverse("item", args=[labelled.slug, item.pk]))
    assert "answer 3" in text(page)
    assert "2 poor 1 33 %" in text(page)
    assert "3 labels; 1 could not judge" in text(page)
    assert "Too &lt;b&gt;short&lt;/b&gt;" in page.content.decode()
    assert "cannot judge" in text(page)


def test_an_item_without_labels_is_undefined_in_words(console: Client) -> None:
    study = make_study()
    item = make_items(study, 1)[0]
    assert "Undefined: no labels yet" in text(console.get(reverse("item", args=[study.slug, item.pk])))


def test_surplus_labels_and_excluded_people_are_shown_as_not_counted(console: Client) -> None:
    study = make_study(imported=True)
    item = make_items(study, 1)[0]
    people = [make_participant(study, code) for code in ("one", "two")]
    exclude(participant=people[0], reason="careless")
    make_labels(item, [1, 5], people=people)
    Label.objects.filter(participant=people[1]).update(status=Label.Status.SURPLUS)
    page = text(console.get(reverse("item", args=[study.slug, item.pk])))
    assert "person excluded" in page
    assert "surplus, not counted" in page
    assert "0 labels; 0 could not judge" in page


def test_an_item_is_found_only_in_its_own_study(console: Client, labelled: Study) -> None:
    other = make_study("other")
    item = labelled.items.first()
    assert item
    assert console.get(reverse("item", args=[other.slug, item.pk])).status_code == 404
    assert console.get(f"/studies/{labelled.slug}/items/99999999999999999999999/").status_code == 404


def test_labels_stand_by_value_with_the_people_who_gave_them(console: Client) -> None:
    study = make_study(imported=True)
    item = make_items(study, 1)[0]
    people = [make_participant(study, code) for code in ("one", "two", "three", "four")]
    make_labels(item, [5, 1, 5, None], people=people)
    page = console.get(reverse("item", args=[study.slug, item.pk]))
    assert "1 1 two 5 2 one three cannot judge 1 four" in text(page)
    assert reverse("person", args=[study.slug, "three"]) in page.content.decode()


def test_the_querys_other_items_stand_beside_sorted_by_mean_or_entropy(
    console: Client, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(imported=True)
    items = make_items(study, 30, queries=2)
    for n, item in enumerate(items):
        make_labels(item, [1 + n % 5, 1 + n % 5, 1 + n % 3])
    url = reverse("item", args=[study.slug, items[2].pk])
    orders = {}
    for sort in ("mean", "-entropy"):
        console.get(url)
        # Whoever asks, the study, the item, what is kept, the excluded, labels, neighbours, and the rows.
        with django_assert_max_num_queries(16):
            page = console.get(url, {"sort": sort})
        rows = [*page.context["beside"], *page.context["further"]]
        assert {row.item.query_id for row in rows} == {items[2].query_id}
        assert len(rows) == 15
        orders[sort] = rows
    means = [row.numbers["mean"] for row in orders["mean"]]
    assert means == sorted(means)
    bits = [row.numbers["entropy_bits"] for row in orders["-entropy"]]
    assert bits == sorted(bits, reverse=True)
    assert "This item" in text(page)
    assert "3 items more" in text(page)
    monkeypatch.setattr(item_view, "MOST_BESIDE", 13)
    page = console.get(url)
    assert [len(page.context[name]) for name in ("beside", "further")] == [12, 1]
    assert "2 items more of this query are in the list of items" in text(page)


def test_an_item_says_where_it_stands_among_all(console: Client, labelled: Study) -> None:
    item = labelled.items.get(external_id="i1")
    page = text(console.get(reverse("item", args=[labelled.slug, item.pk])))
    assert "Entropy: above 67 % of the other 3 items." in page
    assert "Mean: above 67 % of the other 3 items." in page
