"""What nobody means to send is refused in a line, whatever the database: it is no error of the server."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Study
from tests.factory import make_study

pytestmark = pytest.mark.django_db

ODD = {
    "deep list": "[" * 100_000,
    "deep object": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "deep and whole": '{"name":' + "[" * 900 + "]" * 900 + "}",
    "half a pair": '{"name": "\\ud800"}',
    "half a pair in a choice": '{"pay_by": "\\ud800"}',
    "half a pair in a name": '{"quality_limits": {"\\udfff": 1}}',
    "NUL in a word": '{"scale_words": ["a\\u0000", "b", "c", "d", "e"]}',
    "words that are none": '{"scale_words": [{}, {}, {}, {}, {}]}',
    "a word in place of words": '{"scale_words": "abcde"}',
    "no object": "[1]",
    "no JSON": "{",
}


@pytest.fixture
def study() -> Study:
    return make_study("mine")


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_odd_json_is_refused_in_a_line(console: Client, study: Study, body: str) -> None:
    answer = console.patch("/api/v1/studies/mine/", body, content_type="application/json")
    assert answer.status_code == 400, answer.text
    assert answer.json()
    study.refresh_from_db()
    assert (study.scale_words, study.quality_limits) == ([], {})


@pytest.mark.parametrize("address", ["/api/v1/studies/mine/", "/api/v1/token/"])
def test_a_body_that_is_too_large_is_not_read_to_its_end(
    settings: Any, console: Client, study: Study, address: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    send = console.post if "token" in address else console.patch
    answer = send(address, '{"name": "' + "x" * 2_000 + '"}', content_type="application/json")
    assert (answer.status_code, "exceeded" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("path", ["/api/v1/studies/a%00b/", "/studies/mine/people/a%00b/", "/s/mine/%00/"])
def test_an_address_with_nul_is_not_found(console: Client, study: Study, path: str) -> None:
    assert console.get(path).status_code == 404
    assert console.post(path).status_code == 404


def test_a_member_whose_name_has_nul_is_none(console: Client, study: Study) -> None:
    assert console.delete("/api/v1/studies/mine/members/?name=a%00b").status_code == 400
    assert console.post(reverse("members", args=["mine"]), {"remove": "a\x00b"}).status_code == 302
    assert User.objects.count() == 1


def test_a_page_of_the_api_has_its_limits(console: Client, study: Study) -> None:
    for number in ("9" * 30, "-1", "x"):
        for name in ("limit", "offset"):
            for address in ("/api/v1/studies/", "/api/v1/studies/mine/items/", "/api/v1/audits/"):
                assert console.get(address, {name: number}).status_code == 200, (address, name, number)
