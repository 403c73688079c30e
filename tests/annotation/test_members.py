"""Promises about a study's members: who is one, who may change that, and that an owner always remains."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.members import Role, give_role, remove_member
from annotation.models import Membership, Study
from annotation.roles import studies_of, study_for
from annotation.studies import StudyError, create_study
from tests.factory import make_study


def make_user(name: str, **fields: bool) -> User:
    return User.objects.create_user(name, password="correct horse battery", **fields)


@pytest.fixture
def owner(db: None) -> User:
    return make_user("olga")


@pytest.fixture
def study(owner: User) -> Study:
    return create_study(slug="mine", name="Mine", kind="rating", owner=owner)


@pytest.fixture
def signed_in(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def roles(study: Study) -> dict[str, str]:
    return dict(study.memberships.values_list("user__username", "role"))


@pytest.mark.django_db
def test_nobody_and_strangers_see_no_study_not_even_one_without_members() -> None:
    make_study("ownerless")
    for user in (AnonymousUser(), make_user("stranger")):
        assert not studies_of(user).exists()
        with pytest.raises(Http404):
            study_for(user, "ownerless")
    assert study_for(make_user("root", is_superuser=True), "ownerless").may_own


def test_an_owner_adds_changes_and_removes_members_on_the_page(
    signed_in: Client, study: Study, owner: User
) -> None:
    make_user("vera")
    page = reverse("members", args=["mine"])
    assert signed_in.post(page, {"name": "vera", "role": "viewer"}).status_code == 302
    assert roles(study) == {"olga": "owner", "vera": "viewer"}
    assert b"vera is a viewer." in signed_in.get(page).content
    assert signed_in.post(page, {"name": "vera", "role": "editor"}).status_code == 302
    assert roles(study)["vera"] == "editor"
    assert signed_in.post(page, {"remove": "vera"}).headers["Location"] == page
    assert roles(study) == {"olga": "owner"}
    told = list(study.acts.values_list("by", "what", "detail__name", "detail__role"))
    assert told[:3] == [
        ("olga", "removed a member", "vera", None),
        ("olga", "changed a member's role", "vera", "editor"),
        ("olga", "added a member", "vera", "viewer"),
    ]


def test_a_name_without_an_account_and_a_role_that_does_not_exist_are_refused_in_words(
    signed_in: Client, study: Study
) -> None:
    page = reverse("members", args=["mine"])
    unknown = signed_in.post(page, {"name": "nobody", "role": "viewer"})
    assert (unknown.status_code, b"There is no account nobody" in unknown.content) == (400, True)
    make_user("vera")
    assert signed_in.post(page, {"name": "vera", "role": "king"}).status_code == 400
    assert roles(study) == {"olga": "owner"}


def test_the_last_owner_cannot_go_nor_become_less(signed_in: Client, study: Study, owner: User) -> None:
    make_user("vera")
    give_role(study=study, name="vera", role=Role.EDITOR)
    page = reverse("members", args=["mine"])
    less = signed_in.post(page, {"name": "olga", "role": "viewer"})
    assert (less.status_code, b"last owner" in less.content) == (400, True)
    assert b"last owner" in signed_in.post(page, {"remove": "olga"}, follow=True).content
    assert roles(study) == {"olga": "owner", "vera": "editor"}


def test_an_owner_who_leaves_another_in_charge_is_led_to_their_other_studies(
    signed_in: Client, study: Study
) -> None:
    make_user("vera")
    give_role(study=study, name="vera", role=Role.OWNER)
    answer = signed_in.post(reverse("members", args=["mine"]), {"remove": "olga"})
    assert answer.headers["Location"] == reverse("studies")
    assert roles(study) == {"vera": "owner"}


def test_a_viewer_reads_who_the_members_are_and_is_offered_no_change(client: Client, study: Study) -> None:
    client.force_login(make_user("vera"))
    give_role(study=study, name="vera", role=Role.VIEWER)
    html = client.get(reverse("members", args=["mine"])).content.decode()
    assert "olga" in html and "vera" in html
    assert 'method="post"' not in html.split("<main", 1)[1]


def test_the_api_gives_and_takes_roles(signed_in: Client, study: Study) -> None:
    make_user("vera")
    url = "/api/v1/studies/mine/members/"
    given = signed_in.post(url, {"name": "vera", "role": "editor"}, content_type="application/json")
    assert (given.status_code, given.json()) == (200, {"name": "vera", "role": "editor"})
    assert signed_in.get(url).json() == [
        {"name": "olga", "role": "owner"},
        {"name": "vera", "role": "editor"},
    ]
    refused = signed_in.delete(f"{url}?name=olga")
    assert (refused.status_code, "last owner" in refused.json()["detail"]) == (400, True)
    assert signed_in.delete(f"{url}?name=vera").status_code == 204
    assert roles(study) == {"olga": "owner"}


def test_a_members_lists_read_no_more_queries_when_there_is_more(signed_in: Client, owner: User) -> None:
    counts = []
    for size in (1, 12):
        for n in range(size):
            create_study(slug=f"s{size}-{n}", name="S", kind="rating", owner=owner)
        for url in (reverse("studies"), "/api/v1/studies/", "/api/v1/audits/", reverse("scorers")):
            with CaptureQueriesContext(connection) as queries:
                assert signed_in.get(url).status_code == 200
            counts.append(len(queries))
    assert counts[:4] == counts[4:]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["remove", "demote"])
def test_two_owners_who_remove_each_other_at_once_leave_one(act: str) -> None:
    for n in range(5):
        first, second = make_user(f"a{n}"), make_user(f"b{n}")
        study = create_study(slug=f"s{n}", name="S", kind="rating", owner=first)
        give_role(study=study, name=second.username, role=Role.OWNER)
        barrier = Barrier(2)

        def go(by: User, name: str) -> bool:
            try:
                barrier.wait()  # noqa: B023
                if act == "remove":
                    remove_member(study=study, name=name, by=by)  # noqa: B023
                else:
                    give_role(study=study, name=name, role=Role.VIEWER, by=by)  # noqa: B023
            except StudyError:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(go, (first, second), (second.username, first.username)))
        assert sorted(done) == [False, True]
        assert Membership.objects.filter(study=study, role=Role.OWNER).count() == 1
