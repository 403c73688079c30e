"""Promises of the numbers of preferences: whose labels, which models, and why something is undefined."""

import json
from io import StringIO
from math import log
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotation import preferences
from annotation.comparisons import preference_frame
from annotation.models import Item, Label, Study
from annotation.preferences import preferences_of, study_preferences
from annotation.quality.exclusion import exclude
from annotation.rehearsal import rehearse
from generation.models import LanguageModel
from tests.factory import make_items, make_labels, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db


def compare(study: Study, pairs: list[tuple[str, str]], values: list[int | None], **more: Any) -> list[Item]:
    """An item of its own query for each pair of models, each with these labels."""
    start, items = study.items.count(), []
    for n, names in enumerate(pairs, start=start):
        first, second = (make_response(f"{study.slug} {n}", f"{n} {side}", names[side]) for side in (0, 1))
        items.append(
            Item(
                study=study, external_id=f"i{n}", position=n, query=first.query,
                response_1=first, response_2=second,
            )
        )  # fmt: skip
    Item.objects.bulk_create(items)
    for item in items:
        make_labels(item, values, **more)
    return items


@pytest.fixture
def study() -> Study:
    return make_study("pairs", kind="comparison", imported=True)


def of(found: dict[str, Any], model: str) -> dict[str, Any]:
    (row,) = [row for row in found["models"] if row["model"] == model]
    return dict(row)


def test_two_models_are_as_far_apart_as_the_odds_of_their_wins(study: Study) -> None:
    # b stands first in half of the items: 2 wins to 1, and a tie, each.
    compare(study, [("a", "b")] * 20, [2, 1, -1, 0])
    compare(study, [("b", "a")] * 20, [-2, -1, 1, 0])
    found = study_preferences(study)
    assert (found["comparisons"], found["labels"], found["left_out"]) == (40, 160, 0)
    assert of(found, "a")["strength"]["value"] == pytest.approx(log(2.5 / 1.5) / 2, abs=0.001)
    assert of(found, "a")["win_share"]["value"] == pytest.approx(2.5 / 4, abs=0.001)
    assert [row["model"] for row in found["models"]] == ["a", "b"]
    (pair,) = found["pairs"]
    assert (pair["model"], pair["wins"], pair["ties"], pair["labels"]) == ("a", 100.0, 40, 160.0)
    assert found["tie_share"]["value"] == 0.25
    assert found["groups"] == [["a", "b"]] and "reason" not in found
    assert found["intervals"]["clusters"] == 40


def test_the_excluded_are_left_out_unless_they_are_asked_for(study: Study) -> None:
    people = [make_participant(study, code) for code in ("ann", "bob", "cat")]
    compare(study, [("a", "b")] * 8, [1, 1, -1], people=people)
    exclude(participant=people[2], reason="always the other")
    alone, together = study_preferences(study), study_preferences(study, with_excluded=True)
    assert (alone["labels"], together["labels"]) == (16, 24)
    assert of(alone, "a")["win_share"]["value"] > 0.95
    assert of(together, "a")["win_share"]["value"] == pytest.approx(2 / 3, abs=0.01)
    assert preferences_of(study).labels == 16
    LanguageModel.objects.filter(name="a").update(name="renamed")
    assert preferences_of(study).strengths.models == ("b", "renamed")
    assert preferences_of(study, with_excluded=True).with_excluded


def test_many_models_have_fewer_resamples_then_none_and_at_last_no_strengths(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(study, [("a", "b"), ("b", "c"), ("c", "a")] * 3, [2, 1, -1, 0])
    monkeypatch.setattr(preferences, "RESAMPLED_CUBES", 27 * 150)
    assert study_preferences(study)["intervals"]["replicates"] == 150
    assert study_preferences(study, replicates=120)["intervals"]["replicates"] == 120
    monkeypatch.setattr(preferences, "RESAMPLED_CUBES", 27 * 99)
    found = study_preferences(study)
    assert "no interval: resampling 3 models takes too long" in found["reason"]
    assert of(found, "a")["strength"]["value"] is not None and of(found, "a")["strength"]["low"] is None
    monkeypatch.setattr(preferences, "MOST_MODELS", 2)
    found = study_preferences(study)
    assert found["reason"] == "3 models are compared, and strengths are found of 2 at most"
    assert found["models"] == [] and found["left_out"] == 9


def test_the_side_is_known_of_labels_given_here_alone(study: Study) -> None:
    people = [make_participant(study, code) for code in "pqrs"]
    items = compare(study, [("a", "b")] * 10, [1, 1, -1, 0], people=people)
    assert study_preferences(study)["left_wins"]["reason"] == preferences.NO_SIDES
    # Who says 1 or −1 always pressed the left side; the fourth called a tie, and took none.
    Label.objects.filter(item__in=items, value__gte=0).update(swapped=False)
    Label.objects.filter(item__in=items, value=-1).update(swapped=True)
    Label.objects.filter(item=items[0], value=1).update(swapped=True)
    left = study_preferences(study)["left_wins"]
    assert (left["n"], left["value"]) == (30, pytest.approx(28 / 30))
    assert left["clusters"] == 3 and left["low"] < left["value"] <= left["high"]


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([], preferences.NO_MODELS),
        ([("", "")], preferences.NO_MODELS),
        ([("a", "")], preferences.ONE_MODEL),
        ([("a", "a"), ("a", "a")], preferences.ONE_MODEL),
        ([("a", "a"), ("b", "b")], preferences.ITSELF),
        ([("a", ""), ("", "b")], preferences.HALF_KNOWN),
    ],
)
def test_without_two_models_that_meet_everything_is_undefined_with_its_reason(
    study: Study, pairs: list[tuple[str, str]], reason: str
) -> None:
    for item in compare(study, pairs, [1, 2]):
        for side in (item.response_1, item.response_2):
            if side and side.model and not side.model.name:
                type(side).objects.filter(pk=side.pk).update(model=None)
    found = study_preferences(study)
    assert found["reason"] == reason
    assert found["tie_parameter"]["reason"] == found["tie_share"]["reason"] == reason
    assert all(row["strength"]["value"] is None for row in found["models"])
    json.dumps(found, allow_nan=False)


