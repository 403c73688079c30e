"""Pages of this app's runs: models that are asked about queries."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from generation.models import Run
from generation.pages import ConsoleRequest, page, wanted_part
from generation.runs.asking import delete_run, stop_run
from generation.runs.errors import RunError
from generation.runs.replies import examples, reply_lines
from generation.runs.standing import standing
from generation.runs.sums import counted
from generation.views import run_parts

RUNS_A_PAGE = 50
VERBS = {
    Run.Kind.MINE: "Judge",
    Run.Kind.CLASSIFY: "Classify",
    Run.Kind.SAMPLE: "Ask about",
    Run.Kind.EMBED: "Embed",
    Run.Kind.FORMAT: "Ask about",
}


@login_required
@require_GET
def runs(request: ConsoleRequest) -> HttpResponse:
    """All runs, the newest first, of all kinds or of one."""
    kind = request.GET.get("kind", "")
    found = Run.objects.select_related("created_by", "collection", "mining")
    if kind in Run.Kind.values:
        found = found.filter(kind=kind)
    shown = Paginator(found, RUNS_A_PAGE).get_page(request.GET.get("page"))
    calls = counted(Run.objects.filter(pk__in=[run.pk for run in shown]))
    rows = [(run, calls[run.pk]) for run in shown]
    context = {"page": shown, "runs": rows, "kinds": Run.Kind.choices, "kind": kind}
    return page(request, "generation/asking.html", context, "runs")


@login_required
@require_GET
def run(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A run: what is sent and what it costs while it is a draft, then how far it is and what came back."""
    shown = get_object_or_404(
        Run.objects.select_related("server", "created_by", "collection", "mining"), pk=pk
    )
    part, under_way = wanted_part(request, "state", "preview"), run_parts.under_way(shown)
    if part == "state" and not run_parts.follows(shown):
        return HttpResponseClientRefresh()
    may_change = _may_change(request, shown)
    context: dict[str, Any] = {
        "run": shown,
        "may_change": may_change,
        "urls": _urls(shown),
        "under_way": under_way,
        "follows": run_parts.follows(shown),
        "verb": VERBS[Run.Kind(shown.kind)],
        "whose": "Only who made it, or a superuser, can start it.",
    }
    try:
        recipe = shown.job.recipe(shown)
    except RunError as error:
        return page(request, "generation/asking_run.html", context | {"unreadable": str(error)})
    if part != "preview":
        context |= run_parts.standing_parts(standing(shown))
    if part != "state":
        context |= run_parts.preview_parts(request, shown)
    if not part:
        context |= {"chosen": _chosen(shown.job.chosen(recipe))}
        if not under_way:
            context |= {
                "examples": examples(shown, "query", "candidate"),
                "remarks": shown.job.remarks(shown),
            }
            context |= run_parts.price_parts(request, shown, may_change=may_change)
    return page(request, "generation/asking_run.html", context, "state", "preview")


@login_required
@require_POST
def run_start(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Try a run on the first few, start it, or go on with it, within the budget that the form has."""
    run_parts.start(request, _changeable(request, pk))
    return redirect("asking-run", pk=pk)


@login_required
@require_POST
def run_stop(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Ask nothing more; one that has ended stays as it is."""
    stop_run(run=_changeable(request, pk), by=request.user)
    return redirect("asking-run", pk=pk)


@login_required
@require_POST
def run_delete(request: ConsoleRequest, pk: int) -> HttpResponse:
    shown = _changeable(request, pk)
    try:
        delete_run(run=shown, by=request.user)
    except RunError as error:
        messages.error(request, str(error))
        return redirect("asking-run", pk=pk)
    messages.success(request, f"The run {shown.name} is deleted.")
    return redirect("asking")


@login_required
@require_GET
def run_replies(request: ConsoleRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    """Every reply, as it came."""
    shown = get_object_or_404(Run, pk=pk)
    try:
        shown.job.recipe(shown)
    except RunError as error:
        messages.error(request, str(error))
        return redirect("asking-run", pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="run-{pk}.jsonl"'}
    return StreamingHttpResponse(reply_lines(shown), content_type="application/x-ndjson", headers=headers)


def _may_change(request: ConsoleRequest, run: Run) -> bool:
    return request.user.is_superuser or run.created_by_id == request.user.pk


def _changeable(request: ConsoleRequest, pk: int) -> Run:
    found = get_object_or_404(Run.objects.select_related("server", "created_by"), pk=pk)
    if not _may_change(request, found):
        raise PermissionDenied
    return found


def _urls(run: Run) -> dict[str, str]:
    return {
        "page": reverse("asking-run", args=[run.pk]),
        "start": reverse("asking-run-start", args=[run.pk]),
        "stop": reverse("asking-run-stop", args=[run.pk]),
    }


def _chosen(recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The recipe's plain fields as a page shows them; long texts stand in what is sent."""
    said = {name: value for name, value in recipe.items() if value not in (None, "", [], {}, False)}
    plain = {name: value for name, value in said.items() if isinstance(value, str | int | float)}
    return [
        (name.replace("_", " ").capitalize(), "yes" if value is True else str(value))
        for name, value in plain.items()
        if len(str(value)) <= 200
    ]
