"""Pages of runs: scorers that are asked live about a study."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from annotation.models import Study
from annotation.roles import Role, role_to, study_for
from calibration.forms.scorers import FORMS, WAYS, SimpleForm
from calibration.models import Run
from calibration.runs.job import recipe_of
from calibration.runs.names import scorers_named
from calibration.runs.replies import reply_lines
from calibration.runs.simple import score_simply
from calibration.runs.standing import standing
from generation.pages import ConsoleRequest, page, wanted_part
from generation.recipes.recipe import RecipeError
from generation.runs.asking import delete_run, stop_run
from generation.runs.errors import RunError
from generation.runs.replies import examples
from generation.runs.sums import counted
from generation.views import run_parts


@login_required
@require_GET
def runs(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The kinds of scorers to choose from, and the study's runs."""
    study = study_for(request.user, slug)
    found, calls = study.runs.select_related("created_by"), counted(study.runs.all())
    context = {
        "study": study,
        "ways": WAYS,
        "runs": [(one, WAYS[one.recipe["kind"]], calls[one.pk]) for one in found],
        "has_items": study.items.exists(),
    }
    return page(request, "calibration/runs.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def run_new(request: ConsoleRequest, slug: str, kind: str) -> HttpResponse:
    """The form of a draft; simple scorers need none, and score at once."""
    study = study_for(request.user, slug, Role.EDITOR)
    if kind == "simple":
        return _simple(request, study)
    if kind not in FORMS:
        raise Http404
    form = FORMS[kind](request.POST or None, study=study, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            new = form.save()
        except (RunError, RecipeError) as error:
            form.add_error(None, str(error))
        else:
            return redirect("run", pk=new.pk)
    context = {"study": study, "way": WAYS[kind], "form": form, "back": reverse("runs", args=[slug])}
    return page(request, "calibration/run_new.html", context, status=400 if request.method == "POST" else 200)


def _simple(request: ConsoleRequest, study: Study) -> HttpResponse:
    form = SimpleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            scored = score_simply(study=study, names=form.cleaned_data["names"] or None, by=request.user)
        except RunError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, scored.sentence())
            return redirect("scores", slug=study.slug)
    context = {"study": study, "way": WAYS["simple"], "form": form}
    status = 400 if request.method == "POST" else 200
    return page(request, "calibration/run_simple.html", context, status=status)


@login_required
@require_GET
def run(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A run: what is sent and what it costs while it is a draft, then how far it is and what came back."""
    shown = _run_for(request, pk)
    part, under_way = wanted_part(request, "state", "preview"), run_parts.under_way(shown)
    if part == "state" and not run_parts.follows(shown):
        return HttpResponseClientRefresh()
    may_change = bool(getattr(shown.study, "may_edit", False))
    context: dict[str, Any] = {
        "run": shown,
        "study": shown.study,
        "may_change": may_change,
        "urls": _urls(shown),
        "under_way": under_way,
        "follows": run_parts.follows(shown),
        "way": WAYS[shown.recipe["kind"]],
        "verb": "Score",
        "whose": "Starting it takes an editor.",
        "more": "calibration/_run_bias.html",
        "then": "calibration/_run_next.html",
    }
    try:
        recipe = recipe_of(shown)
    except RunError as error:
        return page(request, "calibration/run.html", context | {"unreadable": str(error)})
    if part != "preview":
        context |= _standing(shown)
    if part != "state":
        context |= run_parts.preview_parts(request, shown)
    if not part:
        context |= {"chosen": FORMS[recipe.kind].words(shown)}
        if not under_way:
            context |= {"examples": examples(shown, "response", "item")}
            if shown.state != Run.State.FINISHED or _is_more(context, len(recipe.parts())):
                context |= run_parts.price_parts(request, shown, may_change=may_change)
    return page(request, "calibration/run.html", context, "state", "preview")


def _urls(run: Run) -> dict[str, str]:
    return {
        "page": reverse("run", args=[run.pk]),
        "start": reverse("run-start", args=[run.pk]),
        "stop": reverse("run-stop", args=[run.pk]),
    }


def _standing(run: Run) -> dict[str, Any]:
    now = standing(run)
    kept = [one.name for one in scorers_named(run.scorer)] if now.may_audit else []
    return {
        "kept": kept,
        "audited": urlencode([("scorer", name) for name in kept]),
        **run_parts.standing_parts(now),
    }


def _is_more(context: dict[str, Any], parts: int) -> bool:
    """Whether something was added to the study of a finished run since, or failed."""
    now, shown = context["standing"], context["preview"]
    return shown is not None and shown.targets * parts > now.ended - now.failed


@login_required
@require_POST
def run_start(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Try a run on the first few, start it, or go on with it, within the budget that the form has."""
    run_parts.start(request, _run_for(request, pk))
    return redirect("run", pk=pk)


@login_required
@require_POST
def run_stop(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Ask nothing more; one that has ended stays as it is."""
    stop_run(run=_run_for(request, pk), by=request.user)
    return redirect("run", pk=pk)


@login_required
@require_POST
def run_delete(request: ConsoleRequest, pk: int) -> HttpResponse:
    shown = _run_for(request, pk)
    try:
        delete_run(run=shown, by=request.user)
    except RunError as error:
        messages.error(request, str(error))
        return redirect("run", pk=pk)
    messages.success(request, f"The run of {shown.scorer} is deleted.")
    return redirect("runs", slug=shown.study.slug)


@login_required
@require_GET
def run_replies(request: ConsoleRequest, pk: int) -> StreamingHttpResponse:
    """Every reply, as it came."""
    shown = _run_for(request, pk)
    headers = {"Content-Disposition": f'attachment; filename="run-{pk}.jsonl"'}
    return StreamingHttpResponse(reply_lines(shown), content_type="application/x-ndjson", headers=headers)


def _run_for(request: ConsoleRequest, pk: int) -> Run:
    """The run, for somebody who may read its study, or change it where the request does."""
    found = Run.objects.select_related("study", "server", "created_by")
    shown = get_object_or_404(found, pk=pk)
    shown.study = study_for(request.user, shown.study.slug, role_to(request.method))
    return shown
