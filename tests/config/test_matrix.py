"""Who may do what: every address of the server, with every method that it takes, for every kind of visitor.

The table is complete by construction: an address or a method without a row fails, and so does a row without
an address. `in` is the way to the sign-in page. Visitors, from left to right: nobody; a participant of the
study; one of another study; a viewer, an editor and an owner of the study; an owner of another.
"""

import re
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Label
from tests.config.world import METHODS, TOLD, VISITORS, World, names, parameters

pytestmark = pytest.mark.django_db

TABLE = """
healthz                GET      200  200  200  200  200  200  200

account                GET       in   in   in  200  200  200  200
account                POST      in   in   in  302  302  302  302
login                  GET      200  200  200  302  302  302  302
login                  POST     200  200  200  302  302  302  302
logout                 POST      in   in   in   in   in   in   in

schema                 GET      200  200  200  200  200  200  200
api-docs               GET      200  200  200  200  200  200  200
api-root               GET      401  401  401  200  200  200  200
api-token              POST     400  400  400  400  400  400  400
study-list             GET      401  401  401  200  200  200  200
study-list             POST     401  401  401  201  201  201  201
study-detail           GET      401  401  401  200  200  200  404
study-detail           PATCH    401  401  401  403  200  200  404
study-detail           DELETE   401  401  401  403  403  400  404
study-open             POST     401  401  401  403  200  200  404
study-pause            POST     401  401  401  403  200  200  404
study-close            POST     401  401  401  403  200  200  404
study-agreement        GET      401  401  401  200  200  200  404
study-statistics-preferences GET 401 401  401  200  200  200  404
study-items            GET      401  401  401  200  200  200  404
study-items            POST     401  401  401  403  400  400  404
study-labels           GET      401  401  401  200  200  200  404
study-labels           POST     401  401  401  403  400  400  404
study-members          GET      401  401  401  200  200  200  404
study-members          POST     401  401  401  403  403  200  404
study-members          DELETE   401  401  401  403  403  204  404
study-scores-list      GET      401  401  401  200  200  200  404
study-scores-list      POST     401  401  401  403  400  400  404
study-audits-list      GET      401  401  401  200  200  200  404
study-audits-list      POST     401  401  401  403  201  201  404
study-runs-list        GET      401  401  401  200  200  200  404
study-runs-list        POST     401  401  401  403  400  400  404
study-people-list      GET      401  401  401  200  200  200  404
study-people-exclude   POST     401  401  401  403  400  400  404
study-people-restore   POST     401  401  401  403  400  400  404
study-top-up-list      POST     401  401  401  403  400  400  404
study-extension-extend POST     401  401  401  403  400  400  404
study-statistics-groups GET     401  401  401  200  200  200  404
study-statistics-labels-curve GET 401 401  401  200  200  200  404
study-rights-person-data  GET   401  401  401  403  403  200  404
study-rights-person-erase POST  401  401  401  403  403  200  404
study-rights-purge-ids POST     401  401  401  403  403  400  404
scorer-list            GET      401  401  401  200  200  200  200
scorer-detail          GET      401  401  401  200  200  200  200
audit-list             GET      401  401  401  200  200  200  200
audit-detail           GET      401  401  401  200  200  200  404
audit-detail-cancel    POST     401  401  401  403  200  200  404
audit-detail-run       POST     401  401  401  403  200  200  404
audit-detail-scorers   POST     401  401  401  403  400  400  404
run-detail             GET      401  401  401  200  200  200  404
run-detail             DELETE   401  401  401  403  204  204  404
run-detail-start       POST     401  401  401  403  400  200  404
run-detail-stop        POST     401  401  401  403  200  200  404
server-list            GET      401  401  401  200  200  200  200
rubric-list            GET      401  401  401  200  200  200  200
rubric-list            POST     401  401  401  400  400  400  400
plan-list              GET      401  401  401  200  200  200  200
plan-list              POST     401  401  401  201  201  201  201
plan-detail            GET      401  401  401  404  404  200  404
plan-detail            DELETE   401  401  401  404  404  204  404

door                   GET      200  302  200  200  200  200  200
door                   POST     302  302  302  302  302  302  302
instructions           GET      302  200  302  302  302  302  302
instructions           POST     302  302  302  302  302  302  302
comprehension          GET      302  302  302  302  302  302  302
comprehension          POST     302  302  302  302  302  302  302
practice               GET      302  302  302  302  302  302  302
practice               POST     302  400  302  302  302  302  302
practice-feedback      GET      302  302  302  302  302  302  302
practice-feedback      POST     302  302  302  302  302  302  302
survey                 GET      302  302  302  302  302  302  302
survey                 POST     302  302  302  302  302  302  302
survey-after           GET      302  302  302  302  302  302  302
survey-after           POST     302  302  302  302  302  302  302
next-task              GET      302  302  302  302  302  302  302
next-task              POST     302  302  302  302  302  302  302
task                   GET      302  200  302  302  302  302  302
task                   POST     400  400  400  400  400  400  400
stop                   GET      302  200  302  302  302  302  302
stop                   POST     302  302  302  302  302  302  302
done                   GET      302  302  302  302  302  302  302
done                   POST     302  302  302  302  302  302  302

prolific-webhook       POST     401  401  401  401  401  401  401

studies                GET       in   in   in  200  200  200  200
study-new              GET       in   in   in  200  200  200  200
study-new              POST      in   in   in  400  400  400  400
study-make             GET       in   in   in  200  200  200  200
study-make             POST      in   in   in  400  400  400  400
study                  GET       in   in   in  200  200  200  404
study-settings         GET       in   in   in  200  200  200  404
study-settings         POST      in   in   in  403  400  400  404
study-language         GET       in   in   in  200  200  200  404
study-language         POST      in   in   in  403  400  400  404
study-state            POST      in   in   in  403  302  302  404
study-delete           POST      in   in   in  403  403  400  404
item                   GET       in   in   in  200  200  200  404
disagreement           GET      in   in   in  200  200  200  404
agreement-file         GET      in   in   in  200  200  200  404
items-file             GET      in   in   in  200  200  200  404
figure                 GET      in   in   in  200  200  200  404
groups                 GET      in   in   in  200  200  200  404
labels-curve           GET      in   in   in  200  200  200  404
study-export           GET       in   in   in  200  200  200  404
preferences            GET       in   in   in  200  200  200  404
progress               GET       in   in   in  200  200  200  404
extend                 GET       in   in   in  403  200  200  404
extend                 POST      in   in   in  403  200  200  404
pay-settings           POST      in   in   in  403  302  302  404
pay-file               GET       in   in   in  200  200  200  404
people                 GET       in   in   in  200  200  200  404
people-limits          POST      in   in   in  403  302  302  404
people-top-up          POST      in   in   in  403  302  302  404
person                 GET       in   in   in  200  200  200  404
person                 POST      in   in   in  403  400  400  404
steps                  GET       in   in   in  200  200  200  404
steps                  POST      in   in   in  403  400  400  404
step-preview           GET       in   in   in  200  200  200  404
replies                GET       in   in   in  200  200  200  404
question-new           GET       in   in   in  403  200  200  404
question-new           POST      in   in   in  403  400  400  404
question-preset        POST      in   in   in  403  302  302  404
question               GET       in   in   in  403  200  200  404
question               POST      in   in   in  403  400  400  404
check-new              GET       in   in   in  403  200  200  404
check-new              POST      in   in   in  403  400  400  404
check                  GET       in   in   in  403  200  200  404
check                  POST      in   in   in  403  400  400  404
recruitment            GET       in   in   in  200  200  200  404
recruitment            POST      in   in   in  403  400  400  404
invitations            GET       in   in   in  200  200  200  404
invitations            POST      in   in   in  403  400  400  404
invitation-revoke      POST      in   in   in  403  302  302  404
prolific-review        GET       in   in   in  403  200  200  404
members                GET       in   in   in  200  200  200  404
members                POST      in   in   in  403  403  302  404
log                    GET       in   in   in  200  200  200  404
data                   GET       in   in   in  200  200  200  404
data-retention         POST      in   in   in  403  403  302  404
data-purge             POST      in   in   in  403  403  400  404
data-find              POST      in   in   in  403  403  400  404
person-data            GET       in   in   in  403  403  200  404
person-erase           GET       in   in   in  403  403  200  404
person-erase           POST      in   in   in  403  403  400  404

responses              GET       in   in   in  200  200  200  200
responses              POST      in   in   in  400  400  400  400
scorers                GET       in   in   in  200  200  200  200
panels                 GET       in   in   in  200  200  200  200
panels                 POST      in   in   in  400  400  400  400
panel                  GET       in   in   in  200  200  200  404
panel-delete           POST      in   in   in  403  403  302  404
rubrics                GET       in   in   in  200  200  200  200
rubrics                POST      in   in   in  400  400  400  400
rubric                 GET       in   in   in  404  404  200  404
rubric                 POST      in   in   in  404  404  400  404
servers                GET       in   in   in  200  200  200  200
servers                POST      in   in   in  400  400  400  400
server                 GET       in   in   in  404  404  200  404
server                 POST      in   in   in  404  404  400  404
server-delete          POST      in   in   in  404  404  302  404
server-try             POST      in   in   in  404  404  302  404
queries                GET       in   in   in  200  200  200  200
queries                POST      in   in   in  400  400  400  400
collection             GET       in   in   in  200  200  200  200
collection-delete      POST      in   in   in  302  302  302  302
collection-responses   GET       in   in   in  200  200  200  200
query                  GET       in   in   in  200  200  200  200
sampling-new           GET       in   in   in  200  200  200  200
sampling-new           POST      in   in   in  400  400  400  400
minings                GET       in   in   in  200  200  200  200
mining                 GET       in   in   in  200  200  200  200
mining-run-new         GET       in   in   in  200  200  200  200
mining-run-new         POST      in   in   in  400  400  400  400
mining-decide          POST      in   in   in  302  302  302  302
categories             GET       in   in   in  200  200  200  200
categories             POST      in   in   in  400  400  400  400
category               GET       in   in   in  200  200  200  200
category               POST      in   in   in  400  400  400  400
collection-categories  GET       in   in   in  200  200  200  200
classify-new           GET       in   in   in  200  200  200  200
classify-new           POST      in   in   in  400  400  400  400
encoders               GET      in   in   in  200  200  200  200
embedding-new          GET      in   in   in  200  200  200  200
embedding-new          POST     in   in   in  400  400  400  400
encoder-delete         POST     in   in   in  403  403  403  403
diversity              GET       in   in   in  200  200  200  200
diversity              POST      in   in   in  400  400  400  400
diversity-file         GET       in   in   in  200  200  200  200
diversity-delete       POST      in   in   in  403  403  302  403
formats                GET       in   in   in  200  200  200  200
formats                POST      in   in   in  400  400  400  400
formats-file           GET       in   in   in  200  200  200  200
formats-delete         POST      in   in   in  403  403  302  403
voices                 GET       in   in   in  200  200  200  200
voices                 POST      in   in   in  400  400  400  400
voices-file            GET       in   in   in  200  200  200  404
voices-delete          POST      in   in   in  403  403  302  404
task-orders            GET       in   in   in  200  200  200  200
task-orders            POST      in   in   in  400  400  400  400
task-order             GET       in   in   in  200  200  200  200
task-order-file        GET       in   in   in  200  200  200  200
task-order-delete      POST      in   in   in  403  403  302  403
query-map              GET       in   in   in  200  200  200  200
query-map-file         GET       in   in   in  404  404  404  404
asking                 GET       in   in   in  200  200  200  200
asking-run             GET       in   in   in  200  200  200  200
asking-run-start       POST      in   in   in  403  403  302  403
asking-run-stop        POST      in   in   in  403  403  302  403
asking-run-delete      POST      in   in   in  403  403  302  403
asking-run-replies     GET       in   in   in  200  200  200  200
runs                   GET       in   in   in  200  200  200  404
run-new                GET       in   in   in  403  200  200  404
run-new                POST      in   in   in  403  400  400  404
run                    GET       in   in   in  200  200  200  404
run-start              POST      in   in   in  403  302  302  404
run-stop               POST      in   in   in  403  302  302  404
run-delete             POST      in   in   in  403  302  302  404
run-replies            GET       in   in   in  200  200  200  404
scores                 GET       in   in   in  200  200  200  404
scores                 POST      in   in   in  403  400  400  404
effects                GET       in   in   in  200  200  200  404
effects                POST      in   in   in  403  400  400  404
effects-file           GET       in   in   in  200  200  200  404
effects-delete         POST      in   in   in  403  403  302  404
audits                 GET       in   in   in  200  200  200  404
audits                 POST      in   in   in  403  302  302  404
audit                  GET       in   in   in  200  200  200  404
audit                  POST      in   in   in  403  302  302  404
audit-cancel           POST      in   in   in  403  302  302  404
audit-scorers          POST      in   in   in  403  302  302  404
audit-compare          GET       in   in   in  200  200  200  200
audit-compare-json     GET       in   in   in  400  400  400  400
audit-compare-figure   GET       in   in   in  404  404  404  404
audit-json             GET       in   in   in  200  200  200  404
audit-report           GET       in   in   in  200  200  200  404
audit-table            GET       in   in   in  200  200  200  404
audit-figure           GET       in   in   in  200  200  200  404
plans                  GET       in   in   in  200  200  200  200
plans                  POST      in   in   in  400  400  400  400
plan                   GET       in   in   in  404  404  200  404
plan                   POST      in   in   in  404  404  302  404
plan-delete            POST      in   in   in  404  404  302  404
plan-figure            GET       in   in   in  404  404  200  404
"""

