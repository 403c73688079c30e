from django.contrib import admin
from django.http import HttpRequest

from generation.models import Collection, Condition, LanguageModel, ModelServer, Query, Response


@admin.register(Query)
class QueryAdmin(admin.ModelAdmin[Query]):
    list_display = ["external_id", "__str__", "created_at"]
    search_fields = ["text", "external_id"]
    readonly_fields = ["digest", "created_at"]


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin[Collection]):
    list_display = ["name", "note", "created_at"]
    search_fields = ["name"]
    autocomplete_fields = ["queries"]


@admin.register(Condition)
class ConditionAdmin(admin.ModelAdmin[Condition]):
    """Frozen: whoever asks otherwise makes another one."""

    list_display = ["name", "strategy", "version", "created_at"]
    search_fields = ["name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Condition | None = None) -> bool:
        return False


@admin.register(LanguageModel)
class LanguageModelAdmin(admin.ModelAdmin[LanguageModel]):
    list_display = ["name", "family", "step"]
    list_filter = ["family"]
    search_fields = ["name"]


@admin.register(Response)
class ResponseAdmin(admin.ModelAdmin[Response]):
    list_display = ["external_id", "model", "sample", "__str__", "created_at"]
    list_filter = ["model"]
    list_select_related = ["model"]
    search_fields = ["text", "external_id"]
    autocomplete_fields = ["query", "model"]
    readonly_fields = ["digest", "created_at"]


@admin.register(ModelServer)
class ModelServerAdmin(admin.ModelAdmin[ModelServer]):
    """Its key is never shown; addresses and keys are changed where that is checked: on its page."""

    list_display = ["name", "base_url", "owner", "shared", "anywhere", "has_key"]
    list_select_related = ["owner"]
    search_fields = ["name", "base_url"]
    fields = [
        "name",
        "base_url",
        "owner",
        "shared",
        "anywhere",
        "key_variable",
        "has_key",
        "concurrency",
        "requests_a_minute",
        "timeout",
        "resting_until",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelServer | None = None) -> bool:
        return False

    @admin.display(boolean=True, description="key")
    def has_key(self, server: ModelServer) -> bool:
        return bool(server.key_variable or server.sealed_key)
