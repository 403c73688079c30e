"""One person on one page: what they answered and when, and leaving them out."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from annotation.charts.labels import value_in_words
from annotation.forms.quality import ExcludeForm
from annotation.models import Participant, Study
from annotation.quality.exclusion import restore
from annotation.quality.people import People
from annotation.quality.person import Sitting, Step, sittings_of
from annotation.quality.timeline import timeline_of
from annotation.roles import role_to, study_for
from annotation.studies import StudyError
from annotation.views.excluded import with_excluded
from generation.pages import ConsoleRequest, page
from generation.templatetags.numbers import counted


@login_required
@require_http_methods(["GET", "POST"])
def person(request: ConsoleRequest, slug: str, code: str) -> HttpResponse:
    """Everybody with a part in the study reads it; an editor excludes and restores."""
    study = study_for(request.user, slug, role_to(request.method))
    participants = Participant.objects.select_related("study", "recruitment")
    participant = get_object_or_404(participants, study=study, code=code)
    if request.method == "GET":
        return _person_page(request, study, participant)
    if request.POST.get("act") == "restore":
        return _restore(request, participant)
    form = ExcludeForm(request.POST)
    if form.is_valid():
        try:
            form.save(participant=participant, by=request.user)
        except StudyError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{code} is excluded. The labels are kept, and left out of numbers.")
        return redirect("person", slug, code)
    return _person_page(request, study, participant, form=form, status=400)


def _restore(request: ConsoleRequest, participant: Participant) -> HttpResponse:
    try:
        found = restore(participant=participant, by=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        late = f" {counted(found.surplus, 'label')} of theirs came to be surplus: others have the places."
        messages.success(request, f"{participant.code} counts again.{late if found.surplus else ''}")
    return redirect("person", participant.study.slug, participant.code)


def _person_page(
    request: ConsoleRequest,
    study: Study,
    participant: Participant,
    *,
    form: ExcludeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = with_excluded(request)
    people = People.of(study, with_excluded=asked)
    sittings = sittings_of(participant, with_excluded=asked)
    context = {
        "study": study,
        "person": participant,
        "row": people.row_of(participant),
        "excluded": people.excluded(),
        "with_excluded": asked,
        "form": form or ExcludeForm(),
        "sittings": [_shown(study, sitting) for sitting in sittings],
        "source": _source(participant),
        "attempts": participant.comprehension_attempts.order_by("number"),
        "replies": participant.replies.select_related("question").order_by(
            "-question__place", "question__position", "pk"
        ),
        "submissions": participant.submissions.order_by("pk"),
        "rights": True,
    }
    return page(request, "annotation/person.html", context, status=status)


def _shown(study: Study, sitting: Sitting) -> dict[str, Any]:
    return {
        "session": sitting.session,
        "answered": sitting.answered,
        "minutes": sitting.minutes,
        "steps": [(step, _answer(study, step)) for step in sitting.steps],
        "timeline": timeline_of(sitting.steps),
    }


def _answer(study: Study, step: Step) -> str:
    given = step.label or step.check
    if given is None or given.value is None:
        return "cannot judge"
    return value_in_words(study, given.value)


def _source(participant: Participant) -> str:
    """Where a person comes from, in words; never what their recruiter calls them."""
    if participant.simulated:
        return "a rehearsal"
    if participant.study.imported:
        return "the imported file"
    recruitment = getattr(participant, "recruitment", None)
    if recruitment:
        return str(recruitment.get_recruiter_display())
    forgotten = participant.identity_erased_at or participant.study.ids_purged_at
    return "not known any more" if forgotten else "the open link"
