from django.urls import path

from generation.views import (
    asking,
    categories,
    collections,
    diversity,
    embedding,
    formats,
    mining,
    query_map,
    responses,
    sampling,
    servers,
)

urlpatterns = [
    path("asking/", asking.runs, name="asking"),
    path("asking/<int:pk>/", asking.run, name="asking-run"),
    path("asking/<int:pk>/start/", asking.run_start, name="asking-run-start"),
    path("asking/<int:pk>/stop/", asking.run_stop, name="asking-run-stop"),
    path("asking/<int:pk>/delete/", asking.run_delete, name="asking-run-delete"),
    path("asking/<int:pk>/replies.jsonl", asking.run_replies, name="asking-run-replies"),
    path("categories/", categories.categories, name="categories"),
    path("categories/<int:pk>/", categories.category, name="category"),
    path(
        "collections/<slug:slug>/categories/",
        categories.collection_categories,
        name="collection-categories",
    ),
    path("collections/<slug:slug>/categories/new/", categories.classify_new, name="classify-new"),
    path("embedding/", embedding.encoders, name="encoders"),
    path("embedding/new/", embedding.embedding_new, name="embedding-new"),
    path("embedding/<int:pk>/delete/", embedding.encoder_delete, name="encoder-delete"),
    path("mining/", mining.minings, name="minings"),
    path("mining/<slug:slug>/", mining.mining, name="mining"),
    path("mining/<slug:slug>/run/", mining.mining_run_new, name="mining-run-new"),
    path("mining/<slug:slug>/candidates/<int:pk>/", mining.mining_decide, name="mining-decide"),
    path("diversity/<slug:slug>/", diversity.diversity, name="diversity"),
    path("diversity/<slug:slug>/map/<int:pk>/", query_map.page_of, name="query-map"),
    path("diversity/<slug:slug>/map/<int:pk>/map.<slug:format>", query_map.file_of, name="query-map-file"),
    path(
        "diversity/<slug:slug>/reports/<int:pk>/delete/", diversity.diversity_delete, name="diversity-delete"
    ),
    path(
        "diversity/<slug:slug>/reports/<int:pk>/<slug:name>.<slug:format>",
        diversity.diversity_file,
        name="diversity-file",
    ),
    path("formats/<slug:slug>/", formats.formats, name="formats"),
    path("formats/<slug:slug>/reports/<int:pk>/delete/", formats.formats_delete, name="formats-delete"),
    path(
        "formats/<slug:slug>/reports/<int:pk>/<slug:name>.<slug:format>",
        formats.formats_file,
        name="formats-file",
    ),
    path("queries/", collections.queries, name="queries"),
    path("queries/<slug:slug>/", collections.collection, name="collection"),
    path("queries/<slug:slug>/delete/", collections.collection_delete, name="collection-delete"),
    path(
        "queries/<slug:slug>/responses.jsonl", collections.collection_responses, name="collection-responses"
    ),
    path("responses/", responses.responses, name="responses"),
    path("responses/<int:pk>/", collections.query, name="query"),
    path("sampling/new/", sampling.sampling_new, name="sampling-new"),
    path("servers/", servers.servers, name="servers"),
    path("servers/<int:pk>/", servers.server, name="server"),
    path("servers/<int:pk>/delete/", servers.server_delete, name="server-delete"),
    path("servers/<int:pk>/try/", servers.server_try, name="server-try"),
]
