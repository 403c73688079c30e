"""Console pages: what is held on people, how long, and how a person's request is answered."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.forms.refusals import refusals_in
from annotation.forms.rights import ConfirmForm, EraseForm, FindForm, RetentionForm
from annotation.models import Participant, Study
from annotation.rights.held import holdings
from annotation.rights.identity import find_person, hand_out, purge_ids
from annotation.rights.retention import due
from annotation.roles import Role, study_for
from annotation.studies import StudyError, delete_study, may_delete
from generation.pages import ConsoleRequest, page

PURGE = "purge"


@login_required
@require_GET
def data(request: ConsoleRequest, slug: str) -> HttpResponse:
    """How much is held on people, and what an owner may do about it."""
    return _data_page(request, study_for(request.user, slug))


@login_required
@require_POST
def retention(request: ConsoleRequest, slug: str) -> HttpResponse:
    study, form = study_for(request.user, slug, Role.OWNER), RetentionForm(request.POST)
    if form.is_valid():
        try:
            messages.success(request, form.save(study=study, by=request.user))
            return redirect("data", slug)
        except StudyError as error:
            form.add_error("until", str(error))
    return _data_page(request, study, status=400, retention=form)


@login_required
@require_POST
def purge(request: ConsoleRequest, slug: str) -> HttpResponse:
    study, form = (
        study_for(request.user, slug, Role.OWNER),
        ConfirmForm(request.POST, word=slug, prefix=PURGE),
    )
    if form.is_valid():
        with refusals_in(form):
            messages.success(request, purge_ids(study=study, by=request.user).sentence())
            return redirect("data", slug)
    return _data_page(request, study, status=400, purge=form)


@login_required
@require_POST
def find(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The person who has this id at the recruiter. The id is in no address, so in no log of the server."""
    study, form = study_for(request.user, slug, Role.OWNER), FindForm(request.POST)
    if not form.is_valid():
        return _data_page(request, study, status=400, find=form)
    person = find_person(study=study, external_id=form.cleaned_data["external_id"])
    return _data_page(request, study, person=person, looked=True)


@login_required
@require_POST
def delete(request: ConsoleRequest, slug: str) -> HttpResponse:
    study, form = study_for(request.user, slug, Role.OWNER), ConfirmForm(request.POST, word=slug)
    if form.is_valid():
        with refusals_in(form):
            delete_study(study=study, by=request.user)
            messages.success(request, f"{study.name} is deleted. Its queries and responses stay.")
            return redirect("studies")
    return _data_page(request, study, status=400, delete=form)


@login_required
@require_GET
def person_data(request: ConsoleRequest, slug: str, code: str) -> JsonResponse:
    """All that is held on one person, as a file to give them."""
    study = study_for(request.user, slug, Role.OWNER)
    person = get_object_or_404(Participant.objects.select_related("study"), study=study, code=code)
    return JsonResponse(
        hand_out(participant=person, by=request.user),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={
            "Content-Disposition": f'attachment; filename="{slug}-person.json"',
            "Cache-Control": "no-store",
        },
    )


@login_required
@require_http_methods(["GET", "POST"])
def person_erase(request: ConsoleRequest, slug: str, code: str) -> HttpResponse:
    """Asks before a person's identity is erased; nobody is told the new code."""
    study = study_for(request.user, slug, Role.OWNER)
    person = get_object_or_404(Participant, study=study, code=code, identity_erased_at=None)
    form = EraseForm(request.POST or None, word=code)
    if request.method == "POST" and form.is_valid():
        form.save(participant=person, by=request.user)
        messages.success(
            request, "The identity is erased. The labels stay, under a code that leads to nobody."
        )
        return redirect("data", slug)
    context = {"study": study, "person": person, "form": form}
    status = 400 if request.method == "POST" else 200
    return page(request, "annotation/person_erase.html", context, status=status)


def _data_page(request: ConsoleRequest, study: Study, *, status: int = 200, **given: Any) -> HttpResponse:
    """The page with its forms; `given` are those that came back with an error."""
    forms = {
        "retention": RetentionForm(initial={"until": study.retention_until}),
        "find": FindForm(),
        "purge": ConfirmForm(word=study.slug, prefix=PURGE),
        "delete": ConfirmForm(word=study.slug),
    }
    held = holdings(study)
    context = {
        "study": study,
        "held": held,
        "overdue": due(study) and held.ids,
        "deletable": may_delete(study),
        **forms,
        **given,
    }
    return page(request, "annotation/data.html", context, status=status)
