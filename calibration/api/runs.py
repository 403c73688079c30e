"""The API of runs, of the servers that they ask, and of rubrics. Rules live in `calibration/runs/`."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked, user_of
from annotation.roles import Role, studies_of, study_for
from calibration.models import Rubric, Run
from calibration.rubrics import rubric_named, rubrics_of, write_rubric
from calibration.runs.asking import create_run
from calibration.scorers.judges.rubrics import RubricError
from calibration.scorers.reading import read_recipe
from calibration.serializers import (
    ModelServerSerializer,
    NewRubricSerializer,
    NewRunSerializer,
    RubricSerializer,
    RunSerializer,
    RunWithStandingSerializer,
    StartSerializer,
)
from generation.models import ModelServer
from generation.recipes.recipe import Recipe, RecipeError
from generation.runs.asking import delete_run, start_run, stop_run
from generation.runs.errors import RunError
from generation.servers import servers_for
from generation.tasks import enqueue_run


class StudyRunsViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Run]):
    """A study's runs: scorers that are asked live."""

    serializer_class = RunSerializer
    filterset_fields = ("state", "scorer")

    def get_queryset(self) -> QuerySet[Run]:
        visible = studies_of(self.request.user)
        runs = Run.objects.filter(study__in=visible, study__slug=self.kwargs.get("slug", ""))
        return runs.select_related("study", "server")

    def list(self, request: Request, slug: str) -> Response:
        study_for(request.user, slug)
        return super().list(request)

    @extend_schema(
        summary="Make a draft of a run, which asks nobody yet",
        request=NewRunSerializer,
        responses={201: RunSerializer},
    )
    def create(self, request: Request, slug: str) -> Response:
        study, user = study_for(request.user, slug, Role.EDITOR), user_of(request)
        given = checked(NewRunSerializer, request.data)
        given["recipe"] = _recipe(given["recipe"], user)
        given["server"] = _server(given.pop("server", None), user)
        run = create_run(study=study, created_by=user, **given)
        return Response(RunSerializer(run).data, status=201)


def _recipe(given: Mapping[str, Any], user: User) -> Recipe:
    """The recipe that is described; a rubric's name stands for the newest version of it.

    Raises RecipeError with the place of what is wrong, also for a model in the server's own process that its
    operator does not allow.
    """
    asked = dict(given)
    try:
        if isinstance(rubric := asked.get("rubric"), str):
            asked["rubric"] = rubric_named(rubric, user=user).as_dict()
        recipe = read_recipe(asked)
    except RubricError as error:
        raise RubricError(f"recipe.rubric: {error}") from None
    except RecipeError as error:
        raise RecipeError(f"recipe: {error}") from None
    allowed = settings.LOCAL_MODELS
    if recipe.local and asked["model"] not in allowed.values():
        there = ", ".join(allowed.values()) or "none"
        raise RecipeError(f"recipe.model: of models in its own process this server allows {there}.")
    return recipe


def _server(name: str | None, user: User) -> ModelServer | None:
    """Raises RunError for a name that is not of the user's servers."""
    if not name:
        return None
    servers = servers_for(user)
    if found := servers.filter(name=name).first():
        return found
    there = ", ".join(servers.values_list("name", flat=True)) or "none yet"
    raise RunError(f"server: you may use no {name}; yours and shared ones: {there}.")


@extend_schema_view(
    retrieve=extend_schema(summary="A run: where it stands, what was answered, what it cost"),
    destroy=extend_schema(summary="Delete a run and its replies; scores that it stored stay"),
)
class RunViewSet(mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[Run]):
    """Runs: looked at, started, stopped, deleted."""

    serializer_class = RunWithStandingSerializer

    def get_queryset(self) -> QuerySet[Run]:
        return Run.objects.filter(study__in=studies_of(self.request.user)).select_related("study", "server")

    @extend_schema(
        summary="Start a run in the background, or go on with it",
        description="A trial asks about the first targets alone. What was answered is not asked again.",
        request=StartSerializer,
        responses=RunSerializer,
    )
    @action(detail=True, methods=["post"], url_name="detail-start")
    def start(self, request: Request, pk: str) -> Response:
        run = self._for_editor()
        given = checked(StartSerializer, request.data)
        with transaction.atomic():
            start_run(run=run, by=user_of(request), **given)
            enqueue_run(run=run)
        run.refresh_from_db()
        return Response(RunSerializer(run).data)

    @extend_schema(summary="Stop a run that waits or runs", request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"], url_name="detail-stop")
    def stop(self, request: Request, pk: str) -> Response:
        run = self._for_editor()
        stop_run(run=run, by=user_of(request))
        run.refresh_from_db()
        return Response(RunSerializer(run).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        delete_run(run=self._for_editor(), by=user_of(request))
        return Response(status=204)

    def _for_editor(self) -> Run:
        """The run that the address names, for somebody who may change its study."""
        run = self.get_object()
        study_for(self.request.user, run.study.slug, Role.EDITOR)
        return run


@extend_schema_view(list=extend_schema(summary="The model servers that you may use"))
class ModelServerViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ModelServer]):
    """Servers by name, with what they may be asked; nobody is told another's address, and nobody a key."""

    serializer_class = ModelServerSerializer

    def get_queryset(self) -> QuerySet[ModelServer]:
        return servers_for(user_of(self.request)).select_related("owner")


@extend_schema_view(
    list=extend_schema(summary="Every version of the rubrics that you may use"),
    create=extend_schema(
        summary="Write a rubric, or the next version of one", responses={201: RubricSerializer}
    ),
)
class RubricViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Rubric]):
    """Rubrics of one's own: what judges are told to look at."""

    serializer_class = RubricSerializer
    filterset_fields = ("name",)

    def get_queryset(self) -> QuerySet[Rubric]:
        return rubrics_of(self.request.user)

    @extend_schema(request=NewRubricSerializer)
    def create(self, request: Request) -> Response:
        given = checked(NewRubricSerializer, request.data)
        rubric = write_rubric(by=user_of(request), **given)
        return Response(RubricSerializer(rubric).data, status=201)
