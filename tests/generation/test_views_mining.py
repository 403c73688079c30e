import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from generation.charts.funnel import pieces
from generation.models import Candidate, Mining, Run
from generation.servers import make_server
from tests.generation.mining.mined import HAIKU, SECOND, SUEZ, judged, make_mining

pytestmark = pytest.mark.django_db


def words(response: Any) -> str:
    apart = re.sub(r"(?=<(?:td|th|tr|span|p\b))", " ", response.content.decode())
    return " ".join(strip_tags(apart).split())


def seen(client: Client, name: str, **parameters: Any) -> str:
    query = parameters.pop("query", None)
    response = client.get(reverse(name, kwargs=parameters or None, query=query))
    assert response.status_code == 200
    return words(response)


def test_without_a_mining_the_page_says_how_one_is_made(console: Client) -> None:
    text = seen(console, "minings")
    assert "No chat log was read so far" in text
    assert "python manage.py mine_queries FILE --model MODEL --base-url URL" in text


def test_the_funnel_has_each_gate_with_its_numbers_and_what_the_model_dropped_with_its_reasons(
    console: Client, tmp_path: Path
) -> None:
    mining = make_mining(tmp_path)
    assert "Nobody was asked so far" in seen(console, "mining", slug=mining.name)
    judged(mining)
    text = seen(console, "mining", slug=mining.name)
    for row in (
        "in the file 13 100.0 %",
        "are in English 10 76.9 % 1",
        "have 15 to 200 characters 6 46.2 % 2",
        "say nearly the same as none before 4 30.8 % 1",
        "are meaningful on their own 3 75.0 % 1",
        "are neither greetings nor about the model 2 50.0 % 1",
        "open-ended 25.0 % 1 69.7 % 26,070",
        "dropped 50.0 % 2 6.8 % 2,539",
        "Not meaningful 1 do the second one in the same way So it is: no.",
    ):
        assert row in text
    listed = seen(console, "minings")
    assert re.search(r"chats chats\.jsonl 13 5 1 1 ", listed)


def test_candidates_are_found_by_what_became_of_them_and_by_their_words(
    console: Client, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    mining = make_mining(tmp_path)
    judged(mining)
    address = reverse("mining", args=[mining.name])
    part = {"HTTP_HX-Request": "true", "HTTP_HX-Target": "candidates"}
    with django_assert_max_num_queries(8):
        found = words(console.get(address, {"fate": "closed"}, **part))
    assert ("1 text" in found, SUEZ in found, HAIKU in found) == (True, True, False)
    assert "Near line 1: " + HAIKU in words(console.get(address, {"fate": "near"}, **part))
    assert "1 text" in words(console.get(address, {"q": "suez"}, **part))
    assert "No candidate fits" in words(console.get(address, {"q": "nothing like it"}, **part))


def test_a_person_says_what_a_candidate_is(console: Client, tmp_path: Path) -> None:
    mining = make_mining(tmp_path)
    judged(mining)
    one = Candidate.objects.get(text=SECOND)
    address = reverse("mining-decide", args=[mining.name, one.pk])
    told = words(console.post(address, {"decision": "open"}, follow=True))
    assert f"“{SECOND}” is open-ended now." in told
    assert "Said by researcher" in told
    one.refresh_from_db()
    assert one.query is not None
    assert "Say what it is: open-ended, closed-ended" in words(
        console.post(address, {"decision": "perhaps"}, follow=True)
    )
    near = Candidate.objects.exclude(near=None).get()
    assert console.post(reverse("mining-decide", args=[mining.name, near.pk])).status_code == 404


def test_a_run_is_drafted_on_the_page_and_nobody_is_asked(
    console: Client, researcher: Any, tmp_path: Path
) -> None:
    mining = make_mining(tmp_path)
    address = reverse("mining-run-new", args=[mining.name])
    assert "It needs a server first" in words(console.get(address))
    server = make_server(name="mine", base_url="https://models.invalid/v1", owner=researcher)
    given = {"where": server.pk, "model": "m", "currency": "USD", "workers": 1, "structured": "on"}
    assert console.post(address, {**given, "model": ""}).status_code == 400
    made = console.post(address, given)
    run = Run.objects.get()
    assert made.headers["Location"] == reverse("asking-run", args=[run.pk])
    assert (run.name, run.kind, run.mining, run.state) == ("chats by m", "mine", mining, "draft")
    assert run.recipe["structured"] == "auto"
    assert "There is already a run chats by m" in words(console.post(address, given))


def test_a_log_that_was_not_read_to_its_end_says_so(console: Client) -> None:
    Mining.objects.create(name="half", specification={"file": "huge.parquet", "schema": "wildchat"})
    assert "Give the same command again" in seen(console, "mining", slug="half")
    assert "not read to its end" in seen(console, "minings")


def test_a_piece_is_as_wide_as_what_came_and_what_went() -> None:
    first, second, last = pieces([100, 25, 0], of=100)
    assert first.points == "0.00,0 100.00,0 100.00,20 0.00,20"
    assert second.points == "0.00,0 100.00,0 62.50,20 37.50,20"
    assert last.points == "37.50,0 62.50,0 50.00,20 50.00,20"
    assert (second.share, pieces([0], of=0)[0].share) == (0.25, None)
