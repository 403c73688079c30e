"""Promises of the console of a study that runs: what it shows, to whom, and how it is extended from there."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.allocation import session_slots, start_session, submit
from annotation.models import Membership, Participant, Study
from annotation.studies import close_study, open_study, pause_study
from annotation.tickets import Answer, Ticket
from tests.factory import make_items, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db
PAGE = "/studies/answers/progress/"
EXTEND = "/studies/answers/extend/"
REFRESH = {"HX-Request": "true", "HX-Target": "live"}


@pytest.fixture(autouse=True)
def nothing_kept(settings: Any, tmp_path: Path) -> None:
    cache.clear()
    settings.MANYMINDS_DATA = tmp_path


@pytest.fixture
def study() -> Study:
    study = make_study(labels_per_item=3, session_size=4)
    make_items(study, 12)
    return open_study(study=study)


def work(study: Study, code: str, answers: int = 4) -> Participant:
    person = make_participant(study, code)
    session = start_session(participant=person)
    assert session
    for n, slot in enumerate(session_slots(session=session)[:answers]):
        submit(participant=person, ticket=Ticket.for_slot(slot), answer=Answer(value=1 + n))
    return person


def member(study: Study, role: str) -> Client:
    user = User.objects.create_user(role)
    Membership.objects.create(study=study, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_console_shows_a_running_study(console: Client, study: Study) -> None:
    work(study, "done")
    work(study, "inside", answers=1)
    shown = text(console.get(PAGE))
    for words in ("of 36 labels", "expected end", "labelling", "Where people are lost", "began to label"):
        assert words in shown
    assert "1 of 4" in shown
    assert "nobody answered" not in shown


@pytest.mark.parametrize(
    ("state", "words"),
    [("draft", "Nobody can enter yet"), ("open", "Nobody has come yet"), ("paused", "Nobody has come yet")],
)
def test_before_anybody_comes_it_says_so(console: Client, state: str, words: str) -> None:
    study = make_study()
    make_items(study, 2)
    if state != "draft":
        open_study(study=study)
    if state == "paused":
        pause_study(study=study)
    shown = text(console.get(PAGE))
    assert words in shown
    assert "<svg" not in shown


def test_it_refreshes_itself_only_while_the_study_is_open(console: Client, study: Study) -> None:
    assert 'hx-trigger="every 10s"' in text(console.get(PAGE))
    part = text(console.get(PAGE, headers=REFRESH))
    assert 'id="live"' in part
    assert "<html" not in part
    close_study(study=study)
    assert "hx-trigger" not in text(console.get(PAGE, headers=REFRESH))


def test_ten_consoles_cost_as_one(study: Study) -> None:
    work(study, "p")
    looking = [member(study, role) for role in ("viewer", "editor", "owner")]
    first, *others = [_queries(client) for client in looking]
    assert all(other <= 4 for other in others), "who asks, the session, the study, the role"
    assert first > 4


def test_a_refresh_asks_no_more_of_a_larger_study(console: Client) -> None:
    counts = []
    for size in (1, 5):
        study = make_study(f"s{size}", labels_per_item=3, session_size=4)
        make_items(study, 8 * size)
        open_study(study=study)
        for n in range(size):
            work(study, f"p{n}", answers=2)
        counts.append(_queries(console, f"/studies/s{size}/progress/"))
    assert counts[0] == counts[1]


def _queries(client: Client, page: str = PAGE) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page, headers=REFRESH).status_code == 200
    return len(queries)


def test_an_imported_study_has_no_console(console: Client) -> None:
    make_study(imported=True, state="closed")
    assert console.get(PAGE).headers["Location"] == "/studies/answers/"
    assert console.get(EXTEND).headers["Location"] == "/studies/answers/"


def test_a_viewer_looks_and_changes_nothing(study: Study) -> None:
    work(study, "p")
    viewer = member(study, "viewer")
    shown = text(viewer.get(PAGE))
    assert "Extend" not in shown
    assert "pay_rate" not in shown
    assert viewer.get("/studies/answers/pay.csv").status_code == 200
    for url in (EXTEND, "/studies/answers/pay/"):
        assert viewer.post(url, {"do": "choose"}).status_code == 403
    assert Client().get(PAGE).status_code == 302


def test_pay_is_set_on_the_page_and_shown_there(console: Client, study: Study) -> None:
    work(study, "p")
    settings = {"pay_by": "item", "pay_rate": "0.25", "currency": "gbp"}
    assert console.post("/studies/answers/pay/", settings).headers["Location"] == PAGE
    shown = text(console.get(PAGE))
    assert "1.00 GBP" in shown
    assert "at 0.25 GBP an answer" in shown
    (row,) = csv.DictReader(io.StringIO(text(console.get("/studies/answers/pay.csv"))))
    assert (row["participant"], row["amount"]) == ("p", "1.00")


@pytest.mark.parametrize(
    "pay",
    [
        {"pay_by": "item", "pay_rate": "", "currency": "GBP"},
        {"pay_by": "time", "pay_rate": "9", "currency": "ABC"},
        {"pay_by": "time", "pay_rate": "-1", "currency": "EUR"},
    ],
)
def test_pay_that_cannot_be_is_told_beside_the_form(
    console: Client, study: Study, pay: dict[str, str]
) -> None:
    refused = console.post("/studies/answers/pay/", pay)
    assert refused.status_code == 400
    assert 'class="error"' in text(refused) or "message error" in text(refused)
    study.refresh_from_db()
    assert study.pay_by == ""


def test_what_is_chosen_is_shown_with_its_cost_and_added_after_a_yes(console: Client, study: Study) -> None:
    for n in range(6):
        work(study, f"p{n}")
    Study.objects.update(pay_by="item", pay_rate="0.1", currency="EUR")
    choice = {"do": "choose", "by": "fewest", "number": 3, "labels": 2}
    shown = console.post(EXTEND, choice)
    assert "2 more labels for 3 items" in text(shown)
    assert "about 0.60 EUR in pay" in text(shown)
    assert study.slots.count() == 36
    yes = {"do": "add-labels", **shown.context["chosen"]["form"].initial}
    for _ in range(2):  # a second press
        assert console.post(EXTEND, yes).headers["Location"] == PAGE
    assert study.slots.count() == 42
    assert "of 42 labels" in text(console.get(PAGE))
    assert "3 items with more" in text(console.get("/studies/answers/"))
    more = study.items.filter(extra_labels=2).first()
    assert more
    assert "of 5 wanted" in text(console.get(f"/studies/answers/items/{more.pk}/"))


def test_the_most_divided_items_are_chosen_by_entropy(console: Client, study: Study) -> None:
    choice = {"do": "choose", "by": "entropy", "number": 2, "labels": 1}
    assert console.post(EXTEND, choice).status_code == 400
    items = [item.pk for item in study.items.all()]
    values = {items[4]: (1, 5, 3), items[7]: (1, 5, 5)}
    for n in range(3):
        person = make_participant(study, f"p{n}")
        while session := start_session(participant=person):
            for slot in session_slots(session=session):
                value = values.get(slot.item_id, (3, 3, 3))[n]
                submit(participant=person, ticket=Ticket.for_slot(slot), answer=Answer(value=value))
    shown = console.post(EXTEND, choice)
    assert [item.pk for item in shown.context["chosen"]["first"]] == [items[4], items[7]]


def test_items_are_named_by_their_ids_and_unknown_ones_are_told(console: Client, study: Study) -> None:
    choice = {"do": "choose", "by": "ids", "number": 1, "labels": 1, "ids": "i3\n i5 \n\ni3"}
    assert "1 more label for 2 items" in text(console.post(EXTEND, choice))
    refused = console.post(EXTEND, choice | {"ids": "i3\nnowhere"})
    assert refused.status_code == 400
    assert "has no item nowhere" in text(refused)


def test_a_closed_study_is_opened_again_by_the_same_yes_if_asked(console: Client, study: Study) -> None:
    close_study(study=study)
    shown = console.post(EXTEND, {"do": "choose", "by": "ids", "number": 1, "labels": 1, "ids": "i3"})
    assert "Open the study again" in text(shown)
    yes = {"do": "add-labels", **shown.context["chosen"]["form"].initial}
    console.post(EXTEND, yes | {"reopen": "on"})
    study.refresh_from_db()
    assert study.state == "open"


def upload(name: str = "more.jsonl", *ids: str) -> dict[str, Any]:
    rows = "".join(f'{{"item_id": "{each}", "query": "New?", "response": "{each}"}}\n' for each in ids)
    file = io.BytesIO(rows.encode())
    file.name = name
    return {"do": "upload", "file": file}


def test_a_file_is_looked_at_before_its_items_are_added(console: Client, study: Study) -> None:
    shown = console.post(EXTEND, upload("more.jsonl", "n1", "n2"))
    assert "2 more items from more.jsonl" in text(shown)
    assert "6 labels" in text(shown)
    assert study.items.count() == 12
    yes = {"do": "add-items", **shown.context["more"]["form"].initial}
    assert console.post(EXTEND, yes).headers["Location"] == PAGE
    assert (study.items.count(), study.slots.count()) == (14, 42)
    assert study.acts.get(what="added items").by == "researcher"
    again = text(console.post(EXTEND, yes, follow=True))
    assert "choose it again" in again
    assert study.items.count() == 14


def test_a_file_that_does_not_fit_is_refused_with_its_line(console: Client, study: Study) -> None:
    refused = console.post(EXTEND, upload("more.jsonl", "n1", "i3"))
    assert refused.status_code == 400
    assert "line 2" in text(refused)
    assert study.items.count() == 12


def test_a_file_that_waits_for_another_study_is_not_taken(console: Client, study: Study) -> None:
    make_items(make_study("other"), 1)
    shown = console.post(EXTEND, upload("more.jsonl", "n1"))
    yes = {"do": "add-items", **shown.context["more"]["form"].initial}
    assert "choose it again" in text(console.post("/studies/other/extend/", yes, follow=True))


def test_responses_that_are_here_are_added_once(console: Client, study: Study) -> None:
    make_response("A new query", "Its answer.")
    choice = {"search": "new query"}
    assert "1 more item from the responses" in text(console.post(EXTEND, choice | {"do": "responses"}))
    assert study.items.count() == 12
    assert console.post(EXTEND, choice | {"do": "add-responses"}).headers["Location"] == PAGE
    again = console.post(EXTEND, choice | {"do": "add-responses"})
    assert again.status_code == 400
    assert "has all of these already" in text(again)
    assert (study.items.count(), study.slots.count()) == (13, 39)


def test_the_api_extends_and_a_token_extends_once(study: Study) -> None:
    editor = member(study, "editor")
    url = "/api/v1/studies/answers/extend/"
    wish = {"items": ["i1", "i2"], "labels": 4, "token": "mine"}
    for _ in range(2):
        answer = editor.post(url, wish, content_type="application/json")
        assert (answer.status_code, answer.json()) == (201, {"items": ["i1", "i2"], "labels": 8})
    assert study.slots.count() == 44
    found = editor.post(url, {"by": "fewest", "number": 3, "labels": 1}, content_type="application/json")
    assert len(found.json()["items"]) == 3
    for wrong in ({"labels": 1}, {"labels": 1, "items": ["nowhere"]}, {"labels": 0, "items": ["i1"]}):
        assert editor.post(url, wrong, content_type="application/json").status_code == 400
    listed = editor.get("/api/v1/studies/answers/items/").json()["results"]
    assert {row["item_id"] for row in listed if row["extra_labels"] >= 4} == {"i1", "i2"}
    viewer = member(study, "viewer")
    assert viewer.post(url, wish, content_type="application/json").status_code == 403


def test_the_api_adds_items_to_a_study_that_runs_only_when_told_to(study: Study) -> None:
    editor, url = member(study, "editor"), "/api/v1/studies/answers/items/"
    refused = editor.post(url, {"file": upload("more.jsonl", "n1")["file"]})
    assert refused.status_code == 400
    assert editor.post(url, {"file": upload("more.jsonl", "n1")["file"], "extend": True}).status_code == 201
    assert study.items.count() == 13


def test_the_buttons_of_the_console_lead_back_to_it(console: Client, study: Study) -> None:
    paused = console.post("/studies/answers/state/", {"state": "paused", "back": "progress"})
    assert paused.headers["Location"] == PAGE
