import json
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.authtoken.models import Token

from annotation.models import Label, Study
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(researcher: User) -> Client:
    token = Token.objects.create(user=researcher)
    return Client(headers={"Authorization": f"Token {token.key}"})


def upload(rows: list[dict[str, object]], name: str = "rows.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(json.dumps(row) for row in rows).encode())


def test_a_name_and_password_give_the_token_that_opens_the_api(researcher: User) -> None:
    client = Client()
    assert client.get("/api/v1/studies/").status_code == 401
    given = client.post("/api/v1/token/", {"username": "researcher", "password": "correct horse battery"})
    answer = client.get("/api/v1/studies/", headers={"Authorization": f"Token {given.json()['token']}"})
    assert (answer.status_code, answer.json()["count"]) == (200, 0)


def test_a_study_goes_from_items_to_open_to_closed(api: Client) -> None:
    rows = [{"query": f"q{n}", "response": f"r{n}", "item_id": f"a{n}"} for n in range(3)]
    made = api.post(
        "/api/v1/studies/mine/items/", {"file": upload(rows), "labels_per_item": 2, "name": "Mine"}
    )
    assert (made.status_code, made.json()["created"]["items"]) == (201, 3)
    patched = api.patch("/api/v1/studies/mine/", {"question": "Good?"}, content_type="application/json")
    assert patched.json()["question"] == "Good?"
    assert api.post("/api/v1/studies/mine/open/").json()["state"] == "open"
    refused = api.patch("/api/v1/studies/mine/", {"labels_per_item": 3}, content_type="application/json")
    assert (refused.status_code, "labels per item" in refused.json()["detail"]) == (400, True)
    assert api.post("/api/v1/studies/mine/pause/").json()["state"] == "paused"
    assert api.post("/api/v1/studies/mine/close/").json()["state"] == "closed"
    shown = api.get("/api/v1/studies/mine/items/").json()["results"]
    assert [(row["item_id"], row["query"], row["response"]) for row in shown] == [
        ("a0", "q0", "r0"),
        ("a1", "q1", "r1"),
        ("a2", "q2", "r2"),
    ]


def test_labels_go_in_and_come_out_and_agreement_is_that_of_the_command(api: Client) -> None:
    rows = [
        {"item_id": f"{n}", "query": "q", "response": f"r{n}", "human_labels": [1, n + 1, 5]}
        for n in range(4)
    ]
    made = api.post("/api/v1/studies/theirs/labels/", {"file": upload(rows)})
    assert (made.status_code, Label.objects.count()) == (201, 12)
    exported = api.get("/api/v1/studies/theirs/labels/?shape=infinity-chat")
    lines = [json.loads(line) for line in exported.getvalue().splitlines()]
    assert [line["human_labels"] for line in lines] == [row["human_labels"] for row in rows]
    parquet = api.get("/api/v1/studies/theirs/labels/?file_format=parquet").getvalue()
    from pyarrow import parquet as pq

    assert pq.read_table(BytesIO(parquet)).num_rows == 12
    agreement = api.get("/api/v1/studies/theirs/agreement/?replicates=100").json()
    assert agreement["krippendorff_alpha"]["ordinal"]["n"] == 4


@pytest.mark.parametrize(
    ("method", "path", "data", "words"),
    [
        (
            "post",
            "/api/v1/studies/new/labels/",
            {"file": upload([{"query": "q", "response": "r"}])},
            "human_labels",
        ),
        ("post", "/api/v1/studies/new/items/", {"file": SimpleUploadedFile("x.jsonl", b"{broken")}, "line 1"),
        (
            "post",
            "/api/v1/studies/new/items/",
            {"file": SimpleUploadedFile("x.csv", b"\xff\xfe\x00")},
            "UTF-8",
        ),
        ("post", "/api/v1/studies/new/items/", {"file": SimpleUploadedFile("x.exe", b"MZ")}, ".jsonl"),
        ("post", "/api/v1/studies/new/items/", {}, "file"),
        ("post", "/api/v1/studies/new/labels/", {"file": upload([{}]), "scale_low": 1}, "scale"),
        ("post", "/api/v1/studies/", {"slug": "x", "name": "X", "kind": "ranking"}, "kind"),
        (
            "post",
            "/api/v1/studies/",
            {"slug": "x", "name": "X", "kind": "rating", "labels_per_item": 0},
            "at least one label",
        ),
        ("get", "/api/v1/studies/there/agreement/?replicates=-1", {}, "replicates"),
        ("get", "/api/v1/studies/there/labels/?shape=round", {}, "shape"),
    ],
)
def test_bad_input_is_400_with_words_and_nothing_is_written(
    api: Client, method: str, path: str, data: dict[str, object], words: str
) -> None:
    make_study("there")
    for value in data.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    answer = getattr(api, method)(path, data)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert list(Study.objects.values_list("slug", flat=True)) == ["there"]


def test_lists_read_no_more_queries_when_there_is_more(api: Client) -> None:
    counts = []
    for size in (1, 12):
        for n in range(size):
            study = make_study(f"s{size}-{n}")
            for item in make_items(study, 2):
                make_labels(item, [1, 2])
        with CaptureQueriesContext(connection) as queries:
            assert api.get("/api/v1/studies/").status_code == 200
            assert api.get("/api/v1/studies/s1-0/items/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_schema_and_its_page_are_served_here(console: Client) -> None:
    assert console.get("/api/v1/schema/").status_code == 200
    page = console.get("/api/v1/docs/").content.decode()
    assert "http://" not in page.replace("http://testserver", "") and "https://" not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels_per_item": 10_001},
        {"labels_per_item": 10**20},
        {"session_size": 1_001},
        {"session_size": 0},
        {"time_limit_minutes": 100_001},
        {"sessions_per_person": 10**20},
        {"scale_high": 102},
        {"scale_low": -(10**20)},
    ],
)
def test_numbers_that_no_study_has_are_refused_in_a_line(api: Client, wrong: dict[str, int]) -> None:
    new = {"slug": "s", "name": "S", "kind": "rating"}
    posted = api.post("/api/v1/studies/", new | wrong, content_type="application/json")
    assert posted.status_code == 400, posted.content
    make_study("here")
    patched = api.patch("/api/v1/studies/here/", wrong, content_type="application/json")
    assert patched.status_code == 400, patched.content
    if wrong.keys() <= {"labels_per_item", "session_size"}:
        sent = api.post(
            "/api/v1/studies/new/items/", {"file": upload([{"query": "q", "response": "r"}]), **wrong}
        )
        assert sent.status_code == 400, sent.content
    assert list(Study.objects.values_list("slug", flat=True)) == ["here"]
