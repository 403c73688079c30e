"""Promises of the page about disagreement."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.agreement import INTERVALS, study_agreement
from annotation.measures import measured
from annotation.models import Item, Study
from annotation.quality.exclusion import exclude
from generation.templatetags.numbers import end, fixed
from tests.annotation.pages import labelled_study, text
from tests.factory import make_items, make_labels, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled() -> Study:
    return labelled_study()


def address(study: Study, name: str = "disagreement") -> str:
    return reverse(name, args=[study.slug])


def shown(page: Any) -> list[str]:
    return [row.item.external_id for row in page.context["page"]]


def test_every_measure_stands_with_its_interval_n_and_meaning(console: Client, labelled: Study) -> None:
    larger = make_study("larger", imported=True)
    for n, item in enumerate(make_items(larger, 8)):
        make_labels(item, [1 + n % 5, 3, 5])
    for study in (labelled, larger):
        for interval in INTERVALS:
            page = text(console.get(address(study), {"interval": interval}))
            numbers = study_agreement(study, interval=interval)
            for measure, found in measured(numbers):
                whole = found["value"] is not None
                few = found["low"] is None
                ends = found["reason"] if few else f"{end(found['low'], 3)} to {end(found['high'], 3)}"
                value = f"{fixed(found['value'], 3)} {ends}" if whole else f"undefined: {found['reason']}"
                assert f"{measure.name} {measure.says} {value} {found['n']}" in page
            unit = numbers["intervals"]
            assert (unit.get("reason") or unit["caution"]) in page
    assert "The intervals leave out each of 4 queries in turn and hold the people fixed" in page


def test_the_table_of_agreement_comes_as_a_file_with_the_chosen_intervals(
    console: Client, labelled: Study
) -> None:
    answer = console.get(address(labelled, "agreement-file"), {"interval": "item"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    wanted = measured(study_agreement(labelled, interval="item"))
    assert [row["measure"] for row in rows] == [measure.key for measure, _ in wanted]
    values = [found["value"] for _, found in wanted]
    assert [float(row["value"]) if row["value"] else None for row in rows] == values
    assert {(row["study"], row["interval"], row["simulated"]) for row in rows} == {
        ("answers", "item", "false")
    }


def test_without_labels_the_page_says_what_comes_next(console: Client) -> None:
    study = make_study(state="open")
    make_items(study, 2)
    assert "Disagreement shows with the first item that two people have labelled" in text(
        console.get(address(study))
    )


def test_one_label_an_item_is_undefined_in_words(console: Client) -> None:
    study = make_study(imported=True)
    make_labels(make_items(study, 2)[0], [4])
    page = text(console.get(address(study)))
    assert "Undefined : no item has two labels." in page
    assert page.count("no item has two labels") == 1
    assert "undefined: no labels yet" in page
    assert "How much do people disagree?" not in page
    assert "nan" not in page.lower()


def test_items_are_sorted_by_every_column_both_ways_with_undefined_ones_last(
    console: Client, labelled: Study
) -> None:
    item = make_items(make_study("other"), 1)[0]
    item.study, item.position, item.external_id = labelled, 9, "bare"
    item.save()
    url = address(labelled)
    orders = {
        "": ["i3", "i1", "i2", "i0", "bare"],
        "mean": ["i3", "i2", "i1", "i0", "bare"],
        "-mean": ["i0", "i1", "i2", "i3", "bare"],
        "modal": ["i3", "i1", "i2", "i0", "bare"],
        "n": ["bare", "i3", "i0", "i1", "i2"],
        "position": ["i0", "i1", "i2", "i3", "bare"],
        "nonsense'; --": ["i3", "i1", "i2", "i0", "bare"],
    }
    for sort, order in orders.items():
        assert shown(console.get(url, {"sort": sort})) == order
    headings = re.findall(
        r'<th scope="col".*?</th>', console.get(url).content.decode().split('id="items"')[1]
    )
    assert [("sort=" in heading) for heading in headings] == [True, False, *[True] * 6]


def test_items_are_filtered_and_paged(console: Client) -> None:
    study = make_study(imported=True)
    for n, item in enumerate(make_items(study, 30)):
        make_labels(item, [1, 1, 5, 5] if n == 7 else [5, 5, 5, 5][: 3 if n == 9 else 4])
    Item.objects.filter(external_id="i8").update(response=make_response(model="model-x"))
    url = address(study)
    assert shown(console.get(url, {"q": "answer 7"})) == ["i7"]
    assert shown(console.get(url, {"kind": "polarising"})) == ["i7"]
    assert shown(console.get(url, {"model": "model-x"})) == ["i8"]
    assert shown(console.get(url, {"least_entropy": "0.5"})) == ["i7"]
    assert shown(console.get(url, {"fewer_labels": "4"})) == ["i9"]
    assert shown(console.get(url, {"model": "model-x", "fewer_labels": "4"})) == []
    assert len(shown(console.get(url, {"least_entropy": "much", "kind": "odd", "model": "?"}))) == 25
    assert len(shown(console.get(url, {"fewer_labels": "9" * 400}))) == 25
    assert len(shown(console.get(url, {"page": "2"}))) == 5
    assert len(shown(console.get(url, {"page": "999999999999999999999"}))) == 5
    assert "No item fits" in text(console.get(url, {"q": "\x00none"}))


def test_the_file_of_items_holds_those_that_the_filter_lets_through(console: Client, labelled: Study) -> None:
    def rows(**asked: str) -> list[dict[str, str]]:
        answer: Any = console.get(address(labelled, "items-file"), asked)
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    details = study_agreement(labelled)["items_detail"]
    assert [row["item_id"] for row in rows()] == [item["item_id"] for item in details]
    assert [float(row["entropy_bits"]) for row in rows()] == [item["entropy_bits"] for item in details]
    assert [row["item_id"] for row in rows(kind="polarising")] == ["i1"]
    assert [row["labels_5"] for row in rows(q="answer 1", sort="-mean")] == ["2"]
    assert labelled.acts.latest("pk").what == "exported the labels"


def test_htmx_gets_the_part_and_a_history_restore_the_whole_page(console: Client, labelled: Study) -> None:
    url = address(labelled)
    headers = {"HX-Request": "true", "HX-Target": "items"}
    part = console.get(url, {"sort": "mean"}, headers=headers)
    assert b"<html" not in part.content
    assert b'id="items"' in part.content
    assert "HX-Request" in part.headers["Vary"]
    whole = console.get(url, {"sort": "mean"}, headers=headers | {"HX-History-Restore-Request": "true"})
    assert b"<html" in whole.content
    assert b"<html" in console.get(url, headers={"HX-Request": "true", "HX-Target": "elsewhere"}).content


def test_queries_do_not_grow_with_items_and_labels(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    study = make_study(imported=True)
    for item in make_items(study, 60):
        make_labels(item, [1, 2, 3])
    console.get(address(study))
    # Session, person, study, two for what is kept, excluded people, two for the rows.
    with django_assert_max_num_queries(12):
        console.get(address(study))


def test_what_is_kept_of_a_large_study_stays_small() -> None:
    import pickle

    from annotation.summary import summary_of

    study = make_study(imported=True)
    for item in make_items(study, 100):
        make_labels(item, [1, 2, 3])
    assert len(pickle.dumps(summary_of(study))) < 100 * 150 + 5000


def test_pages_switch_between_numbers_with_and_without_the_excluded(console: Client) -> None:
    study = make_study(imported=True)
    people = [make_participant(study, code) for code in ("one", "two", "three")]
    items = make_items(study, 2)
    for item in items:
        make_labels(item, [1, 2, 5], people=people)
    urls = [
        reverse("study", args=[study.slug]),
        address(study),
        reverse("item", args=[study.slug, items[0].pk]),
    ]
    assert not any("excluded" in text(console.get(url)) for url in urls)
    exclude(participant=people[2], reason="careless")
    *both, last = (text(console.get(url)) for url in urls)
    for page in both:
        assert "1 person is excluded, and left out of these numbers. With them: 6 labels" in page
    assert "1 person of those who labelled it is excluded, and left out of these numbers." in last
    assert "With them: 3 labels, mean 2.67" in last
    *both, last = (text(console.get(url, {"excluded": "with"})) for url in urls)
    for page in both:
        assert "counted here all the same. Without them: 4 labels" in page
    assert "Without them: 2 labels, mean 1.50" in last
    shown = console.get(urls[1], {"excluded": "with", "interval": "item"})
    assert shown.context["summary"].agreement["labels"] == 6
    assert shown.context["agreement"]["with_excluded"]
    assert f"{urls[2]}?excluded=with" in shown.content.decode()
    assert "entropy.svg?excluded=with" in shown.content.decode()