# What is sent where an empty form would not do.
SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("study-list", "POST"): {"slug": "fresh", "name": "Fresh", "kind": "rating"},
    ("plan-list", "POST"): {"goal": "mean"},
    ("study-members", "POST"): {"name": "another owner", "role": "viewer"},
    ("study-members", "DELETE"): {"name": "viewer"},
    ("study-state", "POST"): {"state": "paused"},
    ("study-export", "GET"): {"format": "csv", "shape": "long"},
    ("members", "POST"): {"name": "another owner", "role": "viewer"},
    ("question-preset", "POST"): {"name": "gender"},
    ("audits", "POST"): {"preset": "paper", "scorers": "length", "replicates": 50, "seed": 0},
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# An owner's answer to a person who asks what is held on them.
ANSWERS_ABOUT_A_PERSON = {("person-data", "owner"), ("study-rights-person-data", "owner")}
# Answered before anything else, as load balancers ask for it by address and without TLS.
BEFORE_ALL = "healthz"


class Row(NamedTuple):
    name: str
    method: str
    expected: tuple[str, ...]


ROWS = [
    Row(name, method, tuple(rest)) for name, method, *rest in map(str.split, filter(None, TABLE.splitlines()))
]


@pytest.fixture
def world(settings: Any) -> World:
    settings.PROLIFIC_WEBHOOK_SECRET = "a secret"
    return World.make()


