from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from annotation.admin import ReadOnlyAdmin
from calibration.models import HEAVY, Audit, Call, Plan, Rubric, Run, Score, Scorer


@admin.register(Scorer)
class ScorerAdmin(admin.ModelAdmin[Scorer]):
    list_display = ["name", "family", "created_at"]
    list_filter = ["family"]
    search_fields = ["name"]


@admin.register(Score)
class ScoreAdmin(admin.ModelAdmin[Score]):
    list_display = ["scorer", "study", "value"]
    list_select_related = ["scorer", "study"]
    list_filter = ["scorer"]
    raw_id_fields = ["study", "scorer", "item", "response"]


class Frozen:
    """To be looked at, and deleted, not edited."""

    def has_change_permission(self, request: object, obj: Model | None = None) -> bool:
        return False

    def has_add_permission(self, request: object) -> bool:
        return False


@admin.register(Audit)
class AuditAdmin(Frozen, admin.ModelAdmin[Audit]):
    list_display = ["pk", "study", "preset", "state", "created_at", "finished_at"]
    list_select_related = ["study"]
    list_filter = ["state", "preset"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Audit]:
        return super().get_queryset(request).defer(*HEAVY)


@admin.register(Plan)
class PlanAdmin(Frozen, admin.ModelAdmin[Plan]):
    list_display = ["pk", "goal", "owner", "state", "created_at", "finished_at"]
    list_select_related = ["owner"]
    list_filter = ["state"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["pk", "study", "scorer", "server", "state", "created_by", "created_at", "finished_at"]
    list_select_related = ["study", "server", "created_by"]
    list_filter = ["state"]
    search_fields = ["scorer", "study__slug"]


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = ["run", "number", "part", "outcome", "attempts", "tokens_in", "tokens_out", "answered_at"]
    list_select_related = ["run"]
    list_filter = ["outcome"]
    show_full_result_count = False
    # By the key: of a million calls the page takes the last hundred, and sorts none.
    ordering = ["-pk"]


@admin.register(Rubric)
class RubricAdmin(ReadOnlyAdmin):
    list_display = ["name", "version", "owner", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name"]
