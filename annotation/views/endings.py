"""The way out: stopping early, and the code at the end."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from annotation.allocation import stop_session, work_left
from annotation.models import Participant, Session, Study
from annotation.recruitment import entry as recruitment
from annotation.screens import places
from annotation.steps.endings import ending_of
from annotation.steps.standing import ready_for_work
from annotation.views.places import page, place_of
from annotation.views.visitors import crowd_page, participant_at, session_at
from generation.currencies import rounded


@crowd_page
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks whether to stop early; POST gives the rest of the session back."""
    session = session_at(request, slug)
    if session is None or session.ended_at:
        return redirect("next-task", slug)
    if request.method == "POST":
        stop_session(session=session)
        return redirect("done", slug)
    found = places(session.pk)
    answered = sum(place.answered for place in found)
    study = session.participant.study
    return page(request, "stop", study, answered=answered, total=len(found), rate=_rate(study))


@crowd_page
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """The code that says how the person's work ended, whenever they come back for it."""
    participant = participant_at(request, slug)
    place = place_of(participant) if participant else ""
    skips = place == "survey-after" and "skip" in request.GET  # no survey stands before somebody's code
    if participant is None or not (place == "done" or skips):
        return redirect(place or "door", slug)
    return ending_page(request, participant)


def ending_page(request: HttpRequest, participant: Participant) -> HttpResponse:
    """The page that says how it ended, with the code."""
    ending = ending_of(participant)
    return page(
        request,
        "done",
        participant.study,
        ending=ending,
        back=recruitment.way_back(participant=participant, code=ending.code),
        last=_last_page(participant),
        another=ready_for_work(participant) and work_left(participant=participant),
    )


def not_open(request: HttpRequest, study: Study, participant: Participant | None) -> HttpResponse:
    """The study takes nobody now; who agreed while it did gets a code all the same."""
    back = None
    if participant:
        back = recruitment.way_back(participant=participant, code=ending_of(participant).code)
    return page(request, "not_open", study, back=back)


def _last_page(participant: Participant) -> int | None:
    """The last page of what the person completed: its answers may still be looked at and changed."""
    completed = participant.sessions.filter(outcome=Session.Outcome.COMPLETED).last()
    found = places(completed.pk) if completed else []
    return found[-1].position if found else None


def _rate(study: Study) -> str:
    """What the study pays, with the currency's decimals, or more where the rate has more."""
    if study.pay_rate is None or study.pay_by == Study.Pay.NONE:
        return ""
    whole = rounded(study.pay_rate, study.currency)
    return f"{whole if whole == study.pay_rate else study.pay_rate.normalize():f}"
