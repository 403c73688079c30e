"""Pages that plan a study before any money is spent."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from annotation.models import Label
from annotation.roles import studies_of
from calibration.forms.plans import PlanForm
from calibration.models import Plan
from calibration.plan_fields import PlanError
from calibration.plan_report import WORDS, figure_of, read_plan, target
from calibration.plans import delete_plan, plans_of
from calibration.tasks import enqueue_plan
from generation.figures.files import drawn_alone, lines_of
from generation.pages import ConsoleRequest, page, text_of

SHOWN = 50
FORMATS = {"svg": "image/svg+xml; charset=utf-8", "csv": "text/csv; charset=utf-8"}


@login_required
@require_http_methods(["GET", "POST"])
def plans(request: ConsoleRequest) -> HttpResponse:
    """Past plans, and the form of a new one, which asks what the goal and the pilot in the address need."""
    goal = request.GET.get("goal", "")
    goal = goal if goal in WORDS else next(iter(WORDS))
    labelled = Exists(Label.objects.counted().filter(item__study=OuterRef("pk"), value__isnull=False))
    pilots = studies_of(request.user).filter(labelled).order_by("name")
    pilot = pilots.filter(slug=text_of(request, "pilot")).first()
    form = PlanForm(request.POST or None, goal=goal, pilot=pilot)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                new = form.save(owner=request.user)
                enqueue_plan(plan=new)
        except PlanError as error:
            form.refuse(error)
        else:
            return redirect("plan", pk=new.pk)
    past = plans_of(request.user).select_related("owner").defer("result")
    context = {
        "form": form,
        "goals": WORDS,
        "goal": goal,
        "pilots": pilots,
        "pilot": pilot,
        "plans": [(one, WORDS[one.goal].title, target(one.specification)) for one in past[:SHOWN]],
        "more": max(0, past.count() - SHOWN),
    }
    status = 400 if request.method == "POST" else 200
    return page(request, "calibration/plans.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def plan(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One plan: how far it is until it is finished, then what it found. POST runs an unfinished one again."""
    shown = get_object_or_404(plans_of(request.user), pk=pk)
    if request.method == "POST":
        enqueue_plan(plan=shown)
        return redirect("plan", pk=pk)
    finished = shown.state == Plan.State.FINISHED
    if request.htmx and not request.htmx.history_restore_request:
        if finished:
            return HttpResponseClientRefresh()
        return render(request, "calibration/plan.html#state", {"plan": shown, "words": WORDS[shown.goal]})
    found = read_plan(shown.result or {}) if finished else None
    context = {"plan": shown, "found": found, "words": WORDS[shown.goal]}
    return render(request, "calibration/plan.html", context)


@login_required
@require_POST
def plan_delete(request: ConsoleRequest, pk: int) -> HttpResponse:
    delete_plan(plan=get_object_or_404(plans_of(request.user), pk=pk))
    return redirect("plans")


@login_required
@require_GET
def plan_figure(request: ConsoleRequest, pk: int, format: str) -> HttpResponse:
    """The plot of a finished plan, or its numbers, as a file; not found where there is nothing to draw."""
    shown = get_object_or_404(plans_of(request.user), pk=pk, state=Plan.State.FINISHED)
    figure = figure_of(shown.result or {})
    if figure is None or format not in FORMATS:
        raise Http404
    if format == "svg":
        text = drawn_alone(figure, of=f"Plan {pk}", mark="simulated people")
    else:
        text = lines_of([*figure.table.columns], figure.table.rows)
    headers = {"Content-Disposition": f'attachment; filename="plan-{pk}.{format}"'}
    return HttpResponse(text, content_type=FORMATS[format], headers=headers)