def said(response: Any) -> str:
    to = response.headers.get("Location", "")
    return (
        "in" if response.status_code == 302 and to.startswith(reverse("login")) else str(response.status_code)
    )


def test_every_address_has_its_rows_and_every_row_its_address() -> None:
    known = {name for name in names() if not name.startswith("admin:")} | {BEFORE_ALL}
    listed = {row.name for row in ROWS}
    assert not known - listed, "no row in the table: " + ", ".join(sorted(known - listed))
    assert not listed - known, "no such address: " + ", ".join(sorted(listed - known))
    assert len({row[:2] for row in ROWS}) == len(ROWS), "a row is there twice"
    assert {len(row.expected) for row in ROWS} == {len(VISITORS)}


def test_everybody_may_do_what_the_table_says_and_no_more(world: World) -> None:
    wrong, identified = [], set()
    for name, method, expected in ROWS:
        for who, wanted in zip(VISITORS, expected, strict=True):
            response = world.ask(who, name, method, SENT.get((name, method)))
            if (found := said(response)) != wanted:
                wrong.append(f"{name} {method} for {who}: {found}, not {wanted}")
            if name != BEFORE_ALL:
                wrong += [f"{name} {method} for {who}: {fault}" for fault in unsafe(response)]
            if any(told in response.text_seen for told in TOLD.values()):
                identified.add((name, who))
    assert not wrong, "\n".join(wrong)
    assert identified == ANSWERS_ABOUT_A_PERSON, "what the recruiter told of a person is seen"


