"""The pages of rubrics, and how their versions are kept."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calibration.models import Rubric
from calibration.rubrics import content_of, newest, rubric_named, rubrics_of, write_rubric
from calibration.scorers.judges.rubrics import BUILT_IN, RubricError

pytestmark = pytest.mark.django_db
OVERALL = content_of(BUILT_IN["overall"])
GIVEN = {
    "name": "Wit",
    "prompt": "Query: {query}\r\n\r\nResponse: {response}\r\n{criteria}",
    "criteria": "wit: how funny it is\r\n\r\ncare: how careful: and kind",
    "low": 0,
    "high": 2,
    "labels": "C=0, B=1 A=2",
}


@pytest.fixture
def person(client: Client) -> Client:
    """Somebody with an account and nothing else."""
    client.force_login(User.objects.create(username="ada"))
    return client


def test_a_rubric_is_looked_at_before_it_is_kept_and_kept_as_it_was_written(person: Client) -> None:
    looked = person.post(reverse("rubrics"), GIVEN | {"preview": "1"})
    assert (looked.status_code, Rubric.objects.count()) == (200, 0)
    text = looked.content.decode()
    assert "Write a metaphor about time." in text and "how careful: and kind" in text
    answer = person.post(reverse("rubrics"), GIVEN)
    row = Rubric.objects.get()
    assert answer["Location"] == reverse("rubric", args=[row.pk])
    kept = rubric_named("Wit")
    assert kept.prompt == "Query: {query}\n\nResponse: {response}\n{criteria}"
    assert [(one.name, one.description) for one in kept.criteria] == [
        ("wit", "how funny it is"),
        ("care", "how careful: and kind"),
    ]
    assert (kept.low, kept.high, dict(kept.labels)) == (0, 2, {"A": 2, "B": 1, "C": 0})


def test_a_new_version_leaves_the_old_one_as_it_was(person: Client) -> None:
    person.post(reverse("rubrics"), GIVEN)
    first = Rubric.objects.get()
    url = reverse("rubric", args=[first.pk])
    assert "A new version, from this one" in person.get(url).content.decode()
    answer = person.post(url, GIVEN | {"criteria": "wit: how dry it is"})
    second = Rubric.objects.get(version=2)
    assert answer["Location"] == reverse("rubric", args=[second.pk])
    assert "how funny it is" in person.get(url).content.decode()
    page = person.get(answer["Location"]).content.decode()
    assert url in page and "how dry it is" in page and "how funny it is" not in page
    assert [row.version for row in newest(rubrics_of(User.objects.get()))] == [2]
    assert rubric_named("Wit", version=1).criteria[0].description == "how funny it is"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"prompt": "Query: {query}"}, "lacks {response}"),
        ({"prompt": "{query} {response} {model}"}, "{model}"),
        ({"low": 3}, "The scale ends above its beginning"),
        ({"labels": "A"}, "Write each as a label"),
        ({"criteria": "score: a word that replies use"}, "replies use the word"),
        ({"name": "hhh"}, "built in"),
    ],
)
def test_what_makes_no_sense_is_400_with_the_reason_and_nothing_is_kept(
    person: Client, wrong: dict[str, str], words: str
) -> None:
    answer = person.post(reverse("rubrics"), GIVEN | wrong)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Rubric.objects.exists()


def test_rubrics_of_others_are_neither_seen_nor_continued_and_their_names_are_taken(person: Client) -> None:
    bob = User.objects.create(username="bob")
    theirs = write_rubric(name="Bob's", content=OVERALL, by=bob)
    assert "Bob" not in person.get(reverse("rubrics")).content.decode()
    url = reverse("rubric", args=[theirs.pk])
    assert person.get(url).status_code == person.post(url, GIVEN).status_code == 404
    refused = person.post(reverse("rubrics"), GIVEN | {"name": "Bob's"})
    assert "Somebody else has a rubric called" in refused.content.decode()
    with pytest.raises(RubricError, match="There is no rubric"):
        rubric_named("Bob's", user=User.objects.get(username="ada"))
    of_site = write_rubric(name="Of the site", content=OVERALL)
    url = reverse("rubric", args=[of_site.pk])
    assert "A new version" not in person.get(url).content.decode()
    assert person.post(url, GIVEN).status_code == 403
    assert Rubric.objects.count() == 2


def test_a_built_in_rubric_is_shown_as_it_is_sent_and_begins_a_new_one(person: Client) -> None:
    for name, rubric in BUILT_IN.items():
        page = person.get(reverse("rubrics"), {"from": name})
        assert page.context["form"].initial["prompt"] == rubric.prompt
        sent = re.search(r'id="sent".*?</section>', page.content.decode(), re.DOTALL)
        assert sent and "{criteria}" not in sent[0]
        assert ("thief" in sent[0]) is rubric.pairwise


def test_the_list_takes_as_many_queries_whatever_the_rubrics(person: Client) -> None:
    ada, numbers = User.objects.get(), []
    for number in range(2):
        for name in range(3):
            for _ in range(2):
                write_rubric(name=f"rubric {number} {name}", content=OVERALL, by=ada)
        with CaptureQueriesContext(connection) as queries:
            assert person.get(reverse("rubrics")).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
