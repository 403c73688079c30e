"""The switch between numbers with and without the labels of excluded people."""

from typing import Any

from django.http import HttpRequest

from annotation.models import Study
from annotation.summary import summary_of


def with_excluded(request: HttpRequest) -> bool:
    """Which of the two is asked for."""
    return request.GET.get("excluded") == "with"


def both_ways(study: Study, *, with_excluded: bool) -> dict[str, Any]:
    """What the switch shows: how many people are excluded, and the summary the other way round."""
    excluded = study.participants.filter(excluded_at__isnull=False).count()
    other = summary_of(study, with_excluded=not with_excluded) if excluded else None
    return {"excluded": excluded, "with_excluded": with_excluded, "other": other}
