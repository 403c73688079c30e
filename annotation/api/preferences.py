"""The API of which models people prefer."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked
from annotation.models import Study
from annotation.roles import study_for


class PreferencesQuerySerializer(serializers.Serializer[Any]):
    replicates = serializers.IntegerField(default=1000, min_value=0, max_value=10_000)
    seed = serializers.IntegerField(default=0, min_value=0)
    with_excluded = serializers.BooleanField(default=False)


class PreferencesViewSet(viewsets.GenericViewSet[Study]):
    """Strengths of models, wins of pairs, ties and sides."""

    queryset = Study.objects.none()
    lookup_field = "slug"
    filterset_fields = ()

    @extend_schema(
        summary="Which models people prefer, by their comparisons",
        parameters=[PreferencesQuerySerializer],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True)
    def preferences(self, request: Request, slug: str) -> Response:
        from annotation.preferences import study_preferences  # numpy starts slowly

        asked = checked(PreferencesQuerySerializer, request.query_params)
        return Response(study_preferences(study_for(request.user, slug), **asked))
