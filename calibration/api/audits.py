"""The API of scorers, scores and audits. Rules live in `audit.py` and the importer."""

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked, imported, user_of
from annotation.roles import Role, studies_of, study_for
from annotation.serializers import ImportedSerializer
from calibration.audit import AuditError, create_audit
from calibration.importers import import_scores
from calibration.models import Audit, Score, Scorer
from calibration.serializers import (
    AuditSerializer,
    AuditWithResultSerializer,
    NewAuditSerializer,
    ScorerSerializer,
    ScoreSerializer,
    ScoresUploadSerializer,
)
from calibration.tasks import enqueue_audit
from generation.forms import on_disk


class ScorerViewSet(viewsets.ReadOnlyModelViewSet[Scorer]):
    """Reward models, judges, perplexity models and metrics."""

    queryset = Scorer.objects.all()
    serializer_class = ScorerSerializer
    filterset_fields = ("family",)


class StudyScoresViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Score]):
    """A study's scores, as they were given."""

    serializer_class = ScoreSerializer
    parser_classes = (MultiPartParser, FormParser)
    filterset_fields = ("scorer__name",)

    def get_queryset(self) -> QuerySet[Score]:
        visible = studies_of(self.request.user)
        scores = Score.objects.filter(study__in=visible, study__slug=self.kwargs.get("slug", ""))
        return scores.select_related("scorer", "item", "response").order_by("pk")

    def list(self, request: Request, slug: str) -> Response:
        study_for(request.user, slug)
        return super().list(request)

    @extend_schema(
        summary="Import scores",
        request={"multipart/form-data": ScoresUploadSerializer},
        responses={201: ImportedSerializer},
    )
    def create(self, request: Request, slug: str) -> Response:
        study = study_for(request.user, slug, Role.EDITOR)
        given = checked(ScoresUploadSerializer, request.data)
        with on_disk(given.pop("file")) as path:
            return imported(import_scores(path=path, slug=study.slug, by=user_of(request), **given))


class StudyAuditsViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Audit]):
    """A study's audits."""

    serializer_class = AuditSerializer
    filterset_fields = ("state", "preset")

    def get_queryset(self) -> QuerySet[Audit]:
        visible = studies_of(self.request.user)
        audits = Audit.objects.filter(study__in=visible, study__slug=self.kwargs.get("slug", ""))
        return audits.select_related("study").prefetch_related("scorers").defer("result")

    def list(self, request: Request, slug: str) -> Response:
        study_for(request.user, slug)
        return super().list(request)

    @extend_schema(summary="Start an audit in the background", request=NewAuditSerializer)
    def create(self, request: Request, slug: str) -> Response:
        study = study_for(request.user, slug, Role.EDITOR)
        given = checked(NewAuditSerializer, request.data)
        try:
            with transaction.atomic():
                audit = create_audit(study=study, created_by=user_of(request), **given)
                enqueue_audit(audit=audit)
        except AuditError as error:
            raise ValidationError({"detail": str(error)}) from None
        return Response(AuditSerializer(audit).data, status=201)


class AuditViewSet(viewsets.ReadOnlyModelViewSet[Audit]):
    """Audits, each with its result once it is finished."""

    filterset_fields = ("state", "preset", "study__slug")

    def get_serializer_class(self) -> type[AuditSerializer]:
        return AuditSerializer if self.action == "list" else AuditWithResultSerializer

    def get_queryset(self) -> QuerySet[Audit]:
        visible = Audit.objects.filter(study__in=studies_of(self.request.user))
        audits = visible.select_related("study").prefetch_related("scorers")
        return audits.defer("result") if self.action == "list" else audits
