from django.urls import path

from generation.views import asking, categories, responses, servers

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
    path("responses/", responses.responses, name="responses"),
    path("servers/", servers.servers, name="servers"),
    path("servers/<int:pk>/", servers.server, name="server"),
    path("servers/<int:pk>/delete/", servers.server_delete, name="server-delete"),
    path("servers/<int:pk>/try/", servers.server_try, name="server-try"),
]
