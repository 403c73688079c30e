"""Pages of collections: which there are, what one holds, and a query with its responses."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.collections import CollectionError, delete_collection
from generation.exporters import response_lines
from generation.files import FileError
from generation.formats.checkpoints import families_of
from generation.forms.collections import CollectionForm
from generation.forms.files import lines
from generation.models import Collection, Query, Response
from generation.pages import ConsoleRequest, page, text_of
from generation.sources import held, numbers_of, of_source, sources_of

COLLECTIONS_A_PAGE, QUERIES_A_PAGE, RESPONSES_A_PAGE, RUNS = 50, 25, 25, 5


@login_required
@require_http_methods(["GET", "POST"])
def queries(request: ConsoleRequest) -> HttpResponse:
    """All collections, and the form of a new one."""
    given = {"source": request.GET.get("from", "")}
    form = CollectionForm(request.POST or None, request.FILES or None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, form.make())
            return redirect("collection", slug=form.cleaned_data["name"])
        except FileError as error:
            form.add_error("file", lines(error))
        except CollectionError as error:
            form.add_error(None, str(error))
    shown = Paginator(Collection.objects.all(), COLLECTIONS_A_PAGE).get_page(request.GET.get("page"))
    numbers = held(shown)
    context = {"form": form, "page": shown, "rows": [(one, numbers[one.pk]) for one in shown]}
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/queries.html", context, status=status)


@login_required
@require_GET
def collection(request: ConsoleRequest, slug: str) -> HttpResponse:
    """A collection's queries, who answered them, and what can be done with them."""
    shown = get_object_or_404(Collection, name=slug)
    context: dict[str, Any] = {"collection": shown, **_listed(request, shown)}
    if request.htmx.target != "list":
        responses = Response.objects.filter(query__collections=shown)
        context |= {
            "held": held([shown])[shown.pk],
            "sources": sources_of(responses),
            "families": families_of(shown),
            "runs": shown.runs.select_related("created_by")[:RUNS],
        }
    return page(request, "generation/collection.html", context, "list")


@login_required
@require_POST
def collection_delete(request: ConsoleRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Collection, name=slug)
    try:
        delete_collection(collection=shown, by=request.user)
    except CollectionError as error:
        messages.error(request, str(error))
        return redirect("collection", slug=slug)
    messages.success(request, f"The collection {slug} is deleted; its queries and their responses stay.")
    return redirect("queries")


@login_required
@require_GET
def collection_responses(request: ConsoleRequest, slug: str) -> StreamingHttpResponse:
    """All responses to the collection's queries, as a file that can be imported elsewhere."""
    shown = get_object_or_404(Collection, name=slug)
    headers = {"Content-Disposition": f'attachment; filename="{slug}-responses.jsonl"'}
    return StreamingHttpResponse(response_lines(shown), content_type="application/x-ndjson", headers=headers)


@login_required
@require_GET
def query(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A query with its responses, of all sources or of one."""
    shown = get_object_or_404(Query, pk=pk)
    responses = shown.responses.all()
    sources = sources_of(responses)
    search, source = text_of(request, "q"), request.GET.get("source", "")
    found = of_source(responses, source).filter(text__icontains=search).order_by("pk")
    listed = Paginator(found.select_related("model", "condition"), RESPONSES_A_PAGE)
    context = {
        "query": shown,
        "collections": shown.collections.all(),
        "sources": sources,
        "source": source if source in {one.key for one in sources} else "",
        "search": search,
        "total": sum(one.responses for one in sources),
        "page": listed.get_page(request.GET.get("page")),
    }
    return page(request, "generation/query.html", context, "list")


def _listed(request: ConsoleRequest, collection: Collection) -> dict[str, Any]:
    """A page of the queries, each with the number of responses of each source."""
    search, openness = text_of(request, "q"), request.GET.get("openness", "")
    found = collection.queries.filter(text__icontains=search).order_by("pk")
    if openness in Query.Openness.values:
        found = found.filter(openness=openness)
    shown = Paginator(found, QUERIES_A_PAGE).get_page(request.GET.get("page"))
    shown.object_list = list(shown.object_list)
    numbers = numbers_of(query.pk for query in shown)
    return {
        "page": shown,
        "rows": [(query, numbers[query.pk], sum(row[2] for row in numbers[query.pk])) for query in shown],
        "search": search,
        "openness": openness if openness in Query.Openness.values else "",
        "kinds": Query.Openness.choices,
    }
