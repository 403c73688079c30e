"""The administrator's view of the annotation room: to look, not to edit what the constraints guard."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from annotation.models import Act, Item, Label, Participant, Session, Slot, Study


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows are written by the room's own functions; here they are looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Study)
class StudyAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name", "kind", "state", "imported", "simulated", "created_at")
    list_filter = ("kind", "state", "imported", "simulated")
    search_fields = ("slug", "name")


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin):
    list_display = ("external_id", "study", "position", "block")
    list_select_related = ("study",)
    search_fields = ("external_id", "study__slug")


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    list_display = ("code", "study", "simulated", "excluded_at", "created_at")
    list_select_related = ("study",)
    search_fields = ("code", "study__slug")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "participant", "started_at", "ended_at", "outcome")
    list_select_related = ("participant",)


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ("item", "number", "participant", "leased_until", "filled")
    list_select_related = ("item", "participant")
    search_fields = ("study__slug",)
    show_full_result_count = False


@admin.register(Label)
class LabelAdmin(ReadOnlyAdmin):
    list_display = ("item", "participant", "value", "cannot_judge", "status", "simulated", "submitted_at")
    list_select_related = ("item", "participant")
    list_filter = ("status", "simulated")
    search_fields = ("item__study__slug",)
    show_full_result_count = False


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    list_display = ("at", "study", "by", "what", "words")
    list_select_related = ("study",)
    search_fields = ("study__slug", "by", "what")
    show_full_result_count = False
