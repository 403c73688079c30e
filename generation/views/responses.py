"""The console's page about responses: what is here, and more of it from a file."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from generation.files import FileError
from generation.forms.files import lines
from generation.forms.responses import ResponsesFileForm
from generation.models import LanguageModel, Query, Response
from generation.pages import ConsoleRequest, page, text_of

QUERIES_A_PAGE = 25


@login_required
@require_http_methods(["GET", "POST"])
def responses(request: ConsoleRequest) -> HttpResponse:
    form = ResponsesFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, form.save())
            return redirect("responses")
        except FileError as error:
            form.add_error("file", lines(error))
    context = {"form": form, **_listed(request)}
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/responses.html", context, "list", status=status)


def _listed(request: ConsoleRequest) -> dict[str, Any]:
    """A page of queries, each with the number of responses of each model; as many SQL queries at any size."""
    search = text_of(request, "q")
    models = list(LanguageModel.objects.annotate(number=Count("responses")).order_by("name"))
    model = next((str(known.pk) for known in models if str(known.pk) == request.GET.get("model")), "")
    found = Query.objects.order_by("pk").filter(text__icontains=search)
    if model:
        found = found.filter(pk__in=Response.objects.filter(model=int(model)).values("query"))
    shown = Paginator(found, QUERIES_A_PAGE).get_page(request.GET.get("page"))
    shown.object_list = list(shown.object_list)
    numbers: dict[int, list[dict[str, Any]]] = {query.pk: [] for query in shown.object_list}
    rows = Response.objects.filter(query__in=numbers).order_by("model__name").values("query", "model__name")
    for row in rows.annotate(number=Count("pk")):
        numbers[row["query"]].append(dict(row))
    return {
        "page": shown,
        "rows": [
            (query, numbers[query.pk], sum(row["number"] for row in numbers[query.pk])) for query in shown
        ],
        "search": search,
        "model": model,
        "models": models,
    }
