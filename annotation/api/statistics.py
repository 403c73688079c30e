"""The API of a study's groups of people, of how many labels are enough, and of which models people prefer."""

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


class StatisticsQuerySerializer(serializers.Serializer[Any]):
    with_excluded = serializers.BooleanField(default=False)
    seed = serializers.IntegerField(default=0, min_value=0, max_value=2**31)


class GroupsQuerySerializer(StatisticsQuerySerializer):
    question = serializers.CharField(
        required=False, help_text="The name of a survey question with options; by default the first."
    )


class PreferencesQuerySerializer(StatisticsQuerySerializer):
    replicates = serializers.IntegerField(default=1000, min_value=0, max_value=10_000)


class StatisticsViewSet(viewsets.GenericViewSet[Study]):
    """What a study's labels tell beyond its agreement."""

    lookup_field = "slug"
    queryset = Study.objects.all()
    filter_backends = []

    @extend_schema(
        summary="Agreement within and between groups of people, and what the groups explain",
        parameters=[GroupsQuerySerializer],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True)
    def groups(self, request: Request, slug: str) -> Response:
        from annotation.groups import question_named, study_groups  # numpy starts slowly

        study, asked = study_for(request.user, slug), checked(GroupsQuerySerializer, request.query_params)
        return Response(study_groups(study, question_named(study, asked.pop("question", "")), **asked))

    @extend_schema(
        summary="What fewer labels an item would have told",
        parameters=[StatisticsQuerySerializer],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, url_path="labels-curve", url_name="labels-curve")
    def labels_curve(self, request: Request, slug: str) -> Response:
        from annotation.enough import study_labels_curve

        study, asked = study_for(request.user, slug), checked(StatisticsQuerySerializer, request.query_params)
        return Response(study_labels_curve(study, **asked))

    @extend_schema(
        summary="Which models people prefer, by their comparisons",
        parameters=[PreferencesQuerySerializer],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True)
    def preferences(self, request: Request, slug: str) -> Response:
        from annotation.preferences import study_preferences

        asked = checked(PreferencesQuerySerializer, request.query_params)
        return Response(study_preferences(study_for(request.user, slug), **asked))