def unsafe(response: Any) -> list[str]:
    """What its headers lack that every response has."""
    policy = response.headers.get("Content-Security-Policy", "")
    lacks = [name for name, value in HEADERS.items() if response.headers.get(name) != value]
    for directive in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        if directive not in policy:
            lacks.append(f"{directive} in its policy")
    return [f"lacks {name}" for name in lacks]


def test_a_method_without_a_row_is_refused(world: World) -> None:
    listed = {row[:2] for row in ROWS}
    taken = []
    for name in sorted({row.name for row in ROWS} - {BEFORE_ALL}):
        for method in METHODS:
            if (name, method) not in listed and said(world.ask("owner", name, method)) != "405":
                taken.append(f"{name} takes {method}, and has no row for it")
    assert not taken, "\n".join(taken)


def test_no_form_of_the_console_and_no_session_of_the_api_is_taken_without_its_token(world: World) -> None:
    taken = []
    for name, method, _ in ROWS:
        if method == "GET" or name == "prolific-webhook" or world.address(name).startswith("/s/"):
            continue
        answer = world.ask("owner", name, method, SENT.get((name, method)), plain=True)
        if answer.status_code != 403:
            taken.append(f"{name} {method}: {answer.status_code}")
    assert not taken, "\n".join(taken)


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_no_form_of_another_site_is_taken_at_a_labelling_page(world: World, headers: dict[str, str]) -> None:
    pages = [row.name for row in ROWS if row.method == "POST" and world.address(row.name).startswith("/s/")]
    assert "task" in pages
    answers = {name: world.ask("participant", name, "POST", headers=headers).status_code for name in pages}
    assert set(answers.values()) == {403}, answers


