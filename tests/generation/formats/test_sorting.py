"""Formats that are kept: which rules, of which responses, and once, however often they are sorted."""

import json
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet

from generation.formats import sorting
from generation.formats.kinds import RulesError
from generation.formats.shipped import SHIPPED
from generation.formats.sorting import keep_rules, names_of, rules_for, sort_responses, standing
from generation.models import (
    Collection,
    FormatReport,
    FormatRules,
    LanguageModel,
    Query,
    Response,
    ResponseFormat,
)
from tests.factory import make_response
from tests.generation.formats.trained import measured_training


def make_solved(name: str = "sums") -> Collection:
    """Two sums with their answers and one without, each solved in words and by a program."""
    collection = Collection.objects.create(name=name)
    for query, answer in (("3 + 4?", "7"), ("A thousand?", 1000), ("Why?", None)):
        for sample, text in enumerate(("It is 7.", "def solve():\n    return 7", "It is 1,000.")):
            made = make_response(query, text, f"model-{sample % 2}", sample)
            Query.objects.filter(pk=made.query_id).update(
                metadata={} if answer is None else {"answer": answer}
            )
            collection.queries.add(made.query)
    return collection


def kept(rules: FormatRules) -> set[tuple[str, str, str, bool | None]]:
    columns = "response__query__text", "response__text", "format", "correct"
    return set(ResponseFormat.objects.filter(rules=rules).values_list(*columns))


@pytest.mark.django_db
def test_every_response_gets_one_format_and_is_correct_where_its_querys_answer_says_so() -> None:
    collection, rules = make_solved(), rules_for("mathematics")
    told: list[tuple[int, int]] = []
    model = LanguageModel.objects.get(name="model-1")
    assert sort_responses(collection=collection, rules=rules, models=[model.pk]) == 3
    assert sort_responses(collection=collection, rules=rules, progress=lambda *n: told.append(n)) == 6
    program = "def solve():\n    return 7"
    assert kept(rules) == {
        ("3 + 4?", "It is 7.", "text", True),
        ("3 + 4?", program, "python", None),
        ("3 + 4?", "It is 1,000.", "text", False),
        ("A thousand?", "It is 7.", "text", False),
        ("A thousand?", program, "python", None),
        ("A thousand?", "It is 1,000.", "text", True),
        ("Why?", "It is 7.", "text", None),
        ("Why?", program, "python", None),
        ("Why?", "It is 1,000.", "text", None),
    }
    assert told == [(6, 6)] and sort_responses(collection=collection, rules=rules) == 0
    now = standing(collection, rules)
    assert (now.responses, now.unsorted, now.line) == (9, 0, "text 6, python 3")


@pytest.mark.django_db
def test_what_a_response_came_with_wins_over_its_answer_and_a_label_may_be_given() -> None:
    collection = make_solved()
    words = Response.objects.filter(query__text="3 + 4?", text="It is 7.")
    for said, correct in ((0, False), ("true", True), ("1", True), ("maybe", True), (None, True)):
        ResponseFormat.objects.all().delete()
        words.update(metadata={"correct": said, "format": "prose"})
        sort_responses(collection=collection, rules=rules_for("mathematics"))
        assert words.get().formats.get().correct is correct, said
    given = {"rules": [{"kind": "given", "column": "format"}], "default": None}
    rules = keep_rules(name="given", rules=given)
    assert sort_responses(collection=collection, rules=rules) == 1 and names_of(rules) == ()
    assert standing(collection, rules).unsorted == 8
    assert words.get().formats.get(rules=rules).format == "prose"


@pytest.mark.django_db
def test_sorting_goes_by_pages_that_others_may_write_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "ROWS_AT_ONCE", 4)
    collection, rules, told = make_solved(), rules_for("shapes"), []

    def other(done: int, total: int) -> None:
        """Somebody else sorts what is on the next page."""
        told.append(done)
        key = Response.objects.order_by("pk").values_list("pk", flat=True)[4]
        ResponseFormat.objects.get_or_create(response_id=key, rules=rules, defaults={"format": "theirs"})

    sort_responses(collection=collection, rules=rules, progress=other)
    assert told == [4, 8] and ResponseFormat.objects.count() == 9
    assert ResponseFormat.objects.filter(format="theirs").count() == 1


