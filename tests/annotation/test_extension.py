"""Promises of extending a study that runs: exactly k labels an item, whoever presses what at once."""

import csv
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from annotation.allocation import session_slots, start_session, stop_session, submit
from annotation.counts import wanted_labels, with_counts
from annotation.extension import add_labels, add_responses, token_of
from annotation.importers import import_items
from annotation.models import Item, Label, Participant, Session, Slot, Study
from annotation.rehearsal import rehearse
from annotation.studies import StudyError, close_study, open_study, pause_study
from annotation.tickets import Answer, Ticket
from generation.models import Response
from tests.factory import make_items, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db


def opened(count: int = 12, *, queries: int = 4, **fields: Any) -> Study:
    defaults: dict[str, Any] = {"labels_per_item": 3, "session_size": 4}
    study = make_study(**(defaults | fields))
    make_items(study, count, queries=queries)
    return open_study(study=study)


def keys(study: Study, *names: str) -> list[int]:
    return list(study.items.filter(external_id__in=names).values_list("pk", flat=True))


def finish(person: Participant) -> Session | None:
    session = start_session(participant=person)
    for slot in session_slots(session=session) if session else []:
        submit(participant=person, ticket=Ticket.for_slot(slot), answer=Answer(value=3))
    return session


def drain(study: Study, people: int = 40) -> None:
    for n in range(people):
        person, _ = Participant.objects.get_or_create(study=study, code=f"p{n}")
        while finish(person):
            pass


def labels_of_items(study: Study) -> dict[str, int]:
    counted = Label.objects.counted().filter(item__study=study)
    return dict(Counter(counted.values_list("item__external_id", flat=True)))


def file_of(folder: Path, rows: list[dict[str, object]], name: str = "more.csv") -> Path:
    path = folder / name
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def more_items(folder: Path, *ids: str, name: str = "more.csv", **fields: object) -> Path:
    rows = [{"item_id": each, "query": "New?", "response": f"Yes, {each}.", **fields} for each in ids]
    return file_of(folder, rows, name)


@pytest.mark.parametrize("design", ["random", "blocks"])
@pytest.mark.parametrize("turned", [open_study, pause_study, close_study])
def test_chosen_items_end_with_exactly_so_many_labels_more(design: str, turned: Callable[..., Study]) -> None:
    study = opened(design=design)
    finish(make_participant(study, "early"))
    turned(study=study)
    assert add_labels(study=study, items=keys(study, "i1", "i5"), labels=2) == 4
    drain(open_study(study=study))
    wanted = {f"i{n}": 3 for n in range(12)} | {"i1": 5, "i5": 5}
    assert labels_of_items(study) == wanted
    assert not Label.objects.exclude(status="counted").exists()


def test_a_draft_lays_its_extra_slots_when_it_is_opened() -> None:
    study = make_study(labels_per_item=2)
    make_items(study, 3)
    add_labels(study=study, items=keys(study, "i0"), labels=3)
    assert not study.slots.exists()
    assert open_study(study=study).slots.count() == 9
    assert sorted(study.slots.filter(item__external_id="i0").values_list("number", flat=True)) == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_extra_labels_may_be_added_again_and_every_number_is_there_once() -> None:
    study = opened(4)
    add_labels(study=study, items=keys(study, "i0", "i1"), labels=2)
    add_labels(study=study, items=keys(study, "i1", "i2"), labels=3)
    wanted = {"i0": 5, "i1": 8, "i2": 6, "i3": 3}
    for name, most in wanted.items():
        numbers = study.slots.filter(item__external_id=name).values_list("number", flat=True)
        assert sorted(numbers) == list(range(1, most + 1))
    assert study.slots.values("order").distinct().count() == sum(wanted.values()), "locks need an order"


def test_a_closed_study_opens_again_only_when_asked() -> None:
    study = close_study(study=opened(4))
    add_labels(study=study, items=keys(study, "i0"), labels=1)
    study.refresh_from_db()
    assert study.state == "closed"
    add_labels(study=study, items=keys(study, "i1"), labels=1, reopen=True)
    study.refresh_from_db()
    assert study.state == "open"


def test_a_second_press_adds_nothing_and_says_the_same() -> None:
    study = opened(4)
    items = keys(study, "i0", "i1")
    token = token_of(study, items, 2)
    assert [add_labels(study=study, items=items, labels=2, token=token) for _ in range(2)] == [4, 4]
    assert study.slots.count() == wanted_labels(study) == 16
    later = token_of(study, items, 2)
    assert later != token, "the same wish, a second time, is a wish of its own"


