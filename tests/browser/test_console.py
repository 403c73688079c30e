"""People who study, in a real browser."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from annotation.models import Label, Study
from annotation.studies import create_study, open_study
from calibration.plans import create_plan, run_plan
from tests.annotation.test_groups import surveyed as study_of_groups
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
WORDS = ["very poor", "poor", "fair", "good", "excellent"]


@pytest.fixture
def sign_in(open_page: OpenPage, researcher: User) -> OpenPage:
    """Makes pages that are signed in to the console."""

    def make(**options: object) -> Page:
        page = open_page(**options)
        page.goto(reverse("studies"))
        page.get_by_label("Name").fill("researcher")
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Studies")).to_be_visible()
        return page

    return make


@pytest.fixture
def labelled() -> Study:
    study = make_study("answers", name="Short answers", imported=True, scale_words=WORDS)
    people = [make_participant(study, f"P{n}") for n in range(4)]
    for n, item in enumerate(make_items(study, 30)):
        make_labels(item, [1 + n % 5, 1 + n % 3, 5, None if n % 7 == 0 else 3], people=people)
    Label.objects.filter(participant=people[0]).update(comment="Too short for me.", active_seconds=7.4)
    return study


def items_file(folder: Path, *, bad: bool = False) -> Path:
    rows: list[dict[str, str]] = [{"query": "Why write?", "response": f"To remember {n}."} for n in range(3)]
    path = folder / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, [*rows, *([{"query": "Why?"}] if bad else [])])))
    return path


def items_by(page: Page, column: str) -> Locator:
    return page.locator("#items").get_by_role("columnheader", name=column)


def test_the_whole_path_from_a_file_of_items_to_an_export(
    sign_in: OpenPage, open_page: OpenPage, tmp_path: Path
) -> None:
    console = sign_in()
    console.get_by_role("link", name="New study").click()
    console.get_by_label("Name", exact=True).fill("Why people write")
    console.get_by_label("File of items").set_input_files(items_file(tmp_path))
    console.get_by_label("People an item").fill("1")
    console.get_by_label("Items a session").fill("3")
    console.get_by_role("button", name="Make the study").click()
    console.wait_for_url("**/studies/why-people-write/")
    console.get_by_role("button", name="Open").click()
    door = console.get_by_label("The link").input_value()

    person = open_page()
    person.goto(door)
    person.get_by_role("button", name="I agree, go on").click()
    person.get_by_role("button", name="Start").click()
    person.wait_for_url("**/task/1/")
    for key, onward in (("5", "task/2"), ("4", "task/3"), ("2", "done")):
        person.keyboard.press(key)
        person.keyboard.press("Enter")
        person.wait_for_url(f"**/{onward}/")

    console.reload()
    figures = console.locator(".figures")
    expect(figures).to_contain_text("3of 3 labels")
    expect(figures).to_contain_text("no item has two labels")
    console.get_by_role("link", name="Disagreement").click()
    expect(console.locator("#items tbody tr")).to_have_count(3)
    console.go_back()
    console.get_by_role("link", name="Export").click()
    with console.expect_download() as download:
        console.get_by_role("button", name="Download").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        assert sorted(row["label"] for row in csv.DictReader(file)) == ["2", "4", "5"]
    console.go_back()
    console.get_by_text("Close", exact=True).click()
    console.get_by_role("button", name="Close the study").click()
    expect(console.get_by_text("The study is closed.")).to_be_visible()


def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    sign_in: OpenPage, looks: Callable[[Page], Iterator[int]], axe: Callable[[Page], None], labelled: Study
) -> None:
    pair = make_study("pairs", kind="comparison", simulated=True, imported=True)
    for item in make_items(pair, 3):
        make_labels(item, [-2, 0, 2])
    eleven = make_study("eleven", scale_low=0, scale_high=10, imported=True)
    make_labels(make_items(eleven, 2)[0], list(range(11)))
    opened = create_study(slug="open", name="Open" * 30, kind="rating")
    make_items(opened, 2)
    open_study(study=opened)
    quick = {"goal": "mean", "labels_per_item": [5, 40], "simulations": 20}
    plan = create_plan(owner=User.objects.get(username="researcher"), asked=quick)
    run_plan(pk=plan.pk)
    surveyed, *_ = study_of_groups(groups={"young": 10, "old": 10}, slug="surveyed")
    names = ("study", "disagreement", "study-settings", "study-export")
    page = sign_in()
    for url in [
        reverse("studies"),
        reverse("studies") + "?q=none",
        *(reverse("study-new") + f"?from={source}" for source in ("items", "labels", "responses")),
        *(reverse(name, args=[study.slug]) for study in (labelled, pair, eleven, opened) for name in names),
        *(
            reverse("item", args=[study.slug, study.items.all()[0].pk])
            for study in (labelled, pair, eleven, opened)
        ),
        reverse("preferences", args=[pair.slug]),
        *(reverse("groups", args=[study.slug]) for study in (surveyed, opened)),
        *(reverse("labels-curve", args=[study.slug]) for study in (surveyed, opened)),
        reverse("people", args=[labelled.slug]),
        reverse("plans"),
        reverse("plan", args=[plan.pk]),
        reverse("responses"),
        reverse("account"),
        "/nothing/",
    ]:
        page.goto(url)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in looks(page):
            axe(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (url, width)


def test_sorting_swaps_the_table_and_back_brings_the_whole_page(sign_in: OpenPage, labelled: Study) -> None:
    page = sign_in()
    page.goto(reverse("disagreement", args=["answers"]))
    page.evaluate("window.kept = true")
    page.get_by_role("link", name="Mean").click()
    expect(items_by(page, "Mean")).to_have_attribute("aria-sort", "descending")
    assert page.evaluate("window.kept")
    assert "sort=-mean" in page.url
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#items tbody tr")).to_have_count(5)
    page.locator("#items tbody a").first.click()
    expect(page.get_by_role("heading", name="What did people answer?")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Disagreement")).to_be_visible()
    expect(page.locator("#items tbody tr")).to_have_count(5)
    page.go_back()
    expect(page.locator("#items tbody tr")).to_have_count(25)
    expect(page.get_by_role("heading", name="Disagreement")).to_be_visible()


def test_typing_in_the_search_filters_while_the_focus_stays(sign_in: OpenPage, labelled: Study) -> None:
    page = sign_in()
    page.goto(reverse("disagreement", args=["answers"]) + "?sort=mean")
    search = page.get_by_label("Search queries and responses")
    search.press_sequentially("answer 29")
    expect(page.locator("#items tbody tr")).to_have_count(1)
    expect(search).to_be_focused()
    assert "sort=mean" in page.url
    search.fill("")
    page.get_by_label("Kind of item", exact=True).select_option("polarising")
    page.wait_for_url("**kind=polarising**")
    assert "q=&" in page.url


def test_everything_works_without_scripts(sign_in: OpenPage, labelled: Study, tmp_path: Path) -> None:
    page = sign_in(java_script_enabled=False)
    page.goto(reverse("disagreement", args=["answers"]))
    page.get_by_role("link", name="Mean").click()
    expect(items_by(page, "Mean")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#items tbody tr")).to_have_count(5)
    page.get_by_label("Search queries and responses").fill("answer 29")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#items tbody tr")).to_have_count(1)
    page.goto(reverse("study-new"))
    page.get_by_label("Name", exact=True).fill("Kept")
    page.get_by_label("File of items").set_input_files(items_file(tmp_path, bad=True))
    page.get_by_role("button", name="Make the study").click()
    expect(page.get_by_text("items.jsonl, line 4")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kept")


def test_after_a_bad_file_what_was_typed_and_chosen_is_still_there(sign_in: OpenPage, tmp_path: Path) -> None:
    page = sign_in()
    page.goto(reverse("study-new"))
    page.get_by_label("Name", exact=True).fill("Kept")
    page.get_by_label("File of items").set_input_files(items_file(tmp_path, bad=True))
    page.get_by_role("button", name="Make the study").click()
    expect(page.get_by_text("items.jsonl, line 4")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kept")
    assert page.get_by_label("File of items").evaluate("field => field.files[0].name") == "items.jsonl"
    assert not Study.objects.exists()


def test_the_figures_follow_the_crowd_while_the_page_stays_open(sign_in: OpenPage) -> None:
    study = create_study(slug="open", name="Open", kind="rating", labels_per_item=1)
    items = make_items(study, 2)
    open_study(study=study)
    page = sign_in()
    page.clock.install()
    page.goto(reverse("study", args=["open"]))
    expect(page.locator("#progress")).to_contain_text("2 labels")
    assert items
    study.labels_per_item = 3
    study.save()
    page.clock.run_for(11_000)
    expect(page.locator("#progress")).to_contain_text("6 labels")


def test_the_first_tab_leads_past_the_bar(sign_in: OpenPage) -> None:
    page = sign_in()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url("**#content")


def test_after_the_session_has_ended_a_part_of_a_page_leads_to_the_sign_in(
    sign_in: OpenPage, labelled: Study
) -> None:
    page = sign_in()
    page.goto(reverse("disagreement", args=["answers"]))
    page.context.clear_cookies()
    page.get_by_role("link", name="Mean").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("heading", name="Items")).to_have_count(0)
