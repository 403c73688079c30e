"""Which models people prefer, by their comparisons."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from annotation.figures.preference import MOST_IN_THE_MATRIX, strengths_figure, wins_figure
from annotation.preferences import preferences_as_dict, preferences_of
from annotation.roles import study_for
from annotation.views.excluded import with_excluded
from generation.pages import ConsoleRequest, page


@login_required
@require_GET
def preferences(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Everybody with a part in the study reads it."""
    study = study_for(request.user, slug)
    asked = with_excluded(request)
    found = preferences_of(study, with_excluded=asked)
    context = {
        "study": study,
        "numbers": preferences_as_dict(found),
        "reason": found.reason,
        "left_out_as": found.strengths.reason,
        "strengths": strengths_figure(found),
        "wins": wins_figure(found),
        "models_shown": min(MOST_IN_THE_MATRIX, len(found.strengths.models)),
        "excluded": study.participants.filter(excluded_at__isnull=False).count(),
        "with_excluded": asked,
    }
    return page(request, "annotation/preferences.html", context)
