"""The standard categories, proposals, and a person's acts on them, in any order and at once."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from generation.models import Category
from generation.recipes.classifying import key_of
from generation.taxonomy.categories import (
    STANDING,
    CategoryError,
    New,
    accept,
    drop,
    merge,
    offered,
    propose,
    rename,
    restore,
    roots,
)
from generation.taxonomy.standard import NAMES as STANDARD_NAMES
from generation.taxonomy.standard import PUBLISHED, STANDARD, ensure_standard

NAMES = [f"Kind {letter}" for letter in "ABCDE"]


def proposals(*names: str) -> list[Category]:
    propose([New(name, f"About {name}.") for name in names])
    return [Category.objects.get(name=name) for name in names]


def stands_for(name: str) -> Category:
    """What a category of this name counts as."""
    key = propose([New(name, "")])[key_of(name)]
    return Category.objects.get(pk=roots(Category.objects.all())[key])


@pytest.mark.django_db
def test_the_standard_taxonomy_has_6_top_categories_and_17_that_a_model_is_offered() -> None:
    for _ in range(2):
        ensure_standard()
    assert Category.objects.filter(state="standard").count() == len(STANDARD_NAMES) == 21
    assert Category.objects.filter(parent=None).count() == len(STANDARD) == 6
    choices = offered()
    assert {one.name for one in choices} == PUBLISHED.keys() and len(choices) == 17
    assert [one.heading for one in choices[:3]] == ["", "", "Open-Endedness"]
    assert all(one.definition for one in choices)


@pytest.mark.django_db
def test_a_category_that_a_model_had_proposed_becomes_the_standard_one() -> None:
    (early,) = proposals("skill development")
    ensure_standard()
    early.refresh_from_db()
    assert (early.name, early.state, early.parent and early.parent.name) == (
        "Skill Development",
        "standard",
        "Information-Seeking",
    )


@pytest.mark.django_db
def test_a_name_is_proposed_once_however_it_is_written_and_keeps_its_first_definition() -> None:
    first = propose(
        [New("Humor", "Is funny."), New(" HUMOR", "other"), New("Arts & Crafts", "Made by hand.")]
    )
    again = propose([New("humor", "third"), New("arts  AND crafts", "")])
    assert first == again and len(set(first.values())) == 2
    assert set(Category.objects.values_list("name", "definition", "state")) == {
        ("Humor", "Is funny.", "proposed"),
        ("Arts & Crafts", "Made by hand.", "proposed"),
    }


@pytest.mark.django_db
def test_an_accepted_category_is_offered_under_its_top_category() -> None:
    ensure_standard()
    humor, alone = proposals("Humor", "Roleplay")
    styles = Category.objects.get(name="Alternative Styles")
    accept(categories=[humor], parent=styles)
    accept(categories=[alone])
    names = [(one.heading, one.name) for one in offered()]
    assert (
        names.index(("Alternative Styles", "Humor"))
        == names.index(("Alternative Styles", "Writing Genres")) + 1
    )
    assert names[-1] == ("", "Roleplay")
    genres = Category.objects.get(name="Writing Genres")
    for parent, says in ((genres, "Writing Genres is no top"), (proposals("New")[0], "New is no top")):
        with pytest.raises(CategoryError, match=says):
            accept(categories=proposals("Other"), parent=parent)
    with pytest.raises(CategoryError, match="Humor is accepted"):
        accept(categories=[*proposals("Other"), humor])
    assert Category.objects.get(name="Other").state == "proposed", "all of them or none"


@pytest.mark.django_db
def test_what_is_merged_follows_to_the_end_of_the_chain_and_back() -> None:
    a, b, c = proposals("A", "B", "C")
    merge(categories=[b], into=c)
    merge(categories=[a], into=b)
    a.refresh_from_db()
    assert a.merged_into == c, "what B was merged into"
    with pytest.raises(CategoryError, match="C cannot be merged into itself"):
        merge(categories=[c], into=a)
    d = proposals("D")[0]
    merge(categories=[c], into=d)
    assert {stands_for(name).name for name in "ABC"} == {"D"}
    restore(categories=[c])
    assert [stands_for(name).name for name in "ABC"] == ["C", "C", "C"]
    drop(categories=[c])
    with pytest.raises(CategoryError, match="C is dropped: take that back"):
        merge(categories=[d], into=b)


@pytest.mark.django_db
def test_standard_categories_and_those_with_others_under_them_stay() -> None:
    ensure_standard()
    top, part = proposals("Top", "Part")
    accept(categories=[top])
    accept(categories=[part], parent=top)
    for act in (drop, restore, lambda categories: merge(categories=categories, into=part)):
        with pytest.raises(CategoryError, match="Part stands under Top"):
            act(categories=[top])
        with pytest.raises(CategoryError, match="Philosophical is standard"):
            act(categories=[Category.objects.get(name="Philosophical")])


@pytest.mark.django_db
def test_a_renamed_category_is_understood_by_both_names_and_can_be_called_as_before() -> None:
    humor, part = proposals("Humor", "Puns")
    accept(categories=[humor])
    accept(categories=[part], parent=humor)
    new = rename(category=humor, name="Wit  and humour", definition="Makes one laugh.")
    assert (new.name, new.state, new.definition) == ("Wit and humour", "accepted", "Makes one laugh.")
    assert stands_for("HUMOR") == stands_for("wit & humour") == new
    part.refresh_from_db()
    assert part.parent == new
    back = rename(category=new, name="humor", definition="")
    assert (back.pk, back.name, back.state) == (humor.pk, "humor", "accepted")
    assert stands_for("Wit and humour") == back
    assert rename(category=back, name="HUMOR", definition="x").pk == back.pk
    with pytest.raises(CategoryError, match="There is a category Puns already"):
        rename(category=back, name="puns", definition="")
    for name in ("", " \n", "-", "n" * 121):
        with pytest.raises(CategoryError, match="1 to 120"):
            rename(category=back, name=name, definition="")


ACTS = st.one_of(
    st.tuples(st.just("merge"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("accept"), st.sampled_from(NAMES), st.sampled_from(["", *NAMES])),
    st.tuples(st.sampled_from(["drop", "restore"]), st.sampled_from(NAMES), st.just("")),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from([*NAMES, "Kind Z"])),
)


class TestActs(TestCase):  # type: ignore[misc]
    @settings(max_examples=40)
    @given(st.lists(ACTS, max_size=12))
    def test_no_order_of_acts_makes_a_circle_or_loses_a_name(self, acts: list[tuple[str, str, str]]) -> None:
        proposals(*NAMES)
        for act, name, other in acts:
            with suppress(CategoryError):
                do(act, name, other)
            rows = {row.pk: row for row in Category.objects.all()}
            ends = roots(rows.values())
            assert all(rows[end].merged_into_id is None for end in ends.values())
            assert {row.name for row in rows.values()} >= set(NAMES)
            for row in rows.values():
                assert row.parent is None or (row.parent.state in STANDING and row.state in STANDING)
        assert {name: stands_for(name).pk for name in NAMES}  # a model may propose each of them again
        assert Category.objects.count() <= len(NAMES) + 1


def do(act: str, name: str, other: str) -> None:
    row = Category.objects.get(name=name)
    target = Category.objects.filter(name=other).first()
    if act == "merge" and target:
        merge(categories=[row], into=target)
    elif act == "accept":
        accept(categories=[row], parent=target)
    elif act == "drop":
        drop(categories=[row])
    elif act == "restore":
        restore(categories=[row])
    elif act == "rename":
        rename(category=row, name=other, definition="")


@pytest.mark.django_db(transaction=True)
def test_merges_and_proposals_at_once_make_neither_circles_nor_doubles() -> None:
    rows = proposals(*NAMES)
    start = threading.Barrier(len(rows) + 2)

    def merging(n: int) -> None:  # each into the next: all of them together are a circle
        with suppress(CategoryError):
            merge(categories=[rows[n]], into=rows[(n + 1) % len(rows)])

    def proposing(n: int) -> None:
        propose([New("new " * (n + 1), "") for n in range(5)])

    def worker(work: Callable[[int], None], n: int) -> None:
        start.wait()
        try:
            work(n)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker, args=(merging, n)) for n in range(len(rows))]
    threads += [threading.Thread(target=worker, args=(proposing, n)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Category.objects.all()
    ends = roots(found)
    assert {ends[row.pk] for row in rows} == {next(row.pk for row in found if row.pk == ends[rows[0].pk])}
    assert sum(row.state == "merged" for row in found) == len(rows) - 1
    assert len(found) == len(rows) + 5
