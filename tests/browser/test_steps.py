"""The steps around the work, in a real browser: nothing that was chosen or typed is lost."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from annotation.models import CheckAnswer, ComprehensionAttempt, Reply, Study
from annotation.studies import open_study
from tests.factory import make_items, make_practice, make_question, make_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOST = "Not sent yet: the connection is lost. Your answer is kept and will be sent."


def arrive(page: Page, study: Study, *, until: str) -> None:
    page.goto(f"/s/{study.slug}/")
    page.get_by_role("button", name="I agree, go on").click()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"**/{until}/")


def with_steps(*, survey: bool = False, comprehension: bool = False, practice: int = 0) -> Study:
    study = make_study("steps", session_size=2)
    make_items(study, 2)
    if comprehension:
        make_question(study, "task", place="comprehension", options=["My own view", "A guess"])
    if survey:
        arabic: dict[str, Any] = {"ar": {"text": "كم عمرك؟", "options": ["أقل من 30", "30 أو أكثر"]}}
        make_question(study, "age", options=["Under 30", "30 or older"], translations=arabic)
        make_question(study, "languages", text="Which languages do you read in?", options=[])
    for n in range(practice):
        make_practice(study, query=f"Practice {n}")
    return open_study(study=study)


def fill_survey(page: Page) -> None:
    page.get_by_label("30 or older").check()
    page.get_by_label("Which languages").fill("Deutsch\nund Englisch")


def test_a_survey_sent_while_the_connection_is_lost_stays_on_the_page_and_is_stored_once(page: Page) -> None:
    arrive(page, with_steps(survey=True), until="survey")
    fill_survey(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("status")).to_have_text(LOST)
    expect(page.get_by_label("Which languages")).to_have_value("Deutsch\nund Englisch")
    page.get_by_role("button", name="Go on").click()  # an impatient person
    page.context.set_offline(False)
    page.wait_for_url("**/instructions/")
    assert sorted(Reply.objects.values_list("value", flat=True)) == ["30 or older", "Deutsch\nund Englisch"]
    assert page.evaluate("Object.keys(sessionStorage).length") == 0


def test_what_was_typed_in_a_survey_outlives_a_reload_and_a_look_at_another_page(page: Page) -> None:
    arrive(page, with_steps(survey=True), until="survey")
    fill_survey(page)
    page.reload()
    expect(page.get_by_label("30 or older")).to_be_checked()
    expect(page.get_by_label("Which languages")).to_have_value("Deutsch\nund Englisch")
    page.get_by_label("Which languages").fill("")
    page.get_by_label("30 or older").press("ArrowUp")
    page.goto("/s/steps/instructions/")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Under 30")).to_be_checked()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Write an answer")
    expect(page.get_by_label("Under 30")).to_be_checked()


def test_a_comprehension_check_whose_reply_was_lost_is_one_attempt_and_the_next_starts_empty(
    page: Page,
) -> None:
    cut = []

    def stored_but_cut_once(route: Route) -> None:
        if cut or route.request.method != "POST":
            return route.continue_()
        cut.append(route.fetch(max_redirects=0).status)
        return route.abort("connectionreset")

    page.route("**/comprehension/", stored_but_cut_once)
    arrive(page, with_steps(comprehension=True), until="comprehension")
    page.get_by_label("A guess").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Look at this one again.")).to_be_visible()
    expect(page.locator("input:checked")).to_have_count(0)
    assert ComprehensionAttempt.objects.count() == 1


def test_practice_goes_by_the_keys_of_the_work(page: Page) -> None:
    arrive(page, with_steps(practice=2), until="practice")
    page.locator("summary").click()
    page.get_by_label("I cannot judge this one").check()
    page.keyboard.press("4")
    expect(page.get_by_label("I cannot judge this one")).not_to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_url("**/practice/1/")
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url("**/practice/")
    expect(page.locator("input:checked")).to_have_count(0)
    assert CheckAnswer.objects.get().value == 4
