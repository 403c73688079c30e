"""The page of a comparison of voices: which way to ask buys more different good answers."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from calibration.models import VoicesReport
from calibration.voices.access import seen_by
from generation.models import Collection, Response
from generation.pages import ConsoleRequest, page
from generation.reports import State, listed, may_delete
from generation.sources import sources_of
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
def voices(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The report that the address names, or the newest; POST asks for another."""
    from calibration.forms.voices import VoicesForm  # numpy starts slowly

    collection = get_object_or_404(Collection, name=slug)
    form = VoicesForm(request.POST or None, collection=collection, user=request.user)
    if report := asked_for(request, form):
        return redirect(f"{request.path}?report={report.pk}")
    reports = seen_by(request.user, listed(VoicesReport.objects.filter(collection=collection), "encoder"))
    shown = shown_report(request, reports)
    if is_there_now(request, shown):
        return HttpResponseClientRefresh()
    context = {"collection": collection, "form": form, "reports": reports[:REPORTS_SHOWN], "report": shown}
    context["mine"] = shown is not None and may_delete(shown, request.user)
    if shown and shown.state == State.FINISHED:
        context |= _found(shown)
    elif shown is None:
        context["ways"] = len(sources_of(Response.objects.filter(query__collections=collection)))
    status = 400 if request.method == "POST" else 200
    return page(request, "calibration/voices.html", context, "state", status=status)


@login_required
@require_GET
def voices_file(request: ConsoleRequest, slug: str, pk: int, name: str, format: str) -> HttpResponse:
    """A plot of a finished report as SVG, its numbers as CSV, or the report whole as JSON."""
    from calibration.voices.figures import figures_of

    reports = seen_by(request.user, VoicesReport.objects.filter(collection__name=slug, state=State.FINISHED))
    found = get_object_or_404(reports, pk=pk).result or {}
    return report_file(
        found,
        figures_of(found),
        name=name,
        format=format,
        of=f"Collection {slug}",
        column="collection",
        slug=slug,
        made_up={"simulated people": bool(found["scorer"] and found["scorer"]["simulated"])},
    )


@login_required
@require_POST
def voices_delete(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    reports = VoicesReport.objects.defer("result").filter(collection__name=slug)
    delete_report(request, get_object_or_404(seen_by(request.user, reports), pk=pk))
    return redirect("voices", slug)


def _found(report: VoicesReport) -> dict[str, Any]:
    from calibration.voices.answer import BUDGETS, headline
    from calibration.voices.cautions import cautions
    from calibration.voices.figures import SAME, figures_of
    from calibration.voices.reported import budget_table, calls_table, example_of, key_figures

    found = report.result or {}
    return {
        "found": found,
        "headline": headline(found),
        "key_figures": key_figures(found),
        "figures": figures_of(found).values(),
        "tables": [budget_table(found, budget) for budget in BUDGETS if found["budgets"][budget]],
        "undefined": [
            (SAME[unit], found["reasons"][f"budgets.{unit}"])
            for unit in BUDGETS
            if not found["budgets"][unit]
        ],
        "examples": [example_of(found, one) for one in found["examples"]],
        "calls": calls_table(found),
        "cautions": cautions(found),
    }
