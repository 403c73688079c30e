"""Scores and audits in a real browser."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from annotation.models import Study
from calibration.audit import create_audit, run_audit
from calibration.models import Audit
from calibration.report.pages import write_report
from tests.calibration.scored import make_scored_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whether each row's dot lies within its row.
DOTS_INSIDE = """[...document.querySelectorAll('#tukey .dots svg[role=img]')].map((row) => {
  const box = row.getBoundingClientRect(), dot = row.querySelector('circle').getBoundingClientRect();
  return box.left <= dot.left && dot.right <= box.right && dot.width > 0;
})"""
MANY = tuple(f"Reward model with a long name, number {number}" for number in range(25))


def finished(study: Study, **asked: Any) -> Audit:
    return run_audit(audit=create_audit(study=study, **({"preset": "full", "replicates": 20} | asked)))


def work() -> None:
    call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)


def test_scores_are_uploaded_audited_and_the_page_shows_the_result_by_itself(
    console_page: Callable[..., Page], axe: Callable[[Page], None], tmp_path: Path
) -> None:
    study = make_scored_study(scorers=("reward", "judge"))
    file = tmp_path / "scores.jsonl"
    file.write_text("\n".join(json.dumps({"item_id": f"i{n}", "score": n % 7}) for n in range(60)))
    page = console_page()
    page.goto(f"/studies/{study.slug}/scores/")
    page.get_by_label("File of scores").set_input_files(file)
    page.get_by_role("textbox", name="Scorer").fill("Length")
    axe(page)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_contain_text("Imported 60 scores")
    page.get_by_role("link", name="Audits").click()
    page.locator("main form summary").first.click()
    page.get_by_label("Replicates").fill("20")
    axe(page)
    page.get_by_role("button", name="Start the audit").click()
    expect(page.get_by_role("heading", name="The audit waits for a worker")).to_be_visible()
    axe(page)
    work()
    expect(page.get_by_role("heading", name="Do 3 scorers know what people think?")).to_be_visible()
    axe(page)
    widest = page.locator("#tukey > .cuts a").first
    expect(widest).not_to_have_attribute("aria-current", "true")
    widest.click()
    expect(widest).to_have_attribute("aria-current", "true")


def test_25_scorers_fit_the_screen_also_from_right_to_left_and_axe_finds_nothing(
    console_page: Callable[..., Page],
    looks: Callable[[Page], Iterator[int]],
    axe: Callable[[Page], None],
) -> None:
    audit = finished(make_scored_study(scorers=MANY, simulated=True), preset="standard")
    page = console_page()
    page.goto(f"/audits/{audit.pk}/")
    for summary in page.locator("summary").all():
        summary.click()
    for width in looks(page):
        axe(page)
        for direction in ("ltr", "rtl"):
            page.evaluate("way => { document.documentElement.dir = way }", direction)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            inside = page.evaluate(DOTS_INSIDE)
            assert inside and all(inside)
        page.evaluate("document.documentElement.dir = 'ltr'")
    page.goto("/scorers/")
    for _ in looks(page):
        axe(page)


def test_all_of_it_works_without_javascript(console_page: Callable[..., Page]) -> None:
    study = make_scored_study()
    page = console_page(java_script_enabled=False, viewport={"width": 360, "height": 700})
    page.goto(f"/studies/{study.slug}/audits/")
    page.locator("main form summary").first.click()
    page.locator("input[name=replicates]").fill("20")
    page.locator("main form button.main").click()
    page.wait_for_url("**/audits/*/")
    assert page.locator("#state").is_visible()
    work()
    page.reload()
    assert page.locator("#tukey > .dots > li").count() == 2 + 2


def test_the_report_opens_from_a_file_and_asks_the_network_for_nothing(
    open_page: Callable[..., Page], axe: Callable[[Page], None], tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    write_report(finished(make_scored_study()), report)
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator(".card").first.evaluate("e => getComputedStyle(e).borderRadius") == "12px"
    axe(page)
    assert asked == [report.as_uri()]


def test_two_scorers_are_chosen_and_compared_without_javascript(
    console_page: Callable[..., Page],
) -> None:
    audit = finished(make_scored_study(simulated=True), preset="paper")
    page = console_page(java_script_enabled=False, viewport={"width": 360, "height": 700})
    page.goto(f"/audits/{audit.pk}/")
    page.get_by_role("link", name="Compare two").click()
    page.get_by_label("The first").select_option(f"{audit.pk}:judge")
    page.get_by_label("The second").select_option(f"{audit.pk}:reward")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="judge or reward?")).to_be_visible()
    expect(page.get_by_text("30 common items").first).to_be_visible()


def test_a_comparison_fits_the_screen_also_from_right_to_left_and_axe_finds_nothing(
    console_page: Callable[..., Page],
    looks: Callable[[Page], Iterator[int]],
    axe: Callable[[Page], None],
) -> None:
    audit = finished(make_scored_study(simulated=True), preset="paper")
    page = console_page()
    page.goto(f"/audits/compare/?first={audit.pk}:judge&second={audit.pk}:reward")
    page.locator("main details summary").click()
    for width in looks(page):
        axe(page)
        for direction in ("ltr", "rtl"):
            page.evaluate("way => { document.documentElement.dir = way }", direction)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("document.documentElement.dir = 'ltr'")
