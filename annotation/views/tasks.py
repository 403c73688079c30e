"""One item a page, and its answer."""

import math

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import texts
from annotation.allocation import session_slots, start_session, submit
from annotation.crowd_forms import AnswerForm, choices, wordy
from annotation.models import Slot, Study
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
            label = submit(participant=participant, ticket=ticket, answer=form.answer())
            url = next_address(slug, label.session_id, after=ticket.position)
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
    """The page of the session's item at a position; None when the person holds no such item now."""
    session, now = session_at(request, slug), timezone.now()
    positions = list(session.slots.order_by("position").values_list("position", flat=True)) if session else []
    if session is None or position not in positions:
        return None
    index = positions.index(position)
    *earlier, slot = session_slots(session=session, positions=positions[max(index - 1, 0) : index + 1])
    before = earlier[0] if earlier else None
    seconds_left = ((slot.leased_until or now) - now).total_seconds()
    if not slot.filled and seconds_left <= 0:
        return None
    form = form or AnswerForm.showing(slot.answer)
    scale = choices(session.participant.study, swapped=bool(slot.swapped))
    return page(
        request,
        "task",
        session.participant.study,
        status=status,
        error=error,
        form=form,
        picked=str(form["label"].value()),
        choices=scale,
        wordy=wordy(scale),
        keys=[choice.key for choice in scale if choice.key],
        slot=slot,
        sides=_sides(slot),
        token=Ticket.for_slot(slot).seal(),
        place=index + 1,
        total=len(positions),
        before=before,
        quick=before is not None and slot.answer is None and not error and _was_quick(before),
        minutes_left=None if slot.filled else math.ceil(seconds_left / 60),
    )


def _sides(slot: Slot) -> list[tuple[str, str]]:
    """The responses as this person sees them, each with its letter."""
    item = slot.item
    if item.response:
        return [("", item.response.text)]
    pair = [item.response_2, item.response_1] if slot.swapped else [item.response_1, item.response_2]
    return [(letter, side.text) for letter, side in zip("AB", pair, strict=True) if side]


def _was_quick(slot: Slot) -> bool:
    """Whether the answer came before anybody could have read the item."""
    seconds = slot.answer.wall_seconds if slot.answer else None
    shown = (slot.item.query.text, *(text for _, text in _sides(slot)))
    return seconds is not None and seconds < texts.least_reading_seconds(*shown)
