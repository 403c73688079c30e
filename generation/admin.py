from django.contrib import admin

from generation.models import LanguageModel, Query, Response


@admin.register(Query)
class QueryAdmin(admin.ModelAdmin[Query]):
    list_display = ["external_id", "__str__", "created_at"]
    search_fields = ["text", "external_id"]
    readonly_fields = ["digest", "created_at"]


@admin.register(LanguageModel)
class LanguageModelAdmin(admin.ModelAdmin[LanguageModel]):
    search_fields = ["name"]


@admin.register(Response)
class ResponseAdmin(admin.ModelAdmin[Response]):
    list_display = ["external_id", "model", "sample", "__str__", "created_at"]
    list_filter = ["model"]
    list_select_related = ["model"]
    search_fields = ["text", "external_id"]
    autocomplete_fields = ["query", "model"]
    readonly_fields = ["digest", "created_at"]
