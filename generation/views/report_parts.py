"""What pages of reports have in common: which one is shown, its files, and that it can be deleted."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from generation.figures.figure import Figure
from generation.figures.files import drawn_alone, lines_of
from generation.models import AbstractReport
from generation.pages import ConsoleRequest
from generation.reports import UNFINISHED, State, may_delete

R = TypeVar("R", bound=AbstractReport)


def shown_report(request: ConsoleRequest, reports: QuerySet[R]) -> R | None:
    """The report that the address names, else the newest that is finished, else the newest."""
    asked = request.GET.get("report", "")
    if asked:
        found = reports.filter(pk=asked).first() if asked.isdecimal() else None
        if found is None:
            raise Http404
        return found
    return reports.filter(state=State.FINISHED).first() or reports.first()


def is_there_now(request: ConsoleRequest, report: AbstractReport | None) -> bool:
    """Whether the page waits for this report, which has ended meanwhile: it is to be loaded again."""
    waits = request.htmx and request.htmx.target == "state"
    return bool(waits and report and report.state not in UNFINISHED)


def report_file(
    found: Mapping[str, Any],
    figures: Mapping[str, Figure],
    *,
    name: str,
    format: str,
    of: str,
    column: str,
    slug: str,
) -> HttpResponse:
    """A plot as SVG, its numbers as CSV, or the report whole as JSON.

    `of` stands above a plot; the table's first `column` says `slug` in each row. Raises Http404.
    """
    if (name, format) == ("report", "json"):
        text, kind = json.dumps(found, sort_keys=True, ensure_ascii=False), "application/json"
    elif name not in figures or format not in ("svg", "csv"):
        raise Http404
    elif format == "svg":
        text, kind = drawn_alone(figures[name], of=of), "image/svg+xml; charset=utf-8"
    else:
        table = figures[name].table
        text = lines_of([column, *table.columns], ([slug, *row] for row in table.rows))
        kind = "text/csv; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{slug}-{name}.{format}"'}
    return HttpResponse(text, content_type=kind, headers=headers)


def delete_report(request: ConsoleRequest, report: AbstractReport) -> None:
    """Raises PermissionDenied where it is somebody else's."""
    if not may_delete(report, request.user):
        raise PermissionDenied
    report.delete()
    messages.success(request, "The report was deleted.")
