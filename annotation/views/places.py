"""Where somebody who labels goes on, and how their pages are drawn."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from annotation.languages import in_language
from annotation.models import Participant, Session, Study
from annotation.recruitment.entry import Entry
from annotation.screens import places
from annotation.steps.standing import Step, next_step

# The page of each step; at the others people wait at the door.
PAGES = {
    Step.INSTRUCTIONS: "instructions",
    Step.COMPREHENSION: "comprehension",
    Step.PRACTICE: "practice",
    Step.BEFORE: "survey",
    Step.READY: "instructions",
    Step.TASK: "next-task",
    Step.AFTER: "survey-after",
    Step.DONE: "done",
}


def place_of(participant: Participant) -> str:
    """The name of the page where this person goes on; empty when they have no place in the study yet."""
    return PAGES.get(next_step(participant), "")


def next_address(slug: str, session: int | None, *, after: int = 0) -> str:
    """The address of the session's next page without an answer, in turn, or of the end."""
    found = places(session) if session else []
    left = [place.position for place in found if not place.answered]
    if not left:
        running = session is not None and Session.objects.filter(pk=session, ended_at__isnull=True).exists()
        return reverse("next-task" if running else "done", args=[slug])
    return reverse("task", args=[slug, next((p for p in left if p > after), left[0])])


def consent_page(
    request: HttpRequest, study: Study, entry: Entry, known: Participant | None = None
) -> HttpResponse:
    sealed = entry.seal(study=study)
    return page(request, "consent", study, entry=entry, sealed=sealed, changed=known is not None)


def page(request: HttpRequest, name: str, study: Study, *, status: int = 200, **context: Any) -> HttpResponse:
    """The study's page of that name, with the study's texts in the page's language."""
    shown = {"study": in_language(study), **context}
    return render(request, f"annotation/crowd/{name}.html", shown, status=status)
