"""The way out: stopping early, and the code at the end."""

from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from annotation import recruitment
from annotation.allocation import stop_session, work_left
from annotation.models import Session
from annotation.views.places import page, place_of
from annotation.views.visitors import crowd_page, participant_at, session_at


@crowd_page
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks whether to stop early; POST gives the rest of the session back."""
    session = session_at(request, slug)
    if session is None or session.ended_at:
        return redirect("next-task", slug)
    if request.method == "POST":
        stop_session(session=session)
        return redirect("done", slug)
    filled = list(session.slots.values_list("filled", flat=True))
    return page(request, "stop", session.participant.study, answered=sum(filled), total=len(filled))


@crowd_page
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """The code that says how the person's work ended, whenever they come back for it."""
    participant = participant_at(request, slug)
    place = place_of(participant) if participant else ""
    if participant is None or place != "done":
        return redirect(place or "door", slug)
    study = participant.study
    completed = participant.sessions.filter(outcome=Session.Outcome.COMPLETED).last()
    last = completed.slots.aggregate(last=Max("position"))["last"] if completed else None
    some = participant.labels.exists()
    expired = participant.sessions.filter(outcome=Session.Outcome.EXPIRED).exists()
    code = study.completion_code if completed else study.partial_code if some else study.no_work_code
    back = recruitment.way_back(participant=participant, code=code)
    another = work_left(participant=participant)
    ended: dict[str, Any] = {"completed": completed, "expired": expired, "last": last}
    return page(request, "done", study, back=back, another=another, **ended)
