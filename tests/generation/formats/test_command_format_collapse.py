"""Promises of the command `format_collapse`: planted data with a known answer, lines, errors in one line."""

import json
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from generation.encoders import EncoderError, delete_encoder, encoder_of, store_of
from generation.formats.report import COVERAGE, caution
from generation.formats.sorting import keep_rules
from generation.models import (
    Collection,
    Condition,
    FormatReport,
    LanguageModel,
    Query,
    Response,
    ResponseFormat,
)
from tests.bench._simulations.training import BANDS
from tests.generation.formats.trained import CODE, EACH, FAMILY, QUERIES, make_rules, make_training

pytestmark = pytest.mark.django_db
SCHEMA = Path(__file__).parents[3] / "docs" / "formats.schema.json"


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path


def printed(collection: Collection, *options: str) -> str:
    out = StringIO()
    rules = ["--rules", make_rules().name] if "--rules" not in options else []
    given = ["--family", FAMILY, "--replicates", "50", *rules, *options]
    call_command("format_collapse", collection.name, *given, stdout=out)
    return out.getvalue()


def found_of(collection: Collection, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(collection, "--json", *options))
    validator().validate(found)
    return found


@cache
def validator() -> Any:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_a_planted_collapse_is_found_where_it_was_planted() -> None:
    collection = make_training()
    found = found_of(collection)
    shares = [
        {one["format"]: one["share"]["value"] for one in row["shares"]}["code"] for row in found["steps"]
    ]
    assert shares == pytest.approx([(code + 0.5) / EACH for code in CODE.values()])
    assert [row["step"] for row in found["steps"]] == list(CODE)
    code = next(row for row in found["first_steps"] if row["format"] == "code")
    assert (code["after"], code["step"], code["low"], code["high"], code["stays"]) == (
        10,
        100,
        100,
        100,
        True,
    )
    assert code["passed"] == [0, 0, 1, 1]
    outcome = found["outcome"]
    assert [outcome[key]["format"] for key in ("commonest_first", "commonest_last")] == ["text", "code"]
    assert found["k"] == EACH
    assert all(row["pass_k"]["value"] == 1 for row in found["steps"])
    for row in found["steps"]:
        whole = sum(
            share["share"]["value"] * (one["accuracy"]["value"] or 0)
            for share, one in zip(row["shares"], row["accuracies"], strict=True)
        )
        assert row["accuracy"]["value"] == pytest.approx(whole)
    change = next(row for row in found["changes"]["rows"] if row["format"] == "code")
    assert change["change"]["value"] == pytest.approx(6 / EACH)
    assert change["p"] == 2 / 2**QUERIES
    assert found["unsorted"] == 0
    assert ResponseFormat.objects.count() == QUERIES * EACH * len(CODE)
    assert {one["text"].partition(" ")[0] for one in found["examples"]} >= {"<b>grown-0</b>"}


def test_similarity_and_the_entropy_of_tokens_stand_beside_the_shares() -> None:
    entropy = {"token_entropy": {"mean": 1.5, "tokens": 4, "bound": "exact"}}
    collection = make_training(sampling=entropy)
    longer = {"sampling": {"token_entropy": {"mean": 0.5, "tokens": 12, "bound": "lower"}}}
    Response.objects.filter(model__step=1000, sample=0).update(metadata=longer)
    Response.objects.filter(model__step=1000, sample=1).update(metadata={"sampling": {"token_entropy": "?"}})
    encoder = encoder_of(name="tiny", recipe={"kind": "imported"})
    for query in collection.queries.all():
        rows = list(query.responses.values_list("pk", "model__step", "sample"))
        alike = [[1.0, 0.0] if step == 1000 or sample % 2 else [0.0, 1.0] for _, step, sample in rows]
        store_of(encoder).write(query.pk, [key for key, _, _ in rows], np.array(alike))
    found = found_of(collection, "--encoder", "tiny")
    within = [row["similarity"]["value"] for row in found["steps"]]
    assert within == pytest.approx([12 / 28, 12 / 28, 12 / 28, 1])
    above = [row["above_floor"]["value"] for row in found["steps"]]
    assert above == pytest.approx([one - found["floor"]["value"] for one in within])
    tokens = [row["token_entropy"]["value"] for row in found["steps"]]
    assert tokens == pytest.approx([1.5, 1.5, 1.5, (12 * 0.5 + 6 * 4 * 1.5) / (12 + 6 * 4)])
    assert [row["token_entropy_bound"] for row in found["steps"]] == [*["exact"] * 3, "lower"]
    # A lower bound is held against no value.
    assert "token_entropy" not in {row["measure"] for row in found["changes"]["rows"]}
    assert {row["measure"] for row in found["changes"]["rows"]} >= {"similarity", "entropy", "pass_gain"}
    with pytest.raises(EncoderError, match="Reports rest on the vectors of tiny"):
        delete_encoder(encoder=encoder)


def test_lines_say_when_a_format_took_over_and_that_nothing_of_it_is_a_cause() -> None:
    collection = make_training()
    lines = [" ".join(line.split()) for line in printed(collection, "--threshold", ".65").splitlines()]
    assert lines[0] == "192 responses of 4 checkpoints of grown to 6 queries, by the rules two"
    assert any(line.startswith("1,000 0.938 0.062 code 0.") and line.endswith(" 6") for line in lines)
    assert "code 100 100 to 1,000 6" in lines
    assert "text by 0 0 to 0 6" in lines
    assert "Commonest at the last step code, in 100 % of resamples" in lines
    assert any("does not show what causes what" in line for line in lines)


