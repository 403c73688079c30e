"""Whose eyes a comparison of voices is for: scores belong to studies, which not everybody may see."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from annotation.roles import studies_of
from calibration.models import VoicesReport


def seen_by(user: User, reports: QuerySet[VoicesReport]) -> QuerySet[VoicesReport]:
    """Those that rest on no scores, or on scores of studies that the user may see."""
    if user.is_superuser:
        return reports
    own = set(studies_of(user).values_list("pk", flat=True))
    read = reports.values_list("pk", "specification__studies")
    return reports.filter(pk__in=[pk for pk, studies in read if own.issuperset(studies or ())])