@pytest.mark.django_db
def test_rules_are_kept_once_under_one_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"rules": [{"format": "a", "kind": "regex", "pattern": "a"}]}))
    mine = rules_for(str(path))
    assert (mine.name, rules_for("mine"), names_of(mine)) == ("mine", mine, ("a", "text"))
    path.rename(path.with_name("again.json"))
    assert rules_for(str(path.with_name("again.json"))) == mine
    path.write_text(json.dumps({"rules": [{"format": "b", "kind": "regex", "pattern": "b"}]}))
    with pytest.raises(RulesError, match="There are other rules called mine: give these another name"):
        rules_for(str(path))
    with pytest.raises(
        RulesError, match="no rules elsewhere: name a JSON file, or mathematics, mine, shapes"
    ):
        rules_for("elsewhere")
    FormatRules.objects.create(name="shapes", rules=mine.rules, digest="of an older version")
    assert rules_for("shapes").name == f"shapes {SHIPPED['shapes'].digest[:8]}"
    assert FormatRules.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_that_sort_the_same_at_once_keep_each_format_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "ROWS_AT_ONCE", 4)
    collection, rules, both = make_solved(), rules_for("shapes"), Barrier(2, timeout=20)
    pages: list[int] = []

    def run() -> None:
        """A page each at a time, until one has no page left."""
        try:
            sort_responses(collection=collection, rules=rules, progress=told)
        finally:
            both.abort()
            connection.close()

    def told(done: int, total: int) -> None:
        pages.append(done)
        with suppress(BrokenBarrierError):
            both.wait()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ResponseFormat.objects.count() == 9 and len(pages) >= 3


@pytest.mark.django_db
def test_the_command_says_what_is_sorted_and_what_has_no_format(tmp_path: Path) -> None:
    make_solved()
    path = tmp_path / "mine.json"
    program = {"format": "program", "kind": "python", "defines": "solve"}
    path.write_text(json.dumps({"rules": [program], "default": None}))

    def said(*options: str) -> str:
        out = StringIO()
        call_command("sort_responses", "sums", *options, stdout=out)
        return out.getvalue()

    assert said("--rules", str(path)).splitlines() == [
        "Sorted 3 responses of sums by mine.",
        "By now: program 3.",
        "6 of 9 responses have no format.",
    ]
    assert json.loads(said("--rules", "shapes", "--json")) == {
        "collection": "sums", "rules": "shapes", "sorted": 9, "responses": 9, "unsorted": 0,
        "formats": {"code": 3, "text": 6},
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["nowhere", "--rules", "shapes"], "There is no collection nowhere"),
        (["sums", "--rules", "nothing"], "There are no rules nothing"),
        (["sums", "--rules", "no.json"], "no.json: it cannot be read: No such file"),
        (["sums", "--rules", "shapes", "--model", "m"], "--model goes with --formats"),
        (["sums", "--rules", "shapes", "--show"], "Rules cost nothing"),
        (["sums", "--formats", "no.json"], "Say which model judges"),
        (["sums", "--formats", "no.json", "--model", "m"], "no.json: it cannot be read"),
    ],
)
def test_what_makes_no_sense_is_one_line(options: list[Any], why: str) -> None:
    Collection.objects.create(name="sums")
    with pytest.raises(CommandError, match=why) as raised:
        call_command("sort_responses", *options)
    assert "\n" not in str(raised.value) and not ResponseFormat.objects.exists()


@pytest.mark.django_db
def test_sorting_for_a_report_stops_once_it_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.reports.SECONDS_BETWEEN_WRITES", 0.0)
    monkeypatch.setattr(sorting, "ROWS_AT_ONCE", 50)
    pages = sorting._pages

    def deleted_meanwhile(responses: QuerySet[Response]) -> Iterator[list[Any]]:
        for page in pages(responses):
            yield page
            FormatReport.objects.all().delete()

    monkeypatch.setattr(sorting, "_pages", deleted_meanwhile)
    measured_training()
    assert ResponseFormat.objects.count() == 100 < Response.objects.count()
