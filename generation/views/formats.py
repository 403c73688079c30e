"""The page of how formats change over the checkpoints of a training."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from generation.figures.formats import figures_of
from generation.formats.checkpoints import families_of
from generation.formats.headline import headline
from generation.formats.reported import (
    change_rows,
    first_rows,
    key_figures,
    never_above,
    outcome_rows,
    outcome_sentence,
)
from generation.forms.formats import FormatForm
from generation.models import Collection, FormatReport
from generation.pages import ConsoleRequest, page
from generation.reports import State, listed, may_delete
from generation.views.report_parts import (
    REPORTS_SHOWN,
    asked_for,
    delete_report,
    is_there_now,
    report_file,
    shown_report,
)


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def formats(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The report that the address names, or the newest; POST asks for another."""
    collection = get_object_or_404(Collection, name=slug)
    form = FormatForm(request.POST or None, collection=collection)
    if report := asked_for(request, form):
        return redirect(f"{request.path}?report={report.pk}")
    reports = listed(FormatReport.objects.filter(collection=collection), "rules", "encoder")
    shown = shown_report(request, reports)
    if is_there_now(request, shown):
        return HttpResponseClientRefresh()
    context = {
        "collection": collection,
        "families": families_of(collection),
        "form": form,
        "reports": reports[:REPORTS_SHOWN],
        "report": shown,
        "mine": shown is not None and may_delete(shown, request.user),
    }
    if shown and shown.state == State.FINISHED:
        context |= _found(request, shown)
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/formats.html", context, "state", status=status)


@login_required
@require_GET
def formats_file(request: ConsoleRequest, slug: str, pk: int, name: str, format: str) -> HttpResponse:
    """A plot of a finished report as SVG, its numbers as CSV, or the report whole as JSON."""
    report = get_object_or_404(FormatReport, pk=pk, collection__name=slug, state=State.FINISHED)
    found = report.result or {}
    family = found["specification"]["family"]
    return report_file(
        found,
        figures_of(found),
        name=name,
        format=format,
        of=f"Checkpoints of {family} on the collection {slug}",
        column="collection",
        slug=slug,
    )


@login_required
@require_POST
def formats_delete(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    report = get_object_or_404(FormatReport.objects.defer("result"), pk=pk, collection__name=slug)
    delete_report(request, report)
    return redirect("formats", slug)


def _found(request: ConsoleRequest, report: FormatReport) -> dict[str, Any]:
    found = report.result or {}
    return {
        "found": found,
        "headline": headline(found),
        "figures": figures_of(found).values(),
        "key_figures": key_figures(found),
        "first_rows": first_rows(found),
        "never": never_above(found),
        "change_rows": change_rows(found),
        "outcome": outcome_rows(found),
        "outcome_sentence": outcome_sentence(found),
    }
