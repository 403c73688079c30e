import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.forms.crowd import choices
from annotation.models import Label, Slot
from annotation.studies import create_study
from tests.factory import make_labels
from tests.visitor import JSON, Visitor, opened, radios

pytestmark = pytest.mark.django_db


def test_a_comparison_is_stored_for_response_1_whatever_side_it_was_shown_on() -> None:
    study = opened(items=8, kind="comparison")
    person = Visitor(study)
    person.start()
    for position in range(1, 9):
        slot = Slot.objects.select_related("item__response_1", "item__response_2").get(position=position)
        first, second = slot.item.response_1, slot.item.response_2
        assert first and second
        shown_as_a = second if slot.swapped else first
        side_a, side_b = re.findall(r'<div class="text" dir="auto">(.*?)</div>', person.text)
        assert (side_a == shown_as_a.text) and (side_b != shown_as_a.text)
        values = [value for value, _, _ in radios(person.text)]
        words = [word for _, word, _ in radios(person.text)]
        assert words[0] == "A is much better" and words[4] == "B is much better"
        person.send(label=values[0])  # A is much better
        assert Label.objects.get(position=position).value == (-2 if slot.swapped else 2)
    assert set(Slot.objects.filter(filled=True).values_list("swapped", flat=True)) == {True, False}


@pytest.mark.parametrize(
    ("fields", "values", "keys"),
    [
        ({"scale_low": 0, "scale_high": 10}, list(range(11)), [*"0123456789", ""]),
        ({"scale_low": 1, "scale_high": 6}, list(range(1, 7)), list("123456")),
        ({"scale_low": -1, "scale_high": 1}, [-1, 0, 1], list("123")),
        ({"kind": "comparison"}, [2, 1, 0, -1, -2], list("12345")),
        ({"kind": "comparison", "scale_low": -1, "scale_high": 1}, [1, 0, -1], list("123")),
        ({"kind": "comparison", "scale_low": -3, "scale_high": 3}, [3, 2, 1, 0, -1, -2, -3], list("1234567")),
    ],
)
def test_every_scale_has_a_choice_a_value_each_with_words_that_differ(
    fields: dict[str, Any], values: list[int], keys: list[str]
) -> None:
    study = create_study(**({"slug": "scale", "name": "Scale", "kind": "rating"} | fields))
    shown = choices(study, swapped=False)
    assert [choice.value for choice in shown] == values
    assert [choice.key for choice in shown] == keys
    assert len({(choice.mark, choice.word) for choice in shown}) == len(values)
    if study.kind == "comparison":
        turned = choices(study, swapped=True)
        assert [choice.value for choice in turned] == values[::-1]
        assert [choice.word for choice in turned] == [choice.word for choice in shown]


def test_nothing_is_chosen_for_a_person_and_back_shows_and_changes_their_own_answer() -> None:
    person = Visitor(opened())
    person.start()
    assert not any(checked for _, _, checked in radios(person.text))
    person.send(label=2, comment="too <b>long</b>")
    back = re.search(r'href="(/s/answers/task/1/)"><span class="arrow"', person.text)
    assert back
    person.get("task/1/")
    assert [value for value, _, checked in radios(person.text) if checked] == ["2"]
    assert "too &lt;b&gt;long&lt;/b&gt;</textarea>" in person.text
    person.send(cannot_judge="1", comment="no idea")
    assert person.here == "/s/answers/task/2/"
    before, after = Label.objects.order_by("pk")
    assert (before.status, before.value) == ("superseded", 2)
    assert (after.status, after.value, after.cannot_judge, after.comment) == (
        "counted",
        None,
        True,
        "no idea",
    )


