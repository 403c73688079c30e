"""Collections: queries of a file, of responses, of another collection; and the conditions beside them."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import CommandError, call_command

from generation.collections import CollectionError, collection_named, delete_collection, drawn, make_from
from generation.conditions import condition_of
from generation.decoding import PRESETS
from generation.files import FileError
from generation.importers import import_responses
from generation.models import Collection, Condition, Query, Response
from generation.query_files import import_queries
from generation.strategies import SHIPPED, strategy_named
from tests.generation.sampled import make_run

pytestmark = pytest.mark.django_db

STARTER = Path(__file__).resolve().parent.parent.parent / "generation" / "starter" / "queries.jsonl"


def write(folder: Path, rows: list[dict[str, Any]], name: str = "queries.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def texts(name: str) -> set[str]:
    return set(Query.objects.filter(collections__name=name).values_list("text", flat=True))


def test_a_files_queries_go_into_a_collection_once_and_keep_what_the_file_says_of_them(
    tmp_path: Path,
) -> None:
    Query.objects.create(text="b", digest=Query.digest_of("b"), metadata={"kept": 1})
    path = write(
        tmp_path, [{"query": "a", "query_id": "1", "openness": "open", "topic": "x"}, {"query": "b"}]
    )
    assert import_queries(path=path, collection="mine").created == {"queries": 2}
    again = write(
        tmp_path, [{"query": "b", "openness": "closed", "topic": "y"}, {"query": "a", "openness": "closed"}]
    )
    report = import_queries(path=again, collection="mine")
    assert report.sentence() == "Imported 0 queries into the collection mine. 0 queries are new here."
    rows = Query.objects.filter(collections__name="mine").order_by("text")
    assert [(row.text, row.openness, row.metadata) for row in rows] == [
        ("a", "open", {"topic": "x"}),
        ("b", "closed", {"kept": 1}),
    ]


@pytest.mark.parametrize(
    ("row", "name", "line"),
    [
        ({"query": "a", "openness": "maybe"}, "mine", "openness is 'maybe', not open or closed"),
        ({"text": "a"}, "mine", "no query"),
        ({"query": "a"}, "no name", "'no name' is no name for a collection"),
    ],
)
def test_a_file_that_is_wrong_makes_no_collection(
    tmp_path: Path, row: dict[str, Any], name: str, line: str
) -> None:
    with pytest.raises(FileError, match=line):
        import_queries(path=write(tmp_path, [{"query": "fine"}, row]), collection=name)
    assert not Collection.objects.exists() and not Query.objects.exists()


def test_responses_from_a_file_bring_their_queries_into_a_collection_and_keep_their_conditions(
    tmp_path: Path,
) -> None:
    known = condition_of(SHIPPED["plain"], PRESETS["top-p"])
    row = {"query": "a", "response": "The sea.", "model": "m"}
    path = write(
        tmp_path,
        [row, {**row, "condition": known.name}, {**row, "condition": "by hand"}, {**row, "query": "b"}],
    )
    for created in (4, 0):
        assert import_responses(path=path, collection="mine").created == {"responses": created}
    assert texts("mine") == {"a", "b"}
    found = Response.objects.filter(query__text="a").values_list("condition__name", flat=True)
    assert sorted(map(str, found)) == ["None", "by hand", known.name]
    assert Condition.objects.get(name="by hand").strategy == "imported"
    with pytest.raises(FileError, match="is no name for a collection"):
        import_responses(path=path, collection="a b")


def test_the_same_strategy_and_decoding_are_one_condition_and_names_never_clash() -> None:
    plain = condition_of(SHIPPED["plain"], PRESETS["top-p"])
    assert condition_of(SHIPPED["plain"], PRESETS["top-p"]) == plain
    own = [
        condition_of(strategy_named("plain", template=f"{n}: {{query}}"), PRESETS["top-p"]) for n in range(2)
    ]
    names = [plain.name, *(one.name for one in own)]
    assert names[0] == "plain · top-p .9 · T 1"
    assert names[1:] == [f"plain {one.version} · top-p .9 · T 1" for one in own]


def test_a_sample_is_drawn_by_seed_and_text_and_is_the_same_wherever_queries_are_stored() -> None:
    import_queries(path=STARTER, collection="starter")
    starter = collection_named("starter")
    one, _ = make_from(name="one", source=starter, sample=10, seed=1, only_open=True)
    assert one.note == "Of starter: 10 drawn with seed 1, open-ended." and one.queries.count() == 10
    keys = drawn(starter.queries.all(), 10, 1)
    assert (
        set(keys) == set(one.queries.values_list("pk", flat=True)) != set(drawn(starter.queries.all(), 10, 2))
    )
    first = texts("one")
    Collection.objects.all().delete()
    Query.objects.all().delete()
    Query.objects.create(text="another", digest=Query.digest_of("another"))
    import_queries(path=STARTER, collection="starter")
    make_from(name="one", source=collection_named("starter"), sample=10, seed=1)
    assert texts("one") == first
    with pytest.raises(CollectionError, match="starter has only 30 such queries"):
        make_from(name="two", source=collection_named("starter"), sample=31)


def test_the_command_makes_collections_of_files_and_of_others(tmp_path: Path, capsys: Any) -> None:
    call_command("make_collection", "starter", file=str(STARTER))
    some = write(tmp_path, [{"query_id": "creative-2"}, {"query": Query.objects.order_by("pk")[0].text}])
    call_command("make_collection", "some", source="starter", file=str(some))
    call_command("make_collection", "few", source="starter", sample=5, seed=3, only_open=True)
    assert "Made the collection few of 5 queries of starter." in capsys.readouterr().out
    call_command("make_collection", "few", source="starter", sample=5, seed=3, only_open=True)
    assert "few is there already, of 5 queries of starter." in capsys.readouterr().out
    ids = Query.objects.filter(collections__name="some").values_list("external_id", flat=True)
    assert sorted(ids) == ["creative-1", "creative-2"]
    for options, line in (
        ({}, "--from NAME, or --file FILE"),
        ({"source": "none"}, "There is no collection none: there are few, some, starter."),
        (
            {"source": "starter", "file": str(write(tmp_path, [{"query": "x"}]))},
            "names 1 query that starter has not",
        ),
        ({"file": str(STARTER), "sample": 3}, "choose from a collection"),
        ({"source": "starter", "sample": 5}, "There is a collection few already, of other queries"),
    ):
        with pytest.raises(CommandError, match=line):
            call_command("make_collection", "few", **options)


def test_the_command_writes_responses_as_the_import_reads_them(tmp_path: Path) -> None:
    rows = [
        {"query": "a", "response": f"The sea {n}.", "model": "m", "condition": "by hand"} for n in range(3)
    ]
    import_responses(path=write(tmp_path, rows), collection="mine")
    path = tmp_path / "out.jsonl"
    call_command("export_responses", "mine", output=str(path))
    assert import_responses(path=path).created == {"responses": 0} and not [*tmp_path.glob("*.part")]
    for name, output, line in (
        ("mine", "out.csv", "must end in .jsonl"),
        ("none", str(path), "There is no collection none"),
        ("mine", str(tmp_path / "no" / "out.jsonl"), "cannot be written"),
    ):
        with pytest.raises(CommandError, match=line):
            call_command("export_responses", name, output=output)


def test_only_who_administers_deletes_a_collection_and_none_that_runs_ask_about() -> None:
    run = make_run("http://127.0.0.1:9/v1")
    admin = User.objects.create_superuser("admin")
    assert run.collection is not None
    with pytest.raises(CollectionError, match="Only administrators"):
        delete_collection(collection=run.collection, by=AnonymousUser())
    with pytest.raises(CollectionError, match="asked is used by 1 run: it stays"):
        delete_collection(collection=run.collection, by=admin)
    run.delete()
    delete_collection(collection=Collection.objects.get(), by=admin)
    assert not Collection.objects.exists() and Query.objects.count() == 3


def test_the_starters_queries_are_a_collection_of_thirty_open_ones() -> None:
    import_queries(path=STARTER, collection="starter")
    assert Query.objects.filter(collections__name="starter", openness="open").count() == 30
