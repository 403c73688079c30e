"""Where people who label come in: the door with consent, and the instructions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language

from annotation.addresses import arrive, guess
from annotation.allocation import start_session, work_left
from annotation.models import Participant, Study
from annotation.recruitment import entry as recruitment
from annotation.recruitment.entry import Entry, InvalidEntry, Recruiter, WrongInvitation
from annotation.steps.checks import length_of_session
from annotation.steps.standing import PREPARATION, Step, consent_outdated, ready_for_work, standing_of
from annotation.views.endings import ending_page, not_open
from annotation.views.places import PAGES, consent_page, next_address, page, place_of
from annotation.views.visitors import crowd_page, framed, participant_at, remember


@crowd_page
def door(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for consent; somebody who has agreed is sent on to where they were."""
    study = get_object_or_404(Study, slug=slug, imported=False, simulated=False)
    try:
        entry = _entry(request, study)
        known = (
            recruitment.find(study=study, entry=entry) if entry.recruiter else participant_at(request, slug)
        )
        entry.check(study=study, known=known is not None)
        if entry.recruiter == Recruiter.INVITATION:
            guess(request, right=True)
    except InvalidEntry as error:
        if isinstance(error, WrongInvitation):
            guess(request, right=False)
        return page(request, "invalid", study, status=400, error=str(error), outside=True)
    response = consent_page(request, study, entry) if entry.preview else _enter(request, study, entry, known)
    return framed(request, response) if entry.recruiter == Recruiter.MTURK else response


def _enter(request: HttpRequest, study: Study, entry: Entry, known: Participant | None) -> HttpResponse:
    slug = study.slug
    if known and entry.recruiter:
        recruitment.note_visit(participant=known, entry=entry)
    if entry.recruiter and recruitment.given_back(entry=entry, known=known):
        return page(request, "returned", study)
    agrees = request.method == "POST"
    if known and (place := place_of(known)) and not (agrees and consent_outdated(known)):
        return remember(redirect(place, slug), request, participant=known, recruiter=entry.recruiter)
    if study.state != Study.State.OPEN and not (known and known.sessions.filter(ended_at=None).exists()):
        return not_open(request, study, known)
    if not agrees:
        return consent_page(request, study, entry, known)
    if known is None:
        arrive(request)
    language = get_language() or ""
    participant = recruitment.admit(study=study, entry=entry, participant=known, language=language)
    onward = redirect(place_of(participant) or "instructions", slug)
    return remember(onward, request, participant=participant, recruiter=entry.recruiter)


@crowd_page
def instructions(request: HttpRequest, slug: str) -> HttpResponse:
    """What the work is; POST leads on to the first step that is left, and starts the work after the last."""
    participant = participant_at(request, slug)
    if participant is None:
        return redirect("door", slug)
    study, standing, starts = participant.study, standing_of(participant), request.method == "POST"
    step, ended = standing.step, standing.step in (Step.AFTER, Step.DONE)
    if ended and (not ready_for_work(participant) or not (starts or work_left(participant=participant))):
        return redirect(PAGES[step], slug)
    if consent_outdated(participant):
        return consent_page(request, study, Entry(), participant)
    # Who starts is told by the claim itself.
    waits = step in PREPARATION or (step == Step.READY and not starts)
    if waits and _comes_for_nothing(participant):
        return ending_page(request, participant)
    if starts and step in PREPARATION:
        return redirect(PAGES[step], slug)
    if starts:
        if session := start_session(participant=participant):
            return redirect(next_address(slug, session.pk))
        if ended or step == Step.TASK:
            return redirect("done", slug)
        if study.state == Study.State.OPEN:
            return ending_page(request, participant)
    if step == Step.NOT_OPEN:
        return not_open(request, study, participant)
    prepared = standing.begun and step not in PREPARATION
    starting = step not in (*PREPARATION, Step.TASK)
    size = length_of_session(participant)
    return page(request, "instructions", study, prepared=prepared, starting=starting, size=size)


def _comes_for_nothing(participant: Participant) -> bool:
    """Whether no work is left, so that nobody prepares in vain; it may be in the person's other tab."""
    return not (work_left(participant=participant) or participant.sessions.filter(ended_at=None).exists())


def _entry(request: HttpRequest, study: Study) -> Entry:
    """What the consent page's form kept of the arrival, or the arrival itself."""
    kept = request.POST.get("entry", "")
    return Entry.unseal(kept, study=study) if kept else Entry.from_parameters(request.GET, study=study)
