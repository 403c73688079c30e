"""What pages of reports have in common: asking for one, which is shown, its files, its end."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from generation.diversity.responses import UnusableResponses
from generation.figures.figure import Figure
from generation.figures.files import drawn_alone, lines_of
from generation.files import FileError
from generation.forms.files import lines
from generation.models import AbstractReport
from generation.pages import ConsoleRequest
from generation.reports import UNFINISHED, ReportError, State, may_delete, sentence

REPORTS_SHOWN = 12

R = TypeVar("R", bound=AbstractReport)


class ReportForm(Protocol):
    """A form whose `save` writes a report down; one that takes a file has a field of that name."""

    def is_valid(self) -> bool: ...

    def add_error(self, field: str | None, error: Any) -> None: ...

    def save(self, *, by: User) -> AbstractReport: ...


def asked_for(request: ConsoleRequest, form: ReportForm) -> AbstractReport | None:
    """The report that a POST has asked for; else None, and the form says what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return form.save(by=request.user)
    except FileError as error:
        form.add_error("file", lines(error))
    except ReportError as error:
        form.add_error(None, str(error))
    except UnusableResponses as error:
        form.add_error(None, sentence(error))
    return None


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
    made_up: Mapping[str, bool] | None = None,
) -> HttpResponse:
    """A plot as SVG, its numbers as CSV, or the report whole as JSON.

    `of` stands above a plot; the table's first `column` says `slug` in each row. What may be `made_up`, such
    as "simulated people", stands below a plot where it is, and in a column of the table. Raises Http404.
    """
    made_up = made_up or {}
    if (name, format) == ("report", "json"):
        text, kind = json.dumps(found, sort_keys=True, ensure_ascii=False), "application/json"
    elif name not in figures or format not in ("svg", "csv"):
        raise Http404
    elif format == "svg":
        text, kind = (
            drawn_alone(figures[name], of=of, mark=", ".join(one for one, is_ in made_up.items() if is_)),
            "image/svg+xml; charset=utf-8",
        )
    else:
        table = figures[name].table
        marks = {one.replace(" ", "_"): "true" if is_ else "false" for one, is_ in made_up.items()}
        rows = ([slug, *row, *marks.values()] for row in table.rows)
        text = lines_of([column, *table.columns, *marks], rows)
        kind = "text/csv; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{slug}-{name}.{format}"'}
    return HttpResponse(text, content_type=kind, headers=headers)


def delete_report(request: ConsoleRequest, report: AbstractReport) -> None:
    """Raises PermissionDenied where it is somebody else's."""
    if not may_delete(report, request.user):
        raise PermissionDenied
    report.delete()
    messages.success(request, "The report was deleted.")