def test_what_was_read_has_one_digest_and_another_once_a_format_differs() -> None:
    collection = make_training()
    first = found_of(collection)
    assert found_of(collection) == first
    assert found_of(collection, "--models", "grown-0,grown-1000")["data_hash"] != first["data_hash"]
    ResponseFormat.objects.filter(pk=ResponseFormat.objects.order_by("pk").first().pk).update(format="new")  # type: ignore[union-attr]
    assert found_of(collection)["data_hash"] != first["data_hash"]


def test_the_same_responses_in_another_order_of_rows_give_the_same_numbers() -> None:
    found = []
    for backwards in (False, True):
        collection = make_training()
        responses = list(Response.objects.all())
        Response.objects.filter(sample__gte=5, query=responses[0].query).delete()
        store = store_of(encoder_of(name="random", recipe={"kind": "imported"}))
        if backwards:
            kept = list(Response.objects.order_by("-pk").select_related("query"))
            queries = {one.query.text: one.query for one in kept}
            Query.objects.all().delete()
            for query in queries.values():
                query.pk = None
            collection.queries.set(Query.objects.bulk_create(queries.values()))
            for one in kept:
                one.pk, one.query = None, queries[one.query.text]
            Response.objects.bulk_create(kept)
        for query in collection.queries.all():
            own = list(Response.objects.filter(query=query).order_by("digest"))
            # Whose sums are exact in any order.
            vectors = np.eye(4)[[int(one.digest, 16) % 4 for one in own]]
            store.write(query.pk, [one.pk for one in own], vectors)
        found.append(found_of(collection, "--encoder", "random"))
        Query.objects.all().delete()
        FormatReport.objects.all().delete()
        LanguageModel.objects.all().delete()
        collection.delete()
    assert found[0]["data_hash"] == found[1]["data_hash"]
    assert found[0] == found[1]


def test_where_correctness_is_not_always_known_accuracy_is_of_the_rest_and_says_so() -> None:
    collection = make_training()
    Response.objects.filter(text__startswith="```").update(metadata={})
    found = found_of(collection)
    code = EACH * sum((n + 0.5) / EACH for n in CODE.values()) * QUERIES
    assert found["partial"].startswith(
        f"of {code:.0f} of 192 responses it is not known whether they are correct"
    )
    assert "of the format code it never is" in found["partial"]
    last = {one["format"]: one for one in found["steps"][-1]["accuracies"]}
    assert (last["code"]["known"], last["code"]["accuracy"]["value"]) == (0, None)
    assert found["outcome"]["best_first"]["format"] is None
    Response.objects.update(metadata={})
    ResponseFormat.objects.all().delete()
    found = found_of(collection)
    assert set(found["reasons"]) == {"accuracy", "pass_gain", "similarity", "token_entropy"}
    assert {row["accuracy"] for row in found["steps"]} == {None}
    assert "Accuracy: undefined" in printed(collection)


def test_steps_of_other_queries_are_told_and_changes_are_of_the_common_ones() -> None:
    collection = make_training()
    query = collection.queries.first()
    Response.objects.filter(model__step=0, query=query).delete()
    Response.objects.filter(model__step=10).update(metadata={})
    ResponseFormat.objects.all().delete()
    found = found_of(collection, "--k", "9")
    assert found["unbalanced"].startswith("5 of 6 queries were answered at every checkpoint")
    assert {row["change"]["n"] for row in found["changes"]["rows"]} == {5}
    assert found["reasons"]["pass_gain"] == "no query has that many responses"
    assert [row["queries"] for row in found["steps"]] == [5, 6, 6, 6]


def refused(collection: Collection, *options: str) -> str:
    with pytest.raises(CommandError) as error:
        printed(collection, *options)
    assert not FormatReport.objects.exists()
    return str(error.value)


def test_what_cannot_be_measured_is_refused_in_one_line_that_says_how_to_mend_it() -> None:
    collection = make_training()
    LanguageModel.objects.create(name="grown-last", family=FAMILY)
    assert refused(collection, "--family", "other") == (
        "No model of a family other answered queries of trained; there are: grown."
    )
    assert refused(collection, "--models", "grown-10").startswith(
        "A change takes two checkpoints: of grown, only that of step 10"
    )
    assert "no responses of a model else" in refused(collection, "--models", "grown-0,else")
    assert refused(collection, "--threshold", "1") == "Threshold must lie between 0 and 1, not 1."
    assert refused(collection, "--k", "0") == "K must be from 1 to 10,000, not 0."
    assert "has no responses under the condition hot" in refused(collection, "--condition", "hot")
    assert refused(collection, "--rules", "none").startswith("There are no rules none:")
    nothing = {"rules": [{"format": "f", "kind": "regex", "pattern": "nowhere at all"}], "default": None}
    keep_rules(name="nothing", rules=nothing)
    assert refused(collection, "--rules", "nothing") == (
        "No response has a format by nothing: choose other rules, or give these a default."
    )
    hot = Condition.objects.create(
        name="hot", strategy="s", version="1", template={}, decoding={}, digest="d"
    )
    Response.objects.filter(sample__lt=4).update(condition=hot)
    assert "answered under 2 conditions, which are not to be mixed" in refused(collection)
    assert found_of(collection, "--condition", "hot")["condition"] == "hot"


def test_what_a_caution_tells_of_few_queries_lies_where_simulations_find_it() -> None:
    bands = [bands for _, bands in BANDS.values()]
    share, entropy, _, accuracy = bands
    for held, measured in zip((share, entropy, accuracy), COVERAGE.values(), strict=True):
        for queries, percent in measured.items():
            least, most = held[queries]
            assert least <= percent / 100 <= most
    assert caution(4) == "of 4 queries intervals are far too narrow"
    assert "with 20, 95 % intervals held the truth" in (caution(39) or "")
