from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from annotation.members import give_role
from annotation.models import Study
from calibration.models import Call, Rubric, Run, Score
from calibration.runs.asking import create_run
from calibration.scorers.reading import read_recipe
from generation.models import ModelServer
from generation.servers import change_server, make_server
from tests.factory import make_items, make_study
from tests.model_server import Answer, Asked, serving

KEY = "sk-that-nobody-may-see"
REWARD = {"kind": "reward", "model": "length", "dialect": "json"}
CRITERION = {"name": "fresh", "description": "nobody has said it before."}
RUBRIC = {"prompt": "{query}\n{response}\n{criteria}", "criteria": [CRITERION], "low": 1, "high": 5}


@pytest.fixture
def api(db: None) -> Client:
    """Of an editor of the study, who is nobody else's superuser."""
    editor, study = User.objects.create(username="editor"), make_study("answers")
    make_items(study, 12)
    give_role(study=study, name=editor.username, role="editor")
    client = Client()
    client.force_login(editor)
    return client


def post(api: Client, path: str, data: Any = None) -> Any:
    return api.post(f"/api/v1/{path}", data or {}, "application/json")


def server(url: str = "https://models.example/v1", **fields: Any) -> ModelServer:
    return make_server(**{"name": "mine", "base_url": url, "key": KEY, "shared": True} | fields)


def length(asked: Asked) -> Answer:
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    return Answer({"score": len(asked.body["response"]), "usage": {"prompt_tokens": 1_000}})


@pytest.mark.django_db(transaction=True)
def test_a_run_is_drafted_tried_started_and_read_and_its_key_is_nowhere(api: Client, settings: Any) -> None:
    settings.MODEL_SERVERS = ["127.0.0.1"]
    with serving(length) as models:
        server(models.url)
        asked = {"scorer": "live length", "recipe": REWARD, "server": "mine", "price_in": 2.5, "workers": 2}
        drafted = post(api, "studies/answers/runs/", asked)
        assert (drafted.status_code, drafted.json()["state"], models.asked) == (201, "draft", [])
        url = f"runs/{drafted.json()['id']}/"
        assert post(api, f"{url}start/", {"trial": 3}).json()["trial"] == 3
        call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)
        assert (len(models.asked), Score.objects.count()) == (3, 0)
        assert post(api, f"{url}start/").json()["state"] == "waiting"
        call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)
        assert len(models.asked) == 12
    run = api.get(f"/api/v1/{url}").json()
    assert (run["state"], run["error"], run["recipe"]["model"]) == ("finished", "", "length")
    standing = run["standing"]
    assert (standing["answered"], standing["tokens_in"], float(standing["money"])) == (12, 12_000, 0.03)
    scored = api.get("/api/v1/studies/answers/scores/").json()
    assert {row["scorer"] for row in scored["results"]} == {"live length"} and scored["count"] == 12
    everything = [f"/api/v1/{page}" for page in (url, "studies/answers/runs/", "servers/", "scorers/")]
    assert not [page for page in everything if KEY in api.get(page).content.decode()]
    assert api.delete(f"/api/v1/{url}").status_code == 204
    assert (Run.objects.count(), Score.objects.count()) == (0, 12)


def test_a_run_is_stopped_and_goes_on(api: Client) -> None:
    server()
    drafted = post(api, "studies/answers/runs/", {"scorer": "x", "recipe": REWARD, "server": "mine"})
    url = f"runs/{drafted.json()['id']}/"
    post(api, f"{url}start/")
    stopped = post(api, f"{url}stop/").json()
    assert (stopped["state"], stopped["error"]) == ("stopped", "Stopped by editor. Start it again to go on.")
    assert post(api, f"{url}start/").json()["state"] == "waiting"
    again = post(api, f"{url}start/")
    assert (again.status_code, again.json()) == (400, {"detail": "x runs already."})


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"server": None}, "That model is asked through a server: name one."),
        ({"server": "theirs"}, "server: you may use no theirs; yours and shared ones: mine."),
        ({"budget_money": 1}, "A budget of money needs the prices of tokens."),
        ({"workers": 65}, "A run has 1 to 64 workers, not 65."),
        ({"currency": "EURO"}, "There is no currency 'EURO': use its three letters, such as USD."),
        ({"recipe": {}}, 'recipe: A recipe needs a "kind", one of judge, panel, reward, perplexity.'),
        ({"recipe": {**REWARD, "dialect": "x"}}, "recipe: The dialect must be one of vllm_classify, "),
        (
            {"recipe": {**REWARD, "colour": "red"}},
            'recipe: There is no "colour" here: the fields are model, ',
        ),
        (
            {"recipe": {"kind": "judge", "model": "m", "rubric": "none"}},
            "recipe.rubric: There is no rubric none.",
        ),
        (
            {"recipe": {"kind": "judge", "model": "m", "rubric": {**RUBRIC, "criteria": [{"name": ""}]}}},
            "recipe.rubric: A criterion's name has letters, digits, spaces and hyphens, at most 60 of them.",
        ),
        (
            {"recipe": {"kind": "perplexity", "model": "/etc", "dialect": "local"}, "server": None},
            "recipe.model: of models in its own process this server allows hub/small.",
        ),
    ],
)
def test_what_makes_no_sense_is_one_line_that_says_where_and_nothing_is_written(
    api: Client, settings: Any, wrong: dict[str, Any], line: str
) -> None:
    settings.LOCAL_MODELS = {"small": "hub/small"}
    server()
    server(name="theirs", shared=False, owner=User.objects.create(username="somebody"))
    asked = {"scorer": "x", "recipe": REWARD, "server": "mine"}
    answer = post(api, "studies/answers/runs/", asked | wrong)
    assert answer.status_code == 400
    assert answer.json().keys() == {"detail"} and answer.json()["detail"].startswith(line)
    assert "\n" not in answer.json()["detail"]
    assert not Run.objects.exists()
    misspelt = post(api, "studies/answers/runs/", asked | {"budget": 3})
    assert misspelt.json()["budget"][0].startswith("There is no such field; there are: scorer, recipe, ")


