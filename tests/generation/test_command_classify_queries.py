"""The command that classifies: what it asks, says, and goes on with."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generation.models import Category, Classification, Run
from generation.taxonomy.categories import accept
from tests.generation.taxonomy.classified import answering, make_collection, says
from tests.model_server import ModelServer, chat, serving

pytestmark = pytest.mark.django_db

SAID = {
    "Write a poem.": says(["Writing Genres", "Creative Content Generation"], ["Verse"]),
    "Plan my week.": says(["Decision Support"]),
    "1+1?": says([]),
    "Insult me.": chat("", refusal="No."),
}


def printed(server: ModelServer, *options: Any) -> str:
    out = StringIO()
    given = ["asked", "--model", "m", "--base-url", server.url, *map(str, options)]
    call_command("classify_queries", *given, stdout=out)
    return out.getvalue()


def test_it_says_the_shares_with_intervals_and_what_waits_for_a_person() -> None:
    make_collection(list(SAID))
    with serving(answering(SAID)) as server:
        lines = printed(server).splitlines()
        said = json.loads(printed(server, "--json"))
        assert len(server.asked) == 4, "the same command asks nothing twice"
    assert lines[0].startswith("asked: categories by m: 3 answered, 1 refused of 4 requests")
    assert "  Writing Genres: 33.3 % (6.1 % to 79.2 %)" in lines
    assert lines[-2:] == [
        "1 query of 3 without a category.",
        "1 category proposed, to decide about, at /categories/.",
    ]
    shares = said["shares"]
    assert (said["collection"], shares["queries"], shares["without_category"]) == ("asked", 3, 1)
    assert shares["outcomes"] == {"answered": 3, "refused": 1} and said["proposals_waiting"] == 1


def test_it_goes_on_with_the_categories_that_the_run_was_made_with() -> None:
    collection = make_collection(["Write a poem."])
    with serving(answering(SAID)) as server:
        printed(server)
        accept(categories=[Category.objects.get(name="Verse")])
        collection.queries.add(*make_collection(["Plan my week."], "more").queries.all())
        printed(server)
        offered = {str(asked.body["response_format"]) for asked in server.asked}
        assert len(server.asked) == 2 and len(offered) == 1 and "Verse" not in offered.pop()
        printed(server, "--name", "with verse")
        assert "Verse" in str(server.asked[-1].body["response_format"])
        with pytest.raises(CommandError, match="asked for otherwise: choose another --name"):
            printed(server, "--max-tokens", 7)
        make_collection([], "empty")
        with pytest.raises(CommandError, match="There is another run with verse"):
            call_command("classify_queries", "empty", model="m", base_url=server.url, name="with verse")


def test_looking_at_it_asks_nobody_and_leaves_nothing() -> None:
    make_collection(list(SAID))
    with serving(answering(SAID)) as server:
        assert "asks about 2 queries, in 2 requests" in printed(
            server, "--dry-run", "--sample", 2, "--seed", 4
        )
        assert "<query>\nWrite a poem.\n</query>" in printed(server, "--show")
        assert not server.asked
    assert not Run.objects.exists() and not Category.objects.exists()


def test_a_trial_shows_replies_and_stores_no_category() -> None:
    make_collection(list(SAID))
    with serving(answering(SAID)) as server:
        assert '"Creative Content Generation"' in printed(server, "--trial", 1)
    assert not Classification.objects.exists() and Run.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("options", "says_why"),
    [
        (["elsewhere", "--model", "m"], "There is no collection elsewhere: asked."),
        (["asked", "--model", "m"], "Say where the model is"),
        (
            ["asked", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--sample", "0"],
            '"sample" is a whole',
        ),
        (
            ["asked", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--only-open"],
            "no query to ask about",
        ),
    ],
)
def test_what_makes_no_sense_is_one_line_and_leaves_nothing(options: list[str], says_why: str) -> None:
    make_collection(list(SAID))
    with pytest.raises(CommandError, match=says_why) as raised:
        call_command("classify_queries", *options)
    assert "\n" not in str(raised.value) and not Run.objects.exists()
