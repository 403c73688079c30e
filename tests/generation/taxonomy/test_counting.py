"""What runs say of a collection, by the categories that stand now; and what people are asked about it."""

from collections import Counter

import pytest

from generation.models import Call, Category, Collection, Query
from generation.taxonomy.categories import CategoryError, accept, drop, merge
from generation.taxonomy.claims import sample_claims
from generation.taxonomy.counting import Counted, Standing, agreed, collected, counted
from tests.generation.taxonomy.classified import classified, make_collection, says
from tests.model_server import chat

pytestmark = pytest.mark.django_db

SAID = {
    "a": says(["Problem Solving", "Personal Advice"]),
    "b": says(["Problem Solving", "Philosophical"], ["Coding"]),
    "c": says([], ["Coding"]),
    "d": says([]),
    "e": says(["Writing Genres", "No Such"]),
    "f": chat("I'm sorry, I can't help with that."),
    "g": chat("Hm."),
}


def by_name(found: Counted) -> dict[str, int]:
    return {row.category.name: row.count for row in found.rows if row.count}


def test_shares_are_of_the_answered_queries_and_a_top_category_counts_a_query_once() -> None:
    run = classified(make_collection(list(SAID)), SAID)
    found = counted(run, Standing.now())
    assert by_name(found) == {
        "Open-Endedness": 1,
        "Philosophical": 1,
        "Alternative Styles": 1,
        "Writing Genres": 1,
        "Information-Seeking": 2,
        "Problem Solving": 2,
        "Personal Advice": 1,
    }
    assert (found.queries, found.none, found.waiting, found.outside) == (5, 2, 1, 1)
    assert found.outcomes == {"answered": 5, "refused": 1, "unparsable": 1}
    assert {row.share.n for row in found.rows} == {5}
    shown = found.as_dict()
    assert (shown["asked"], shown["queries"], shown["without_category"]) == (7, 5, 2)
    genres = next(one for one in shown["categories"] if one["name"] == "Writing Genres")
    assert (genres["parent"], genres["share"]["value"], genres["published"]) == (
        "Alternative Styles",
        0.2,
        0.385,
    )
    names = [row.category.name for row in found.rows]
    assert names[:4] == [
        "Creative Content Generation",
        "Brainstorm & Ideation",
        "Open-Endedness",
        "Philosophical",
    ]


def test_a_persons_acts_change_the_shares_without_asking_anybody_again() -> None:
    run = classified(make_collection(list(SAID)), SAID)
    coding = Category.objects.get(name="Coding")
    accept(categories=[coding], parent=Category.objects.get(name="Information-Seeking"))
    found = counted(run, Standing.now())
    assert (by_name(found)["Coding"], by_name(found)["Information-Seeking"]) == (2, 3)
    assert (found.none, found.waiting) == (1, 0)
    offered = {row.category.name: row.offered for row in found.rows}
    assert not offered["Coding"] and offered["Philosophical"] and offered["Open-Endedness"]
    merge(categories=[coding], into=Category.objects.get(name="Problem Solving"))
    found = counted(run, Standing.now())
    assert by_name(found)["Problem Solving"] == 3, "b names both, and is counted once"
    queries = Category.objects.get(name="Information-Seeking")
    standing = Standing.now()
    keys = standing.under([row.pk for row in standing.categories].index(queries.pk))
    assert Query.objects.filter(classifications__category__in=keys).distinct().count() == 3


def test_as_many_questions_are_asked_of_the_database_however_many_queries_there_are(
    django_assert_num_queries: object,
) -> None:
    run = classified(make_collection(list(SAID)), SAID)
    with django_assert_num_queries(4):  # type: ignore[operator]
        counted(run, Standing.now())


def test_two_runs_agree_on_what_both_answered_about() -> None:
    collection = make_collection(list(SAID))
    first = classified(collection, SAID)
    other = SAID | {"a": says(["Problem Solving"]), "f": says(["Philosophical"]), "e": chat("Hm.")}
    second = classified(collection, other, "by n")
    assert set(collected(collection)) == {first, second}
    standing = Standing.now()
    found = agreed(first, second, standing)
    assert (found.n, found.exact.value, found.jaccard.value) == (4, 0.75, 0.875)
    place = [row.name for row in standing.categories].index("Personal Advice")
    assert (found.both[place], found.first[place], found.second[place]) == (0, 1, 0)


def test_a_run_that_answered_nothing_has_no_shares() -> None:
    run = classified(make_collection(["g"]), SAID)
    found = counted(run, Standing.now())
    assert found.queries == 0 and found.rows[0].share.value is None and found.rows[0].share.reason
    assert not collected(run.collection or Collection()).exists()


def test_claims_are_drawn_from_the_newest_run_by_their_seed_whatever_the_keys() -> None:
    said = {f"q{n}": says(["Problem Solving"] + ["Philosophical"] * (n % 4 == 0)) for n in range(24)}
    collection = make_collection(list(said))
    with pytest.raises(CategoryError, match="classify them first"):
        sample_claims(collection, number=3, seed=0)
    run = classified(collection, said)
    drawn = sample_claims(collection, number=10, seed=5)
    assert drawn == sample_claims(collection, number=10, seed=5, run=run)
    assert drawn != sample_claims(collection, number=10, seed=6)
    assert len(set(drawn)) == 10 and all(claim.text.startswith(f"{claim.category}: ") for claim in drawn)
    texts = [(Query.objects.get(pk=claim.query).text, claim.category) for claim in drawn]
    assert len(sample_claims(collection, number=99, seed=5)) == 30
    balanced = Counter(
        claim.category for claim in sample_claims(collection, number=10, seed=5, by_category=True)
    )
    assert balanced == {"Problem Solving": 5, "Philosophical": 5}
    run.delete()
    Query.objects.all().delete()
    collection.queries.set(make_collection(list(reversed(said)), "again").queries.all())
    classified(collection, said)
    again = sample_claims(collection, number=10, seed=5)
    assert [(Query.objects.get(pk=claim.query).text, claim.category) for claim in again] == texts


def test_what_was_dropped_or_waits_is_no_claim() -> None:
    collection = make_collection(["c"])
    classified(collection, SAID)
    with pytest.raises(CategoryError, match="no query a category that counts"):
        sample_claims(collection, number=3, seed=0)
    coding = Category.objects.get(name="Coding")
    accept(categories=[coding])
    assert [claim.category for claim in sample_claims(collection, number=3, seed=0)] == ["Coding"]
    drop(categories=[coding])
    with pytest.raises(CategoryError, match="no query"):
        sample_claims(collection, number=3, seed=0)
    assert Call.objects.count() == 1
