"""The page of one query's map."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from generation.charts.scatter import tint_of
from generation.diversity.content import columns as content
from generation.diversity.measures import Setting
from generation.diversity.query_map import FEWEST, MOST, QueryMap, fitting, query_map
from generation.diversity.responses import DataSet, QueryResponses, UnusableResponses
from generation.figures.figure import Figure
from generation.figures.files import drawn_alone, lines_of
from generation.figures.query_map import map_figure
from generation.frames import data_set
from generation.models import Collection, DiversityReport, Encoder, Query, digest
from generation.pages import ConsoleRequest
from generation.reports import listed

ANSWERS_A_PAGE = 25
# Seconds: a map of 1,250 long answers takes one to make, and its pages are turned.
KEPT = 3600


@dataclass(frozen=True)
class _Drawn:
    query: QueryResponses
    found: QueryMap
    names: list[str]
    figure: Figure


@login_required
@require_GET
def page_of(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    collection = get_object_or_404(Collection, name=slug)
    query = get_object_or_404(collection.queries, pk=pk)
    encoders = list(Encoder.objects.filter(dimensions__isnull=False).order_by("-pk"))
    encoder = next((one for one in encoders if one.name == request.GET.get("encoder")), None)
    context: dict[str, Any] = {
        "collection": collection,
        "query": query,
        "encoders": encoders,
        "previous": collection.queries.filter(pk__lt=pk).order_by("-pk").values_list("pk", flat=True).first(),
        "next": collection.queries.filter(pk__gt=pk).order_by("pk").values_list("pk", flat=True).first(),
    }
    encoder = encoder or _usual(collection, encoders)
    try:
        drawn = _drawn(request, collection, query, encoder)
    except UnusableResponses as error:
        context |= {"encoder": encoder, "problem": str(error).rstrip(".")}
        return render(request, "generation/query_map.html", context)
    context |= _shown(request, drawn) | {"encoder": encoder, "floor": _floor(collection, encoder)}
    return render(request, "generation/query_map.html", context)


@login_required
@require_GET
def file_of(request: ConsoleRequest, slug: str, pk: int, format: str) -> HttpResponse:
    """The map as SVG, or every answer with its place as CSV."""
    collection = get_object_or_404(Collection, name=slug)
    query = get_object_or_404(collection.queries, pk=pk)
    encoders = list(Encoder.objects.filter(dimensions__isnull=False).order_by("-pk"))
    encoder = next((one for one in encoders if one.name == request.GET.get("encoder")), None)
    try:
        drawn = _drawn(request, collection, query, encoder or _usual(collection, encoders))
    except UnusableResponses:
        raise Http404 from None
    if format == "svg":
        text, kind = drawn_alone(drawn.figure, of=query.text[:200]), "image/svg+xml; charset=utf-8"
    elif format == "csv" and drawn.figure.points is not None:
        points = drawn.figure.points
        text, kind = lines_of([*points.columns], points.rows), "text/csv; charset=utf-8"
    else:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{slug}-map-{pk}.{format}"'}
    return HttpResponse(text, content_type=kind, headers=headers)


def _drawn(request: ConsoleRequest, collection: Collection, query: Query, encoder: Encoder | None) -> _Drawn:
    """Raises UnusableResponses, where there is nothing to draw."""
    if encoder is None:
        raise UnusableResponses("no responses have vectors yet")
    data = data_set(collection=collection, encoder=encoder, queries=[query.pk])
    read = _only(data)
    clusters = _number(request, "clusters")
    sizes = request.GET.get("sizes") == "alike"
    names = [source.label for source in data.sources]
    key = digest("query-map", clusters, sizes, names, content(read, Setting(len(names)))["content"].tolist())
    found = cache.get(key)
    if found is None:
        found = query_map(read, sources=len(names), clusters=clusters, alike_sizes=sizes)
        cache.set(key, found, KEPT)
    return _Drawn(read, found, names, map_figure(read, found, names))


def _only(data: DataSet) -> QueryResponses:
    found = next(data.load(), None)
    if found is None:
        raise UnusableResponses("the query has no responses")
    return found


def _shown(request: ConsoleRequest, drawn: _Drawn) -> dict[str, Any]:
    query, found = drawn.query, drawn.found
    chosen = _number(request, "cluster")
    asked = {name: request.GET[name] for name in ("encoder", "clusters", "sizes") if request.GET.get(name)}
    clusters = [
        {
            "number": n,
            "tint": tint_of(n),
            "name": cluster.name,
            "size": len(cluster.rows),
            "share": len(cluster.rows) / len(query),
            "sources": [
                (drawn.names[source], int(cluster.counts[source]))
                for source in (-cluster.counts).argsort(kind="stable").tolist()
                if cluster.counts[source]
            ],
            "examples": [(drawn.names[query.source[row]], query.texts[row]) for row in cluster.examples],
        }
        for n, cluster in enumerate(found.clusters, start=1)
    ]
    answers = None
    if chosen is not None and 1 <= chosen <= len(found.clusters):
        rows = found.clusters[chosen - 1].rows.tolist()
        listed = [(query.keys[row], drawn.names[query.source[row]], query.texts[row]) for row in rows]
        keys = [key for key, *_ in listed]
        at = keys.index(request.GET["answer"]) if request.GET.get("answer") in keys else None
        number = request.GET.get("page") or (1 if at is None else at // ANSWERS_A_PAGE + 1)
        answers = Paginator(listed, ANSWERS_A_PAGE).get_page(number)
    return {
        "figure": drawn.figure,
        "found": found,
        "answers": len(query),
        "models": len({*query.source.tolist()}),
        "clusters": clusters,
        "chosen": clusters[chosen - 1] if answers is not None and chosen is not None else None,
        "page": answers,
        "asked": urlencode(asked),
        "linked": True,
        "prefix": f"{urlencode(asked)}&" if asked else "",
        "number": len(found.clusters),
        "fewest": FEWEST,
        "most": min(MOST, len(query)),
        "usual": fitting(len(query)),
        "sizes": request.GET.get("sizes", ""),
    }


def _usual(collection: Collection, encoders: list[Encoder]) -> Encoder | None:
    """The encoder of the newest report, else the newest."""
    reports = DiversityReport.objects.filter(collection=collection, encoder__in=encoders)
    last = listed(reports, "encoder").first()
    return last.encoder if last is not None else (encoders[0] if encoders else None)


def _floor(collection: Collection, encoder: Encoder | None) -> float | None:
    """As the newest report with this encoder found it."""
    done = DiversityReport.objects.filter(
        collection=collection, encoder=encoder, state=DiversityReport.State.FINISHED
    )
    value: float | None = done.values_list("result__floor__similarity__value", flat=True).first()
    return value


def _number(request: ConsoleRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 6 else None
