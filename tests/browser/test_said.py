"""What models say, in a real browser: on a phone in the dark and on a desk by day."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.gallery import said_pages
from tests.browser.said import what_models_say

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The others are made of the same parts.
SCANNED = {"mining", "diversity", "query-map", "study-pairs", "formats", "task-order"}


def test_axe_finds_nothing_no_page_is_too_wide_and_a_mark_says_its_answer(
    console_page: Callable[..., Page],
    looks: Callable[[Page], Iterator[int]],
    axe: Callable[[Page], None],
    tmp_path: Path,
) -> None:
    said = what_models_say(tmp_path, models=2, subjects=2)
    page = console_page()
    for name in said_pages(page, said):
        for width in looks(page):
            if width == 360 and name in SCANNED:
                axe(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        if name == "query-map":
            page.locator("[data-spot]").first.focus()
            expect(page.locator("#spot")).to_contain_text("ash-8b")
            page.keyboard.press("Enter")
            expect(page.locator("#answers li:target")).to_be_visible()
    page.goto(reverse("queries"))
    expect(page.locator("header [aria-current=page]")).to_have_text("Queries")