@pytest.mark.parametrize(
    ("items", "labels", "message"),
    [
        (["i0"], 0, "at least one more label"),
        ([], 1, "at least one item"),
        (["i0", "elsewhere"], 1, "not in answers"),
        (["i0"], 10_001, "10,000"),
    ],
)
def test_what_cannot_be_added_is_one_clear_line_and_changes_nothing(
    items: list[str], labels: int, message: str
) -> None:
    study = opened(2)
    make_items(other := make_study("other"), 1)
    Item.objects.filter(study=other).update(external_id="elsewhere")
    chosen = list(Item.objects.filter(external_id__in=items).values_list("pk", flat=True))
    with pytest.raises(StudyError, match=message):
        add_labels(study=study, items=chosen, labels=labels)
    assert study.slots.count() == 6
    assert not Item.objects.filter(extra_labels__gt=0).exists()


def test_imported_labels_cannot_be_asked_for_again(tmp_path: Path) -> None:
    study = make_study(imported=True, state="closed")
    (item,) = make_items(study, 1)
    with pytest.raises(StudyError, match="imported"):
        add_labels(study=study, items=[item.pk], labels=1)
    with pytest.raises(StudyError, match="imported"):
        import_items(path=more_items(tmp_path, "n1"), slug=study.slug, extend=True)


def test_new_items_catch_up_before_the_others_get_more(tmp_path: Path) -> None:
    study = opened(4)
    finish(make_participant(study, "early"))
    import_items(path=more_items(tmp_path, "n1", "n2", "n3", "n4"), slug=study.slug, extend=True)
    session = start_session(participant=make_participant(study, "next"))
    assert session
    assert {slot.item.external_id for slot in session_slots(session=session)} == {"n1", "n2", "n3", "n4"}
    stop_session(session=session)
    drain(study)
    assert set(labels_of_items(study).values()) == {3}
    assert study.slots.values("order").distinct().count() == 24


def test_in_a_block_design_new_items_make_new_forms_and_the_old_ones_stay(tmp_path: Path) -> None:
    study = opened(8, design="blocks")
    before = dict(study.items.values_list("pk", "block"))
    import_items(path=more_items(tmp_path, "n1", "n2", "n3", "n4", "n5"), slug=study.slug, extend=True)
    after = dict(study.items.values_list("pk", "block"))
    assert {pk: after[pk] for pk in before} == before
    assert Counter(block for pk, block in after.items() if pk not in before) == {3: 4, 4: 1}
    drain(study)
    assert set(labels_of_items(study).values()) == {3}


def test_new_items_may_not_slip_into_a_form_that_people_have_seen(tmp_path: Path) -> None:
    study = opened(8, design="blocks")
    with pytest.raises(StudyError, match="Form 2 of answers is there already"):
        import_items(path=more_items(tmp_path, "n1", block=2), slug=study.slug, extend=True)
    import_items(
        path=more_items(tmp_path, "n1", "n2", name="nine.csv", block=9), slug=study.slug, extend=True
    )
    assert study.items.filter(block=9).count() == 2
    assert study.items.count() == 10


def test_what_somebody_left_of_a_short_extra_form_is_finished_by_others() -> None:
    study = opened(8, design="blocks")
    form = study.items.filter(block=1).values_list("pk", flat=True)
    add_labels(study=study, items=list(form)[:2], labels=2)
    drain(study, people=4)
    leaver = make_participant(study, "leaver")
    session = start_session(participant=leaver)
    assert session and session.size == 2
    stop_session(session=session)
    drain(study, people=10)
    assert sorted(labels_of_items(study).values()) == [3] * 6 + [5] * 2
    assert not Slot.objects.filter(filled=False).exists()


def test_a_file_adds_all_of_its_items_or_none(tmp_path: Path) -> None:
    study = opened(4)
    with pytest.raises(Exception, match="'i1' is in the study already"):
        import_items(path=more_items(tmp_path, "n1", "i1"), slug=study.slug, extend=True)
    assert study.items.count() == 4
    assert study.slots.count() == 12