def test_a_page_shows_no_model_and_no_label_of_anybody_else() -> None:
    study = opened(items=1)
    make_labels(study.items.get(), [1, 1])
    person = Visitor(study)
    assert "model-a" not in person.start().content.decode()
    assert not any(checked for _, _, checked in radios(person.text))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({"label": "3", "cannot_judge": "1"}, 200),
        ({"label": "abc"}, 200),
        ({"label": "3", "comment": "x" * 5001}, 200),
        ({"label": "3", "comment": "a\0b"}, 200),
        ({"label": "99"}, 400),
        ({"label": "-1"}, 400),
        ({"label": "9" * 400}, 400),
        ({"label": "3", "token": "forged"}, 400),
        ({"label": "3", "token": ""}, 400),
        ({"label": "3", "token": "é\0"}, 400),
    ],
)
def test_an_answer_that_is_none_stores_nothing_and_the_page_comes_back_with_what_was_typed(
    fields: dict[str, str], status: int
) -> None:
    person = Visitor(opened())
    person.start()
    response = person.send(**({"comment": "my own words"} | fields))
    assert response.status_code == status
    assert 'role="alert"' in person.text and 'href="#first"' in person.text and 'id="first"' in person.text
    if "comment" not in fields:
        assert "my own words</textarea>" in person.text
    if fields.get("label") == "3":
        assert ("3", "3 fair", True) in radios(person.text)
    assert not Label.objects.exists()
    person.send(label="3", comment="")
    assert Label.objects.count() == 1


@pytest.mark.parametrize("seconds", ["", "abc", "nan", "inf", "-5", "1e999", "9" * 50])
def test_a_time_that_is_none_never_costs_the_answer(seconds: str) -> None:
    person = Visitor(opened())
    person.start()
    person.send(label=3, active_seconds=seconds)
    stored = Label.objects.get().active_seconds
    assert stored is None or 0 <= stored <= 24 * 60 * 60


def test_another_persons_page_and_a_changed_one_are_refused() -> None:
    study = opened()
    one, two = Visitor(study), Visitor(study)
    one.start()
    two.start()
    for token in (one.hidden["token"], two.hidden["token"][:-2] + "xx"):
        assert two.send(two.action, token=token, label=3).status_code == 400
    assert not Label.objects.exists()


