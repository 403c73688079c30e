"""Pages for people who label: the door, consent, instructions, one item a page, the way out."""

import math
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import recruitment, texts
from annotation.allocation import session_slots, start_session, stop_session, submit, work_left
from annotation.crowd_forms import AnswerForm, choices, wordy
from annotation.models import Participant, Session, Slot, Study
from annotation.recruitment import Entry, InvalidEntry
from annotation.tickets import InvalidAnswer, Ticket
from annotation.views.visitors import crowd_page, participant_at, remember, session_at, with_card


@crowd_page
def door(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for consent; somebody who has agreed is sent on to where they were."""
    study = get_object_or_404(Study, slug=slug, imported=False, simulated=False)
    try:
        entry = _entry(request, study)
    except InvalidEntry as error:
        return _page(request, "invalid", study, status=400, error=str(error))
    if entry.preview:
        return _consent(request, study, entry)
    known = recruitment.find(study=study, entry=entry) if entry.recruiter else participant_at(request, slug)
    if known and entry.recruiter:
        recruitment.note_visit(participant=known, entry=entry)
    agrees = request.method == "POST"
    if known and (place := _place(known)) and not (agrees and _consent_outdated(known)):
        return remember(redirect(place, slug), request, participant=known, recruiter=entry.recruiter)
    if study.state != Study.State.OPEN and not (known and known.sessions.filter(ended_at=None).exists()):
        return _page(request, "not_open", study)
    if not agrees:
        return _consent(request, study, entry, known)
    participant = recruitment.admit(study=study, entry=entry, participant=known)
    onward = redirect(_place(participant) or "instructions", slug)
    return remember(onward, request, participant=participant, recruiter=entry.recruiter)


@crowd_page
def instructions(request: HttpRequest, slug: str) -> HttpResponse:
    """What the work is; POST starts it."""
    participant = participant_at(request, slug)
    if participant is None:
        return redirect("door", slug)
    study, place = participant.study, _place(participant)
    starts = request.method == "POST"
    if not starts and place == "done" and not work_left(participant=participant):
        return redirect("done", slug)
    if _consent_outdated(participant):
        return _consent(request, study, Entry(), participant)
    if starts:
        if session := start_session(participant=participant):
            return redirect(_next(slug, session.pk))
        if place in ("done", "next-task"):
            return redirect("done", slug)
        if study.state == Study.State.OPEN:
            back = recruitment.way_back(participant=participant, code=study.no_work_code)
            return _page(request, "no_work", study, back=back)
    if not place:
        return _page(request, "not_open", study)
    return _page(request, "instructions", study, running=place == "next-task")


@crowd_page
def next_task(request: HttpRequest, slug: str) -> HttpResponse:
    """Goes to the first page without an answer; a session whose lease ran out is leased again."""
    participant = participant_at(request, slug)
    place = _place(participant) if participant else ""
    if participant is None or place != "next-task":
        return redirect(place or "door", slug)
    session = start_session(participant=participant)
    return redirect(_next(slug, session.pk) if session else reverse("done", args=[slug]))


@crowd_page
def task(request: HttpRequest, slug: str, position: int) -> HttpResponse:
    """One item and its form. A stored answer leads on to the next item without one, or to the end."""
    if request.method == "POST":
        return _take_answer(request, slug, position)
    return _task_page(request, slug, position) or redirect("next-task", slug)


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
    return _page(request, "stop", session.participant.study, answered=sum(filled), total=len(filled))


@crowd_page
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """The code that says how the person's work ended, whenever they come back for it."""
    participant = participant_at(request, slug)
    place = _place(participant) if participant else ""
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
    return _page(request, "done", study, back=back, another=another, **ended)


def _entry(request: HttpRequest, study: Study) -> Entry:
    """What the consent page's form kept of the arrival, or the arrival itself."""
    kept = request.POST.get("entry", "")
    return Entry.unseal(kept, study=study) if kept else Entry.from_parameters(request.GET)


def _place(participant: Participant) -> str:
    """The name of the page where this person goes on; empty when they have no place in the study yet."""
    session = participant.sessions.last()
    if session and session.ended_at:
        return "done"
    if _consent_outdated(participant):
        return ""
    if session:
        return "next-task"
    return "instructions" if participant.study.state == Study.State.OPEN else ""


def _consent_outdated(participant: Participant) -> bool:
    return participant.consent_version != participant.study.consent_version


def _next(slug: str, session: int | None, *, after: int = 0) -> str:
    """The address of the session's next item without an answer, in turn, or of the end."""
    unfilled = Slot.objects.filter(session=session, filled=False).order_by("position")
    left = list(unfilled.values_list("position", flat=True))
    if not left:
        running = session is not None and Session.objects.filter(pk=session, ended_at__isnull=True).exists()
        return reverse("next-task" if running else "done", args=[slug])
    return reverse("task", args=[slug, next((p for p in left if p and p > after), left[0])])


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
            url = _next(slug, label.session_id, after=ticket.position)
            return JsonResponse({"next": with_card(request, url)}) if by_script else redirect(url)
        error = " ".join(str(message) for messages in form.errors.values() for message in messages)
    except InvalidAnswer as invalid:  # nothing that the page itself would have sent
        error, status = str(invalid), 400
    if by_script:
        return JsonResponse({"error": error, "final": final}, status=400)
    if page := _task_page(request, slug, position, form=form, error=error, status=status):
        return page
    study = participant.study if participant else get_object_or_404(Study, slug=slug)
    return _page(request, "invalid", study, status=400, error=error, participant=participant)


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
    return _page(
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


def _consent(
    request: HttpRequest, study: Study, entry: Entry, known: Participant | None = None
) -> HttpResponse:
    sealed = entry.seal(study=study)
    return _page(request, "consent", study, entry=entry, sealed=sealed, changed=known is not None)


def _page(
    request: HttpRequest, name: str, study: Study, *, status: int = 200, **context: Any
) -> HttpResponse:
    return render(request, f"annotation/crowd/{name}.html", {"study": study, **context}, status=status)
