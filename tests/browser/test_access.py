"""Labelling pages for everybody: any width and language, a keyboard alone, a screen reader, bad lines."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from annotation.models import Label, Reply, Study
from tests.browser.tour import onward, other_pages, rich_study, tour
from tests.factory import make_response
from tests.visitor import opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}
PRESSED = "a, button, summary, select, textarea, input:not([type=hidden])"
# What can be pressed and is smaller than wanted; a link within a line of text may be.
SMALL = """([most, where]) => [...document.querySelectorAll(where)]
    .map((e) => e.closest('label') || e)
    .filter((e) => e.checkVisibility({checkVisibilityCSS: true}) && getComputedStyle(e).display !== 'inline')
    .filter((e) => Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < most)
    .map((e) => e.outerHTML.slice(0, 200))"""
# The element with the focus, and whether people can see it: in sight, outlined by itself or by its label.
FOCUS = """() => {
  const here = document.activeElement;
  if (here === document.body) return null;
  const label = here.labels && here.labels[0], around = here.closest('label');
  const outlined = [here, around].filter(Boolean).map((e) => getComputedStyle(e))
    .some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1);
  const {top, bottom} = (around || here).getBoundingClientRect();
  const words = (label || here).innerText.trim();
  return {words, visible: outlined && bottom > 0 && top < innerHeight};
}"""


@pytest.mark.parametrize(("language", "kind"), [("en", "rating"), ("ar", "comparison")])
def test_every_page_is_accessible_at_any_width_in_any_light(
    open_page: Callable[..., Page], axe: Callable[..., None], language: str, kind: str
) -> None:
    page = open_page()
    seen = [
        name for name in tour(page, rich_study("images", kind=kind), language=language) if look(page, axe)
    ]
    assert len(seen) == 17
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")


def test_the_pages_where_people_end_otherwise_are_accessible(
    open_page: Callable[..., Page], axe: Callable[..., None]
) -> None:
    page = open_page()
    assert len([name for name in other_pages(page) if look(page, axe)]) == 9


def test_long_texts_wide_scales_and_markdown_are_accessible(
    open_page: Callable[..., Page], axe: Callable[..., None]
) -> None:
    page = open_page()
    pair = opened("pair", items=1, kind="comparison")
    for item in pair.items.all():
        item.response_1 = make_response("Long?", "A long answer without an end. " * 100)
        item.response_2 = make_response("Arabic?", "الوقت معطف لبسته إلى العمل أربعين سنة.")
        item.save()
    wide = opened("wide", items=1, scale_low=0, scale_high=10)
    for study in (pair, wide, opened("markdown", items=1, markdown=True)):
        start(page, study)
        look(page, axe)


def test_pairs_and_queries_alone_are_accessible_and_answered_by_keys(
    open_page: Callable[..., Page], axe: Callable[..., None]
) -> None:
    page = open_page()
    for kind, asks in (("pair", ""), ("query", "category"), ("query", "answers")):
        study = opened(f"{kind}-{asks}", items=1, kind=kind, metadata={"asks": asks})
        start(page, study)
        look(page, axe)
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        page.wait_for_url("**/done/")
        assert Label.objects.get(item__study=study).value == 1


def look(page: Page, axe: Callable[..., None]) -> bool:
    """The page on a phone in the dark, on a desk by day, at its narrowest, with letters twice as large."""
    for width, scheme in ((360, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page, WCAG)
    for width, zoom in ((320, "100%"), (1280, "200%")):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("zoom => { document.documentElement.style.fontSize = zoom; }", zoom)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width, zoom)
        assert not page.evaluate(SMALL, [24, PRESSED]), page.url
        assert not page.evaluate(SMALL, [44, ".scale label, .check, .button"]), page.url
    page.evaluate("document.documentElement.style.fontSize = ''")
    return True


# A keyboard alone


def focus(page: Page) -> Any:
    """The stop where the keyboard is; None at the page's end."""
    stop = page.evaluate(FOCUS)
    assert stop is None or stop["visible"], (page.url, stop)
    return stop and stop["words"]