def test_sending_twice_is_sending_once() -> None:
    person = Visitor(opened())
    person.start()
    action, form = person.action, person.hidden | {"label": "3"}
    first, second = (person.client.post(action, form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"] == "/s/answers/task/2/"
    assert Label.objects.count() == 1


def test_a_script_gets_the_next_address_or_the_error_as_json() -> None:
    person = Visitor(opened())
    person.start()
    action, form = person.action, person.hidden
    wrong = person.client.post(action, form, **JSON)
    assert (wrong.status_code, list(wrong.json())) == (400, ["error", "final"])
    assert person.client.post(action, form | {"label": "99"}, **JSON).status_code == 400
    assert person.client.post(action, form | {"label": "4"}, **JSON).json() == {"next": "/s/answers/task/2/"}
    stranger = Client().post(action, form | {"label": "4"}, **JSON)
    assert (stranger.status_code, list(stranger.json())) == (400, ["error", "final"])


@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_a_task_page_costs_four_queries_and_an_answer_eight_however_long_the_session(kind: str) -> None:
    person = Visitor(opened(items=12, kind=kind))
    person.start()
    person.send(label=1)
    with CaptureQueriesContext(
        connection,
    ) as reading:
        person.get("task/2/")
    with CaptureQueriesContext(connection) as sending:
        person.send(label=1, follow=False)
    assert person.page.status_code == 302

    def work(queries: CaptureQueriesContext) -> list[str]:
        control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
        return [query["sql"] for query in queries if not query["sql"].startswith(control)]

    assert len(work(reading)) <= 4, work(reading)
    assert len(work(sending)) <= 8, work(sending)


def test_a_session_whose_time_ran_out_is_leased_again_when_the_person_returns() -> None:
    person = Visitor(opened())
    person.start()
    Slot.objects.filter(session__isnull=False).update(leased_until=timezone.now() - timedelta(minutes=1))
    person.get("task/2/")
    assert person.here == "/s/answers/task/1/"
    assert Slot.objects.filter(leased_until__gt=timezone.now()).count() == 3


def test_a_late_answer_is_kept_as_surplus_and_the_person_goes_on_all_the_same() -> None:
    study = opened(items=2, labels_per_item=1)
    late, quick = Visitor(study), Visitor(study)
    late.start()
    Slot.objects.update(leased_until=timezone.now() - timedelta(minutes=1))
    quick.start()
    quick.send(label=1)
    quick.send(label=1)
    assert late.send(label=5).status_code == 200
    assert "other people have done the rest" in late.text and study.partial_code in late.text
    assert list(Label.objects.order_by("pk").values_list("status", flat=True)) == [
        "counted",
        "counted",
        "surplus",
    ]


def test_an_answer_faster_than_reading_is_remarked_on_once_and_locks_nothing() -> None:
    study = opened(items=3)
    for item in study.items.select_related("response"):
        item.response.text = "A long answer. " * 200
        item.response.save()
    person = Visitor(study)
    person.start()
    assert "faster than" not in person.text
    person.send(label=1)
    assert "faster than" in person.text and 'href="/s/answers/task/1/"' in person.text
    Label.objects.update(wall_seconds=300)
    person.get("task/2/")
    assert "faster than" not in person.text
    assert person.send(label=1).status_code == 200


def test_texts_are_shown_as_they_are_and_in_their_own_direction() -> None:
    study = opened(items=1)
    response = study.items.get().response
    assert response
    response.text = "<script>alert(1)</script>\nsecond line"
    response.save()
    person = Visitor(study)
    person.start()
    assert (
        '<div class="text" dir="auto">&lt;script&gt;alert(1)&lt;/script&gt;\nsecond line</div>' in person.text
    )
    assert 'class="query" dir="auto"' in person.text
    assert " style=" not in person.text and "<script>" not in person.text


def test_markdown_is_rendered_when_the_study_asks_without_html_links_pictures_or_styles() -> None:
    study = opened(items=1, markdown=True, consent="[who](https://example.org) [bad](javascript:alert(1))")
    response = study.items.get().response
    assert response
    response.text = (
        "# Title\n\n**bold** [out](https://e.org) ![p](https://e.org/p.png) <b>raw</b>\n\n|a|\n|:-:|\n|1|"
    )
    response.save()
    person = Visitor(study)
    consent = person.enter().content.decode()
    assert (
        '<a href="https://example.org" rel="nofollow noopener noreferrer" target="_blank">who</a>' in consent
    )
    assert 'href="javascript' not in consent
    person.send()
    answer = person.send().content.decode()
    assert "<h3>Title</h3>" in answer and "<strong>bold</strong>" in answer and "<td>1</td>" in answer
    assert "e.org" in answer and 'href="https://e.org' not in answer and "<img" not in answer
    assert "<b>raw" not in answer and "style=" not in answer


def test_the_last_answer_of_a_session_leads_back_to_one_that_was_passed_over() -> None:
    person = Visitor(opened())
    person.start()
    person.get("task/3/")
    person.send(label=1)
    assert person.here == "/s/answers/task/1/"
    person.get("task/77/")
    assert person.here == "/s/answers/task/1/"


def test_changing_ones_mind_back_and_forth_on_one_page_stores_the_last_answer_and_a_late_repeat_nothing() -> (
    None
):
    person = Visitor(opened())
    person.start()
    action, page = person.action, person.hidden
    for attempt, value in ((1, 4), (2, 2), (3, 4), (1, 4), (2, 2)):
        sent = page | {"label": value, "attempt": attempt}
        assert person.client.post(action, sent, **JSON).json() == {"next": "/s/answers/task/2/"}
    assert list(Label.objects.order_by("pk").values_list("value", "status")) == [
        (4, "superseded"),
        (2, "superseded"),
        (4, "counted"),
    ]


@pytest.mark.parametrize("attempt", ["", "abc", "-1", "1e9", "9" * 50, "٣"])
def test_an_attempt_that_is_no_count_never_costs_the_answer(attempt: str) -> None:
    person = Visitor(opened())
    person.start()
    person.send(label=3, attempt=attempt)
    assert Label.objects.get().value == 3


def test_a_script_learns_whether_a_refused_answer_could_ever_be_stored() -> None:
    study = opened()
    one, two = Visitor(study), Visitor(study)
    one.start()
    two.start()

    def final(client: Client, **fields: Any) -> bool:
        answer = client.post(one.action, one.hidden | fields, **JSON)
        assert answer.status_code == 400 and answer.json()["error"]
        return bool(answer.json()["final"])

    assert final(one.client)
    assert final(one.client, label=99)
    assert final(one.client, label=3, token="forged")
    assert not final(two.client, label=3)  # the person whose page it is may come back to this browser
    assert not final(Client(), label=3)
