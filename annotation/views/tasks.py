"""One item a page, and its answer."""

import math

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import texts
from annotation.allocation import receive, start_session
from annotation.forms.crowd import AnswerForm, scale_shown
from annotation.languages import in_language
from annotation.models import Study
from annotation.screens import Screen, places, screens
from annotation.tickets import InvalidAnswer, Ticket
from annotation.views.places import next_address, page, place_of
from annotation.views.visitors import crowd_page, participant_at, session_at, with_card


@crowd_page
def next_task(request: HttpRequest, slug: str) -> HttpResponse:
    """Goes to the first page without an answer; a session whose lease ran out is leased again."""
    participant = participant_at(request, slug)
    place = place_of(participant) if participant else ""
    if participant is None or place != "next-task":
        return redirect(place or "door", slug)
    session = start_session(participant=participant)
    return redirect(next_address(slug, session.pk) if session else reverse("done", args=[slug]))


@crowd_page
def task(request: HttpRequest, slug: str, position: int) -> HttpResponse:
    """One item and its form. A stored answer leads on to the next item without one, or to the end."""
    if request.method == "POST":
        return _take_answer(request, slug, position)
    return _task_page(request, slug, position) or redirect("next-task", slug)


def _take_answer(request: HttpRequest, slug: str, position: int) -> HttpResponse:
    by_script = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    form, error, status = AnswerForm(request.POST), "", 200
    participant = participant_at(request, slug)
    final = participant is not None  # the right person may come back to this browser
    try:
        if participant is None:
            raise InvalidAnswer(_("We do not know who you are any more. Open the study's link again."))
        ticket = Ticket.unseal(request.POST.get("token", ""))
        final = ticket.participant == participant.pk
        if form.is_valid():
            session_id = receive(participant=participant, ticket=ticket, answer=form.answer())
            url = next_address(slug, session_id, after=ticket.position)
            return JsonResponse({"next": with_card(request, url)}) if by_script else redirect(url)
        error = " ".join(str(message) for messages in form.errors.values() for message in messages)
    except InvalidAnswer as invalid:  # nothing that the page itself would have sent
        error, status = str(invalid), 400
    if by_script:
        return JsonResponse({"error": error, "final": final}, status=400)
    if shown := _task_page(request, slug, position, form=form, error=error, status=status):
        return shown
    study = participant.study if participant else get_object_or_404(Study, slug=slug)
    return page(request, "invalid", study, status=400, error=error, participant=participant)


def _task_page(
    request: HttpRequest,
    slug: str,
    position: int,
    *,
    form: AnswerForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse | None:
    """The session's page at a position; None when the person has no such page now."""
    session, now = session_at(request, slug), timezone.now()
    found = places(session.pk) if session else []
    index = next((n for n, place in enumerate(found) if place.position == position), None)
    if session is None or index is None:
        return None
    # The time of a session is that of its leases; a check alone has all the time there is.
    until = min(
        (place.leased_until for place in found if place.leased_until and not place.answered), default=None
    )
    seconds_left = None if until is None or found[index].answered else (until - now).total_seconds()
    if seconds_left is not None and seconds_left <= 0:
        return None
    *earlier, screen = screens(session, [place.position for place in found[max(index - 1, 0) : index + 1]])
    before = earlier[0] if earlier else None
    form = form or AnswerForm.showing(screen.said)
    study = in_language(session.participant.study)
    return page(
        request,
        "task",
        study,
        status=status,
        error=error,
        form=form,
        picked=str(form["label"].value()),
        **scale_shown(study, swapped=screen.swapped),
        ended=session.ended_at is not None,
        screen=screen,
        sides=screen.sides,
        token=screen.ticket.seal(),
        place=index + 1,
        total=len(found),
        before=before,
        quick=before is not None and screen.said is None and not error and _was_quick(before),
        seconds_left=seconds_left and math.ceil(seconds_left),
        minutes_left=seconds_left and math.ceil(seconds_left / 60),
    )


def _was_quick(screen: Screen) -> bool:
    """Whether the answer came before anybody could have read the texts."""
    shown = (screen.query, *(text for _, text in screen.sides))
    return screen.wall_seconds is not None and screen.wall_seconds < texts.least_reading_seconds(*shown)
