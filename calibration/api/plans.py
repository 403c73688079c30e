"""The API of plans. Rules live in `plans.py` and the specification."""

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.studies import checked, user_of
from calibration.models import Plan
from calibration.plan_fields import PlanError
from calibration.plans import create_plan, delete_plan, plans_of
from calibration.serializers import NewPlanSerializer, PlanSerializer, PlanWithResultSerializer
from calibration.tasks import enqueue_plan


@extend_schema_view(
    list=extend_schema(summary="Your plans, newest first"),
    retrieve=extend_schema(summary="A plan: how far it is, and its result once it is finished"),
    destroy=extend_schema(summary="Delete a plan, in whatever state"),
)
class PlanViewSet(mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet[Plan]):
    """What a study would take, before any money is spent."""

    filterset_fields = ("state", "pilot__slug")

    def get_serializer_class(self) -> type[PlanSerializer]:
        return PlanSerializer if self.action == "list" else PlanWithResultSerializer

    def get_queryset(self) -> QuerySet[Plan]:
        plans = plans_of(self.request.user).select_related("pilot")
        return plans.defer("result") if self.action == "list" else plans

    @extend_schema(
        summary="Start a plan in the background", request=NewPlanSerializer, responses={201: PlanSerializer}
    )
    def create(self, request: Request) -> Response:
        given = checked(NewPlanSerializer, request.data)
        asked = dict.fromkeys(request.data) | given  # so that an unknown field is refused, not ignored
        try:
            with transaction.atomic():
                plan = create_plan(owner=user_of(request), asked=asked)
                enqueue_plan(plan=plan)
        except PlanError as error:
            raise ValidationError({"detail": str(error)}) from None
        return Response(PlanSerializer(plan).data, status=201)

    def perform_destroy(self, instance: Plan) -> None:
        delete_plan(plan=instance)
