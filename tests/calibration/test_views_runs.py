"""The pages of runs: choose, look, price, try, run, audit."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotation.members import give_role
from annotation.models import Study
from annotation.studies import create_study
from calibration.models import Run, Score, Scorer
from calibration.rubrics import content_of, write_rubric
from calibration.runs.asking import create_run
from calibration.scorers.judges.rubrics import BUILT_IN
from calibration.scorers.reading import read_recipe
from calibration.scorers.simple import SIMPLE
from generation.models import ModelServer
from generation.runs.asking import start_run
from generation.runs.work import work
from generation.servers import make_server
from generation.templatetags.runs import about
from tests.factory import make_items, make_labels
from tests.model_server import Answer, Asked, chat, serving
from tests.model_server import ModelServer as Fake

pytestmark = pytest.mark.django_db
KEY = "sk-very-secret-0123456789"
JUDGE = {"kind": "judge", "model": "judge-1", "rubric": "overall", "retries": 0}
COSTS = {"currency": "usd", "workers": 1}


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create(username="ada")


@pytest.fixture
def study(ada: User) -> Study:
    made = create_study(slug="answers", name="Answers", kind="rating", owner=ada)
    for n, item in enumerate(make_items(made, 12)):
        make_labels(item, [1 + n % 5, 3, 4])
    return made


@pytest.fixture
def console(client: Client, ada: User) -> Client:
    """The owner of the study, who is nobody's superuser."""
    client.force_login(ada)
    return client


def answer(asked: Asked) -> Answer:
    """Of twelve answers one is refused, one is not read, and the others have a score."""
    said = asked.body["messages"][-1]["content"]
    number = int(re.findall(r"answer (\d+)", said)[-1])
    if number == 4:
        return chat("", refusal="I would rather not.")
    text = "No idea <b>at all</b>." if number == 7 else json.dumps({"overall": {"score": 1 + number % 5}})
    return chat(text, tokens=(100, 10))


@pytest.fixture
def fake(settings: Any) -> Iterator[Fake]:
    with serving(answer) as server:
        settings.MODEL_SERVERS = ["127.0.0.1"]
        yield server


def server_of(owner: User, url: str = "https://models.invalid/v1", **fields: Any) -> ModelServer:
    return make_server(name=f"Server of {owner}", base_url=url, owner=owner, key=KEY, **fields)


def draft(study: Study, owner: User, **fields: Any) -> Run:
    server = ModelServer.objects.filter(owner=owner).first() or server_of(owner)
    given: dict[str, Any] = {
        "scorer": "judge",
        "recipe": read_recipe(JUDGE),
        "server": server,
        "created_by": owner,
    }
    return create_run(study=study, **(given | fields))


def url(run: Run, act: str = "run") -> str:
    return reverse(act, args=[run.pk])


