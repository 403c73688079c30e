"""The console's pages about studies, for people who study."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from annotation.charts.labels import shares_of
from annotation.counts import with_counts
from annotation.exporters import download
from annotation.forms.export import ExportForm
from annotation.forms.refusals import refusals_in
from annotation.forms.settings import SettingsForm
from annotation.forms.studies import SOURCES
from annotation.live import progress_of, shared
from annotation.rights.retention import overdue
from annotation.roles import Role, role_to, studies_of, study_for
from annotation.studies import StudyError, close_study, open_study, pause_study
from annotation.summary import summary_of
from annotation.translations import translations_of
from annotation.views.checked import checked_context
from annotation.views.excluded import both_ways, with_excluded
from annotation.views.items import items_context
from generation.files import FileError
from generation.forms.files import lines
from generation.pages import ConsoleRequest, page, text_of, wanted_part

STUDIES_A_PAGE = 25
CHANGES = {"open": open_study, "paused": pause_study, "closed": close_study}
SAID = {
    "open": "The study is open: people can enter by its door.",
    "paused": "The study is paused: people inside may finish, nobody new gets work.",
    "closed": "The study is closed.",
}


@login_required
@require_GET
def studies(request: ConsoleRequest) -> HttpResponse:
    search = text_of(request, "q")
    visible = studies_of(request.user)
    named = visible.filter(name__icontains=search)
    found = with_counts(named, "number_of_items", "wanted", "filled", "people")
    shown = Paginator(found, STUDIES_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": shown, "search": search, "any": bool(shown.paginator.count or visible.exists())}
    context["overdue"] = overdue(visible)
    return page(request, "annotation/studies.html", context, "list")


@login_required
@require_http_methods(["GET", "POST"])
def study_new(request: ConsoleRequest) -> HttpResponse:
    source = request.GET.get("from", "")
    if source not in SOURCES:
        source = "items"
    if request.method == "GET":
        initial = {"search": text_of(request, "search"), "models": request.GET.getlist("models")}
        sizes = ("labels_per_item", "session_size")  # as a plan found them
        initial |= {name: request.GET[name] for name in sizes if request.GET.get(name, "").isdecimal()}
        return page(
            request, "annotation/study_new.html", {"form": SOURCES[source](initial=initial), "source": source}
        )
    form = SOURCES[source](request.POST, request.FILES)
    if form.is_valid():
        try:
            made, said = form.save(owner=request.user)
        except FileError as error:
            form.add_error("file", lines(error))
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, said)
            url = reverse("study", args=[made.slug])
            return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    # htmx swaps no 4xx; a plain form gets the honest status.
    status = 200 if request.htmx else 400
    return page(request, "annotation/study_new.html", {"form": form, "source": source}, "form", status=status)


@login_required
@require_GET
def study(request: ConsoleRequest, slug: str) -> HttpResponse:
    found = study_for(request.user, slug)
    part = wanted_part(request, "progress", "items")
    now = shared(found, "progress", lambda: progress_of(found), anew=not part)
    context: dict[str, Any] = {"study": found, "progress": now}
    if part != "progress":
        asked = with_excluded(request)
        summary = summary_of(found, with_excluded=asked)
        context |= {"summary": summary, "with_excluded": asked}
        if not summary.agreement["labels"]:
            context |= items_context(request, found, summary)
    if not part:
        door = request.build_absolute_uri(reverse("door", args=[slug]))
        extended = found.items.filter(extra_labels__gt=0).count()
        totals = summary.frame.counts.sum(axis=0).tolist()
        context |= {"door": door, "extended": extended, "totals": totals, "shares": shares_of(found, totals)}
        context |= both_ways(found, with_excluded=asked)
        if summary.agreement["labels"]:
            context |= checked_context(found, with_excluded=asked)
    return page(request, "annotation/study.html", context, "progress", "items")


@login_required
@require_POST
def study_state(request: ConsoleRequest, slug: str) -> HttpResponse:
    found = study_for(request.user, slug, Role.EDITOR)
    state = request.POST.get("state", "")
    if state not in CHANGES:
        return render(request, "400.html", status=400)
    try:
        CHANGES[state](study=found, by=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, SAID[state])
    return redirect("progress" if request.POST.get("back") == "progress" else "study", slug=slug)


@login_required
@require_http_methods(["GET", "POST"])
def study_settings(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The settings, which a viewer reads and an editor changes."""
    found = study_for(request.user, slug, role_to(request.method))
    form = SettingsForm(request.POST or None, instance=found)
    if not found.may_edit:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            form.save(by=request.user)
            messages.success(request, "The settings are saved.")
            return redirect("study-settings", slug=slug)
    status = 400 if request.method == "POST" else 200
    context = {"study": found, "form": form, "languages": translations_of(found)}
    return page(request, "annotation/study_settings.html", context, status=status)


@login_required
@require_GET
def study_export(request: ConsoleRequest, slug: str) -> HttpResponseBase:
    """The page that offers the shapes and formats; with a format, the file."""
    found = study_for(request.user, slug)
    asked = "format" in request.GET
    form = ExportForm(request.GET if asked else None)
    if not asked or not form.is_valid():
        context = {"study": found, "form": form}
        return page(request, "annotation/study_export.html", context, status=400 if asked else 200)
    return download(study=found, by=request.user, **form.asked())