def tab_to(page: Page, words: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if (focus(page) or "").startswith(words):
            return
    raise AssertionError(f"{page.url}: the keyboard does not reach {words}")


def press(page: Page, words: str, until: str) -> None:
    tab_to(page, words)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{until}")


def test_from_the_door_to_the_code_by_keyboard_alone(page: Page) -> None:
    study = rich_study("images")
    page.goto("/s/images/")
    press(page, "I agree, go on", "instructions/")
    press(page, "Go on", "comprehension/")
    tab_to(page, "Go on")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_focused()
    tab_to(page, "What are you asked for?")
    page.keyboard.press("Enter")
    expect(page.locator("input[type=radio]").first).to_be_focused()
    page.keyboard.press("Space")
    press(page, "Go on", "practice/")
    tab_to(page, "1")
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    press(page, "Next", "practice/1/")
    expect(page.get_by_role("heading", name="That is what was expected.")).to_be_visible()
    press(page, "Go on", "survey/")
    tab_to(page, "Under 30")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Which languages")
    page.keyboard.type("Deutsch")
    press(page, "Go on", "instructions/")
    press(page, "Start", "task/1/")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    page.wait_for_url("**/task/2/")
    tab_to(page, "1")
    page.keyboard.press("ArrowRight")
    press(page, "Next", "task/3/")
    press(page, "Add a comment", "task/3/")
    tab_to(page, "I cannot judge this one")
    page.keyboard.press("Space")
    press(page, "Next", "survey/after/")
    tab_to(page, "Easy")
    page.keyboard.press("Space")
    press(page, "Go on", "done/")
    expect(page.locator("#code")).to_have_text(study.completion_code)
    assert list(Label.objects.order_by("position").values_list("value", flat=True)) == [4, 2, None]
    assert list(Reply.objects.order_by("pk").values_list("value", flat=True)) == [
        "30 or older",
        "Deutsch",
        "Easy",
    ]


def test_the_keyboard_is_caught_nowhere_and_goes_back_as_it_came(page: Page) -> None:
    for _ in tour(page, rich_study("images")):
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        page.locator("body").click(position={"x": 2, "y": 2})
        page.keyboard.press("Tab")
        stops = [focus(page)]
        while stops[-1] is not None and len(stops) < 40:
            page.keyboard.press("Tab")
            stops.append(focus(page))
        assert stops.pop() is None and stops, (page.url, stops)
        for _ in stops:
            page.keyboard.press("Shift+Tab")
        assert focus(page) == stops[0], page.url


# What a screen reader says


def read_aloud(page: Page) -> list[tuple[str, str]]:
    """Role and name of what the accessibility tree tells, in its order."""
    line: CDPSession = page.context.new_cdp_session(page)
    nodes = line.send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}
    told: list[tuple[str, str]] = []

    def tell(node: dict[str, Any]) -> None:
        role, name = node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")
        if not node.get("ignored") and role not in (
            "InlineTextBox",
            "none",
            "generic",
            "LabelText",
            "paragraph",
        ):
            told.append((role, " ".join(name.split())))
        for child in node.get("childIds", []):
            tell(by_id[child])

    tell(nodes[0])
    return told


def in_turn(told: list[tuple[str, str]], *wanted: tuple[str, str]) -> None:
    """Fails unless these are told, in this order, whatever stands between them."""
    rest = iter(told)
    for role, name in wanted:
        assert any(said == role and words.startswith(name) for said, words in rest), (role, name, told)


def test_a_screen_reader_tells_a_rating_in_the_order_in_which_it_is_done(page: Page) -> None:
    opened(items=1)
    page.goto("/s/answers/")
    onward(page, "instructions/")
    onward(page, "task/1/")
    told = read_aloud(page)
    words = ["very poor", "poor", "fair", "good", "excellent"]
    question = "How good is this answer to you, all in all? 1 is very poor, 5 is excellent."
    in_turn(
        told,
        ("RootWebArea", "1 of 1"),
        ("progressbar", "Progress"),
        ("link", "Stop here"),
        ("main", ""),
        ("heading", "1 of 1"),
        ("StaticText", "Query 0 of answers"),
        ("region", "ANSWER"),
        ("StaticText", "answer 0"),
        ("radiogroup", question),
        *(("radio", f"{mark} {word}") for mark, word in enumerate(words, start=1)),
        ("DisclosureTriangle", "Add a comment"),
        ("status", ""),
        ("button", "Next"),
    )
    assert [name for role, name in told if role == "radiogroup"] == [question]
    assert not [name for role, name in told if role in ("button", "link", "radio", "checkbox") and not name]


