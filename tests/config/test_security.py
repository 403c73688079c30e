"""Promises about cookies, limits of the API, and where secrets come from."""

import json
import os
import subprocess
import sys
from email.message import Message
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import Request

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from rest_framework.throttling import UserRateThrottle

from annotation.models import Label, Participant, Reply, Study
from annotation.quality.exclusion import exclude
from annotation.recruitment.invitations import invite
from annotation.studies import open_study, update_study
from tests.factory import make_items, make_labels, make_question, make_study

ROOT = Path(__file__).resolve().parent.parent.parent


class Received:
    """A response as a browser's cookie jar wants it."""

    def __init__(self, response: Any) -> None:
        self.headers = Message()
        for morsel in response.cookies.values():
            self.headers["Set-Cookie"] = morsel.OutputString()

    def info(self) -> Message:
        return self.headers


def opened(slug: str) -> Study:
    study = make_study(slug)
    make_items(study, 2)
    return open_study(study=study)


@pytest.mark.django_db
def test_a_browser_sends_a_studys_cookie_to_that_study_alone(client: Client) -> None:
    for slug in ("a", "a-b"):
        opened(slug)
    answer = client.post("/s/a/")
    jar = CookieJar()
    jar.extract_cookies(Received(answer), Request("http://testserver.local/s/a/"))  # type: ignore[arg-type]
    assert [cookie.path for cookie in jar] == ["/s/a/"]

    def sent_to(path: str) -> str:
        request = Request(f"http://testserver.local{path}")
        jar.add_cookie_header(request)
        return request.get_header("Cookie", "")

    assert "person-a=" in sent_to("/s/a/task/1/")
    for path in ("/s/a-b/", "/s/a", "/s/", "/", "/studies/", "/api/v1/studies/"):
        assert sent_to(path) == "", path


@pytest.mark.django_db
def test_a_studys_cookie_is_nobodys_in_another_study_even_under_its_name(client: Client) -> None:
    for slug in ("a", "a-b"):
        opened(slug)
    client.post("/s/a/")
    client.cookies["person-a-b"] = client.cookies["person-a"].value
    assert client.get("/s/a/instructions/").status_code == 200
    assert client.get("/s/a-b/instructions/").headers["Location"] == reverse("door", args=["a-b"])
    client.post("/s/a-b/")
    assert sorted(Participant.objects.values_list("study__slug", flat=True)) == ["a", "a-b"]
    assert client.get("/s/a/instructions/").status_code == 200


@pytest.mark.django_db
def test_cookies_are_out_of_reach_for_scripts_and_other_sites_and_travel_by_tls_alone(
    settings: Any, client: Client, researcher: User
) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    opened("a")
    client.get(reverse("login"), secure=True)
    client.post(
        reverse("login"), {"username": "researcher", "password": "correct horse battery"}, secure=True
    )
    client.post("/s/a/", secure=True)
    for name in ("sessionid", "person-a"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True), name
    assert (client.cookies["csrftoken"]["samesite"], client.cookies["csrftoken"]["secure"]) == ("Lax", True)


