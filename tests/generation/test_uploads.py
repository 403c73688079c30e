import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.authtoken.models import Token

from generation import uploads
from generation.models import Response

pytestmark = pytest.mark.django_db


def test_an_upload_above_the_limit_is_refused_unread_with_words(
    console: Client, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_LIMIT_MB = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(uploads, "ROOM", 1000)
    large = b'{"query": "q", "response": "r"}\n' * 100
    page = console.post("/responses/", {"file": SimpleUploadedFile("r.jsonl", large)})
    assert (page.status_code, "larger than this server takes" in page.content.decode()) == (400, True)
    token = Token.objects.create(user_id=int(console.session["_auth_user_id"]))
    api = Client(headers={"Authorization": f"Token {token.key}"})
    answer = api.post("/api/v1/studies/s/items/", {"file": SimpleUploadedFile("r.jsonl", large)})
    assert (answer.status_code, "larger than 0 MB" in answer.json()["detail"]) == (400, True)
    assert not Response.objects.exists()
