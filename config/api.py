"""Every app's API under one router, and the one shape of its errors: {"detail": line, "errors": [lines]}."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.views import exception_handler

from annotation.api.extension import ExtensionViewSet
from annotation.api.people import StudyPeopleViewSet, StudyTopUpViewSet
from annotation.api.rights import RightsViewSet
from annotation.api.statistics import StatisticsViewSet
from annotation.api.studies import StudyViewSet
from annotation.studies import StudyError
from calibration.api.audits import AuditViewSet, ScorerViewSet, StudyAuditsViewSet, StudyScoresViewSet
from calibration.api.plans import PlanViewSet
from calibration.api.runs import ModelServerViewSet, RubricViewSet, RunViewSet, StudyRunsViewSet
from generation.files import FileError
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError

router = DefaultRouter()
router.include_format_suffixes = False  # JSON alone is spoken
router.register("studies", StudyViewSet, basename="study")
router.register("studies", RightsViewSet, basename="study-rights")
router.register("studies", ExtensionViewSet, basename="study-extension")
router.register("studies", StatisticsViewSet, basename="study-statistics")
router.register(r"studies/(?P<slug>[-\w]+)/scores", StudyScoresViewSet, basename="study-scores")
router.register(r"studies/(?P<slug>[-\w]+)/audits", StudyAuditsViewSet, basename="study-audits")
router.register(r"studies/(?P<slug>[-\w]+)/runs", StudyRunsViewSet, basename="study-runs")
router.register(r"studies/(?P<slug>[-\w]+)/people", StudyPeopleViewSet, basename="study-people")
router.register(r"studies/(?P<slug>[-\w]+)/top-up", StudyTopUpViewSet, basename="study-top-up")
router.register("scorers", ScorerViewSet, basename="scorer")
router.register("audits", AuditViewSet, basename="audit")
router.register("plans", PlanViewSet, basename="plan")
router.register("runs", RunViewSet, basename="run")
router.register("servers", ModelServerViewSet, basename="server")
router.register("rubrics", RubricViewSet, basename="rubric")


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """What a person may mend is 400 with one line; the rest is as the framework has it."""
    if isinstance(error, FileError):
        return Response({"detail": str(error), "errors": error.errors[:100]}, status=400)
    if isinstance(error, RecipeError | RequestDataTooBig | RunError | StudyError):
        return Response({"detail": str(error)}, status=400)
    return exception_handler(error, context)
