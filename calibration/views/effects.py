"""Pages of effects: which of those among a study's people a scorer's answers show too."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from annotation.roles import role_to, study_for
from calibration.effects.figures import figures_of, who
from calibration.effects.headline import headline
from calibration.effects.reported import key_figures, rows_of, size_rows
from calibration.forms.effects import EffectsForm
from calibration.models import EffectReport
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

CONTRASTS_A_PAGE = 50


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def effects(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The report that the address names, or the newest; an editor's POST asks for another."""
    study = study_for(request.user, slug, role_to(request.method))
    form = EffectsForm(request.POST or None, request.FILES or None, study=study)
    if report := asked_for(request, form):
        return redirect(f"{request.path}?report={report.pk}")
    reports = listed(EffectReport.objects.filter(study=study))
    shown = shown_report(request, reports)
    if is_there_now(request, shown):
        return HttpResponseClientRefresh()
    context = {
        "study": study,
        "form": form,
        "reports": reports[:REPORTS_SHOWN],
        "report": shown,
        "mine": shown is not None and may_delete(shown, request.user),
    }
    if shown and shown.state == State.FINISHED:
        context |= _found(request, shown)
    status = 400 if request.method == "POST" else 200
    return page(request, "calibration/effects.html", context, "state", "contrasts", status=status)


@login_required
@require_GET
def effects_file(request: ConsoleRequest, slug: str, pk: int, name: str, format: str) -> HttpResponse:
    """A plot of a finished report as SVG, its numbers as CSV, or the report whole as JSON."""
    study = study_for(request.user, slug)
    report = get_object_or_404(EffectReport, pk=pk, study=study, state=State.FINISHED)
    found = report.result or {}
    return report_file(
        found,
        figures_of(found),
        name=name,
        format=format,
        of=f"Study {slug}",
        column="study",
        slug=slug,
        made_up={"simulated labels": found["simulated"], "simulated people": found["scorer"]["simulated"]},
    )


@login_required
@require_POST
def effects_delete(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    study = study_for(request.user, slug, role_to(request.method))
    delete_report(request, get_object_or_404(EffectReport.objects.defer("result"), pk=pk, study=study))
    return redirect("effects", slug)


def _found(request: ConsoleRequest, report: EffectReport) -> dict[str, Any]:
    found = report.result or {}
    contrasts = Paginator(rows_of(found), CONTRASTS_A_PAGE)
    return {
        "found": found,
        "headline": headline(found),
        "who": who(found),
        "figures": figures_of(found).values(),
        "key_figures": key_figures(found),
        "sizes": size_rows(found),
        "page": contrasts.get_page(request.GET.get("page")),
    }
