"""A study scored by a model in a real browser, from its page to an audit."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Page, expect

from calibration.models import Run
from tests.calibration.scored import make_scored_study
from tests.model_server import Answer, Asked, chat, serving

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def judged(asked: Asked) -> Answer:
    """One answer is refused, the others have a score."""
    number = int(re.findall(r"answer (\d+)", asked.body["messages"][-1]["content"])[-1])
    if number == 5:
        return chat("", refusal="I would rather not rate this.")
    return chat(json.dumps({"overall": {"score": 1 + number % 5}}), tokens=(100, 10))


def work() -> None:
    call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)


def test_a_judge_is_set_up_with_its_server_looked_at_tried_run_and_audited(
    console_page: Callable[..., Page],
    looks: Callable[[Page], Iterator[int]],
    axe: Callable[[Page], None],
    settings: Any,
) -> None:
    settings.MODEL_SERVERS = ["127.0.0.1"]
    make_scored_study(items=12, scorers=("reward",))
    page = console_page()

    def looked_at() -> None:
        """No violation, and nothing wider than the screen, also from right to left."""
        # The looks are the same on every database.
        for width in looks(page) if connection.vendor == "sqlite" else ():
            axe(page)
            for direction in ("rtl", "ltr"):
                page.evaluate("way => { document.documentElement.dir = way }", direction)
                assert page.evaluate("document.documentElement.scrollWidth") <= width

    with serving(judged) as server:
        page.goto("/studies/answers/")
        page.get_by_role("link", name="Score with…").click()
        looked_at()
        page.get_by_role("link", name="Set up a judge").click()
        page.get_by_role("link", name="Add a server").click()
        page.get_by_role("textbox", name="Name").fill("Ours")
        page.get_by_role("textbox", name="Address").fill("http://10.0.0.1/v1")
        page.get_by_role("button", name="Add the server").click()
        expect(page.get_by_role("alert")).to_contain_text("MANYMINDS_MODEL_SERVERS")
        looked_at()
        page.get_by_role("textbox", name="Address").fill(server.url)
        page.get_by_role("button", name="Add the server").click()
        page.get_by_role("textbox", name="Model").fill("judge-1")
        page.get_by_text("How it is asked").click()
        page.get_by_label("Price of a million tokens read").fill("2")
        looked_at()
        page.get_by_role("button", name="See what is sent").click()
        expect(page.locator("#preview")).to_contain_text("answer 0")
        page.get_by_role("link", name="Next").click()
        expect(page.locator("#preview")).to_contain_text("2 of 12")
        expect(page.locator("#start")).to_contain_text("estimated")
        looked_at()
        assert not server.asked

        page.get_by_role("button", name="Try on 3").click()
        expect(page.get_by_role("heading", name="The trial waits for a worker")).to_be_visible()
        work()
        expect(page.get_by_role("heading", name="What the trial brought")).to_be_visible()
        page.get_by_role("button", name="Score the other 9").click()
        work()
        expect(page.get_by_role("heading", name="What came back")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("answered, of 12 calls")
    expect(page.locator("#without")).to_contain_text("I would rather not rate this.")
    looked_at()
    with page.expect_download() as got:
        page.get_by_role("link", name="Download replies").click()
    assert len(got.value.path().read_text().splitlines()) == 12
    page.get_by_role("link", name="Audit it").click()
    expect(page.get_by_role("checkbox", name="judge-1 overall")).to_be_checked()
    expect(page.get_by_role("checkbox", name="reward")).not_to_be_checked()
    assert (Run.objects.get().state, len(server.asked)) == ("finished", 12)
    page.goto("/rubrics/?from=hhh")
    looked_at()


def test_a_run_is_started_followed_and_stopped_without_javascript(
    console_page: Callable[..., Page], settings: Any
) -> None:
    settings.MODEL_SERVERS = ["127.0.0.1"]
    make_scored_study(items=12)
    page = console_page(java_script_enabled=False, viewport={"width": 360, "height": 700})
    with serving(judged) as server:
        page.goto("/servers/")
        page.locator("[name=name]").fill("Ours")
        page.locator("[name=base_url]").fill(server.url)
        page.locator("main form button.main").click()
        page.goto("/studies/answers/score/judge/")
        page.locator("[name=model]").fill("judge-1")
        page.locator("main form button.main").click()
        page.wait_for_url("**/runs/*/")
        page.locator("#start button.main").click()
        assert page.locator("#state progress").is_visible()
        page.locator("#state button.bad").click()
        assert "Stopped by researcher" in page.locator("#state").inner_text()
        page.locator("#start button.main").click()
        work()
        page.reload()
        assert "What came back" in page.locator("#state").inner_text()
