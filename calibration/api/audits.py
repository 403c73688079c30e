"""The API of scorers, scores and audits. Rules live in `audit.py` and the importer."""

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked, imported, user_of
from annotation.roles import Role, studies_of, study_for
from annotation.serializers import ImportedSerializer
from calibration.asking import AuditError
from calibration.audit import add_scorers, cancel_audit, create_audit
from calibration.importers import import_scores
from calibration.models import HEAVY, Audit, Score, Scorer
from calibration.serializers import (
    AddedScorersSerializer,
    AuditSerializer,
    AuditWithResultSerializer,
    NewAuditSerializer,
    ScorerSerializer,
    ScoreSerializer,
    ScoresUploadSerializer,
)
from calibration.tasks import enqueue_audit, run_again
from generation.forms.files import on_disk


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
        return audits.select_related("study").prefetch_related("scorers").defer(*HEAVY)

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
        return audits.defer(*HEAVY) if self.action == "list" else audits.defer("labels")

    @extend_schema(summary="Cancel an audit that waits or runs", request=None, responses=AuditSerializer)
    @action(detail=True, methods=["post"], url_name="detail-cancel")
    def cancel(self, request: Request, pk: str) -> Response:
        audit = self._for_editor()
        cancel_audit(audit=audit, by=user_of(request))
        audit.refresh_from_db()
        return Response(AuditSerializer(audit).data)

    @extend_schema(summary="Run an unfinished audit again", request=None, responses=AuditSerializer)
    @action(detail=True, methods=["post"], url_name="detail-run")
    def run(self, request: Request, pk: str) -> Response:
        audit = self._for_editor()
        run_again(audit=audit, by=user_of(request))
        audit.refresh_from_db()
        return Response(AuditSerializer(audit).data)

    @extend_schema(
        summary="Start an audit of the same with more scorers",
        description="What was measured is not measured again, unless labels or scores have changed since.",
        request=AddedScorersSerializer,
        responses={201: AuditSerializer},
    )
    @action(detail=True, methods=["post"], url_name="detail-scorers")
    def scorers(self, request: Request, pk: str) -> Response:
        audit = self._for_editor()
        given = checked(AddedScorersSerializer, request.data)
        try:
            with transaction.atomic():
                new = add_scorers(audit=audit, by=user_of(request), **given)
                enqueue_audit(audit=new)
        except AuditError as error:
            raise ValidationError({"detail": str(error)}) from None
        return Response(AuditSerializer(new).data, status=201)

    def _for_editor(self) -> Audit:
        """The audit that the address names, for somebody who may change its study."""
        audit = self.get_object()
        study_for(self.request.user, audit.study.slug, Role.EDITOR)
        return audit