def text(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_a_judge_is_chosen_looked_at_priced_tried_run_and_audited(
    console: Client, ada: User, study: Study, fake: Fake
) -> None:
    server = server_of(ada, fake.url)
    assert (
        reverse("runs", args=["answers"]) in console.get(reverse("study", args=["answers"])).content.decode()
    )
    assert (
        reverse("run-new", args=["answers", "judge"])
        in console.get(reverse("runs", args=["answers"])).content.decode()
    )
    asked = {
        "where": server.pk,
        "model": "org/judge-1",
        "rubric": "overall",
        "method": "number",
        "retries": 0,
    }
    answered = console.post(
        reverse("run-new", args=["answers", "judge"]), asked | COSTS | {"price_in": 1, "price_out": 10}
    )
    run = Run.objects.get()
    assert answered["Location"] == url(run)
    assert (run.scorer, run.currency, run.recipe["retries"], run.created_by) == (
        "judge-1 overall",
        "USD",
        0,
        ada,
    )

    page = text(console.get(url(run)))
    assert "answer 0" in page and "1 of 12" in page and "12 responses" in page
    assert "estimated from the texts" in page and "Score all 12" in page
    assert not fake.asked
    console.post(url(run, "run-start"), {"trial": "1"})
    assert "The trial waits for a worker" in text(console.get(url(run)))
    work(run=Run.objects.get())
    page = text(console.get(url(run)))
    assert "What the trial brought" in page and "measured on 3 calls" in page
    assert "Score the other 9" in page and "Try on" not in page
    assert "What the replies were Answered" in page

    console.post(url(run, "run-start"), {"budget": "1", "budget_tokens": "100000"})
    assert "of 100,000" in text(console.get(url(run)))
    work(run=Run.objects.get())
    finished = console.get(url(run))
    page = text(finished)
    assert "10 answered, of 12 calls" in page
    assert "1 refused, 8.3 %" in page and "1 unparsable, 8.3 %" in page
    assert "I would rather not." in page and "No idea &lt;b&gt;at all&lt;/b&gt;." in finished.content.decode()
    assert len(fake.asked) == 12
    link = re.search(r'href="([^"]+audits[^"]+)">Audit it', finished.content.decode())
    Scorer.objects.create(name="another").scores.create(study=study, item=study.items.all()[0], value=1)
    form = console.get(link[1]).context["form"] if link else None
    assert form and form.fields["scorers"].initial == ["judge-1 overall"]
    assert len(form.fields["scorers"].choices) == 2
    listed = text(console.get(reverse("runs", args=["answers"])))
    assert "judge-1 overall LM judge finished 10 of 12 2" in listed


def test_what_a_run_came_to_is_downloaded_reply_by_reply_and_the_key_is_nowhere(
    console: Client, ada: User, study: Study, fake: Fake
) -> None:
    run = draft(study, ada, server=server_of(ada, fake.url))
    start_run(run=run)
    work(run=run)
    answered = console.get(url(run, "run-replies"))
    assert (
        answered.streaming and answered["Content-Disposition"] == f'attachment; filename="run-{run.pk}.jsonl"'
    )
    lines = [json.loads(line) for line in answered.getvalue().decode().splitlines()]
    assert [line["outcome"] for line in lines].count("answered") == 10 and len(lines) == 12
    (refused,) = (line for line in lines if line["outcome"] == "refused")
    assert (refused["response"], refused["reply"], refused["result"]) == (
        "answer 4",
        "I would rather not.",
        None,
    )
    assert lines[0]["query"] == "Query 0 of answers" and lines[0]["tokens_in"] == 100
    seen = [
        answered.getvalue().decode(),
        *(console.get(page).content.decode() for page in (url(run), "/servers/")),
    ]
    assert not any(KEY in page or run.server.sealed_key in page for page in seen if run.server)


@pytest.mark.parametrize(
    ("kind", "given", "recipe"),
    [
        (
            "judge",
            {"rubric": "mine", "method": "votes", "votes": 5, "structured": "on", "heads": "on"},
            {"method": "votes", "votes": 5, "temperature": 1.0, "structured": "auto", "heads": True},
        ),
        (
            "judge",
            {"rubric": "hhh", "method": "logprobs", "plain": "on", "temperature": 0.5},
            {"method": "logprobs", "temperature": None, "top_p": None, "structured": "off"},
        ),
        (
            "reward",
            {"dialect": "tei", "heads": "safe, kind", "main": "kind", "scores": "raw", "path": ""},
            {"dialect": "tei", "heads": ["safe", "kind"], "main": "kind", "path": ""},
        ),
        (
            "reward",
            {"where": "here:small", "dialect": "tei", "scores": "raw", "truncate": "on"},
            {"dialect": "local", "model": "/models/small", "truncate": True},
        ),
        (
            "perplexity",
            {"dialect": "echo", "definition": "both", "template": "{query}\r\n{response}\r\n"},
            {"dialect": "echo", "definition": "both", "template": "{query}\n{response}\n"},
        ),
        (
            "perplexity",
            {"where": "here:small", "dialect": "vllm", "definition": "response"},
            {"dialect": "local", "model": "/models/small"},
        ),
    ],
)
def test_each_kind_asks_for_what_its_recipe_takes(
    console: Client, ada: User, study: Study, settings: Any, kind: str, given: Any, recipe: Any
) -> None:
    settings.LOCAL_MODELS = {"small": "/models/small"}
    write_rubric(name="mine", content=content_of(BUILT_IN["overall"]), by=ada)
    asked = {"where": server_of(ada).pk, "model": "org/large"} | COSTS | given
    assert console.get(reverse("run-new", args=["answers", kind])).status_code == 200
    answered = console.post(reverse("run-new", args=["answers", kind]), asked)
    run = Run.objects.get()
    assert answered["Location"] == url(run)
    assert recipe.items() <= run.recipe.items()
    assert (run.server is None) is ("where" in given)
    chosen = text(console.get(url(run))).partition("What was chosen")[2]
    assert ("Ask for structured output" in chosen) is (run.recipe.get("structured") == "auto")
    assert ("Votes 5" in chosen) is (run.recipe.get("method") == "votes")
    assert "/models/" not in chosen


@pytest.mark.parametrize(
    ("kind", "wrong", "words"),
    [
        ("judge", {"model": ""}, "required"),
        ("judge", {"where": "here:small"}, "valid choice"),
        ("judge", {"rubric": "pairwise overall"}, "valid choice"),
        ("judge", {"currency": "ABC"}, "There is no currency"),
        ("judge", {"budget_money": 1}, "needs the prices"),
        ("judge", {"scorer": "a · b"}, "stands before the names of heads"),
        ("reward", {"model": ""}, "Name the model"),
        ("reward", {"where": "here:/etc/passwd"}, "valid choice"),
        ("reward", {"main": "safe"}, "main head"),
        ("perplexity", {"dialect": "vllm", "template": "chatml"}, "Only the dialect echo"),
    ],
)
def test_what_makes_no_sense_is_400_with_the_reason_and_no_run_is_made(
    console: Client, ada: User, study: Study, settings: Any, kind: str, wrong: Any, words: str
) -> None:
    settings.LOCAL_MODELS = {"small": "/models/small"}
    right = {
        "rubric": "overall",
        "method": "number",
        "dialect": "echo",
        "definition": "both",
        "scores": "raw",
    }
    right |= {"dialect": "tei"} if kind == "reward" else {}
    asked = {"where": server_of(ada).pk, "model": "m", "template": ""} | right | COSTS | wrong
    answered = console.post(reverse("run-new", args=["answers", kind]), asked)
    assert (answered.status_code, Run.objects.count()) == (400, 0)
    assert words in text(answered)


@pytest.mark.parametrize("kind", ["judge", "simple"])
def test_a_scorers_form_stands_among_the_pages_of_its_study(console: Client, study: Study, kind: str) -> None:
    shown = console.get(reverse("run-new", args=[study.slug, kind])).content.decode()
    assert f'<a href="{reverse("study", args=[study.slug])}">{study.name}</a>' in shown
    assert f'<a href="{reverse("studies")}" aria-current="page">' in shown


def test_without_a_server_the_form_leads_to_where_one_is_added(console: Client, study: Study) -> None:
    here = reverse("run-new", args=["answers", "judge"])
    page = console.get(here).content.decode()
    assert f"{reverse('servers')}?next={here.replace('/', '%2F')}#new" in page
    assert "<select" not in page.partition("<main")[2]
    assert console.get(reverse("run-new", args=["answers", "nonsense"])).status_code == 404


def test_simple_scorers_score_at_once(console: Client, study: Study) -> None:
    here = reverse("run-new", args=["answers", "simple"])
    assert SIMPLE["readability"].definition.partition(":")[0] in text(console.get(here))
    assert console.post(here, {"names": ["nonsense"]}).status_code == 400
    answered = console.post(here, {"names": ["words"]}, follow=True)
    assert [*Scorer.objects.values_list("name", flat=True)] == ["length in words"]
    assert "Scored 12 responses" in text(answered)
    console.post(here)
    assert Scorer.objects.count() == len(SIMPLE)


def test_another_persons_server_is_named_but_neither_used_nor_told_of(
    client: Client, ada: User, study: Study
) -> None:
    run = draft(study, ada)
    bob = User.objects.create(username="bob")
    give_role(study=study, name="bob", role="editor")
    client.force_login(bob)
    page = client.get(url(run))
    assert "Server of ada" in text(page) and "models.invalid" not in page.content.decode()
    assert "somebody else’s server" in text(page) and "Score all" not in text(page)
    refused = client.post(url(run, "run-start"), follow=True)
    assert "only who may use it can start this run" in text(refused)
    api = client.post(f"/api/v1/runs/{run.pk}/start/", {}, "application/json")
    assert (api.status_code, "only who may use it" in api.json()["detail"]) == (400, True)
    assert Run.objects.get().state == Run.State.DRAFT and not DBTaskResult.objects.exists()
    new = reverse("run-new", args=["answers", "judge"])
    asked = {"where": run.server_id, "model": "m", "rubric": "overall", "method": "number"} | COSTS
    assert (client.post(new, asked).status_code, Run.objects.count()) == (400, 1)


def test_a_viewer_reads_a_run_and_is_offered_nothing_that_changes_it(
    client: Client, ada: User, study: Study
) -> None:
    run = draft(study, ada)
    client.force_login(User.objects.create(username="eve"))
    assert client.get(url(run)).status_code == 404
    give_role(study=study, name="eve", role="viewer")
    for state in ("draft", "waiting", "failed"):
        Run.objects.update(state=state, error="It broke." if state == "failed" else "")
        page = client.get(url(run))
        assert page.status_code == 200
        assert '<form method="post"' not in page.content.decode().partition("<main")[2]
    assert client.post(url(run, "run-start")).status_code == 403


@pytest.mark.parametrize("state", ["waiting", "running", "stopped", "failed", "finished"])
def test_the_page_follows_a_run_while_it_may_change_and_then_shows_the_whole(
    console: Client, ada: User, study: Study, state: str
) -> None:
    run = draft(study, ada)
    start_run(run=run)
    ended = state in ("stopped", "failed", "finished")
    why = "The server refuses: it knows no model m." if state in ("stopped", "failed") else ""
    Run.objects.update(state=state, error=why, finished_at=timezone.now() if ended else None)
    whole = console.get(url(run))
    assert why in text(whole)
    assert ('hx-trigger="every 2s"' in whole.content.decode()) is not ended
    assert ('http-equiv="refresh"' in whole.content.decode()) is not ended
    assert ("Go on" in text(whole)) is ended
    part = console.get(url(run), headers={"HX-Request": "true", "HX-Target": "state"})
    assert part.headers.get("HX-Refresh") == ("true" if ended else None)
    assert "<html" not in part.content.decode()
    assert ended or "0 of 12 calls" in text(part)
    preview = console.get(f"{url(run)}?position=3", headers={"HX-Request": "true", "HX-Target": "preview"})
    assert "answer 3" in text(preview) and "What was chosen" not in text(preview)
    assert console.post(url(run, "run-stop")).status_code == 302
    assert Run.objects.get().state == (state if ended else "stopped")


def test_a_stopped_run_is_followed_until_what_was_under_way_is_stored(
    console: Client, ada: User, study: Study
) -> None:
    run = draft(study, ada)
    start_run(run=run)
    Run.objects.update(state="stopped", error="Stopped by ada.", finished_at=None)
    whole = console.get(url(run)).content.decode()
    assert 'hx-trigger="every 2s"' in whole and "Go on" in whole
    assert "HX-Refresh" not in console.get(url(run), headers={"HX-Request": "true", "HX-Target": "state"})


def test_a_trial_that_failed_can_be_tried_again_before_all_is_asked(
    console: Client, ada: User, study: Study
) -> None:
    run = draft(study, ada)
    start_run(run=run, trial=3)
    Run.objects.update(
        state="failed", error="The model server refuses the key (401).", finished_at=timezone.now()
    )
    page = text(console.get(url(run)))
    assert "The trial failed" in page and "Try on 3" in page and "Score all 12" in page
    console.post(url(run, "run-start"), {"trial": "1"})
    assert (Run.objects.get().trial, run.calls.count()) == (3, 3)


def test_a_run_that_reached_its_budget_says_what_was_spent_and_goes_on_with_a_larger_one(
    console: Client, ada: User, study: Study, fake: Fake
) -> None:
    run = draft(study, ada, server=server_of(ada, fake.url, concurrency=1), budget_tokens=2_000)
    start_run(run=run)
    work(run=run)
    page = text(console.get(url(run)))
    assert "The run stopped" in page and "The budget does not reach" in page and "of 2,000" in page
    refused = console.post(url(run, "run-start"), {"budget": "1", "budget_tokens": "-5"}, follow=True)
    assert "Budget, tokens: Ensure this value is greater than or equal to 1" in text(refused)
    assert Run.objects.get().state == "stopped"
    console.post(url(run, "run-start"), {"budget": "1", "budget_tokens": ""})
    run = work(run=Run.objects.get())
    assert (run.state, run.budget_tokens, len(fake.asked)) == ("finished", None, 12)


def test_a_judge_of_pairs_is_shown_both_ways_and_its_position_bias_has_n_and_interval(
    console: Client, ada: User, settings: Any
) -> None:
    pairs = create_study(slug="pairs", name="Pairs", kind="comparison", owner=ada)
    make_items(pairs, 12)
    settings.MODEL_SERVERS = ["127.0.0.1"]
    recipe = read_recipe(JUDGE | {"rubric": "pairwise overall"})
    with serving(lambda asked: chat(json.dumps({"overall": {"score": "A"}}))) as fake:
        run = draft(pairs, ada, recipe=recipe, server=server_of(ada, fake.url))
        page = text(console.get(url(run)))
        assert "12 pairs, by 24 calls" in page and "The same, the other way round" in page
        start_run(run=run)
        work(run=run)
    page = text(console.get(url(run)))
    assert "Mean verdict for the one shown first 2.00 (2.00 to 2.00)" in page
    assert "n = 12" in page


def test_a_run_of_a_recipe_that_cannot_be_read_says_so(console: Client, ada: User, study: Study) -> None:
    run = draft(study, ada)
    Run.objects.update(recipe=run.recipe | {"method": "by magic"})
    page = console.get(url(run))
    assert page.status_code == 200 and "cannot be read" in text(page)
    assert console.post(url(run, "run-delete"))["Location"] == reverse("runs", args=["answers"])
    assert not Run.objects.exists()


def test_pages_take_as_many_queries_whatever_the_runs_and_their_calls(
    console: Client, ada: User, study: Study, fake: Fake
) -> None:
    server, numbers = server_of(ada, fake.url), []
    large = create_study(slug="large", name="Large", kind="rating", owner=ada)
    for item in make_items(large, 40):
        make_labels(item, [1, 3, 5])
    for one, runs in ((study, 1), (large, 4)):
        made = [draft(one, ada, server=server, scorer=f"{one} {n}") for n in range(runs)]
        for act in (None, start_run, work):
            if act:
                act(run=made[0])
            pages = [reverse("runs", args=[one.slug]), url(made[0]), f"{url(made[0])}?position=2"]
            with CaptureQueriesContext(connection) as queries:
                assert {console.get(page).status_code for page in pages} == {200}
            numbers.append(len(queries))
    assert Score.objects.filter(study=large).count() == 38
    assert numbers[:3] == numbers[3:]


def test_what_was_added_to_a_finished_runs_study_is_priced_before_it_is_asked_about(
    console: Client, ada: User, study: Study, fake: Fake
) -> None:
    run = draft(study, ada, server=server_of(ada, fake.url), price_in=1, price_out=1)
    start_run(run=run)
    work(run=run)
    assert "will cost" not in text(console.get(url(run)))
    run.calls.filter(response__text="answer 11").delete()  # as if it had come after the run
    page = text(console.get(url(run)))
    assert "What the rest will cost 1 response " in page and "Go on" in page and "Audit it" in page


def test_ones_own_server_is_offered_first_and_others_with_whose_key_pays(
    console: Client, ada: User, study: Study
) -> None:
    bob = User.objects.create(username="bob")
    make_server(name="A server", base_url="https://models.invalid/v1", owner=bob, shared=True)
    server_of(ada)
    form = console.get(reverse("run-new", args=["answers", "judge"])).context["form"]
    ((_, offered),) = form.fields["where"].choices
    assert [words for _, words in offered] == ["Server of ada", "A server, of bob"]


@pytest.mark.parametrize(
    ("estimate", "rounded"),
    [(0, "0"), (80, "80"), (111_304, "111000"), (Decimal("0.45826"), "0.458"), (Decimal("4.889"), "4.89")],
)
def test_an_estimate_is_shown_to_three_digits(estimate: int | Decimal, rounded: str) -> None:
    assert str(about(estimate)) == rounded


def test_the_administration_s_list_of_calls_takes_as_many_queries_however_many_there_are(
    console: Client, ada: User, study: Study
) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
    page, numbers = reverse("admin:calibration_call_changelist"), []
    for trial in (1, 9):
        start_run(run=draft(study, ada, scorer=f"judge {trial}"), trial=trial)
        with CaptureQueriesContext(connection) as queries:
            assert console.get(page).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