@pytest.mark.django_db
def test_the_api_says_when_to_come_again_to_who_asks_too_often(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UserRateThrottle, "rate", "3/min", raising=False)
    answers = [console.get("/api/v1/studies/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert list(answers[-1].json()) == ["detail"]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    other = Client()
    other.force_login(User.objects.create(username="other"))
    assert other.get("/api/v1/studies/").status_code == 200


@pytest.mark.django_db
def test_whoever_tries_names_for_a_token_is_stopped_at_their_address_and_not_at_what_they_claim_to_be() -> (
    None
):
    def ask(n: int, address: str = "203.0.113.9") -> Any:
        return Client().post(
            reverse("api-token"),
            {"username": f"name-{n}", "password": "guess"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
            REMOTE_ADDR=address,
        )

    answers = [ask(n) for n in range(21)]
    assert [answer.status_code for answer in answers] == [400] * 20 + [429]
    assert list(answers[-1].json()) == ["detail"] and int(answers[-1].headers["Retry-After"]) > 0
    assert ask(0, "203.0.113.10").status_code == 400


@pytest.mark.django_db
def test_a_locked_name_hears_from_the_api_when_it_opens_again(researcher: User) -> None:
    wrong = {"username": "researcher", "password": "wrong"}
    for _ in range(10):
        answer = Client().post(reverse("api-token"), wrong)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")


def settings_from(**environment: str) -> dict[str, Any]:
    """The settings that a process of this environment has, as text."""
    script = (
        "import json; from config import settings\n"
        "print(json.dumps({name: str(getattr(settings, name)) for name in dir(settings) if name.isupper()}))"
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=kept | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def secrets_of(settings: dict[str, Any]) -> dict[str, str]:
    words = ("KEY", "SECRET", "TOKEN")
    return {
        name: value
        for name, value in settings.items()
        if any(word in name.split("_") for word in words) and value not in ("", "[]")
    }


def test_without_an_environment_there_are_no_secrets_and_all_of_them_can_be_given(tmp_path: Path) -> None:
    bare = settings_from(MANYMINDS_DATA=str(tmp_path))
    known = bare["DEVELOPMENT_KEY"]
    assert secrets_of(bare) == {"DEVELOPMENT_KEY": known, "SECRET_KEY": known}
    assert bare["DATABASE_URL"].startswith("sqlite:") and bare["DEBUG"] == "False" and bare["HTTPS"] == "True"
    names = [name for name in bare if set(name.split("_")) & {"SECRET", "KEY", "TOKEN"}]
    given = {
        name: f"given {name}" for name in names if name not in ("DEVELOPMENT_KEY", "SECRET_KEY_FALLBACKS")
    }
    found = settings_from(MANYMINDS_DATA=str(tmp_path), **given)
    assert {name: found[name] for name in given} == given


def test_the_cache_can_be_shared_by_an_address(tmp_path: Path) -> None:
    found = settings_from(MANYMINDS_DATA=str(tmp_path), CACHE_URL=f"filecache://{tmp_path}/cache")
    assert "FileBasedCache" in found["CACHES"]


@pytest.mark.django_db
def test_what_the_console_shows_is_stored_by_no_browser_and_no_proxy(console: Client) -> None:
    opened("a")
    for address in (
        "/",
        "/studies/a/people/",
        "/studies/a/people/?format=csv",
        "/api/v1/studies/",
        "/account/",
    ):
        assert "no-store" in console.get(address).headers["Cache-Control"], address
    assert '"historyCacheSize": 0' in console.get("/").text  # htmx would keep pages after signing out


@pytest.mark.django_db
def test_a_list_for_a_spreadsheet_holds_no_formula(console: Client) -> None:
    study = opened("a")
    console.post("/s/a/")
    invite(study=study, notes=['=HYPERLINK("https://evil.example")', "Ana = 3"])
    exclude(participant=study.participants.get(), reason="@SUM(1)")
    invited = console.get("/studies/a/recruitment/invitations/?format=csv").text
    assert "'=HYPERLINK" in invited and "\nAna = 3," in invited
    assert ",'@SUM(1)," in console.get("/studies/a/people/?format=csv").text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'\"><svg onload=alert(1)>", "javascript:alert(1)"]
)
def test_what_people_type_is_text_wherever_it_is_shown(console: Client, text: str) -> None:
    """In a survey, a comment, a note, a reason and names, on each page that shows them."""
    study = update_study(study=opened("a"), name=text)
    asked = make_question(study, "age", text=text, options=[text, "other"])
    console.post("/s/a/")
    person = study.participants.get()
    Reply.objects.update_or_create(
        participant=person, question=asked, defaults={"value": text, "replied_at": timezone.now()}
    )
    make_labels(study.items.all()[0], [3], people=[person])
    Label.objects.update(comment=text)
    invite(study=study, notes=[text])
    exclude(participant=person, reason=text)
    item = study.items.all()[0]
    pages = ("", f"items/{item.pk}/", f"people/{person.code}/", "people/", "log/", "steps/", "data/")
    shown = [console.get(f"/studies/a/{page}") for page in (*pages, "recruitment/invitations/", "progress/")]
    shown += [
        console.get(address) for address in ("/", "/s/a/", "/s/a/survey/", "/studies/a/steps/see/before/")
    ]
    for page in shown:
        assert page.status_code in (200, 302), page.request["PATH_INFO"]
        raw = page.text
        assert "<script>alert" not in raw and "<svg onload" not in raw and 'href="javascript' not in raw
    assert sum(escape(text) in page.text for page in shown) >= 6
