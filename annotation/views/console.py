"""The console's pages about studies, for people who study."""

from math import log2
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from annotation.charts.labels import colour, value_in_words
from annotation.counts import with_counts
from annotation.exporters import download
from annotation.figures.disagreement import figures_of
from annotation.forms.export import ExportForm
from annotation.forms.refusals import refusals_in
from annotation.forms.settings import SettingsForm
from annotation.forms.studies import SOURCES
from annotation.live import progress_of, shared
from annotation.models import Item, Label, Study
from annotation.rights.retention import overdue
from annotation.roles import Role, role_to, studies_of, study_for
from annotation.statistics.entropy import KINDS
from annotation.studies import StudyError, close_study, open_study, pause_study
from annotation.summary import SORTS, Summary, summary_of
from annotation.translations import translations_of
from annotation.views.excluded import both_ways, with_excluded
from annotation.views.summary import DEFAULT_SORT, items_page
from generation.files import FileError
from generation.forms import lines
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
        context |= {"summary": summary, "with_excluded": asked, **_items(request, found, summary)}
    if not part:
        door = request.build_absolute_uri(reverse("door", args=[slug]))
        extended = found.items.filter(extra_labels__gt=0).count()
        context |= {"door": door, "extended": extended, **_plots(found, summary)}
        context |= both_ways(found, with_excluded=asked)
    return page(request, "annotation/study.html", context, "progress", "items")


def _items(request: ConsoleRequest, study: Study, summary: Summary) -> dict[str, Any]:
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") not in {*SORTS, "position"}:
        sort = DEFAULT_SORT if summary.agreement["labels"] else "position"
    kind = request.GET.get("kind", "")
    asked = {"search": text_of(request, "q"), "kind": kind if kind in KINDS else "", "sort": sort}
    shown = items_page(study, summary, page=request.GET.get("page", ""), **asked)
    return {"page": shown, "kinds": KINDS, **asked}


def _plots(study: Study, summary: Summary) -> dict[str, Any]:
    if not summary.agreement["labels"]:
        return {}
    totals = summary.frame.counts.sum(axis=0).tolist()
    return {
        "figures": figures_of(study, summary),
        "totals": totals,
        "shares": _shares(study, totals),
    }


def _shares(study: Study, counts: list[int]) -> list[dict[str, Any]]:
    """A row a value: its words, colour, number of labels and share of them."""
    total = sum(counts)
    return [
        {
            "words": value_in_words(study, value),
            "colour": colour(index, len(counts)),
            "count": counts[index],
            "share": counts[index] / total if total else None,
        }
        for index, value in enumerate(study.values)
    ]


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
def item(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    found = study_for(request.user, slug)
    texts = Item.objects.select_related("query", "response__model", "response_1__model", "response_2__model")
    shown = get_object_or_404(texts, study=found, pk=pk)
    asked = with_excluded(request)
    numbers = summary_of(found, with_excluded=asked).row_of(shown)
    other = both_ways(found, with_excluded=asked)["other"]
    counts = list(numbers["counts"].values())
    current = Label.objects.current().filter(item=shown)
    labels = list(current.select_related("participant").order_by("value", "pk"))
    left_out = [label for label in labels if label.participant and label.participant.excluded_at]
    context = {
        "study": found,
        "item": shown,
        "numbers": numbers,
        "with_excluded": asked,
        "excluded": len(left_out),
        "other": other.row_of(shown) if left_out and other else None,
        "counts": counts,
        "shares": _shares(found, counts),
        "labels": [(label, _answer(found, label)) for label in labels],
        "named": any(label.participant_id for label in labels),
        "timed": any(label.active_seconds is not None for label in labels),
        "previous": found.items.filter(position__lt=shown.position).last(),
        "most_bits": log2(len(found.values)),
        "following": found.items.filter(position__gt=shown.position).first(),
    }
    return page(request, "annotation/item.html", context)


def _answer(study: Study, label: Label) -> str:
    return "cannot judge" if label.value is None else value_in_words(study, label.value)


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
