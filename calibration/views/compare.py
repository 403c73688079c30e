"""Two scorers compared: the page, its JSON, and its figure as files."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.roles import studies_of
from calibration.audit import as_json
from calibration.compare import Choice, NotComparable, choices, compare
from calibration.panels import simulated_scorers
from calibration.report.comparison import comparison_figure, read_comparison
from calibration.views.reports import CSV, SVG, audit_for, download
from generation.figures.files import drawn_alone, lines_of
from generation.pages import ConsoleRequest

SIDES = (("first", "The first"), ("second", "The second"))


class Asked(NamedTuple):
    """What an address names on each side; None where it names nothing."""

    first: Choice | None
    second: Choice | None

    @property
    def query(self) -> str:
        return urlencode({name: str(side) for name, side in self._asdict().items() if side})


@login_required
@require_GET
def audit_compare(request: ConsoleRequest) -> HttpResponse:
    """Choose two scorers by name, of one audit or of two, and see how they differ."""
    context: dict[str, Any] = {"sides": SIDES, "chosen": request.GET}
    status = 200
    try:
        asked = _asked(request)
        context["asked"] = asked.query
        one = asked.first or asked.second
        context["study"] = one.audit.study if one else None
        if asked.first and asked.second:
            context["report"] = read_comparison(compare(asked.first, asked.second))
    except NotComparable as error:
        context["refused"], status = str(error), 400
    known = choices(studies_of(request.user))
    context["choices"] = [
        (audit, [(str(Choice(audit, name)), name) for name in names]) for audit, names in known
    ]
    context["simulated"] = simulated_scorers()
    return render(request, "calibration/compare.html", context, status=status)


@login_required
@require_GET
def audit_compare_json(request: ConsoleRequest) -> HttpResponse:
    """The comparison as JSON; 400, with the reason, where there is none."""
    try:
        found = _compared(request)
    except NotComparable as error:
        return JsonResponse({"detail": str(error)}, status=400)
    return download(as_json(found), "application/json", "compare.json")


@login_required
@require_GET
def audit_compare_figure(request: ConsoleRequest, format: str) -> HttpResponse:
    """The plot of the differences, or all their numbers, as a file; not found where there is none."""
    try:
        found = _compared(request)
    except NotComparable:
        raise Http404 from None
    figure = comparison_figure(found)
    if figure is None or format not in ("svg", "csv"):
        raise Http404
    if format == "csv":
        return download(lines_of([*figure.table.columns], figure.table.rows), CSV, "compare.csv")
    first, second = found["first"], found["second"]
    marks = ["simulated labels"] * (first["simulated"] or second["simulated"])
    marks += ["simulated people"] * (first["simulated_people"] or second["simulated_people"])
    of = f"{first['scorer']} of audit {first['audit']}, {second['scorer']} of audit {second['audit']}"
    return download(drawn_alone(figure, of=of, mark=", ".join(marks)), SVG, "compare.svg")


def _compared(request: ConsoleRequest) -> dict[str, Any]:
    asked = _asked(request)
    if not (asked.first and asked.second):
        raise NotComparable("Name two scorers: first=AUDIT:SCORER and second=AUDIT:SCORER.")
    return compare(asked.first, asked.second)


def _asked(request: ConsoleRequest) -> Asked:
    return Asked(*(_choice(request, request.GET.get(side, "")) for side, _ in SIDES))


def _choice(request: ConsoleRequest, text: str) -> Choice | None:
    """The scorer that an address names; the audit is not found for who may not read its study."""
    if not text:
        return None
    audit, _, scorer = text.partition(":")
    if not (audit.isascii() and audit.isdigit() and len(audit) < 19 and scorer) or "\0" in scorer:
        raise NotComparable("A scorer of an audit is named AUDIT:SCORER, with the audit’s number.")
    return Choice(audit_for(request, int(audit)), scorer)
