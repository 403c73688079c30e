"""Studies rich in states, and the way through all their pages, whatever language those are in."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page

from annotation.models import Item, Study
from annotation.studies import close_study, create_study, open_study, pause_study
from annotation.usual import usual_texts
from tests.factory import make_check, make_items, make_practice, make_question, make_response

TEXTS = {
    "Describe time in one image.": (
        "Time is a coat that I wore to work for forty years.\n\n"
        "Put your hand in its pocket and you find a whole afternoon, folded small, still warm."
    ),
    "Why do people keep diaries?": (
        "To have somebody to tell. A diary listens without interrupting, and it remembers what you would "
        "rather have forgotten."
    ),
    "Name a colour for Monday.": (
        "Grey, with a thin blue edge: the part of the morning that could still become something."
    ),
    "What does silence sound like?": "Like a room that has just stopped listening.",
}
OTHER = "A river, of course: it runs, it does not come back, and nobody steps into it twice."
ARABIC_STEPS: dict[str, dict[str, Any]] = {
    "task": {"text": "ما المطلوب منك؟", "options": ["قول رأيي أنا", "تخمين رأي الآخرين"]},
    "age": {"text": "كم عمرك؟", "options": ["أقل من 30", "30 أو أكثر"]},
    "languages": {"text": "ما اللغات التي تقرأ بها؟"},
    "afterwards": {"text": "كيف وجدت الدراسة؟", "options": ["سهلة", "صعبة"]},
}


def rich_study(slug: str, *, kind: str = "rating", **fields: Any) -> Study:
    """An open study in English and Arabic with every step: comprehension, practice, both surveys."""
    arabic = usual_texts(kind, "ar") | {"name": "دراسة الصور"}
    defaults: dict[str, Any] = {
        "name": "A study of images",
        "session_size": 3,
        "labels_per_item": 50,
        "sessions_per_person": 1,
        "random_checks": 0,
        "translations": {"ar": arabic},
    }
    study = create_study(slug=slug, kind=kind, **(defaults | fields))
    for position, (query, text) in enumerate(TEXTS.items(), start=1):
        first = make_response(query, text)
        shown: dict[str, Any] = {"response": first}
        if kind == Study.Kind.COMPARISON:
            shown = {"response_1": first, "response_2": make_response(query, OTHER, "model-b")}
        Item.objects.create(
            study=study, external_id=str(position), position=position, query=first.query, **shown
        )
    _steps(study)
    open_study(study=study)
    study.refresh_from_db()
    return study


def _steps(study: Study) -> None:
    asked = {
        "task": {
            "place": "comprehension",
            "text": "What are you asked for?",
            "options": ["My own view", "A guess at what others think"],
        },
        "age": {"text": "How old are you?", "options": ["Under 30", "30 or older"]},
        "languages": {"text": "Which languages do you read in?", "options": []},
        "afterwards": {"place": "after", "text": "How was the study?", "options": ["Easy", "Hard"]},
    }
    for name, fields in asked.items():
        make_question(study, name, **fields, translations={"ar": ARABIC_STEPS[name]})
    shown = {"query": "Name a colour for Friday.", "response": "Orange, the colour of a lamp in a window."}
    make_practice(study, **shown, feedback="Most people like an answer that gives one clear image.")


def tour(page: Page, study: Study, *, language: str = "en") -> Iterator[str]:
    """From the door to the code; says the name of each page where it stops to be looked at."""
    choose = page.locator("input[name=label]").nth(3)
    page.goto(f"/s/{study.slug}/?language={language}")
    yield "consent"
    onward(page, "instructions/")
    yield "instructions"
    onward(page, "comprehension/")
    yield "comprehension"
    onward(page)
    page.locator("#problem").wait_for()
    yield "comprehension-error"
    page.locator("input[type=radio]").nth(1).check()
    onward(page)
    page.locator(".again").first.wait_for()
    yield "comprehension-again"
    page.locator("input[type=radio]").first.check()
    onward(page, "practice/")
    yield "practice"
    choose.check(force=True)
    onward(page, "practice/1/")
    yield "practice-feedback"
    page.locator("main .button.main").click()
    page.wait_for_url("**/survey/")
    yield "survey"
    page.locator("input[type=radio]").first.check()
    onward(page)
    page.locator("#problem").wait_for()
    yield "survey-error"
    page.locator("textarea").fill("Deutsch")
    onward(page, "instructions/")
    yield "ready"
    onward(page, "task/1/")
    yield "task"
    page.locator("summary").click()
    yield "task-comment"
    onward(page)
    page.locator("#problem").wait_for()
    yield "task-error"
    choose.check(force=True)
    onward(page, "task/2/")
    yield "task-second"
    page.locator(".bar .button").click()
    page.wait_for_url("**/stop/")
    yield "stop"
    page.locator("a.button.main").click()
    for turn in (2, 3):
        page.wait_for_url(f"**/task/{turn}/")
        choose.check(force=True)
        onward(page)
    page.wait_for_url("**/survey/after/")
    yield "survey-after"
    page.locator("input[type=radio]").first.check()
    onward(page, "done/")
    yield "done"


def onward(page: Page, until: str = "") -> None:
    """Press the page's main button."""
    page.locator("main form .button.main").click()
    if until:
        page.wait_for_url(f"**/{until}")


def other_pages(page: Page) -> Iterator[str]:
    """The pages where somebody ends who does not go all the way."""
    plain = {"session_size": 2, "labels_per_item": 50, "name": "A study of images"}
    early = create_study(slug="early", kind="rating", **plain)
    page.goto("/s/early/")
    yield "not-started"
    make_items(early, 4)
    open_study(study=early)
    page.goto("/s/early/?workerId=&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    yield "preview"
    page.goto("/s/early/")
    onward(page, "instructions/")
    onward(page, "task/1/")
    page.goto("/s/early/stop/")
    page.locator("button.button", has_not=page.locator("a")).first.click()
    page.wait_for_url("**/done/")
    yield "stopped-early"
    page.goto("/s/early/?PROLIFIC_PID=" + "x" * 300)
    yield "invalid-link"
    pause_study(study=early)
    page.context.clear_cookies()
    page.goto("/s/early/")
    yield "paused"
    close_study(study=early)
    page.goto("/s/early/")
    yield "closed"
    taken = create_study(slug="taken", kind="rating", **plain)
    make_items(taken, 1)
    open_study(study=taken)
    taken.slots.all().delete()
    page.goto("/s/taken/")
    onward(page, "instructions/")
    page.locator("#code").wait_for()
    yield "no-work"
    strict = create_study(slug="strict", kind="rating", **plain)
    make_items(strict, 4)
    make_question(strict, "task", place="comprehension", text="What are you asked for?")
    open_study(study=strict)
    page.goto("/s/strict/")
    onward(page, "instructions/")
    onward(page, "comprehension/")
    for _ in range(2):
        page.locator("input[type=radio]").nth(1).check()
        with page.expect_navigation():
            onward(page)
    page.locator("#code").wait_for()
    yield "screened-out"
    checked = create_study(
        slug="checked",
        kind="rating",
        **plain,
        random_checks=1,
        failed_checks_limit=1,
        after_failed_checks="end",
    )
    make_items(checked, 4)
    make_check(checked)
    open_study(study=checked)
    page.goto("/s/checked/")
    onward(page, "instructions/")
    onward(page)
    while page.wait_for_url("**/checked/**") is None and "/done/" not in page.url:
        page.locator("input[name=label]").first.check(force=True)
        with page.expect_navigation():
            onward(page)
    yield "failed-checks"
