import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from rest_framework.authtoken.models import Token

from calibration.audit import run_audit
from calibration.models import Audit, Score
from tests.factory import make_items, make_labels, make_study


@pytest.fixture
def api(researcher: User) -> Client:
    token = Token.objects.create(user=researcher)
    return Client(headers={"Authorization": f"Token {token.key}"})


def scores(count: int, **fields: object) -> SimpleUploadedFile:
    rows = [{"item_id": f"i{n}", "scorer": "length", "score": n} | fields for n in range(count)]
    return SimpleUploadedFile("scores.jsonl", "\n".join(json.dumps(row) for row in rows).encode())


def labelled() -> None:
    for n, item in enumerate(make_items(make_study("answers"), 8)):
        make_labels(item, [1 + n % 5, 1 + n % 3, 3])


@pytest.mark.django_db(transaction=True)
def test_scores_go_in_and_an_audit_runs_in_the_background_worker(api: Client) -> None:
    labelled()
    assert api.post("/api/v1/studies/answers/scores/", {"file": scores(8)}).status_code == 201
    assert api.get("/api/v1/studies/answers/scores/").json()["results"][3]["score"] == 3.0
    assert [row["name"] for row in api.get("/api/v1/scorers/").json()["results"]] == ["length"]
    started = api.post(
        "/api/v1/studies/answers/audits/", {"preset": "paper", "replicates": 50}, "application/json"
    )
    assert (started.status_code, started.json()["state"]) == (201, "waiting")
    call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)
    audit = api.get(f"/api/v1/audits/{started.json()['id']}/").json()
    assert audit["state"] == "finished"
    assert audit["result"]["scorers"][0]["name"] == "length"
    assert "result" not in api.get("/api/v1/studies/answers/audits/").json()["results"][0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("scores", {"file": scores(9)}, "i8"),
        ("scores", {"file": scores(2, score="high")}, "line 1"),
        ("scores", {"file": scores(2, family="oracle")}, "family"),
        ("audits", {}, "no scores yet"),
        ("audits", {"preset": "everything"}, "preset"),
        ("audits", {"replicates": 1}, "replicates"),
    ],
)
def test_bad_input_is_400_with_words_and_nothing_is_written(
    api: Client, path: str, data: dict[str, object], words: str
) -> None:
    labelled()
    answer = api.post(f"/api/v1/studies/answers/{path}/", data)
    assert (answer.status_code, words in answer.content.decode()) == (400, True), answer.content
    assert not Score.objects.exists() and not Audit.objects.exists()
    assert api.post(f"/api/v1/studies/nowhere/{path}/", data).status_code == 404


@pytest.mark.django_db
def test_an_audit_is_specified_cancelled_run_again_and_given_more_scorers(api: Client) -> None:
    labelled()
    for name in ("length", "words", "late"):
        api.post("/api/v1/studies/answers/scores/", {"file": scores(8, scorer=name)})
    asked = {
        "preset": "standard",
        "replicates": 20,
        "scorers": ["length"],
        "subsets": {"tukey": [1.5]},
        "cluster_unit": "item",
        "margin": 0.25,
        "confident": 0.8,
    }
    started = api.post("/api/v1/studies/answers/audits/", asked, "application/json").json()
    assert asked.items() <= started.items() and (started["state"], started["progress"]) == ("waiting", 0)
    url = f"/api/v1/audits/{started['id']}/"
    assert api.post(f"{url}cancel/").json()["state"] == "cancelled"
    assert api.post(f"{url}run/").json()["state"] == "waiting"
    run_audit(audit=Audit.objects.get())
    assert api.post(f"{url}cancel/").json()["progress"] == 1
    grown = api.post(f"{url}scorers/", {"scorers": ["words"]}, "application/json")
    assert (grown.status_code, grown.json()["scorers"]) == (201, ["length", "words"])
    assert grown.json().items() >= {key: asked[key] for key in asked if key != "scorers"}.items()
    for wrong, words in ({"scorers": ["length"]}, "not in the audit"), ({"scorers": ["nobody"]}, "no scores"):
        refused = api.post(f"{url}scorers/", wrong, "application/json")
        assert (refused.status_code, words in refused.content.decode()) == (400, True)
    for wrong, words in (
        ({"subsets": {"ties": [50]}}, "no rule ties"),
        ({"cluster_unit": "form"}, "lie in no forms"),
        ({"confident": 2}, "confident share"),
    ):
        refused = api.post("/api/v1/studies/answers/audits/", asked | wrong, "application/json")
        assert (refused.status_code, words in refused.content.decode()) == (400, True)
    assert Audit.objects.count() == 2


@pytest.mark.django_db
def test_a_misspelt_field_of_a_new_audit_is_refused_by_its_name(api: Client) -> None:
    labelled()
    answer = api.post("/api/v1/studies/answers/audits/", {"subset": {"tukey": [1]}}, "application/json")
    assert answer.status_code == 400
    assert answer.json()["subset"][0].startswith("There is no such field; there are: preset, ")
    assert not Audit.objects.exists()
