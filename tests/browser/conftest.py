"""A real browser: Chromium of the machine, one for each module, a fresh profile for each page."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000  # milliseconds, for a machine with other work
expect.set_options(timeout=PATIENCE)


def chromium_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        line = "no Chromium on this machine, so its tests are left out: install the package chromium"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Makes pages, each in its own profile; fails if one breaks the security policy or a script throws."""
    contexts, faults = [], []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "violates" in message.text:
            faults.append(message.text)

    def make(**options: Any) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults, faults


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture
def console_page(open_page: Callable[..., Page], live_server: Any, console: Client) -> Callable[..., Page]:
    """Makes pages of a browser that is signed in."""
    session = console.cookies[settings.SESSION_COOKIE_NAME].value

    def make(**options: Any) -> Page:
        page = open_page(**options)
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        return page

    return make


@pytest.fixture
def looks() -> Callable[[Page], Iterator[int]]:
    """Shows a page on a phone in the dark, then on a desk by day; gives the widths."""

    def each(page: Page) -> Iterator[int]:
        for width, scheme in ((360, "dark"), (1280, "light")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            yield width

    return each


@pytest.fixture
def axe() -> Callable[..., None]:
    """Fails when axe finds a violation on the page as it stands, by its usual rules or by other options."""
    scan = Axe()

    def check(page: Page, options: dict[str, Any] | None = None) -> None:
        found = scan.run(page, options=options).response["violations"]
        assert not found, [(page.url, fault["id"], fault["nodes"][0]["html"]) for fault in found]

    return check