def test_a_model_that_the_operator_allows_runs_in_the_servers_own_process(api: Client, settings: Any) -> None:
    settings.LOCAL_MODELS = {"small": "hub/small"}
    recipe = {"kind": "perplexity", "model": "hub/small", "dialect": "local", "definition": "both"}
    drafted = post(api, "studies/answers/runs/", {"scorer": "x", "recipe": recipe})
    assert (drafted.status_code, drafted.json()["server"]) == (201, None)
    assert drafted.json()["recipe"].items() >= recipe.items()


def test_servers_are_named_with_their_limits_and_neither_address_nor_key(api: Client) -> None:
    server(requests_a_minute=60)
    server(name="theirs", shared=False, owner=User.objects.create(username="somebody"))
    told = api.get("/api/v1/servers/")
    assert told.json()["results"] == [
        {"name": "mine", "shared": True, "concurrency": 8, "requests_a_minute": 60, "timeout": 60}
    ]
    assert "models.example" not in told.content.decode()


def test_a_rubric_has_versions_and_a_run_takes_the_newest_by_its_name(api: Client) -> None:
    server()
    for version, criteria in enumerate(
        ([CRITERION], [CRITERION, {"name": "apt", "description": "it fits."}]), 1
    ):
        written = post(api, "rubrics/", {"name": "metaphors", "content": {**RUBRIC, "criteria": criteria}})
        assert (written.status_code, written.json()["version"]) == (201, version)
    assert len(api.get("/api/v1/rubrics/", {"name": "metaphors"}).json()["results"]) == 2
    recipe = {"kind": "judge", "model": "m", "rubric": "metaphors"}
    drafted = post(api, "studies/answers/runs/", {"scorer": "x", "recipe": recipe, "server": "mine"}).json()
    assert drafted["recipe"]["rubric"].items() >= {"name": "metaphors", "version": 2}.items()
    refused = post(api, "rubrics/", {"name": "metaphors", "content": {**RUBRIC, "prompt": "{query}"}})
    assert (refused.status_code, refused.json()) == (400, {"detail": "The prompt lacks {response}."})
    Rubric.objects.update(owner=User.objects.create(username="somebody"))
    assert api.get("/api/v1/rubrics/").json()["count"] == 0
    theirs = post(api, "studies/answers/runs/", {"scorer": "y", "recipe": recipe, "server": "mine"})
    assert theirs.json() == {"detail": "recipe.rubric: There is no rubric metaphors."}


def test_a_run_at_a_server_that_is_not_ones_own_is_not_started(api: Client) -> None:
    theirs = server(name="theirs", shared=True, owner=User.objects.create(username="somebody"))
    private = server("http://10.0.0.1/v1", name="private", key="", shared=False, anywhere=True)
    by_hand = create_run(
        study=Study.objects.get(), scorer="y", recipe=read_recipe(REWARD), server=private, created_by=None
    )
    asked = {"scorer": "x", "recipe": REWARD, "server": "theirs"}
    shared = post(api, "studies/answers/runs/", asked).json()["id"]
    change_server(server=theirs, shared=False)
    for run, name in ((shared, "theirs"), (by_hand.pk, "private")):
        for given in ({}, {"trial": 1}):
            answer = post(api, f"runs/{run}/start/", given)
            assert (answer.status_code, answer.json()["detail"]) == (
                400,
                f"{name} is somebody else’s: only who may use it can start this run.",
            )
    assert not Call.objects.exists()
    too_many = post(api, f"runs/{shared}/start/", {"trial": 3_000_000_000})
    assert too_many.status_code == 400
