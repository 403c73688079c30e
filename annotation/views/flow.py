"""Console pages: the steps that a study's participants take, and how they read."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.charts.labels import value_in_words
from annotation.exporters.replies import reply_lines
from annotation.forms.crowd import scale_shown
from annotation.forms.flow import CheckForm, QuestionForm, RulesForm
from annotation.forms.refusals import refusals_in
from annotation.forms.steps import ComprehensionForm, SurveyForm
from annotation.languages import in_language, offered
from annotation.log import record
from annotation.models import ATTEMPTS, Check, Question, Study
from annotation.recruitment.entry import Entry
from annotation.roles import Role, study_for
from annotation.screens import sides_of
from annotation.steps.flow import (
    Place,
    Purpose,
    answered_checks,
    answered_questions,
    move,
    remove_check,
    remove_question,
)
from annotation.steps.presets import PRESETS, add_preset
from annotation.steps.questions import asked
from annotation.studies import StudyError
from annotation.views import places
from generation.pages import ConsoleRequest, page


@login_required
@require_http_methods(["GET", "POST"])
def steps(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The whole flow in order; POST saves what failed checks lead to."""
    study = study_for(request.user, slug, Role.VIEWER if request.method == "GET" else Role.EDITOR)
    form = RulesForm(request.POST or None, instance=study)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            form.save(by=request.user)
            messages.success(request, "What failed checks lead to is saved.")
            return redirect("steps", slug)
    context = {"study": study, "form": form, **_flow(study)}
    return page(request, "annotation/steps.html", context, status=400 if request.method == "POST" else 200)


def _flow(study: Study) -> dict[str, Any]:
    """What is configured: questions by place, checks by purpose, and which of them somebody has answered."""
    questions = list(study.questions.filter(retired_at=None))
    checks = list(study.checks.filter(retired_at=None))
    passing = [(row, [_in_words(study, value) for value in sorted(row.accepted)]) for row in checks]
    names = set(study.questions.values_list("name", flat=True))
    return {
        **{place.name.lower(): [row for row in questions if row.place == place] for place in Place},
        "practice": [(row, words) for row, words in passing if row.purpose == Purpose.PRACTICE],
        "checks": [(row, words) for row, words in passing if row.purpose != Purpose.PRACTICE],
        "fixed": answered_questions(study),
        "fixed_checks": answered_checks(study),
        "presets": [(name, usual.title) for name, usual in PRESETS.items() if name not in names],
        "attempts": ATTEMPTS,
    }


def _in_words(study: Study, value: int) -> str:
    beyond = "" if value in study.values else " (not on the scale any more)"
    return f"{value_in_words(study, value)}{beyond}"


@login_required
@require_http_methods(["GET", "POST"])
def question_new(request: ConsoleRequest, slug: str, place: str) -> HttpResponse:
    study = study_for(request.user, slug, Role.EDITOR)
    if place not in Place.values:
        raise Http404
    form = QuestionForm(request.POST or None, study=study, place=Place(place))
    return _edit(request, study, form, f"New question: {Place(place).label}")


