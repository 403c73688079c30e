"""Promises of the command `diversity`: extremes, lines, the same numbers from files as from the database."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from jsonschema import Draft202012Validator

from generation.encoders import encoder_of, store_of
from generation.importers import import_responses
from generation.models import Collection, DiversityReport, Query, Response
from tests.generation.test_response_files import written

SCHEMA = Path(__file__).parents[2] / "docs" / "diversity.schema.json"
MODELS, EACH = ("a", "b", "c"), 4


def held_to_the_schema(found: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(found)


def rows_of(queries: int, text: str = "{query} {model} {sample} says so") -> list[dict[str, Any]]:
    return [
        {
            "query": f"Query {query}?",
            "response": text.format(query=query, model=model, sample=sample),
            "model": model,
            "response_id": f"{query}-{model}-{sample}",
            "class": str(sample % 2),
        }
        for query in range(queries)
        for model in MODELS
        for sample in range(EACH)
    ]


def measured(
    folder: Path, rows: list[dict[str, Any]], vectors: npt.NDArray[np.float32] | None, *options: str
) -> dict[str, Any]:
    """What the command finds of files."""
    responses = written(folder, rows)
    given = ["--responses", str(responses), "--replicates", "40", *options]
    if vectors is not None:
        np.save(folder / "vectors.npy", vectors)
        given += ["--embeddings", str(folder / "vectors.npy"), "--encoder", "planted"]
    out = StringIO()
    call_command("diversity", "--json", *given, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    held_to_the_schema(found)
    return found


def test_a_set_of_equal_responses_gives_every_measure_its_extreme(tmp_path: Path) -> None:
    rows = rows_of(3, "the same eight words in a row every time")
    vectors = np.repeat(np.eye(3, dtype=np.float32), len(MODELS) * EACH, axis=0)
    found = measured(tmp_path, rows, vectors)
    average = found["within"]["average"]
    assert [average[key]["value"] for key in ("similarity", "gap", "cells_above", "pairs_above")] == [1] * 4
    assert average["bins"]["shares"] == [0.0] * 9 + [1.0]
    assert found["floor"]["similarity"]["value"] == pytest.approx(0, abs=1e-6)
    assert found["between"]["average"]["similarity"]["value"] == pytest.approx(1)
    pair = found["between"]["pairs"][2]
    assert (pair["a"], pair["b"]) == ("c", "b")
    assert pair["gap"]["value"] == pair["similarity"]["value"] - found["floor"]["similarity"]["value"]
    # The centred floor of three orthogonal queries is -1/2.
    assert pair["centred_gap"]["value"] == pytest.approx(1.5, abs=1e-5)
    assert found["verbatim"]["between"]["average"]["value"] == 1
    assert found["verbatim"]["shared_runs"]["average"]["value"] == 1
    assert found["verbatim"]["texts"][0]["sources"] == list(MODELS)
    assert found["spectrum"]["average"]["vendi"]["value"] == pytest.approx(1)
    assert found["words"]["average"]["self_bleu"]["value"] == pytest.approx(1)
    ensemble = found["compared"]["ensembles"][0]["one_model"]
    assert ensemble["difference"]["value"] == pytest.approx(0, abs=1e-6)
    assert ensemble["p"] == 1


def test_a_set_of_different_responses_gives_the_other_extremes(tmp_path: Path) -> None:
    rows = rows_of(3, "w{query}{model}{sample} x{query}{model}{sample} y{query}{model}{sample}")
    found = measured(tmp_path, rows, np.eye(len(rows), dtype=np.float32))
    average = found["within"]["average"]
    assert average["similarity"]["value"] == pytest.approx(0, abs=1e-6)
    assert [average[key]["value"] for key in ("cells_above", "pairs_above")] == [0, 0]
    assert found["between"]["average"]["similarity"]["value"] == pytest.approx(0, abs=1e-6)
    assert found["verbatim"]["within"]["average"]["value"] == 0
    assert found["spectrum"]["average"]["vendi"]["value"] == pytest.approx(EACH)
    words = found["words"]["average"]
    assert words["distinct_1"]["value"] == 1
    assert words["self_bleu"]["value"] == pytest.approx(0, abs=1e-6)
    assert found["classes"]["average"]["distinct_k"]["value"] == 2
    assert found["classes"]["average"]["semantic_entropy"]["value"] == pytest.approx(np.log(2))


def test_the_papers_figures_are_given_as_it_defines_them_and_say_so(tmp_path: Path) -> None:
    rows = rows_of(5)
    vectors = np.random.default_rng(4).normal(0.4, 1, size=(len(rows), 6)).astype(np.float32)
    found = measured(tmp_path, rows, vectors, "--paper")
    paper, own = found["paper"], [row["similarity"]["value"] for row in found["within"]["sources"]]
    diagonal = np.diag(np.array(paper["between"]["similarity"], dtype=float))
    # (n d - 1)/(n - 1) takes the pairs of a response with itself out again.
    np.testing.assert_allclose((EACH * diagonal - 1) / (EACH - 1), own, atol=1e-6)
    assert "itself" in paper["definitions"]["between"]
    assert "pairs" in paper["definitions"]["cells_above"]
    assert paper["within"]["average"] == found["within"]["average"]["bins"]["shares"]


def test_texts_alone_are_measured_and_what_takes_vectors_says_why_not(tmp_path: Path) -> None:
    found = measured(tmp_path, rows_of(3), None)
    assert found["within"] is None
    assert found["reasons"]["within"].startswith("there are no vectors")
    assert found["words"]["average"]["distinct_2"]["n"] == 3
    assert found["encoder"] is None


def test_one_model_with_single_responses_is_undefined_in_words(tmp_path: Path) -> None:
    rows = [row for row in rows_of(3) if row["model"] == "a" and row["response_id"].endswith("-0")]
    found = measured(tmp_path, rows, np.eye(3, dtype=np.float32))
    assert found["within"] is None
    assert found["reasons"]["within"] == "no source has two responses to a query"
    assert found["reasons"]["between"] == "all responses are of one source"


@pytest.fixture
def imported(tmp_path: Path, settings: Any) -> tuple[Path, npt.NDArray[np.float32]]:
    """A file of responses, and the same in the database with their vectors, in the collection `asked`."""
    settings.MANYMINDS_DATA = tmp_path / "data"
    rows = rows_of(6)
    vectors = np.random.default_rng(0).normal(0.5, 1, size=(len(rows), 8)).astype(np.float32)
    path = written(tmp_path, rows)
    np.save(tmp_path / "vectors.npy", vectors)
    import_responses(path=path)
    collection = Collection.objects.create(name="asked")
    collection.queries.set(Query.objects.all())
    encoder = encoder_of(name="planted", recipe={"kind": "imported"})
    of = dict(zip([row["response_id"] for row in rows], vectors, strict=True))
    for query in Query.objects.all():
        named = dict(query.responses.order_by("pk").values_list("pk", "external_id"))
        store_of(encoder).write(query.pk, [*named], np.stack([of[one] for one in named.values()]))
    return path, vectors


@pytest.mark.django_db
def test_files_and_the_database_give_the_same_numbers(imported: tuple[Path, Any], tmp_path: Path) -> None:
    out = StringIO()
    call_command("diversity", "asked", "--encoder", "planted", "--replicates", "40", "--json", stdout=out)
    stored = json.loads(out.getvalue())
    held_to_the_schema(stored)
    files = measured(tmp_path, rows_of(6), imported[1])
    assert stored.pop("collection") == "asked"
    for found in (stored, files):  # which are keys of their own world
        for row in [*found["queries_detail"], *found["verbatim"]["phrases"], *found["verbatim"]["texts"]]:
            del row["query"]
    assert stored == files


@pytest.mark.django_db
def test_a_report_of_the_same_data_is_the_stored_one_and_another_is_not(imported: tuple[Path, Any]) -> None:
    def again(*options: str) -> DiversityReport:
        call_command("diversity", "asked", "--encoder", "planted", *options, stdout=StringIO())
        return DiversityReport.objects.latest("pk")

    first = again("--replicates", "20")
    DiversityReport.objects.filter(pk=first.pk).update(result={**(first.result or {}), "mark": "kept"})
    assert (again("--replicates", "20").result or {}).get("mark") == "kept"
    assert "mark" not in (again("--replicates", "21").result or {})
    Response.objects.filter(pk=Response.objects.earliest("pk").pk).update(text="something else")
    changed = again("--replicates", "20")
    assert "mark" not in (changed.result or {})
    assert changed.data_hash != first.data_hash


def test_the_main_findings_come_first_in_short_lines(tmp_path: Path) -> None:
    rows = [
        row | {"condition": condition, "response_id": f"{row['response_id']}-{condition}"}
        for row in rows_of(4, "time is a river that carries all of us along {model}")
        for condition in ("plain", "min-p")
    ]
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(1, 1, (len(rows), 5)))
    out = StringIO()
    given = ["--responses", str(written(tmp_path, rows)), "--embeddings", str(tmp_path / "v.npy")]
    call_command("diversity", *given, "--replicates", "40", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0] == "96 responses of 6 sources to 4 queries, encoder v"
    assert lines[2].startswith("Similarity within a source")
    assert lines[3].startswith("  floor: responses to other queries")
    assert any(line.startswith("min-p less plain (3 models)") for line in lines)
    assert any("time is a river that carries" in line for line in lines)
    assert "seed 0." in out.getvalue()


WRONG = {
    "Name a collection, or give its responses with --responses FILE.": [],
    "--embeddings and --classes are of files: give --responses FILE too.": ["asked", "--embeddings", "v.npy"],
    "absent.jsonl cannot be read: No such file or directory. Nothing was measured.": [
        "--responses",
        "absent.jsonl",
    ],
    "Replicates must be from 20 to 100,000, not 3.": ["--responses", "absent.jsonl", "--replicates", "3"],
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_said_in_one_line(line: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("diversity", *WRONG[line])
    assert str(caught.value) == line


@pytest.mark.django_db
def test_a_collection_without_vectors_or_responses_says_what_to_do(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path
    Collection.objects.create(name="empty")
    with pytest.raises(CommandError, match="There is no collection other"):
        call_command("diversity", "other")
    with pytest.raises(CommandError, match="There is no encoder absent"):
        call_command("diversity", "empty", "--encoder", "absent")
    with pytest.raises(CommandError, match="empty"):
        call_command("diversity", "empty")
    assert not DiversityReport.objects.exists(), "the terminal has said why"


@pytest.mark.django_db
def test_interrupted_it_leaves_no_report_that_seems_to_run(imported: Any) -> None:
    said: list[str] = []

    def interrupts(execute: Any, sql: str, *rest: Any) -> Any:
        said.append(sql)
        if "generation_response" in sql and any("INSERT INTO" in one for one in said):
            raise KeyboardInterrupt
        return execute(sql, *rest)

    with connection.execute_wrapper(interrupts), pytest.raises(CommandError, match="Stopped") as caught:
        call_command("diversity", "asked")
    assert caught.value.returncode == 130 and not DiversityReport.objects.exists()
