"""The API of studies, their items, labels and agreement. Rules live in `studies.py` and the importers."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer

from annotation.counts import with_counts
from annotation.exporters import FORMATS, SHAPES, download
from annotation.importers import import_items, import_labels
from annotation.members import give_role, remove_member
from annotation.models import Study
from annotation.roles import Role, role_to, studies_of, study_for
from annotation.serializers import (
    AgreementQuerySerializer,
    ExportQuerySerializer,
    ImportedSerializer,
    ItemSerializer,
    ItemsUploadSerializer,
    LabelsUploadSerializer,
    MemberSerializer,
    StudySerializer,
)
from annotation.studies import close_study, create_study, delete_study, open_study, pause_study, update_study
from generation.files import ImportReport
from generation.forms.files import on_disk

UPLOAD_PARSERS = [MultiPartParser, FormParser]


def checked(serializer: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """The validated data; what is wrong with it is a 400."""
    given = serializer(data=data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def user_of(request: Request) -> User:
    """Who asks; nobody gets this far without an account."""
    return cast(User, request.user)


def imported(report: ImportReport) -> Response:
    """What an import did, as the API says it."""
    shown = {
        "detail": report.sentence(),
        "rows": report.rows,
        "created": report.created,
        "skipped": report.skipped,
    }
    return Response(shown, status=201)


@extend_schema_view(
    list=extend_schema(summary="All studies, newest first"),
    create=extend_schema(summary="Make a draft"),
    destroy=extend_schema(summary="Delete a study that holds nothing by people who labelled here"),
)
class StudyViewSet(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Study],
):
    """Studies: made, changed, opened, paused, closed, deleted."""

    lookup_field = "slug"
    serializer_class = StudySerializer
    filterset_fields = ("state", "kind", "simulated")
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Study]:
        return with_counts(studies_of(self.request.user), "number_of_items", "number_of_labels")

    def get_object(self) -> Study:
        """The study, for somebody whose role goes as far as the method."""
        study_for(self.request.user, self.kwargs["slug"], role_to(self.request.method))
        return super().get_object()

    def perform_create(self, serializer: BaseSerializer[Study]) -> None:
        serializer.instance = create_study(owner=user_of(self.request), **serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Study]) -> None:
        serializer.instance = update_study(
            study=self.get_object(), by=user_of(self.request), **serializer.validated_data
        )

    def perform_destroy(self, instance: Study) -> None:
        delete_study(study=instance, by=user_of(self.request))

    @extend_schema(summary="Let people in", request=None)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, slug: str) -> Response:
        return self._turn(open_study)

    @extend_schema(summary="Start no new sessions", request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, slug: str) -> Response:
        return self._turn(pause_study)

    @extend_schema(summary="End the labelling", request=None)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, slug: str) -> Response:
        return self._turn(close_study)

    @extend_schema(
        summary="Disagreement of items and agreement of people",
        parameters=[AgreementQuerySerializer],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True)
    def agreement(self, request: Request, slug: str) -> Response:
        from annotation.agreement import study_agreement  # numpy starts slowly

        asked = checked(AgreementQuerySerializer, request.query_params)
        return Response(study_agreement(self.get_object(), **asked))

    @extend_schema(
        methods=["get"], summary="The study's items", responses=ItemSerializer(many=True), filters=False
    )
    @extend_schema(
        methods=["post"],
        summary="Import items into a draft, which is made where there is none",
        request={"multipart/form-data": ItemsUploadSerializer},
        responses={201: ImportedSerializer},
    )
    @action(detail=True, methods=["get", "post"], parser_classes=UPLOAD_PARSERS, filterset_fields=())
    def items(self, request: Request, slug: str) -> Response:
        if request.method == "POST":
            return self._import(import_items, ItemsUploadSerializer, slug)
        items = self.get_object().items.select_related("query", "response", "response_1", "response_2")
        page: Any = self.paginate_queryset(items)  # type: ignore[arg-type]
        return self.get_paginated_response(ItemSerializer(page, many=True).data)

    @extend_schema(
        methods=["get"],
        summary="Export the labels",
        parameters=[
            OpenApiParameter("file_format", enum=list(FORMATS), default="jsonl"),
            OpenApiParameter("shape", enum=list(SHAPES), default="long"),
            OpenApiParameter(
                "with_excluded", OpenApiTypes.BOOL, description="By default as the shape has it"
            ),
        ],
        responses={200: OpenApiResponse(OpenApiTypes.BINARY, description="The file, streamed")},
    )
    @extend_schema(
        methods=["post"],
        summary="Import labels that were collected elsewhere into a new study",
        request={"multipart/form-data": LabelsUploadSerializer},
        responses={201: ImportedSerializer},
    )
    @action(detail=True, methods=["get", "post"], parser_classes=UPLOAD_PARSERS, filterset_fields=())
    def labels(self, request: Request, slug: str) -> Response | StreamingHttpResponse:
        if request.method == "POST":
            return self._import(import_labels, LabelsUploadSerializer, slug)
        asked = checked(ExportQuerySerializer, request.query_params)
        return download(
            study=self.get_object(),
            by=user_of(self.request),
            format=asked["file_format"],
            shape=asked["shape"],
            with_excluded=asked["with_excluded"],
        )

    @extend_schema(methods=["get"], summary="The study's members", responses=MemberSerializer(many=True))
    @extend_schema(methods=["post"], summary="Give a user a role, or another one", request=MemberSerializer)
    @extend_schema(
        methods=["delete"],
        summary="Take a user's role back",
        parameters=[OpenApiParameter("name", required=True)],
        responses={204: None},
    )
    @action(detail=True, methods=["get", "post", "delete"], filterset_fields=(), pagination_class=None)
    def members(self, request: Request, slug: str) -> Response:
        """Every member reads who the members are; an owner changes them."""
        study = study_for(request.user, slug, Role.VIEWER if request.method == "GET" else Role.OWNER)
        if request.method == "POST":
            given = checked(MemberSerializer, request.data)
            name, role = given["user"]["username"], given["role"]
            member = give_role(study=study, name=name, role=role, by=user_of(request))
            return Response(MemberSerializer(member).data)
        if request.method == "DELETE":
            remove_member(study=study, name=request.query_params.get("name", ""), by=user_of(request))
            return Response(status=204)
        return Response(MemberSerializer(study.memberships.select_related("user"), many=True).data)

    def _turn(self, change: Callable[..., Study]) -> Response:
        changed = change(study=self.get_object(), by=user_of(self.request))
        return Response(self.get_serializer(self.get_queryset().get(pk=changed.pk)).data)

    def _import(
        self, run: Callable[..., ImportReport], serializer: type[Serializer[Any]], slug: str
    ) -> Response:
        """Into the study, which takes an editor, or into a new one, which makes the user its owner."""
        if Study.objects.filter(slug=slug).exists():
            study_for(user_of(self.request), slug, Role.EDITOR)
        given = checked(serializer, self.request.data)
        with on_disk(given.pop("file")) as path:
            return imported(run(path=path, slug=slug, owner=user_of(self.request), **given))
