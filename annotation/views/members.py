"""Console pages: who may do what in a study, and the log of what they did."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from annotation.forms.members import MemberForm
from annotation.forms.refusals import refusals_in
from annotation.log import acts_with
from annotation.members import Role, remove_member
from annotation.models import Study
from annotation.roles import studies_of, study_for
from annotation.studies import StudyError
from generation.pages import ConsoleRequest, page, text_of

ACTS_A_PAGE = 50


@login_required
@require_http_methods(["GET", "POST"])
def members(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Every member reads who the members are; an owner changes them."""
    study = study_for(request.user, slug, Role.VIEWER if request.method == "GET" else Role.OWNER)
    if gone := request.POST.get("remove"):
        return _remove(request, study, gone)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            messages.success(request, form.save(study=study, by=request.user))
            return redirect("members", slug)
    found = study.memberships.select_related("user").order_by("user__username")
    context = {"study": study, "form": form, "members": found, "roles": Role.choices}
    return page(request, "annotation/members.html", context, status=400 if request.method == "POST" else 200)


def _remove(request: ConsoleRequest, study: Study, name: str) -> HttpResponse:
    try:
        remove_member(study=study, name=name, by=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{name} is no member any more.")
    still_here = studies_of(request.user).filter(pk=study.pk).exists()  # they may have removed themselves
    return redirect("members", study.slug) if still_here else redirect("studies")


@login_required
@require_GET
def log(request: ConsoleRequest, slug: str) -> HttpResponse:
    study, search = study_for(request.user, slug), text_of(request, "q")
    shown = Paginator(acts_with(study, search), ACTS_A_PAGE).get_page(request.GET.get("page"))
    return page(request, "annotation/log.html", {"study": study, "page": shown, "search": search}, "list")