def test_items_without_ids_are_numbered_on_and_the_same_file_is_added_once(tmp_path: Path) -> None:
    study = opened(4)
    path = file_of(tmp_path, [{"query": "New?", "response": f"Answer {n}."} for n in range(2)])
    import_items(path=path, slug=study.slug, extend=True)
    assert set(study.items.filter(position__gt=3).values_list("external_id", flat=True)) == {"4", "5"}
    with pytest.raises(StudyError, match="added to answers already"):
        import_items(path=path, slug=study.slug, extend=True)


def test_the_command_extends_a_study_that_runs_only_when_told_to(tmp_path: Path) -> None:
    study = opened(4)
    path = str(more_items(tmp_path, "n1"))
    with pytest.raises(CommandError, match="answers is open: a file can only be added to a draft"):
        call_command("import_items", path, study=study.slug)
    call_command("import_items", path, study=study.slug, extend=True)
    assert study.items.count() == 5
    with pytest.raises(CommandError, match="no study nowhere"):
        call_command("import_items", path, study="nowhere", extend=True)


def test_responses_are_added_that_the_study_does_not_show_yet() -> None:
    study = opened(4, queries=1)
    shown = [item.response_id for item in study.items.all()]
    new = make_response("Query 0 of answers", "A new answer.")
    query = new.query
    assert add_responses(study=study, responses=Response.objects.filter(query=query)) == 1
    assert study.items.exclude(response__in=shown).get().response == new
    with pytest.raises(StudyError, match="all of these already"):
        add_responses(study=study, responses=Response.objects.filter(query=query))


def test_numbers_of_wanted_labels_know_the_extra_ones() -> None:
    study = opened(4)
    add_labels(study=study, items=keys(study, "i0", "i1"), labels=5)
    counted = with_counts(Study.objects.filter(pk=study.pk), "wanted").get()
    assert counted.wanted == wanted_labels(study) == study.slots.count() == 22  # type: ignore[attr-defined]


def test_a_rehearsal_gives_the_extra_labels_too() -> None:
    study = make_study(labels_per_item=2, session_size=3)
    make_items(study, 3)
    add_labels(study=study, items=keys(study, "i2"), labels=2)
    rehearse(study=study, participants=12, seed=1)
    assert labels_of_items(study) == {"i0": 2, "i1": 2, "i2": 4}


def test_an_extension_is_in_the_log_with_who_did_it(researcher: User, tmp_path: Path) -> None:
    study = opened(4)
    add_labels(study=study, items=keys(study, "i0"), labels=2, by=researcher)
    import_items(path=more_items(tmp_path, "n1"), slug=study.slug, extend=True, owner=researcher)
    items, labels = study.acts.filter(what__startswith="added")
    assert (items.by, items.what, items.detail["items"]) == ("researcher", "added items", 1)
    assert (labels.by, labels.what, labels.detail["labels_each"]) == ("researcher", "added labels", 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("design", ["random", "blocks"])
def test_people_who_claim_while_members_extend_leave_exactly_k_labels_an_item(
    design: str, tmp_path: Path
) -> None:
    study = opened(10, labels_per_item=2, session_size=5, design=design)
    items = keys(study, "i1", "i3", "i8")
    token = token_of(study, items, 2)
    troubles: list[BaseException] = []
    together = threading.Barrier(10)

    def alone(act: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                together.wait(timeout=60)
                act()
            except BaseException as error:
                troubles.append(error)
            finally:
                connection.close()

        return threading.Thread(target=run, daemon=True)

    def walk(person: Participant) -> None:
        while finish(person):
            pass

    people = [make_participant(study, f"t{n}") for n in range(4)]
    walks = [alone(partial(walk, person)) for person in people]
    presses = [alone(lambda: add_labels(study=study, items=items, labels=2, token=token)) for _ in range(2)]
    others = [alone(lambda: add_labels(study=study, items=items[:1], labels=1)) for _ in range(2)]
    files = [more_items(tmp_path, f"{n}a", f"{n}b", name=f"{n}.csv") for n in range(2)]
    adders = [alone(partial(import_items, path=path, slug=study.slug, extend=True)) for path in files]
    for thread in (threads := walks + presses + others + adders):
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert troubles == []
    drain(study)
    wanted = {f"i{n}": 2 for n in range(10)} | dict.fromkeys(("i1", "i3", "i8"), 4)
    wanted |= dict.fromkeys(("0a", "0b", "1a", "1b"), 2)
    first = Item.objects.get(pk=items[0]).external_id
    assert labels_of_items(study) == wanted | {first: 6}
