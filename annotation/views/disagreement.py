"""The page about how far people disagree on a study's items, and the files of its tables."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from annotation.agreement import INTERVALS, Interval
from annotation.exporters import download_items
from annotation.figures.disagreement import figures_of
from annotation.figures.files import table_as_csv
from annotation.forms.items import ItemsForm
from annotation.measures import measured
from annotation.roles import study_for
from annotation.summary import agreement_by, summary_of
from annotation.views.excluded import both_ways, with_excluded
from annotation.views.items import items_context
from generation.figures.figure import Table
from generation.pages import ConsoleRequest, page, wanted_part

SWITCH: dict[Interval, str] = {"cluster": "by cluster", "item": "by item", "jackknife": "jackknife"}


@login_required
@require_GET
def disagreement(request: ConsoleRequest, slug: str) -> HttpResponse:
    study, asked = study_for(request.user, slug), with_excluded(request)
    summary = summary_of(study, with_excluded=asked)
    context: dict[str, Any] = {"study": study, "summary": summary, "with_excluded": asked}
    if summary.agreement["labels"]:
        context |= items_context(request, study, summary)
    if not wanted_part(request, "items"):
        interval = _interval(request)
        agreement = agreement_by(study, summary, interval)
        context |= {"agreement": agreement, "interval": interval, "switch": SWITCH.items()}
        context |= {"measures": measured(agreement), "figures": figures_of(study, summary)}
        context |= both_ways(study, with_excluded=asked)
    return page(request, "annotation/disagreement.html", context, "items")


@login_required
@require_GET
def agreement_file(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The measures of agreement, a row each, as csv."""
    study, asked, interval = study_for(request.user, slug), with_excluded(request), _interval(request)
    agreement = agreement_by(study, summary_of(study, with_excluded=asked), interval)
    columns = ("measure", "value", "low", "high", "n", "reason", "interval")
    rows = [
        (measure.key, *(found.get(name) for name in columns[1:-1]), interval)
        for measure, found in measured(agreement)
    ]
    table = Table(dict.fromkeys(columns, ""), rows)
    response = HttpResponse(
        table_as_csv(study, table, with_excluded=asked), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-agreement.csv"'
    return response


@login_required
@require_GET
def items_file(request: ConsoleRequest, slug: str) -> StreamingHttpResponse:
    """The list's items with their numbers, all pages of it, as csv."""
    study, asked = study_for(request.user, slug), with_excluded(request)
    chosen = ItemsForm(request.GET, study=study, summary=summary_of(study, with_excluded=asked)).places()
    return download_items(study=study, places=chosen, with_excluded=asked, by=request.user)


def _interval(request: HttpRequest) -> Interval:
    asked = request.GET.get("interval")
    return next((interval for interval in INTERVALS if interval == asked), "cluster")
