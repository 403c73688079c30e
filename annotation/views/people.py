"""The quality panel: everybody's measures and flags, their limits, and collecting what exclusion opened."""

import csv
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from annotation.figures.people import people_figures
from annotation.forms.quality import LimitsForm
from annotation.forms.refusals import refusals_in
from annotation.models import Study
from annotation.quality.exclusion import Held, held_by_excluded, top_up
from annotation.quality.people import DEFAULT_SORT, SORTS, People, PersonRow
from annotation.roles import Role, study_for
from annotation.studies import StudyError
from annotation.views.excluded import with_excluded
from generation.pages import ConsoleRequest, cell, page, text_of, wanted_part
from generation.templatetags.numbers import counted

PEOPLE_A_PAGE = 50
NUMBERS = (
    "cannot_judge", "cannot_judge_share", "timed", "median_seconds", "modal_share", "entropy_bits",
    "longest_run", "sided", "left_share", "others_n", "correlation", "correlation_low", "correlation_high",
    "difference", "difference_low", "difference_high", "severity", "severity_low", "severity_high",
)  # fmt: skip
COLUMNS = (
    "annotator_id", "excluded", "exclusion_reason", "answers", *NUMBERS, "correlation_reason", "checks",
    "failed_checks", "comprehension_failed", "flags", "simulated",
)  # fmt: skip


@login_required
@require_GET
def people(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The table of everybody; as a file where that is asked for."""
    study = study_for(request.user, slug)
    found, asked = People.of(study, with_excluded=with_excluded(request)), _asked(request)
    if request.GET.get("format") == "csv":
        return _file(study, found.rows(found.places(**asked)))
    return _people_page(request, study, found, asked)


@login_required
@require_POST
def people_limits(request: ConsoleRequest, slug: str) -> HttpResponse:
    study = study_for(request.user, slug, Role.EDITOR)
    form = LimitsForm(request.POST, study=study)
    if form.is_valid():
        with refusals_in(form):
            form.save(by=request.user)
            messages.success(request, "The limits are saved.")
            return redirect("people", slug)
    return _people_page(request, study, People.of(study), _asked(request), form=form, status=400)


@login_required
@require_POST
def people_top_up(request: ConsoleRequest, slug: str) -> HttpResponse:
    study = study_for(request.user, slug, Role.EDITOR)
    try:
        messages.success(request, _opened(study, top_up(study=study, by=request.user)))
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("people", slug)


def _opened(study: Study, freed: Held) -> str:
    said = f"{counted(freed.labels, 'label')} of {counted(freed.items, 'item')} can be given by others now."
    return said if study.state == Study.State.OPEN else f"{said} Open the study so that people can."


def _asked(request: ConsoleRequest) -> dict[str, str]:
    sort = request.GET.get("sort", DEFAULT_SORT)
    if sort.removeprefix("-") not in SORTS:
        sort = DEFAULT_SORT
    return {"search": text_of(request, "q"), "show": request.GET.get("show", ""), "sort": sort}


def _people_page(
    request: ConsoleRequest,
    study: Study,
    found: People,
    asked: dict[str, str],
    *,
    form: LimitsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    shown: Any = Paginator(found.places(**asked), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    shown.object_list = found.rows(list(shown.object_list))
    context = {
        "study": study,
        "page": shown,
        "people": len(found.quality.pks),
        "sides": study.compares,
        "flagged": found.flagged(),
        "excluded": found.excluded(),
        "with_excluded": with_excluded(request),
        "held": held_by_excluded(study),
        "form": form or LimitsForm(study=study),
        "figures": [] if wanted_part(request, "table") else people_figures(found),
        **asked,
    }
    return page(request, "annotation/people.html", context, "table", status=status)


def _file(study: Study, rows: list[PersonRow]) -> HttpResponse:
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{study.slug}-people.csv"'},
    )
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        numbers = [row.numbers[name] for name in NUMBERS]
        flags = "; ".join(flag.words for flag in row.flags)
        failed = [row.checks, row.failed_checks, _truth(row.comprehension_failed)]
        known = [cell(row.code), _truth(row.excluded), cell(row.exclusion_reason), row.answered]
        found = [*failed, flags, _truth(study.simulated)]
        writer.writerow([*known, *numbers, row.reason, *found])
    return response


def _truth(value: bool) -> str:
    return "true" if value else "false"
