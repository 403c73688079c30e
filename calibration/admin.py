from django.contrib import admin

from calibration.models import Audit, Score, Scorer


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


@admin.register(Audit)
class AuditAdmin(admin.ModelAdmin[Audit]):
    """An audit is frozen: to be looked at, and deleted, not edited."""

    list_display = ["pk", "study", "preset", "state", "created_at", "finished_at"]
    list_select_related = ["study"]
    list_filter = ["state", "preset"]

    def has_change_permission(self, request: object, obj: Audit | None = None) -> bool:
        return False

    def has_add_permission(self, request: object) -> bool:
        return False
