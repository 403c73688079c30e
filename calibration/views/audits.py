"""Pages of scorers, scores and audits."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from annotation.roles import role_to, studies_of, study_for
from calibration.asking import AuditError
from calibration.audit import add_scorers, addable, cancel_audit
from calibration.forms.audits import AuditForm, ScoresFileForm
from calibration.models import HEAVY, Audit, Scorer
from calibration.panels import simulated_scorers
from calibration.report.read import read_report
from calibration.tasks import enqueue_audit, run_again
from calibration.views.reports import audit_for
from generation.files import FileError
from generation.forms.files import lines
from generation.pages import ConsoleRequest


@login_required
@require_GET
def scorers(request: ConsoleRequest) -> HttpResponse:
    """Every scorer's name, with its numbers in the studies that the user may see."""
    visible = Q(scores__study__in=studies_of(request.user))
    # Their metadata may hold a whole panel.
    known = Scorer.objects.defer("metadata").order_by("name")
    found = known.annotate(
        scores_number=Count("scores", filter=visible),
        studies_number=Count("scores__study", filter=visible, distinct=True),
    )
    return render(request, "calibration/scorers.html", {"scorers": found})


@login_required
@require_http_methods(["GET", "POST"])
def scores(request: ConsoleRequest, slug: str) -> HttpResponse:
    """A study's scores, and a form that takes a file with more of them from an editor."""
    study = study_for(request.user, slug, role_to(request.method))
    form = ScoresFileForm(request.POST or None, request.FILES or None)
    refused: list[str] = []
    if request.method == "POST":
        if form.is_valid():
            try:
                messages.success(request, form.save(study=study, by=request.user))
            except FileError as error:
                refused = lines(error)
            else:
                return redirect("scores", slug=study.slug)
        status = 400
    else:
        status = 200
    scored = Scorer.objects.defer("metadata").filter(scores__study=study)
    found = scored.annotate(scores_number=Count("scores")).order_by("name")
    context = {"study": study, "form": form, "refused": refused, "scorers": found}
    return render(request, "calibration/scores.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def audits(request: ConsoleRequest, slug: str) -> HttpResponse:
    """A study's audits, and a form by which an editor starts one; `scorer` in the address chooses some."""
    study = study_for(request.user, slug, role_to(request.method))
    form = AuditForm(request.POST or None, study=study, chosen=request.GET.getlist("scorer"))
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                with transaction.atomic():
                    new = form.save(created_by=request.user)
                    enqueue_audit(audit=new)
            except AuditError as error:
                form.add_error(None, str(error))
            else:
                return redirect("audit", pk=new.pk)
    past = study.audits.defer(*HEAVY).select_related("created_by")
    found = past.annotate(scorers_number=Count("scorers")).order_by("-pk")
    return render(
        request, "calibration/audits.html", {"study": study, "form": form, "audits": found}, status=status
    )


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def audit(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One audit: its state until it is finished, then what it found. POST runs an unfinished one again."""
    shown = audit_for(request, pk)
    if request.method == "POST":
        run_again(audit=shown, by=request.user)
        return redirect("audit", pk=pk)
    finished = shown.state == Audit.State.FINISHED
    if request.htmx and not request.htmx.history_restore_request:
        if finished:
            return HttpResponseClientRefresh()
        return render(request, "calibration/_state.html", {"audit": shown})
    report = (
        read_report(shown.result or {}, study=shown.study, wishes=request.GET.dict()) if finished else None
    )
    context: dict[str, Any] = {"audit": shown, "study": shown.study, "report": report, "choosing": True}
    if finished and getattr(shown.study, "may_edit", False):
        context |= {"addable": addable(shown), "simulated": simulated_scorers()}
    return render(request, "calibration/audit.html", context)


@login_required
@require_POST
def audit_cancel(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Stop an audit; of a finished one nothing changes."""
    cancel_audit(audit=audit_for(request, pk), by=request.user)
    return redirect("audit", pk=pk)


@login_required
@require_POST
def audit_scorers(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Start a new audit of the same with more scorers."""
    shown = audit_for(request, pk)
    try:
        with transaction.atomic():
            new = add_scorers(audit=shown, scorers=request.POST.getlist("scorers"), by=request.user)
            enqueue_audit(audit=new)
    except AuditError as error:
        messages.error(request, str(error))
        return redirect("audit", pk=pk)
    return redirect("audit", pk=new.pk)
