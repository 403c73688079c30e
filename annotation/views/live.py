"""Console pages: a study while people label it, and what they are owed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from annotation.charts.bars import day_bars, hour_bars, labels_bars
from annotation.forms.pay import PayForm
from annotation.funnel import funnel
from annotation.live import by_day, by_hour, inside, labels_per_item, needing, progress_of, shared
from annotation.models import Study
from annotation.pay import as_csv, owed
from annotation.roles import Role, study_for
from annotation.steps.standing import Step
from annotation.studies import StudyError
from generation.pages import ConsoleRequest, page, wanted_part

STEP_WORDS = {
    Step.CONSENT: "reading the consent",
    Step.NOT_OPEN: "waiting: the study is not open",
    Step.INSTRUCTIONS: "reading the instructions",
    Step.COMPREHENSION: "at the comprehension check",
    Step.PRACTICE: "at the practice",
    Step.BEFORE: "at the survey before the work",
    Step.READY: "about to begin",
    Step.TASK: "labelling",
    Step.AFTER: "at the survey after the work",
}


@dataclass(frozen=True)
class Due:
    """What the study owes, all in all."""

    total: Decimal | None
    people: int
    currency: str


@login_required
@require_GET
def progress(request: ConsoleRequest, slug: str) -> HttpResponse:
    study = study_for(request.user, slug)
    if study.imported:
        return redirect("study", slug=slug)
    return _progress(request, study, PayForm.of(study))


@login_required
@require_POST
def pay_settings(request: ConsoleRequest, slug: str) -> HttpResponse:
    study = study_for(request.user, slug, Role.EDITOR)
    form = PayForm(request.POST)
    if form.is_valid():
        try:
            form.save(study=study, by=request.user)
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "What people are paid is saved.")
            return redirect("progress", slug=slug)
    return _progress(request, study, form, status=400)


@login_required
@require_GET
def pay_file(request: ConsoleRequest, slug: str) -> HttpResponse:
    study = study_for(request.user, slug)
    response = HttpResponse(as_csv(owed(study=study)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-pay.csv"'
    return response


def _progress(request: ConsoleRequest, study: Study, form: PayForm, status: int = 200) -> HttpResponse:
    # A page that is asked for whole may follow an act, which it should show.
    whole = not wanted_part(request, "live")
    rate = "" if study.pay_rate is None else f"{study.pay_rate.normalize():f}"
    context = {"study": study, "form": form, "rate": rate, **_live(study, anew=whole)}
    return page(request, "annotation/progress.html", context, "live", status=status)


def _live(study: Study, *, anew: bool) -> dict[str, Any]:
    """What refreshes itself. Only what is cheap is asked for anew."""
    people = shared(study, "inside", lambda: inside(study), anew=anew)
    return {
        "progress": shared(study, "progress", lambda: progress_of(study), anew=anew),
        "inside": people,
        "steps": [(STEP_WORDS[step], number) for step, number in people.steps],
        "needing": shared(study, "needing", lambda: needing(study), anew=anew),
        "funnel": shared(study, "funnel", lambda: funnel(study)),
        "due": shared(study, f"pay-{study.pay_by}-{study.pay_rate}-{study.currency}", lambda: _due(study)),
        **shared(study, "charts", lambda: _charts(study)),
    }


def _due(study: Study) -> Due:
    pay = owed(study=study)
    return Due(pay.total, pay.people, pay.currency)


def _charts(study: Study) -> dict[str, Any]:
    hours = [(hour.start, hour.answers) for hour in by_hour(study)]
    days = [(day.start, day.answers) for day in by_day(study)]
    return {
        "hours": hour_bars(hours),
        "days": day_bars(days),
        "distribution": labels_bars(labels_per_item(study)),
    }