def test_ratings_and_comparisons_without_labels_say_so(study: Study) -> None:
    compare(study, [("a", "b")], [])
    assert study_preferences(study)["reason"] == preferences.NO_LABELS
    ratings = make_study("ratings")
    make_items(ratings, 2)
    found = study_preferences(ratings)
    assert found["reason"] == found["left_wins"]["reason"] == preferences.NO_COMPARISONS


def test_models_that_no_comparison_links_have_strengths_in_their_group_and_no_rank(study: Study) -> None:
    compare(study, [("a", "b"), ("b", "c"), ("c", "a")] * 4, [1, 1, -1, 0])
    compare(study, [("x", "y")] * 4, [2, -1])
    compare(study, [("lonely", "lonely")], [1])
    found = study_preferences(study, replicates=200)
    assert [sorted(group) for group in found["groups"]] == [["a", "b", "c"], ["x", "y"]]
    assert found["never_compared"] == ["lonely"]
    assert "a, b, c | x, y" in found["reason"]
    assert [row["model"] for row in found["models"]][3:] == [*found["groups"][1], "lonely"]
    assert all(row["rank"]["value"] is None for row in found["models"])
    assert of(found, "x")["strength"]["value"] is not None
    assert not [pair for pair in found["pairs"] if {pair["model"], pair["against"]} >= {"a", "x"}]


def test_few_clusters_are_a_caution_and_one_has_no_interval(study: Study) -> None:
    compare(study, [("a", "b"), ("b", "a")] * 6, [1, -1, 0])
    assert "few clusters" in study_preferences(study)["intervals"]["caution"]
    Item.objects.filter(study=study).update(query=study.items.all()[0].query)
    found = study_preferences(study)
    assert found["intervals"]["clusters"] == 1
    assert of(found, "a")["strength"]["low"] is None and "fewer than two clusters" in found["reason"]


def test_the_number_of_queries_does_not_grow_and_a_second_look_reads_no_label(
    study: Study, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for more in (3, 40):
        compare(study, [("a", "b"), ("b", "c")] * more, [1, 0, -2])
        with django_assert_num_queries(5):
            preference_frame(study)
    preferences_of(study)
    with django_assert_num_queries(5):
        preferences_of(study)


def test_a_rehearsed_study_marks_its_numbers_and_knows_its_sides() -> None:
    study = make_study("drill", kind="comparison", labels_per_item=4, session_size=6)
    make_items(study, 12)
    rehearse(study=study, participants=8, seed=1)
    study.refresh_from_db()
    found = study_preferences(study)
    assert found["simulated"] and found["labels"] > 30
    assert 0 <= found["left_wins"]["value"] <= 1 and found["left_wins"]["clusters"] > 3


def test_the_api_and_the_command_give_the_same_numbers(console: Client, study: Study) -> None:
    compare(study, [("a", "b"), ("b", "a")] * 5, [1, 1, 0, -1])
    url = f"/api/v1/studies/{study.slug}/preferences/"
    asked = console.get(url, {"replicates": 50, "seed": 3}).json()
    out = StringIO()
    call_command("agreement", study.slug, "--json", "--replicates", "50", "--seed", "3", stdout=out)
    assert asked == json.loads(out.getvalue())["preferences"]
    assert asked["intervals"]["replicates"] == 50
    assert console.get(url, {"replicates": -1}).status_code == 400
