"""Console pages: how people come into a study, and what becomes of their submissions."""

import csv
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.forms.recruitment import InvitationsForm, RecruitmentForm
from annotation.forms.refusals import refusals_in
from annotation.models import Invitation, Study
from annotation.recruitment.invitations import invitations_of, revoke
from annotation.recruitment.prolific import Prolific, ProlificError
from annotation.recruitment.reviewing import review
from annotation.recruitment.ways_in import (
    invitation_address,
    mturk_question,
    panel_address,
    prolific_address,
    submissions_by_status,
)
from annotation.roles import Role, role_to, study_for
from generation.pages import ConsoleRequest, cell, page, text_of

INVITATIONS_A_PAGE = 200


@login_required
@require_http_methods(["GET", "POST"])
def recruitment(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The ways in with what to give to each recruiter, the codes, and the submissions so far."""
    study = study_for(request.user, slug, role_to(request.method))
    form = RecruitmentForm(request.POST or None, study=study)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            form.save(by=request.user)
            messages.success(request, "The ways in and the codes are saved.")
            return redirect("recruitment", slug)
    door = _door(request, study)
    context = {
        "study": study,
        "form": form,
        "door": door,
        "prolific": prolific_address(door),
        "mturk": mturk_question(door),
        "panel": panel_address(door, study.panel),
        "webhook": request.build_absolute_uri(reverse("prolific-webhook")),
        "webhook_is_set": bool(settings.PROLIFIC_WEBHOOK_SECRET),
        "token_is_set": bool(settings.PROLIFIC_TOKEN),
        "submissions": submissions_by_status(study),
        "invited": study.invitations.count(),
    }
    status = 400 if request.method == "POST" else 200
    return page(request, "annotation/recruitment.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def invitations(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Every invitation with what became of it; POST makes more. With `format=csv`, the list as a file."""
    study = study_for(request.user, slug, role_to(request.method))
    form = InvitationsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            made = form.save(study=study, by=request.user)
            messages.success(request, f"Made {made:,} invitation{'' if made == 1 else 's'}.")
            return redirect("invitations", slug)
    rows, door = invitations_of(study), _door(request, study)
    for row in rows:
        # A link lets in whoever opens it, and viewers only read.
        row["link"] = invitation_address(door, row["invitation"].code) if study.may_edit else ""
    if request.GET.get("format") == "csv":
        return _file(study, rows)
    shown = Paginator(rows, INVITATIONS_A_PAGE).get_page(request.GET.get("page"))
    context = {"study": study, "form": form, "page": shown, "on": "invitation" in study.recruiters}
    status = 400 if request.method == "POST" else 200
    return page(request, "annotation/invitations.html", context, status=status)


@login_required
@require_POST
def invitation_revoke(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    study = study_for(request.user, slug, Role.EDITOR)
    invitation = get_object_or_404(Invitation, study=study, pk=pk)
    revoke(invitation=invitation, by=request.user)
    messages.success(request, f"The link of {invitation} opens nothing any more.")
    return redirect("invitations", slug)


@login_required
@require_GET
def prolific_review(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Lists of what to do at Prolific, for an editor: they name submissions by Prolific's ids."""
    study = study_for(request.user, slug, Role.EDITOR)
    theirs = text_of(request, "study")
    context: dict[str, Any] = {
        "study": study,
        "theirs": theirs,
        "token_is_set": bool(settings.PROLIFIC_TOKEN),
    }
    if theirs:
        try:
            prolific = Prolific()
            found = prolific.submissions(theirs)
            lists = review(study=study, submissions=found, reward=prolific.reward(theirs))
        except ProlificError as error:
            context["error"] = str(error)
        else:
            context |= {"number": len(found), "lists": lists}
    return page(
        request, "annotation/prolific_review.html", context, status=400 if "error" in context else 200
    )


def _door(request: ConsoleRequest, study: Study) -> str:
    return request.build_absolute_uri(reverse("door", args=[study.slug]))


def _file(study: Study, rows: list[dict[str, Any]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-invitations.csv"'
    writer = csv.writer(response)
    writer.writerow(["note", "state", "link"])
    writer.writerows([cell(row["invitation"].note), row["state"], row["link"]] for row in rows)
    return response
