"""Groups of people by what they said to a question of the survey, and how many labels are enough."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from annotation.enough import chosen_sizes, study_labels_curve
from annotation.figures.enough import enough_figures
from annotation.figures.groups import differences_figure
from annotation.groups import agreement_table, group_questions, study_groups
from annotation.roles import study_for
from annotation.views.excluded import with_excluded
from generation.pages import ConsoleRequest, page


@login_required
@require_GET
def groups(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The groups that the chosen question makes; of a question that is not there, the first one's."""
    study, asked = study_for(request.user, slug), with_excluded(request)
    questions = list(group_questions(study))
    named = {question.name: question for question in questions}
    chosen = named.get(request.GET.get("question", ""), questions[0] if questions else None)
    report = study_groups(study, chosen, with_excluded=asked) if chosen else None
    context = {
        "study": study,
        "questions": questions,
        "chosen": chosen,
        "report": report,
        "figure": differences_figure(report) if report else None,
        "rows": agreement_table(report) if report else [],
        "with_excluded": asked,
        "excluded": study.participants.filter(excluded_at__isnull=False).count(),
    }
    return page(request, "annotation/groups.html", context)


@login_required
@require_GET
def labels_curve(request: ConsoleRequest, slug: str) -> HttpResponse:
    """How many labels are enough: a page, and the part of the page about disagreement that comes later."""
    study, asked = study_for(request.user, slug), with_excluded(request)
    curve = study_labels_curve(study, with_excluded=asked)
    context = {
        "study": study,
        "with_excluded": asked,
        "curve": curve,
        "figures": enough_figures(curve),
        "chosen": chosen_sizes(curve),
    }
    return page(request, "annotation/labels_curve.html", context, "enough")
