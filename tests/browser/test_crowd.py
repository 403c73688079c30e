"""People who label, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from annotation.models import CheckAnswer, Label, Session, Slot, Study
from annotation.studies import create_study, open_study
from tests.factory import make_check, make_items, make_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARABIC = "الوقت معطف لبسته إلى العمل أربعين سنة.\nتضع يدك في جيبه فتجد ظهيرة كاملة."


def opened(slug: str = "answers", *, items: int = 3, kind: str = "rating", **fields: Any) -> Study:
    study = create_study(
        slug=slug, name=slug.title(), kind=kind, session_size=items, **({"labels_per_item": 9} | fields)
    )
    make_items(study, items)
    open_study(study=study)
    study.refresh_from_db()
    return study


def start(page: Page, study: Study) -> None:
    page.goto(f"/s/{study.slug}/")
    page.get_by_role("button", name="I agree, go on").click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/task/1/")


def meet_answers(page: Page, act: Callable[[Route], Any]) -> None:
    """Let `act` meet the answers to the first item, before the server does.

    Called before the page is there: a request of a page that is already may slip by.
    """

    def meet(route: Route) -> None:
        act(route) if route.request.method == "POST" else route.continue_()

    page.route("**/task/1/", meet)


def answer_by_keys(page: Page, key: str, *, until: str) -> None:
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{until}/")


def test_a_session_by_keyboard_alone(page: Page) -> None:
    study = opened()
    page.goto("/s/answers/")
    for onward in ("instructions", "task/1"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{onward}/")
    expect(page.locator("input:checked")).to_have_count(0)
    answer_by_keys(page, "4", until="task/2")
    page.keyboard.press("2")
    page.keyboard.press("ArrowRight")  # the browser's own key for radios
    page.keyboard.press("Enter")
    page.wait_for_url("**/task/3/")
    answer_by_keys(page, "5", until="done")
    expect(page.locator("#code")).to_have_text(study.completion_code)
    stored = Label.objects.order_by("position")
    assert [label.value for label in stored] == [4, 3, 5]
    times = [label.active_seconds for label in stored]
    assert all(seconds is not None and 0 < seconds < 60 for seconds in times), times


def test_the_keys_of_a_pair_run_from_left_to_right(page: Page) -> None:
    study = opened(items=6, kind="comparison")
    start(page, study)
    for position in range(1, 7):
        until = f"task/{position + 1}" if position < 6 else "done"
        answer_by_keys(page, "1" if position % 2 else "5", until=until)
    for slot in Slot.objects.filter(filled=True):
        label = slot.labels.get()
        a_is_better = slot.position is not None and slot.position % 2 == 1
        assert label.value == (2 if a_is_better != slot.swapped else -2)


def test_a_session_without_javascript(open_page: Callable[..., Page]) -> None:
    study = opened(items=2)
    page = open_page(java_script_enabled=False)
    start(page, study)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose an answer")
    page.get_by_role("radio", name="2 poor").check(force=True)
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Add a comment").click()
    page.get_by_label("I cannot judge this one").check()
    page.get_by_label("Comment, or why").fill("in no language that I read")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#code")).to_have_text(study.completion_code)
    first, second = Label.objects.order_by("position")
    assert (first.value, first.active_seconds) == (2, None)
    assert (second.value, second.cannot_judge, second.comment) == (None, True, "in no language that I read")


def test_back_changes_an_answer(page: Page) -> None:
    start(page, opened())
    answer_by_keys(page, "1", until="task/2")
    page.get_by_role("link", name="Back").last.click()
    page.wait_for_url("**/task/1/")
    expect(page.get_by_role("radio", name="1 very poor")).to_be_checked()
    answer_by_keys(page, "5", until="task/2")
    assert list(Label.objects.order_by("pk").values_list("value", "status")) == [
        (1, "superseded"),
        (5, "counted"),
    ]


def test_keys_are_off_while_typing_and_with_modifiers(page: Page) -> None:
    start(page, opened())
    page.get_by_text("Add a comment").click()
    page.get_by_label("Comment, or why").focus()
    page.keyboard.type("4 of 5\n")
    page.locator("h1").click(force=True)
    page.keyboard.press("Control+3")
    expect(page.locator("input:checked")).to_have_count(0)
    assert page.url.endswith("/task/1/")


def test_cannot_judge_and_the_scale_exclude_each_other(page: Page) -> None:
    start(page, opened())
    page.keyboard.press("3")
    page.get_by_text("Add a comment").click()
    page.get_by_label("I cannot judge this one").check()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("radio", name="2 poor").check(force=True)
    expect(page.get_by_label("I cannot judge this one")).not_to_be_checked()


def test_an_answer_given_while_the_connection_is_lost_is_kept_and_stored_once(page: Page) -> None:
    start(page, opened())
    page.context.set_offline(True)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(
        "Not sent yet: the connection is lost. Your answer is kept and will be sent."
    )
    page.keyboard.press("Enter")  # an impatient person
    assert not Label.objects.exists()
    page.context.set_offline(False)
    page.wait_for_url("**/task/2/")
    expect(page.locator("input:checked")).to_have_count(0)
    assert Label.objects.get().value == 4


def test_an_answer_whose_acknowledgement_was_lost_is_sent_again_and_stored_once(page: Page) -> None:
    cut: list[int] = []

    def stored_but_cut_once(route: Route) -> None:
        if cut:
            return route.continue_()
        cut.append(route.fetch().status)
        return route.abort("connectionreset")

    meet_answers(page, stored_but_cut_once)
    start(page, opened())
    answer_by_keys(page, "2", until="task/2")
    assert cut == [200]
    assert Label.objects.get().value == 2


def test_a_kept_answer_is_sent_after_the_tab_was_loaded_again(page: Page) -> None:
    meet_answers(page, lambda route: route.abort())
    start(page, opened())
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Not sent yet")
    page.unroute_all()
    page.reload()
    page.wait_for_url("**/task/2/")
    assert Label.objects.get().value == 5
    assert page.evaluate("Object.keys(localStorage).length") == 0


@pytest.mark.parametrize("status", [400, 403, 404, 407, 408, 413, 429, 502, 511])
def test_an_answer_refused_by_something_in_between_is_kept_until_the_server_has_it(
    page: Page, status: int
) -> None:
    # Until the notice was seen: a busy machine may sleep through the second before the next attempt.
    meet_answers(page, lambda route: route.fulfill(status=status, body="<h1>Not here</h1>"))
    start(page, opened())
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Not sent yet")
    page.unroute_all()
    page.wait_for_url("**/task/2/")
    assert Label.objects.get().value == 4


def test_an_answer_kept_on_a_shared_device_waits_for_the_person_who_gave_it(page: Page) -> None:
    study = opened()

    def arrive(person: str) -> None:
        page.goto(f"/s/answers/?PROLIFIC_PID={person}")
        if page.get_by_role("button", name="I agree, go on").count():
            page.get_by_role("button", name="I agree, go on").click()
            page.wait_for_url("**/instructions/")
            if person == "second":
                page.unroute_all()  # only now, when this browser has become somebody else's
            page.get_by_role("button", name="Start").click()
        page.wait_for_url("**/task/1/")

    meet_answers(page, lambda route: route.abort())
    arrive("first")
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Not sent yet")
    arrive("second")
    answer_by_keys(page, "1", until="task/2")
    assert [label.value for label in Label.objects.all()] == [1]
    page.goto("/s/answers/?PROLIFIC_PID=first")
    page.wait_for_url("**/task/2/")
    assert sorted(study.participants.values_list("labels__value", flat=True)) == [1, 5]


def test_answers_given_on_a_page_whose_replies_were_lost_end_with_the_last_one(page: Page) -> None:
    meet_answers(page, lambda route: (route.fetch(), route.abort("connectionreset")))
    start(page, opened())
    for key in ("4", "2"):
        with page.expect_event("requestfailed"):
            page.keyboard.press(key)
            page.keyboard.press("Enter")
    page.unroute_all()
    answer_by_keys(page, "4", until="task/2")
    assert Label.objects.get(status="counted").value == 4


def test_a_session_in_mechanical_turks_frame_where_no_cookie_comes_back(page: Page, live_server: Any) -> None:
    study = opened(items=2)
    link = (
        f"{live_server.url}/s/answers/?workerId=A1&amp;assignmentId=3A&amp;turkSubmitTo=https://www.mturk.com"
    )
    outer, handed_in = "https://worker.mturk.com/task", []

    def hand_in(route: Route) -> None:
        handed_in.append(route.request.post_data)
        route.fulfill(body="thanks")

    body = f"<iframe src='{link}' width='1000' height='900'></iframe>"
    page.route(outer, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.route("https://www.mturk.com/mturk/externalSubmit", hand_in)
    page.context.grant_permissions(["local-network-access"])  # the test's server is on this machine
    page.goto(outer)
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="I agree, go on").click()
    frame.get_by_role("button", name="Start").click()
    for turn, key in enumerate("42", start=1):
        expect(frame.locator("h1")).to_have_text(f"{turn} of 2")
        expect(frame.locator(".keys")).to_be_visible()  # the script is there
        frame.get_by_role("radio").first.press(key)
        frame.get_by_role("button", name="Next").click()
    frame.get_by_role("button", name="Hand in").click()
    expect(frame.get_by_text("thanks")).to_be_visible()
    assert handed_in == [f"assignmentId=3A&code={study.completion_code}"]
    assert not page.context.cookies()
    assert study.participants.count() == 1


def test_a_reload_keeps_what_was_chosen_and_the_next_item_starts_empty(page: Page) -> None:
    start(page, opened())
    page.keyboard.press("3")
    page.get_by_text("Add a comment").click()
    page.get_by_label("Comment, or why").fill("half a thought")
    page.reload()
    expect(page.get_by_role("radio", name="3 fair")).to_be_checked()
    expect(page.get_by_label("Comment, or why")).to_have_value("half a thought")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/task/2/")
    expect(page.locator("input:checked")).to_have_count(0)
    expect(page.locator("textarea")).to_have_value("")
    page.reload()
    expect(page.locator("input:checked")).to_have_count(0)


def test_an_empty_answer_brings_the_error_into_focus(page: Page) -> None:
    start(page, opened())
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_focused()
    page.get_by_role("link", name="Choose an answer").click()
    expect(page.locator("#first")).to_be_focused()
    answer_by_keys(page, "1", until="task/2")


def test_two_studies_in_one_browser_give_each_its_own_code(page: Page) -> None:
    one, two = opened("one", items=1), opened("two", items=1)
    other = page.context.new_page()
    start(page, one)
    start(other, two)
    answer_by_keys(page, "1", until="done")
    answer_by_keys(other, "5", until="done")
    expect(page.locator("#code")).to_have_text(one.completion_code)
    expect(other.locator("#code")).to_have_text(two.completion_code)
    assert dict(Label.objects.values_list("item__study__slug", "value")) == {"one": 1, "two": 5}


def test_two_tabs_of_one_person_store_one_label_an_item(page: Page) -> None:
    start(page, opened(items=2))
    other = page.context.new_page()
    other.goto("/s/answers/")
    other.wait_for_url("**/task/1/")
    answer_by_keys(page, "1", until="task/2")
    answer_by_keys(other, "2", until="task/2")
    answer_by_keys(page, "3", until="done")
    other.keyboard.press("4")
    other.keyboard.press("Enter")
    other.wait_for_url("**/done/")
    counted = Label.objects.filter(status="counted").order_by("position")
    assert list(counted.values_list("value", flat=True)) == [2, 4]
    assert Session.objects.count() == 1


def test_the_time_left_counts_down_quietly_and_is_said_at_five_minutes_at_one_and_at_the_end(
    page: Page,
) -> None:
    page.clock.install()
    start(page, opened(time_limit_minutes=7))
    left, said = page.locator("#left"), page.locator("#soon")
    expect(left).to_have_text("7 min left")
    page.clock.run_for(65_000)
    expect(left).to_have_text("6 min left")
    expect(said).to_be_empty()
    page.clock.run_for(60_000)
    expect(said).to_have_text("5 min left")
    page.clock.run_for(60_000)
    expect(left).to_have_text("4 min left")
    expect(said).to_have_text("5 min left")
    page.clock.run_for(180_000)
    expect(said).to_have_text("1 min left")
    expect(page.locator("#over")).to_be_empty()
    page.clock.run_for(60_000)
    expect(page.locator("#over")).to_contain_text("Your time is up. You may still send this answer.")
    answer_by_keys(page, "4", until="task/2")
    assert Label.objects.get().status == "counted"


def test_an_answer_to_a_check_given_while_the_connection_is_lost_is_kept_and_stored_once(page: Page) -> None:
    study = make_study("answers", session_size=2)
    make_items(study, 2)
    make_check(study, position=1)
    start(page, open_study(study=study))
    page.context.set_offline(True)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Not sent yet")
    page.context.set_offline(False)
    page.wait_for_url("**/task/2/")
    given = CheckAnswer.objects.get()
    assert (given.value, given.passed) == (4, True) and given.active_seconds is not None
    assert not Label.objects.exists()
