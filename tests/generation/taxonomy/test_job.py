"""Runs that classify: who is asked about, and what becomes of the replies."""

import pytest

from generation.models import Category, Classification, Collection, Query, Run
from generation.runs.asking import start_run
from generation.runs.errors import RunError
from generation.runs.preview import preview
from generation.runs.pricing import price_of
from generation.runs.work import work
from generation.taxonomy.categories import accept, drop, merge, rename, roots
from tests.generation.taxonomy.classified import (
    answering,
    classified,
    make_collection,
    make_run,
    outcomes,
    says,
)
from tests.model_server import chat, serving

pytestmark = pytest.mark.django_db

POEM, PLAN, SUM, RUDE, VAGUE = "Write a poem.", "Plan my week.", "1+1?", "Insult me.", "Hm."
SAID = {
    POEM: says(["Writing Genres", "Creative Content Generation"], ["Wordplay"]),
    PLAN: says(["Decision Support"], ["Scheduling", "wordplay"]),
    SUM: says([], ["Arithmetic"]),
    RUDE: chat("I'm sorry, I can't help with that."),
    VAGUE: chat("It is vague."),
}


def stored(run: Run) -> set[tuple[str, str]]:
    return set(Classification.objects.filter(run=run).values_list("query__text", "category__name"))


def counted_as(run: Run) -> set[tuple[str, str]]:
    """The same, by what the categories are merged into."""
    rows = {row.pk: row for row in Category.objects.all()}
    ends = roots(rows.values())
    found = Classification.objects.filter(run=run).values_list("query__text", "category")
    return {(text, rows[ends[category]].name) for text, category in found}


def test_answers_become_classifications_with_their_reasons_and_proposals_wait() -> None:
    run = classified(make_collection(list(SAID)), SAID)
    assert (run.state, run.error) == (Run.State.FINISHED, "")
    assert outcomes(run) == {
        POEM: "answered",
        PLAN: "answered",
        SUM: "answered",
        RUDE: "refused",
        VAGUE: "unparsable",
    }
    assert stored(run) == {
        (POEM, "Writing Genres"),
        (POEM, "Creative Content Generation"),
        (POEM, "Wordplay"),
        (PLAN, "Decision Support"),
        (PLAN, "Scheduling"),
        (PLAN, "Wordplay"),
        (SUM, "Arithmetic"),
    }
    waiting = Category.objects.filter(state="proposed").values_list("name", "definition")
    assert dict(waiting) == {
        "Wordplay": "About Wordplay.",
        "Scheduling": "About Scheduling.",
        "Arithmetic": "About Arithmetic.",
    }
    why = Classification.objects.get(run=run, query__text=POEM, category__name="Writing Genres")
    assert why.justification == "It is Writing Genres."


def test_collecting_again_stores_the_same_and_overrules_no_person() -> None:
    run = classified(make_collection(list(SAID)), SAID)
    before = stored(run)
    run.job.collect(run, after=-1)
    assert stored(run) == before and Classification.objects.filter(run=run).count() == len(before)
    wordplay, scheduling, sums = (
        Category.objects.get(name=name) for name in ("Wordplay", "Scheduling", "Arithmetic")
    )
    accept(categories=[wordplay])
    merge(categories=[scheduling], into=Category.objects.get(name="Decision Support"))
    drop(categories=[sums])
    rename(category=wordplay, name="Playing with words", definition="")
    decided = list(Category.objects.order_by("pk").values())
    counted = counted_as(run)
    assert {(POEM, "Playing with words"), (PLAN, "Playing with words"), (PLAN, "Decision Support")} <= counted
    run.job.collect(run, after=-1)
    assert list(Category.objects.order_by("pk").values()) == decided
    assert counted_as(run) == counted


def test_a_second_run_finds_what_a_person_decided_of_the_first_ones_proposals() -> None:
    collection = make_collection([POEM])
    classified(collection, {POEM: says([], ["Verse"])})
    merge(categories=[Category.objects.get(name="Verse")], into=Category.objects.get(name="Writing Genres"))
    second = classified(collection, {POEM: says(["Writing Genres"], ["VERSE"])}, "by another")
    assert Category.objects.filter(name__iexact="verse").count() == 1
    assert counted_as(second) == {(POEM, "Writing Genres")}


def test_a_sample_is_drawn_by_its_seed_from_the_texts_whatever_their_keys() -> None:
    texts = [f"Query {n}" for n in range(40)]
    one, other = make_collection(texts), Collection.objects.create(name="other")
    first = make_run(one, "http://127.0.0.1:9/v1", sample=7, seed=1)
    drawn = [subject.query for _, _, subject in first.job.every(first, first.job.recipe(first))]
    assert len(set(drawn)) == 7 and price_of(first).calls == 7
    again = make_run(one, "http://127.0.0.1:9/v1", "again", sample=7, seed=2)
    assert {subject.query for _, _, subject in again.job.every(again, again.job.recipe(again))} != set(drawn)
    Query.objects.all().delete()
    for text in reversed(texts):
        other.queries.add(Query.objects.create(text=text, digest=Query.digest_of(text)))
    elsewhere = make_run(other, "http://127.0.0.1:9/v1", "elsewhere", sample=7, seed=1)
    with serving(lambda _: says(["Philosophical"])) as server:
        elsewhere.server.__class__.objects.update(base_url=server.url)
        elsewhere = work(run=start_run(run=elsewhere, trial=3))
        assert elsewhere.calls.count() == 3 and not elsewhere.classifications.exists()
        elsewhere = work(run=start_run(run=elsewhere))
    assert outcomes(elsewhere).keys() == set(drawn)


def test_only_open_queries_are_asked_about_where_that_is_asked_for() -> None:
    collection = make_collection([POEM], openness="open")
    for text, openness in ((SUM, "closed"), (VAGUE, "")):
        collection.queries.add(
            Query.objects.create(text=text, digest=Query.digest_of(text), openness=openness)
        )
    run = make_run(collection, "http://127.0.0.1:9/v1", only_open=True)
    assert (preview(run).targets, preview(run).subject.query) == (1, POEM)
    Query.objects.filter(openness="open").update(openness="closed")
    with pytest.raises(RunError, match="no query to ask about in asked"):
        start_run(run=run)


def test_what_was_added_to_the_collection_is_asked_about_when_the_run_goes_on() -> None:
    collection = make_collection([POEM])
    with serving(answering(SAID)) as server:
        run = work(run=start_run(run=make_run(collection, server.url)))
        collection.queries.add(*make_collection([POEM, PLAN], "more").queries.all())
        run = work(run=start_run(run=run))
        assert len(server.asked) == 2
    assert {text for text, _ in stored(run)} == {POEM, PLAN}
