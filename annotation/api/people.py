"""The API of a study's people: their measures and flags, excluding, restoring and topping up."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked, user_of
from annotation.models import Participant, Study
from annotation.quality.exclusion import exclude, restore, top_up
from annotation.quality.people import SORTS, People
from annotation.roles import role_to, study_for


class PeopleQuerySerializer(serializers.Serializer[Any]):
    show = serializers.ChoiceField(["", "flagged", "excluded"], default="")
    sort = serializers.ChoiceField([sign + name for name in SORTS for sign in ("", "-")], default="came")
    search = serializers.CharField(default="", allow_blank=True)
    with_excluded = serializers.BooleanField(default=False)


class ExclusionSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1_000)


class TopUpSerializer(serializers.Serializer[Any]):
    """Of some items, by their ids; by default of all."""

    items = serializers.ListField(child=serializers.CharField(), required=False)


class StudyPeopleViewSet(viewsets.GenericViewSet[Participant]):
    """People by their codes, and what their answers look like beside those of the others."""

    queryset = Participant.objects.none()
    lookup_field = "code"
    lookup_value_regex = ".+"  # of imported people it may hold a slash
    filterset_fields = ()

    @extend_schema(
        summary="Everybody's measures and flags",
        parameters=[PeopleQuerySerializer],
        responses=OpenApiTypes.OBJECT,
    )
    def list(self, request: Request, slug: str) -> Response:
        asked = checked(PeopleQuerySerializer, request.query_params)
        people = People.of(self._study(), with_excluded=asked.pop("with_excluded"))
        places: Any = self.paginate_queryset(people.places(**asked))
        return self.get_paginated_response([row.as_dict() for row in people.rows(places)])

    @extend_schema(summary="Leave a person out", request=ExclusionSerializer, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def exclude(self, request: Request, slug: str, code: str) -> Response:
        participant = self._participant(code)
        exclude(participant=participant, by=user_of(request), **checked(ExclusionSerializer, request.data))
        return self._row(participant)

    @extend_schema(summary="Take a person in again", request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, slug: str, code: str) -> Response:
        participant = self._participant(code)
        restore(participant=participant, by=user_of(request))
        return self._row(participant)

    def _study(self) -> Study:
        return study_for(self.request.user, self.kwargs["slug"], role_to(self.request.method))

    def _participant(self, code: str) -> Participant:
        return get_object_or_404(Participant, study=self._study(), code=code)

    def _row(self, participant: Participant) -> Response:
        return Response(People.of(participant.study).row_of(participant).as_dict())


class StudyTopUpViewSet(viewsets.ViewSet):
    """Collecting again what excluding people opened."""

    @extend_schema(
        summary="Open the places of excluded people",
        request=TopUpSerializer,
        responses=OpenApiTypes.OBJECT,
        parameters=[OpenApiParameter("slug", location=OpenApiParameter.PATH)],
    )
    def create(self, request: Request, slug: str) -> Response:
        study = study_for(request.user, slug, role_to(request.method))
        wanted = checked(TopUpSerializer, request.data).get("items")
        items = None if wanted is None else study.items.filter(external_id__in=wanted)
        freed = top_up(study=study, by=user_of(request), items=items)
        return Response({"labels": freed.labels, "items": freed.items, "state": study.state})