def test_a_screen_reader_tells_which_answer_is_a_and_which_is_b(page: Page) -> None:
    opened(items=1, kind="comparison")
    page.goto("/s/answers/")
    onward(page, "instructions/")
    onward(page, "task/1/")
    in_turn(
        read_aloud(page),
        ("StaticText", "Query 0 of answers"),
        ("region", "ANSWER A"),
        ("region", "ANSWER B"),
        ("radiogroup", "Which answer is better to you?"),
        ("radio", "A is much better"),
        ("radio", "A is slightly better"),
        ("radio", "about the same, hard to tell"),
        ("radio", "B is slightly better"),
        ("radio", "B is much better"),
        ("button", "Next"),
    )


def test_a_screen_reader_tells_an_error_first_and_each_question_with_what_is_wrong(page: Page) -> None:
    for name in tour(page, rich_study("images")):
        if name == "survey-error":
            break
    told = read_aloud(page)
    in_turn(
        told,
        ("heading", "A few questions first"),
        ("alert", ""),
        ("link", "Which languages"),
        ("radiogroup", "How old"),
    )
    in_turn(
        told,
        ("alert", ""),
        ("radiogroup", "How old"),
        ("textbox", "Which languages"),
        ("checkbox", "Prefer not"),
    )
    described = page.locator("textarea").get_attribute("aria-describedby")
    expect(page.locator(f"#{described}")).to_contain_text("Write an answer")


# Bad lines


def start(page: Page, study: Study) -> None:
    page.goto(f"/s/{study.slug}/")
    onward(page, "instructions/")
    onward(page, "task/1/")


def test_on_a_slow_line_a_page_is_light_and_impatience_stores_one_answer(page: Page) -> None:
    study = opened()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    line.send("Network.emulateNetworkConditions", slow)
    sizes: list[float] = []
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    start(page, study)
    assert sum(sizes) < 120_000 and len(sizes) < 15, sizes  # three pages with all that they need
    page.keyboard.press("3")
    for _ in range(3):
        page.keyboard.press("Enter")
    page.wait_for_url("**/task/2/")
    assert [label.value for label in Label.objects.all()] == [3]


def test_the_last_answer_given_without_a_connection_is_stored_once_and_leads_to_the_code(page: Page) -> None:
    study = opened(items=1)
    start(page, study)
    page.context.set_offline(True)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your answer is kept and will be sent")
    page.context.set_offline(False)
    expect(page.locator("#code")).to_have_text(study.completion_code)
    assert Label.objects.get().value == 2


def test_an_answer_outlives_a_closed_tab_and_is_sent_from_another_page_of_the_study(page: Page) -> None:
    study = opened()
    start(page, study)
    page.context.set_offline(True)
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Not sent yet")
    other = page.context.new_page()
    page.close()
    page.context.set_offline(False)
    other.goto("/s/answers/stop/")
    expect(other.get_by_role("heading", name="Stop here?")).to_be_visible()
    # As a function: the text of an expression would be evaluated again and again, which the page forbids.
    other.wait_for_function("() => Object.keys(localStorage).length === 0")
    assert Label.objects.get().value == 5


def test_the_language_changes_between_pages_and_what_was_chosen_stays(page: Page) -> None:
    study = rich_study("images", translations={}, sessions_per_person=2)
    study.questions.all().delete()
    study.checks.all().delete()
    study.translations = {"de": {"question": "Wie gut ist das?", "consent": "Sie stimmen zu."}}
    study.save()
    start(page, study)
    page.keyboard.press("4")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("button", name="Weiter")).to_be_visible()
    expect(page.get_by_role("radio", checked=True)).to_have_attribute("value", "4")
    page.keyboard.press("Enter")
    page.wait_for_url("**/task/2/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert Label.objects.get().value == 4
