"""The API of people's data: shown, erased, purged. Each takes an owner. Rules live in `rights/`."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked, user_of
from annotation.models import Participant, Study
from annotation.rights.identity import erase_identity, hand_out, purge_ids
from annotation.roles import Role, study_for


class EraseSerializer(serializers.Serializer[Any]):
    comments = serializers.BooleanField(default=False, help_text="Blank all the person's comments too.")


class DetailSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()


class RightsViewSet(viewsets.GenericViewSet[Study]):
    """What is held on people of a study, and how it goes."""

    lookup_field = "slug"
    queryset = Study.objects.all()
    serializer_class = DetailSerializer
    filter_backends = []

    @extend_schema(summary="All that is held on one person", responses=OpenApiTypes.OBJECT)
    @action(detail=True, url_path=r"people/(?P<code>.+)/data", url_name="person-data")
    def person(self, request: Request, slug: str, code: str) -> Response:
        return Response(hand_out(participant=self._participant(slug, code), by=user_of(request)))

    @extend_schema(summary="Erase who one person is; their labels stay", request=EraseSerializer)
    @action(detail=True, methods=["post"], url_path=r"people/(?P<code>.+)/erase", url_name="person-erase")
    def erase(self, request: Request, slug: str, code: str) -> Response:
        person = self._participant(slug, code, identity_erased_at=None)
        erase_identity(participant=person, by=user_of(request), **checked(EraseSerializer, request.data))
        return Response({"detail": "The identity is erased. The labels stay."})

    @extend_schema(summary="Forget what recruiters call the people of a closed study", request=None)
    @action(detail=True, methods=["post"], url_path="purge-ids", url_name="purge-ids")
    def purge(self, request: Request, slug: str) -> Response:
        study = study_for(self.request.user, slug, Role.OWNER)
        return Response({"detail": purge_ids(study=study, by=user_of(request)).sentence()})

    def _participant(self, slug: str, code: str, **fields: Any) -> Participant:
        study = study_for(self.request.user, slug, Role.OWNER)
        people = Participant.objects.select_related("study")
        return get_object_or_404(people, study=study, code=code, **fields)
