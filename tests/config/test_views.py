"""Pages that belong to no app: health, signing in and out, the account, errors."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token


@pytest.mark.django_db
def test_the_health_page_answers_strangers(client: Client) -> None:
    for host in ("testserver", "10.0.0.7"):
        answer = client.get("/healthz", headers={"Host": host})
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_name_that_the_server_does_not_know_is_told_as_much(client: Client) -> None:
    answer = client.get("/account/sign-in/", headers={"Host": "unknown.example"})
    assert (answer.status_code, "ALLOWED_HOSTS" in answer.content.decode()) == (400, True)


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client, researcher: User) -> None:
    asked = client.get(reverse("account"))
    form = client.get(asked.headers["Location"])
    assert form.status_code == 200
    data = {"username": "researcher", "password": "correct horse battery", "next": reverse("account")}
    assert client.post(reverse("login"), data).headers["Location"] == reverse("account")
    assert client.post(reverse("logout")).headers["Location"] == reverse("login")
    assert client.get(reverse("account")).status_code == 302


def test_signing_in_never_leads_to_another_site(client: Client, researcher: User) -> None:
    data = {"username": "researcher", "password": "correct horse battery", "next": "https://evil.example/"}
    assert client.post(reverse("login"), data).headers["Location"] == reverse("studies")


def test_ten_failures_lock_the_name_with_a_page_that_says_so(client: Client, researcher: User) -> None:
    wrong = {"username": "researcher", "password": "wrong"}
    answers = [client.post(reverse("login"), wrong) for _ in range(10)]
    assert b"do not match" in answers[0].content
    right = client.post(reverse("login"), wrong | {"password": "correct horse battery"})
    assert right.status_code == 429
    assert b"Locked for now" in right.content


def test_the_api_says_in_its_own_shape_that_a_name_is_locked(client: Client, researcher: User) -> None:
    wrong = {"username": "researcher", "password": "wrong"}
    answers = [client.post(reverse("api-token"), wrong).status_code for _ in range(11)]
    assert answers == [400] * 9 + [429] * 2
    right = client.post(reverse("api-token"), wrong | {"password": "correct horse battery"})
    assert right.status_code == 429
    assert list(right.json()) == ["detail"] and "Too many failed attempts" in right.json()["detail"]
    assert not Token.objects.exists()


def test_behind_the_proxy_a_lock_holds_for_the_address_that_the_proxy_saw(
    settings: Any, client: Client, researcher: User
) -> None:
    settings.BEHIND_PROXY = True

    def sign_in(password: str, hops: str) -> int:
        form = {"username": "researcher", "password": password}
        return client.post(reverse("login"), form, headers={"X-Forwarded-For": hops}).status_code

    attacker = [sign_in("wrong", f"198.51.100.{n}, 203.0.113.9") for n in range(10)]
    assert attacker == [200] * 9 + [429]
    assert sign_in("correct horse battery", "203.0.113.9") == 429
    assert sign_in("correct horse battery", "203.0.113.9, 192.0.2.1") == 302
    client.logout()
    assert sign_in("wrong", "not an address") == 200
    settings.BEHIND_PROXY = False
    assert [sign_in("wrong", f"192.0.2.{n}") for n in range(10)][-1] == 429


def test_an_address_that_tries_many_names_is_locked_for_all_even_if_it_can_sign_in_itself(
    client: Client, researcher: User
) -> None:
    def sign_in(name: str, password: str, address: str) -> int:
        form = {"username": name, "password": password}
        return client.post(reverse("login"), form, REMOTE_ADDR=address).status_code

    own = ("researcher", "correct horse battery")
    for n in range(49):
        assert sign_in(f"name-{n}", "guess", "203.0.113.9") == 200
    assert sign_in(*own, "203.0.113.9") == 302
    client.logout()
    guesses = [sign_in(f"name-{n}", "guess", "203.0.113.9") for n in range(49, 100)]
    assert guesses == [200] * 50 + [429]
    assert sign_in(*own, "203.0.113.9") == 429
    assert sign_in(*own, "203.0.113.10") == 302


@pytest.mark.django_db(transaction=True)
def test_two_presses_for_a_token_at_once_make_one(researcher: User) -> None:
    clients, barrier = [Client() for _ in range(4)], Barrier(4)
    for client in clients:
        client.force_login(researcher)

    def press(client: Client) -> int:
        try:
            barrier.wait()
            return client.post(reverse("account")).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(press, clients)) == [302] * 4
    assert Token.objects.count() == 1


def test_a_token_is_made_only_when_asked_for_and_a_new_one_ends_the_old(
    console: Client, researcher: User
) -> None:
    assert b"You have none yet" in console.get(reverse("account")).content
    assert not Token.objects.exists()
    keys = []
    for _ in range(2):
        assert console.post(reverse("account")).status_code == 302
        keys.append(Token.objects.get(user=researcher).key)
        assert keys[-1].encode() in console.get(reverse("account")).content
    assert keys[0] != keys[1]


@pytest.mark.django_db
def test_an_unknown_address_says_so_without_the_console(client: Client) -> None:
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert b"Nothing at this address" in answer.content
    assert b"Sign out" not in answer.content


def test_a_form_without_its_token_is_refused_in_words(researcher: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(researcher)
    answer = client.post(reverse("account"))
    assert answer.status_code == 403
    assert "its form came from another site" in answer.content.decode()
    assert "account" not in answer.content.decode()  # who labels has none
    assert not Token.objects.exists()


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_neither_a_request_nor_the_database(name: str) -> None:
    html = render_to_string(name, {})
    assert "<h1>" in html
    assert "Traceback" not in html