def test_nothing_of_another_study_is_reached_by_its_number(world: World) -> None:
    asked = [row for row in ROWS if row.name.partition("-")[0] in world.theirs or row.name in world.theirs]
    asked = [row for row in asked if {"pk", "code"} & set(parameters(row.name))]
    assert len(asked) > 8
    for name, method, _ in asked:
        there = world.without_own(name)
        assert there.ask("owner", name, method, SENT.get((name, method))).status_code == 404, (name, method)


def test_lists_show_what_one_may_see_and_nothing_else(world: World) -> None:
    for who, seen in (("viewer", ["mine"]), ("owner", ["mine"]), ("another owner", ["mine-too"])):
        listed: Any = world.ask(who, "study-list", "GET")
        assert [study["slug"] for study in listed.json()["results"]] == seen
    for who, number in (("viewer", 1), ("another owner", 0)):
        audits: Any = world.ask(who, "audit-list", "GET")
        assert audits.json()["count"] == number
        page = " ".join(world.ask(who, "scorers", "GET").content.decode().split())
        assert f'<td class="n" data-label="scores">{8 * number}</td>' in page
        assert ("mine-too" in world.ask(who, "studies", "GET").content.decode()) is (who == "another owner")


def test_who_is_below_a_role_is_told_which_it_takes(world: World) -> None:
    page = world.ask("viewer", "study-state", "POST", {"state": "paused"})
    assert b"This takes an editor of mine; you are its viewer." in page.content
    api: Any = world.ask("viewer", "study-open", "POST")
    assert api.json() == {"detail": "This takes an editor of mine; you are its viewer."}


def test_a_viewer_is_offered_no_button_that_would_be_refused(world: World) -> None:
    offered = []
    for name, method, expected in ROWS:
        if method == "GET" and expected[VISITORS.index("viewer")] == "200" and "slug" in parameters(name):
            page = world.ask("viewer", name, "GET")
            if world.address(name).startswith("/studies/"):
                content = page.text_seen.partition("<main")[2]
                forms = re.findall('<form method="post".*?</form>', content, re.DOTALL)
                offered += [name for form in forms if re.search('<button(?![^>]*type="button")', form)]
    assert not offered, "a button for a viewer: " + ", ".join(offered)


def test_the_administration_is_for_staff(world: World) -> None:
    named = {name for name in names() if name.startswith("admin:") and "(" not in name}
    pages = [name for name in named if not world.lacks(name)]
    assert "admin:annotation_study_changelist" in pages
    for name in set(pages) - {"admin:login", "admin:logout", "admin:jsi18n"}:
        for who in ("nobody", "owner"):
            answer = world.ask(who, name, "GET")
            assert answer.status_code == 302, (name, who)
            assert answer.headers["Location"].startswith((reverse("admin:login"), reverse("admin:index"))), (
                name
            )


def test_the_administration_shows_nobody_what_recruiters_told_and_edits_no_label_and_no_act(
    world: World,
) -> None:
    world.browsers["root"] = Client()
    world.browsers["root"].force_login(User.objects.create_superuser("root"))
    sealed = {"recruitment", "submission", "notice", "invitation"}
    assert not [name for name in names() if name.startswith("admin:") and sealed & set(name.split("_"))]
    item = world.study.items.all()[0]
    for model, pk in (
        ("label", Label.objects.filter(item=item)[0].pk),
        ("act", world.study.acts.all()[0].pk),
        ("participant", world.participant.pk),
    ):
        world.given[f"admin:annotation_{model}_change"] = {"object_id": pk}
        world.given[f"admin:annotation_{model}_delete"] = {"object_id": pk}
        for page in ("change", "delete"):
            name = f"admin:annotation_{model}_{page}"
            assert world.ask("root", name, "POST", {"post": "yes"}).status_code == 403, name
