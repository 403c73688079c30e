"""Pages of how different responses are: a collection's report, and one query's map."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from generation.figures.diversity import figures_of
from generation.forms.diversity import DiversityForm
from generation.models import Collection, DiversityReport
from generation.pages import ConsoleRequest, page
from generation.reported import headline, key_figures, queries_of, words_table
from generation.reports import State, listed, may_delete
from generation.views.report_parts import (
    REPORTS_SHOWN,
    asked_for,
    delete_report,
    is_there_now,
    report_file,
    shown_report,
)

QUERIES_A_PAGE = 50
# Of what stands beside the rows of the heat map.
BESIDE = ("mean", "95 %", "above the floor", "centred gap", "cells > .8", "pairs > .8", "queries")


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def diversity(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The report that the address names, or the newest; POST asks for another."""
    collection = get_object_or_404(Collection, name=slug)
    form = DiversityForm(request.POST or None, collection=collection)
    if report := asked_for(request, form):
        return redirect(f"{request.path}?report={report.pk}")
    reports = listed(DiversityReport.objects.filter(collection=collection), "encoder")
    shown = shown_report(request, reports)
    if is_there_now(request, shown):
        return HttpResponseClientRefresh()
    context = {"collection": collection, "form": form, "reports": reports[:REPORTS_SHOWN], "report": shown}
    context["mine"] = shown is not None and may_delete(shown, request.user)
    if shown and shown.state == State.FINISHED:
        context |= _found(request, collection, shown)
    elif shown is None:
        context["answered"] = collection.queries.filter(responses__isnull=False).exists()
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/diversity.html", context, "state", "queries", status=status)


@login_required
@require_GET
def diversity_file(request: ConsoleRequest, slug: str, pk: int, name: str, format: str) -> HttpResponse:
    """A plot of a finished report as SVG, its numbers as CSV, or the report whole as JSON."""
    report = get_object_or_404(DiversityReport, pk=pk, collection__name=slug, state=State.FINISHED)
    found = report.result or {}
    return report_file(
        found,
        figures_of(found),
        name=name,
        format=format,
        of=f"Collection {slug}",
        column="collection",
        slug=slug,
    )


@login_required
@require_POST
def diversity_delete(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    report = get_object_or_404(DiversityReport.objects.defer("result"), pk=pk, collection__name=slug)
    delete_report(request, report)
    return redirect("diversity", slug)


def _found(request: ConsoleRequest, collection: Collection, report: DiversityReport) -> dict[str, Any]:
    found = report.result or {}
    queries = Paginator(queries_of(found, request.GET.get("order", "")), QUERIES_A_PAGE)
    return {
        "found": found,
        "figures": figures_of(found),
        "beside_headings": BESIDE,
        "headline": headline(found),
        "key_figures": key_figures(found),
        "words": words_table(found),
        "page": queries.get_page(request.GET.get("page")),
        "order": request.GET.get("order", ""),
    }
