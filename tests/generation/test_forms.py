import html
import tempfile

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings
from rest_framework.authtoken.models import Token

from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db

NEW = {"name": "Mine", "slug": "mine"}
NUMBERS = {"labels_per_item": 3, "session_size": 2, "time_limit_minutes": 30, "design": "random"}
DOORS = [
    ("/responses/", {}),
    ("/studies/new/", NEW | NUMBERS),
    ("/studies/new/?from=labels", NEW),
    ("/studies/there/scores/", {}),
    ("/api/v1/studies/mine/items/", {}),
    ("/api/v1/studies/mine/labels/", {}),
    ("/api/v1/studies/there/scores/", {}),
]

FILES = [
    ("Réponses de mai (2).jsonl", b"{broken", "Réponses de mai (2).jsonl, line 1"),
    ("C:\\Users\\ann\\mine.csv", b"query,response\n\xff,b", "mine.csv, line 2"),
    ("ours.PARQUET", b"PAR1 and no more", "ours.PARQUET, after row 0"),
    ("答" * 200 + ".jsonl", b"{broken", "答" * 83 + ".jsonl, line 1"),
    ("notes.txt", b"x", "notes.txt: the name must end in .jsonl"),
]


@pytest.fixture
def anyone(researcher: User) -> Client:
    """Somebody signed in, in a browser and with a token."""
    client = Client(headers={"Authorization": f"Token {Token.objects.create(user=researcher).key}"})
    client.force_login(researcher)
    make_items(make_study("there"), 2)
    return client


@pytest.mark.parametrize(("url", "fields"), DOORS)
@pytest.mark.parametrize("handler", ["MemoryFileUploadHandler", "TemporaryFileUploadHandler"])
def test_what_is_wrong_with_a_file_is_said_under_the_name_that_the_person_gave_it(
    anyone: Client, settings: Settings, url: str, fields: dict[str, object], handler: str
) -> None:
    settings.FILE_UPLOAD_HANDLERS = [f"django.core.files.uploadhandler.{handler}"]
    for name, content, said in FILES:
        answer = anyone.post(url, {"file": SimpleUploadedFile(name, content), **fields})
        assert answer.status_code == 400
        text = str(answer.json()) if "/api/" in url else html.unescape(answer.content.decode())
        assert said in text
        assert tempfile.gettempdir() not in text
