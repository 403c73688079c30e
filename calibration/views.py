"""Pages of scorers, scores and audits."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from annotation.models import Study
from calibration.audit import AuditError, as_json
from calibration.forms import AuditForm, ScoresFileForm
from calibration.models import Audit, Scorer
from calibration.report import read_report, report_page
from calibration.tasks import enqueue_audit
from generation.files import FileError
from generation.forms import lines


@login_required
@require_GET
def scorers(request: HttpRequest) -> HttpResponse:
    found = Scorer.objects.annotate(
        scores_number=Count("scores"), studies_number=Count("scores__study", distinct=True)
    ).order_by("name")
    return render(request, "calibration/scorers.html", {"scorers": found})


@login_required
@require_http_methods(["GET", "POST"])
def scores(request: HttpRequest, slug: str) -> HttpResponse:
    """A study's scores, and a form that takes a file with more of them."""
    study = get_object_or_404(Study, slug=slug)
    form = ScoresFileForm(request.POST or None, request.FILES or None)
    refused: list[str] = []
    if request.method == "POST":
        if form.is_valid():
            try:
                messages.success(request, form.save(study=study))
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
def audits(request: HttpRequest, slug: str) -> HttpResponse:
    """A study's audits, and a form that starts one."""
    study = get_object_or_404(Study, slug=slug)
    form = AuditForm(request.POST or None, study=study)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                with transaction.atomic():
                    new = form.save(created_by=request.user)  # type: ignore[arg-type]
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
def audit(request: HttpRequest, pk: int) -> HttpResponse:
    """One audit: its state until it is finished, then what it found. POST runs an unfinished one again."""
    shown = get_object_or_404(Audit.objects.select_related("study"), pk=pk)
    if request.method == "POST":
        enqueue_audit(audit=shown)
        return redirect("audit", pk=pk)
    finished = shown.state == Audit.State.FINISHED
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        if finished:
            return HttpResponseClientRefresh()
        return render(request, "calibration/audit.html#state", {"audit": shown})
    report = read_report(shown.result or {}, wishes=request.GET.dict()) if finished else None
    context = {"audit": shown, "study": shown.study, "report": report, "choosing": True}
    return render(request, "calibration/audit.html", context)


@login_required
@require_GET
def audit_json(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Audit, pk=pk, state=Audit.State.FINISHED)
    return _download(as_json(shown.result), "application/json", f"audit-{pk}.json")


@login_required
@require_GET
def audit_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The audit as one file that needs no network, to keep or to print."""
    shown = get_object_or_404(Audit.objects.select_related("study"), pk=pk, state=Audit.State.FINISHED)
    return _download(report_page(shown), "text/html; charset=utf-8", f"audit-{pk}.html")


def _download(text: str, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=content_type, headers=headers)
