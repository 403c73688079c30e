"""Pages of the order of tasks: tables that were asked about, and what one of them says."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from generation.figures.task_order import figures_of
from generation.forms.task_order import TaskOrderForm
from generation.models import TaskOrderReport
from generation.pages import ConsoleRequest, page
from generation.reports import State, listed, may_delete
from generation.task_order.cautions import CAUTIONS
from generation.task_order.headline import headline
from generation.task_order.reported import key_figures
from generation.views.report_parts import asked_for, delete_report, is_there_now, report_file

REPORTS_A_PAGE = 25


@login_required
@require_http_methods(["GET", "POST"])
def task_orders(request: ConsoleRequest) -> HttpResponse:
    """Every report, the newest first; POST asks for another, of a table."""
    form = TaskOrderForm(request.POST or None, request.FILES or None)
    if report := asked_for(request, form):
        return redirect("task-order", report.pk)
    reports = listed(TaskOrderReport.objects.defer("table"))
    shown = Paginator(reports, REPORTS_A_PAGE).get_page(request.GET.get("page"))
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/task_orders.html", {"form": form, "page": shown}, status=status)


@login_required
@require_GET
@vary_on_headers("HX-Request")
def task_order(request: ConsoleRequest, pk: int) -> HttpResponse:
    report = get_object_or_404(TaskOrderReport.objects.defer("table"), pk=pk)
    if is_there_now(request, report):
        return HttpResponseClientRefresh()
    context: dict[str, Any] = {"report": report, "form": TaskOrderForm(), "files": "task-order-file"}
    context["mine"] = may_delete(report, request.user)
    if report.state == State.FINISHED:
        found = report.result or {}
        context |= {"found": found, "figures": figures_of(found), "cautions": CAUTIONS}
        context |= {"headline": headline(found), "key_figures": key_figures(found)}
    return page(request, "generation/task_order.html", context, "state")


@login_required
@require_GET
def task_order_file(request: ConsoleRequest, pk: int, name: str, format: str) -> HttpResponse:
    """A plot of a finished report as SVG, its numbers as CSV, or the report whole as JSON."""
    report = get_object_or_404(TaskOrderReport.objects.defer("table"), pk=pk, state=State.FINISHED)
    found = report.result or {}
    return report_file(
        found,
        figures_of(found),
        name=name,
        format=format,
        of=f"Table {report.name}",
        column="report",
        slug=f"task-order-{pk}",
    )


@login_required
@require_POST
def task_order_delete(request: ConsoleRequest, pk: int) -> HttpResponse:
    delete_report(request, get_object_or_404(TaskOrderReport.objects.defer("result", "table"), pk=pk))
    return redirect("task-orders")