@login_required
@require_http_methods(["GET", "POST"])
def question(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    """One question; POST changes it, moves it up or down, or takes it away."""
    study = study_for(request.user, slug, Role.EDITOR)
    row = get_object_or_404(Question, study=study, pk=pk, retired_at=None)
    if "act" in request.POST:
        return _act(request, study, row)
    form = QuestionForm(request.POST or None, study=study, place=Place(row.place), question=row)
    answered = row.pk in answered_questions(study)
    return _edit(request, study, form, f"Question: {Place(row.place).label}", answered=answered)


@login_required
@require_http_methods(["GET", "POST"])
def check_new(request: ConsoleRequest, slug: str, purpose: str) -> HttpResponse:
    study = study_for(request.user, slug, Role.EDITOR)
    if purpose not in Purpose.values:
        raise Http404
    form = CheckForm(request.POST or None, study=study, purpose=Purpose(purpose))
    return _edit(request, study, form, f"New: {Purpose(purpose).label}")


@login_required
@require_http_methods(["GET", "POST"])
def check(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    """Practice or a check; POST changes it, moves it up or down, or takes it away."""
    study = study_for(request.user, slug, Role.EDITOR)
    row = get_object_or_404(Check, study=study, pk=pk, retired_at=None)
    if "act" in request.POST:
        return _act(request, study, row)
    form = CheckForm(request.POST or None, study=study, purpose=Purpose(row.purpose), check=row)
    answered = row.pk in answered_checks(study)
    return _edit(request, study, form, Purpose(row.purpose).label.capitalize(), answered=answered)


@login_required
@require_POST
def preset(request: ConsoleRequest, slug: str, place: str) -> HttpResponse:
    """Add one of the usual questions about people."""
    study, name = study_for(request.user, slug, Role.EDITOR), request.POST.get("name", "")
    if name not in PRESETS or place not in (Place.BEFORE, Place.AFTER):
        raise Http404
    try:
        add_preset(study=study, name=name, place=Place(place), by=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("steps", slug)


@login_required
@require_GET
def replies(request: ConsoleRequest, slug: str) -> StreamingHttpResponse:
    """What people said to the questions, as a csv file."""
    study = study_for(request.user, slug)
    record(study, "exported", by=request.user, shape="replies", format="csv")
    return StreamingHttpResponse(
        reply_lines(study),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{study.slug}-replies.csv"'},
    )


@login_required
@require_GET
def step_preview(request: ConsoleRequest, slug: str, step: str) -> HttpResponse:
    """A step as its participants see it; nothing can be sent."""
    study = study_for(request.user, slug)
    language = request.GET.get("language", "")
    with translation.override(language if language in offered(study) else study.language):
        return _preview(request, study, step)


def _preview(request: ConsoleRequest, study: Study, step: str) -> HttpResponse:
    if step == "consent":
        return places.page(request, step, study, preview=True, entry=Entry(preview=True))
    if step == "instructions":
        return places.page(request, step, study, preview=True, starting=True)
    if step == Place.COMPREHENSION:
        form = ComprehensionForm(list(asked(study, Place.COMPREHENSION)))
        return places.page(request, step, study, preview=True, form=form, left=ATTEMPTS)
    if step in (Place.BEFORE, Place.AFTER):
        survey = SurveyForm(list(asked(study, Place(step))))
        return places.page(request, "survey", study, preview=True, form=survey, after=step == Place.AFTER)
    if step != "check":
        raise Http404
    key = request.GET.get("check", "")
    found = study.checks.filter(pk=key if key.isascii() and key.isdigit() and len(key) < 19 else 0).first()
    if found is None:
        raise Http404
    spoken, shown = in_language(found), in_language(study)
    texts = {"query": spoken.query, "claim": spoken.claim, "sides": sides_of(spoken)}
    context = scale_shown(shown, swapped=False) | texts
    return places.page(request, "practice", shown, preview=True, place=1, total=1, **context)


def _edit(
    request: ConsoleRequest,
    study: Study,
    form: QuestionForm | CheckForm,
    title: str,
    *,
    answered: bool = False,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            form.save(by=request.user)
            messages.success(request, "Saved.")
            return redirect("steps", study.slug)
    context = {"study": study, "form": form, "title": title, "answered": answered}
    return page(request, "annotation/step.html", context, status=400 if request.method == "POST" else 200)


def _act(request: ConsoleRequest, study: Study, row: Question | Check) -> HttpResponse:
    act = request.POST["act"]
    if act not in ("up", "down", "remove"):
        return render(request, "400.html", status=400)
    try:
        if act != "remove":
            move(row=row, up=act == "up", by=request.user)
        else:
            kept = _removed(request, row)
            stays = " What people answered is kept." if kept else ""
            messages.success(request, f"It is asked no more.{stays}")
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("steps", study.slug)


def _removed(request: ConsoleRequest, row: Question | Check) -> bool:
    if isinstance(row, Question):
        return remove_question(question=row, by=request.user)
    return remove_check(check=row, by=request.user)
