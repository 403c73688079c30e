"""A finished audit as files: all of it, its page without a network, its tables, its figures."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from annotation.roles import role_to, study_for
from calibration.audit import as_json
from calibration.models import Audit
from calibration.report.figures import figure_named
from calibration.report.pages import report_page
from calibration.report.tables import TABLES, table_as_csv
from generation.figures.files import drawn_alone, lines_of
from generation.pages import ConsoleRequest

CSV, SVG = "text/csv; charset=utf-8", "image/svg+xml"


@login_required
@require_GET
def audit_json(request: ConsoleRequest, pk: int) -> HttpResponse:
    shown = audit_for(request, pk, state=Audit.State.FINISHED)
    return download(as_json(shown.result), "application/json", f"audit-{pk}.json")


@login_required
@require_GET
def audit_report(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The audit as one file that needs no network, to keep or to print."""
    shown = audit_for(request, pk, state=Audit.State.FINISHED)
    return download(report_page(shown), "text/html; charset=utf-8", f"audit-{pk}.html")


@login_required
@require_GET
def audit_table(request: ConsoleRequest, pk: int, name: str) -> HttpResponse:
    """A table of the audit, in numbers that are not rounded."""
    shown = audit_for(request, pk, state=Audit.State.FINISHED)
    if name not in TABLES:
        raise Http404
    return download(table_as_csv(shown.result or {}, name), CSV, f"audit-{pk}-{name}.csv")


@login_required
@require_GET
def audit_figure(request: ConsoleRequest, pk: int, name: str, format: str) -> HttpResponse:
    """A plot of the audit, or its numbers, as a file; not found where there is nothing to draw."""
    shown = audit_for(request, pk, state=Audit.State.FINISHED)
    result = shown.result or {}
    figure = figure_named(result, name, request.GET.dict())
    if figure is None or format not in ("svg", "csv"):
        raise Http404
    if format == "csv":
        return download(lines_of([*figure.table.columns], figure.table.rows), CSV, f"audit-{pk}-{name}.csv")
    people = any(scorer.get("simulated") for scorer in result["scorers"])
    marks = ["simulated labels"] * result["simulated"] + ["scorers of simulated people"] * people
    text = drawn_alone(figure, of=f"Audit {pk} of {shown.study.name}", mark=", ".join(marks))
    return download(text, SVG, f"audit-{pk}-{name}.svg")


def audit_for(request: ConsoleRequest, pk: int, **state: str) -> Audit:
    """The audit, for somebody who may read its study, or change it where the request does."""
    shown = get_object_or_404(Audit.objects.defer("labels").select_related("study"), pk=pk, **state)
    shown.study = study_for(request.user, shown.study.slug, role_to(request.method))
    return shown


def download(text: str, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=content_type, headers=headers)
