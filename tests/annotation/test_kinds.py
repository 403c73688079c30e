"""Two responses under one question, and queries alone, take the same path as ratings, end to end."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.test import Client

from annotation.exporters.shapes import SHAPES
from annotation.extension import add_responses
from annotation.forms.flow import CheckForm
from annotation.importers import import_items, import_labels
from annotation.languages import offered
from annotation.models import Check, Item, Label, Slot, Study
from annotation.rehearsal import rehearse
from annotation.steps.flow import add_check
from annotation.studies import StudyError, create_study, study_from_responses
from annotation.translations import translations_of
from annotation.usual import ASKED, usual_texts
from generation.files import FileError
from generation.models import Response
from tests.factory import make_items, make_response, make_study
from tests.visitor import Visitor, opened, radios

pytestmark = pytest.mark.django_db


def test_the_two_answers_of_a_pair_change_sides_and_the_label_stays_what_the_person_said() -> None:
    study = opened(items=8, kind="pair")
    person = Visitor(study)
    person.start()
    for position in range(1, 9):
        slot = Slot.objects.select_related("item__response_1", "item__response_2").get(position=position)
        first, second = slot.item.response_1, slot.item.response_2
        assert first and second
        shown = re.findall(r'<div class="text" dir="auto">(.*?)</div>', person.text)
        assert shown == ([second.text, first.text] if slot.swapped else [first.text, second.text])
        assert [(value, words) for value, words, _ in radios(person.text)] == [("0", "no"), ("1", "yes")]
        person.send(label=str(position % 2))
        label = Label.objects.get(position=position)
        assert (label.value, label.swapped) == (position % 2, slot.swapped)
    assert set(Label.objects.values_list("swapped", flat=True)) == {True, False}


def test_a_query_is_shown_alone_with_its_claim_and_without_any_response() -> None:
    study = opened(items=2, kind="query", metadata={"asks": "category"})
    make_response("Query 0 of answers", "an answer that nobody may see")
    person = Visitor(study)
    person.start()
    item = Slot.objects.get(position=1).item
    assert item.query.text in person.text and item.claim in person.text
    assert "an answer that nobody may see" not in person.text and 'id="answer' not in person.text
    assert "Does this description fit the request?" in person.text
    person.send(label="2")
    assert "0 to 1" in person.text and not Label.objects.exists()
    person.send(label="1")
    person.send(cannot_judge="1")
    assert list(Label.objects.order_by("position").values_list("value", "swapped")) == [
        (1, False),
        (None, False),
    ]


@pytest.mark.parametrize("asks", [*ASKED])
@pytest.mark.parametrize("language", ["de", "es", "ar", "zh-hans"])
def test_what_is_asked_of_queries_is_there_in_every_language(asks: str, language: str) -> None:
    study = create_study(slug="q", name="Q", kind="query", metadata={"asks": asks}, language=language)
    english = usual_texts("query", "en", asks)
    for name in ("question", "instructions", "consent", "scale_words"):
        assert getattr(study, name) and getattr(study, name) != english[name]
    assert len(study.scale_words) == len(study.values)
    assert offered(study) == [language] and len(translations_of(study)) == 4


def test_the_database_holds_what_a_kind_shows() -> None:
    response, other = make_response(text="One."), make_response(text="Two.")
    study = make_study(kind="query")
    fields: dict[str, Any] = {"study": study, "query": response.query, "position": 1, "external_id": "1"}
    for wrong in (
        {"response": response, "claim": "It is a poem."},
        {"response_1": response, "response_2": other, "claim": "It is a poem."},
        {"response_1": response},
        {"response": response, "response_1": response, "response_2": other},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Item.objects.create(**fields, **wrong)
    Item.objects.create(**fields, claim="It is a poem.")
    for slug, made in (("ranking", {"kind": "ranking"}), ("signed", {"kind": "pair", "scale_low": -1})):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_study(slug, **made)
    with pytest.raises(StudyError, match="no sides"):
        create_study(slug="signed", name="Signed", kind="pair", scale_low=-1, scale_high=1)


def test_items_of_every_kind_come_from_a_file_and_go_out_again(tmp_path: Path) -> None:
    pair = {"query": "Why?", "response_1": "So.", "response_2": "Thus.", "similarity": 0.9}
    claim = {"query": "Write a poem.", "query_id": "q1", "claim": "Creative writing: it asks for a text."}
    for kind, row in (("pair", pair), ("query", claim)):
        path = tmp_path / f"{kind}.jsonl"
        path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"query": "Other?"}) + "\n")
        import_items(path=path, slug=kind, kind=kind)
        item = Study.objects.get(slug=kind).items.get(position=1)
        table = SHAPES["items"](Study.objects.get(slug=kind), None)
        names = [column.name for column in table.item_columns]
        written = [dict(zip(names, values, strict=True)) for block in table.blocks for values, _ in block]
        assert [one["query"] for one in written] == [row["query"], "Other?"]
        if kind == "pair":
            assert (item.response_1 and item.response_1.text, item.metadata) == ("So.", {"similarity": 0.9})
            assert written[0]["response_2"] == "Thus." and "claim" not in names
        else:
            assert (item.response, item.response_1, item.claim) == (None, None, claim["claim"])
            assert written[0]["claim"] == claim["claim"] and item.query.external_id == "q1"
    path.write_text(json.dumps({"query": "Why?"}) + "\n")
    with pytest.raises(FileError, match="kind query was not asked for"):
        import_items(path=path, slug="unsaid")
    path.write_text(json.dumps(pair | {"claim": "?"}) + "\n")
    with pytest.raises(FileError, match="with a query alone"):
        import_items(path=path, slug="odd", kind="pair")
    with pytest.raises(StudyError, match="pair study, so comparison items"):
        import_items(path=path, slug="pair", kind="comparison")


def test_labels_of_queries_come_back_from_an_export(tmp_path: Path) -> None:
    rows = [
        {
            "item_id": item,
            "query": f"Query {item}",
            "claim": f"Claim {item}",
            "annotator_id": who,
            "label": n % 2,
        }
        for item in ("a", "b")
        for n, who in enumerate(("p", "q", "r"))
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_labels(path=path, slug="first", kind="query")
    study = Study.objects.get(slug="first")
    assert (study.kind, study.values) == ("query", [0, 1])
    again = tmp_path / "again.jsonl"
    call_command("export_labels", "first", format="jsonl", output=str(again))
    import_labels(path=again, slug="second", kind="query")
    told = Label.objects.filter(item__study__slug="second").values_list(
        "item__claim", "participant__code", "value"
    )
    assert sorted(told) == sorted((row["claim"], row["annotator_id"], row["label"]) for row in rows)


@pytest.mark.parametrize("kind", ["pair", "query"])
def test_a_rehearsal_its_numbers_and_its_pages_work_for_every_kind(kind: str) -> None:
    User.objects.create_superuser("ada", password="wordpass")
    study = create_study(slug=kind, name=kind, kind=kind, labels_per_item=4, session_size=5)
    make_items(study, 8)
    rehearse(study=study, participants=6, seed=1)
    labels = Label.objects.filter(item__study=study, status="counted")
    assert labels.count() == 32 and set(labels.values_list("value", flat=True)) <= {0, 1, None}
    client = Client()
    client.force_login(User.objects.get())
    for name in ("", "disagreement/", "people/", "groups/", "progress/", "data/", "steps/", "settings/"):
        page = client.get(f"/studies/{kind}/{name}")
        assert page.status_code == 200, name
    item = study.items.get(external_id="i0")
    shown = client.get(f"/studies/{kind}/items/{item.pk}/").content.decode()
    assert item.query.text in shown and ("claim 0" in shown) == (kind == "query")
    assert client.get(f"/api/v1/studies/{kind}/items/").json()["results"][0].get("claim") == (
        "claim 0" if kind == "query" else None
    )
    preferences = client.get(f"/api/v1/studies/{kind}/preferences/").json()
    assert preferences["reason"].startswith("the study compares no answers")
    for shape in SHAPES:
        table = SHAPES[shape](study, None)
        assert all(len(values) == len(table.item_columns) for block in table.blocks for values, _ in block)


def test_a_check_shows_what_the_studys_items_show() -> None:
    for kind, given, wrong in (
        ("pair", {"response": "One.", "response_2": "Two."}, {"response": "One."}),
        ("query", {"claim": "It is a poem."}, {"response": "One."}),
    ):
        study = make_study(kind, kind=kind)
        add_check(study=study, purpose=Check.Purpose.KNOWN, query="Well?", accepted=[1], **given)
        with pytest.raises(StudyError, match="as many answers as the study"):
            add_check(study=study, purpose=Check.Purpose.KNOWN, query="Well?", accepted=[1], **wrong)
        fields = CheckForm(study=study, purpose=Check.Purpose.KNOWN).fields
        assert ("claim" in fields, "response_2" in fields) == (kind == "query", kind == "pair")
    rating = make_study("rating")
    with pytest.raises(StudyError, match="with a query alone"):
        add_check(
            study=rating, purpose="known", query="Well?", response="One.", claim="A poem.", accepted=[1]
        )


def test_a_study_of_responses_already_here_is_of_any_kind() -> None:
    for text in ("One.", "Two.", "Three."):
        make_response("Why?", text)
    for kind, items in (("rating", 3), ("comparison", 3), ("pair", 3), ("query", 1)):
        study = study_from_responses(responses=Response.objects.all(), slug=kind, name=kind, kind=kind)
        assert study.items.count() == items
    make_response("How?", "Four.")
    assert add_responses(study=study, responses=Response.objects.all()) == 1
    assert set(study.items.values_list("query__text", flat=True)) == {"Why?", "How?"}


@pytest.mark.parametrize("command", ["duplicates", "query_shares"])
def test_what_is_asked_of_another_kind_is_refused_in_one_line(command: str) -> None:
    make_study("answers")
    with pytest.raises(CommandError, match=r"^answers is a rating study: "):
        call_command(command, "answers")
    with pytest.raises(CommandError, match="There is no study nothing"):
        call_command(command, "nothing")
