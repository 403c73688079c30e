"""The API that extends a study. Rules live in `extension.py`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked, user_of
from annotation.choice import MOST_CHOSEN, ORDERS, choose, named
from annotation.extension import MOST_EXTRA, add_labels
from annotation.models import Study
from annotation.roles import Role, study_for
from annotation.statistics.entropy import KINDS


class ExtendSerializer(serializers.Serializer[Any]):
    """So many more labels, of named items or of the first in an order."""

    labels = serializers.IntegerField(min_value=1, max_value=MOST_EXTRA)
    items = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=MOST_CHOSEN, help_text="Their external ids."
    )
    by = serializers.ChoiceField(list(ORDERS), required=False)
    number = serializers.IntegerField(min_value=1, max_value=MOST_CHOSEN, required=False)
    kind = serializers.ChoiceField(list(KINDS), required=False)
    token = serializers.CharField(
        max_length=64, required=False, help_text="Of your own making: the same one extends once."
    )
    reopen = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("items" in attrs) == ("by" in attrs and "number" in attrs):
            raise serializers.ValidationError("Give either items, or by and number.")
        return attrs


class ExtendedSerializer(serializers.Serializer[Any]):
    items = serializers.ListField(child=serializers.CharField())
    labels = serializers.IntegerField()


class ExtensionViewSet(viewsets.GenericViewSet[Study]):
    """More labels for a study that runs; more items come by its items, with `extend`."""

    lookup_field = "slug"
    queryset = Study.objects.all()
    serializer_class = ExtendedSerializer
    filter_backends = []

    @extend_schema(
        summary="Ask for more labels of chosen items",
        request=ExtendSerializer,
        responses={201: ExtendedSerializer},
    )
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, slug: str) -> Response:
        study = study_for(request.user, slug, Role.EDITOR)
        given = checked(ExtendSerializer, request.data)
        if "items" in given:
            items = named(study, given["items"])
        else:
            items = choose(study, by=given["by"], number=given["number"], kind=given.get("kind", ""))
        labels = add_labels(
            study=study,
            items=items,
            labels=given["labels"],
            by=user_of(request),
            token=given.get("token", ""),
            reopen=given["reopen"],
        )
        ids = dict(study.items.filter(pk__in=items).values_list("pk", "external_id"))
        return Response({"items": [ids[key] for key in items], "labels": labels}, status=201)
