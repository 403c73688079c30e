"""Pages of scorers, scores and audits."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from annotation.roles import role_to, studies_of, study_for
from calibration.audit import AuditError, as_json
from calibration.forms.audits import AuditForm, ScoresFileForm
from calibration.models import Audit, Scorer
from calibration.report import read_report, report_page
from calibration.tasks import enqueue_audit, run_again
from generation.files import FileError
from generation.forms import lines
from generation.pages import ConsoleRequest


@login_required
@require_GET
def scorers(request: ConsoleRequest) -> HttpResponse:
    """Every scorer's name, with its numbers in the studies that the user may see."""
    visible = Q(scores__study__in=studies_of(request.user))
    found = Scorer.objects.annotate(
        scores_number=Count("scores", filter=visible),
        studies_number=Count("scores__study", filter=visible, distinct=True),
    ).order_by("name")
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
    scored = Scorer.objects.filter(scores__study=study)
    found = scored.annotate(scores_number=Count("scores")).order_by("name")
    context = {"study": study, "form": form, "refused": refused, "scorers": found}
    return render(request, "calibration/scores.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def audits(request: ConsoleRequest, slug: str) -> HttpResponse:
    """A study's audits, and a form by which an editor starts one."""
    study = study_for(request.user, slug, role_to(request.method))
    form = AuditForm(request.POST or None, study=study)
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
    past = study.audits.defer("result").select_related("created_by")
    found = past.annotate(scorers_number=Count("scorers")).order_by("-pk")
    return render(
        request, "calibration/audits.html", {"study": study, "form": form, "audits": found}, status=status
    )


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def audit(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One audit: its state until it is finished, then what it found. POST runs an unfinished one again."""
    shown = _audit_for(request, pk)
    if request.method == "POST":
        run_again(audit=shown, by=request.user)
        return redirect("audit", pk=pk)
    finished = shown.state == Audit.State.FINISHED
    if request.htmx and not request.htmx.history_restore_request:
        if finished:
            return HttpResponseClientRefresh()
        return render(request, "calibration/audit.html#state", {"audit": shown})
    report = read_report(shown.result or {}, wishes=request.GET.dict()) if finished else None
    context = {"audit": shown, "study": shown.study, "report": report, "choosing": True}
    return render(request, "calibration/audit.html", context)


@login_required
@require_GET
def audit_json(request: ConsoleRequest, pk: int) -> HttpResponse:
    shown = _audit_for(request, pk, state=Audit.State.FINISHED)
    return _download(as_json(shown.result), "application/json", f"audit-{pk}.json")


@login_required
@require_GET
def audit_report(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The audit as one file that needs no network, to keep or to print."""
    shown = _audit_for(request, pk, state=Audit.State.FINISHED)
    return _download(report_page(shown), "text/html; charset=utf-8", f"audit-{pk}.html")


def _audit_for(request: ConsoleRequest, pk: int, **state: str) -> Audit:
    """The audit, for somebody who may read its study, or change it where the request does."""
    shown = get_object_or_404(Audit.objects.select_related("study"), pk=pk, **state)
    shown.study = study_for(request.user, shown.study.slug, role_to(request.method))
    return shown


def _download(text: str, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=content_type, headers=headers)
