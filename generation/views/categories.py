"""Pages of categories: what models proposed and what was decided of it, and a collection's shares."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from generation.charts.shares import Bar, bars_of
from generation.forms.categories import ClassifyForm, DecideForm, WordsForm
from generation.models import Category, Classification, Collection, Query, Run
from generation.pages import ConsoleRequest, page, text_of
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError
from generation.taxonomy.categories import (
    ACCEPTED,
    DROPPED,
    MERGED,
    PROPOSED,
    STANDARD,
    CategoryError,
    rename,
    roots,
)
from generation.taxonomy.counting import Counted, Row, Standing, agreed, collected, counted
from generation.taxonomy.standard import SOURCE, ensure_standard

CATEGORIES_A_PAGE, QUERIES_A_PAGE, EXAMPLES = 50, 25, 3
WAY = {
    "title": "Have a model classify them",
    "says": "One request a query: its categories among those that stand now, several where they fit, each "
    "with the reason, and new categories to propose. You see what is sent and what it costs before anything "
    "is asked.",
}
TABS = {PROPOSED: "Waiting", ACCEPTED: "Accepted", MERGED: "Merged", DROPPED: "Dropped"}


@login_required
@require_http_methods(["GET", "POST"])
def categories(request: ConsoleRequest) -> HttpResponse:
    """The tree of those that stand, and those that models proposed, to decide about."""
    ensure_standard()
    form = DecideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, form.save())
            return redirect(request.get_full_path())
        except CategoryError as error:
            form.add_error(None, str(error))
    ticked = request.POST.getlist("picks")
    context = {"form": form, "ticked": ticked, **_proposed(request), "tree": _tree()}
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/categories.html", context, "proposed", status=status)


@login_required
@require_http_methods(["GET", "POST"])
def category(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A category with what models said of it; the words of a proposed one can be changed."""
    shown = get_object_or_404(Category.objects.select_related("parent", "merged_into"), pk=pk)
    changeable = shown.state in (PROPOSED, ACCEPTED)
    given = {"name": shown.name, "definition": shown.definition}
    form = WordsForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            shown = rename(category=shown, **form.cleaned_data)
            messages.success(request, "The words are changed.")
            return redirect("category", pk=shown.pk)
        except CategoryError as error:
            form.add_error(None, str(error))
    ends = roots(Category.objects.all())
    keys = [key for key, end in ends.items() if end == pk] or [pk]
    said = Classification.objects.filter(category__in=keys).select_related("query", "run", "category")
    context = {
        "category": shown,
        "form": form if changeable else None,
        "also": Category.objects.filter(pk__in=keys).exclude(pk=pk).order_by("name"),
        "page": Paginator(said.order_by("pk"), QUERIES_A_PAGE).get_page(request.GET.get("page")),
    }
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/category.html", context, "queries", status=status)


@login_required
@require_GET
def collection_categories(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Shares of a collection's queries by category, as one run's model says; and whether another agrees."""
    collection = get_object_or_404(Collection, name=slug)
    runs = list(collected(collection))
    context: dict[str, Any] = {"collection": collection, "runs": runs, "source": SOURCE}
    if not runs:
        return page(request, "generation/collection_categories.html", context)
    run, standing = _run(request, "run", runs) or runs[0], Standing.now()
    context |= {"run": run}
    chosen = _place(request, standing)
    if chosen is not None:
        context |= _queries(request, run, standing, chosen)
    if request.htmx.target != "queries":
        found = counted(run, standing)
        context |= {"counted": found, **_groups(found)}
        context |= _agreement(request, run, runs, standing)
    return page(request, "generation/collection_categories.html", context, "queries")


@login_required
@require_http_methods(["GET", "POST"])
def classify_new(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The form of a run that classifies the collection's queries."""
    collection = get_object_or_404(Collection, name=slug)
    ensure_standard()
    form = ClassifyForm(request.POST or None, user=request.user, collection=collection)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("asking-run", pk=form.save().pk)
        except (RunError, RecipeError, CategoryError) as error:
            form.add_error(None, str(error))
    context = {"form": form, "way": WAY, "about": slug, "back": reverse("collection-categories", args=[slug])}
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/run_new.html", context, status=status)


def _tree() -> list[tuple[Category, list[Category]]]:
    """Each top category that stands, with those under it."""
    standing = Standing.now()
    rows = list(zip(standing.categories, standing.parents, strict=True))
    return [
        (top, [row for row, above in rows if above == place])
        for place, (top, parent) in enumerate(rows)
        if parent == -1
    ]


def _proposed(request: ConsoleRequest) -> dict[str, Any]:
    """A page of the categories in the state asked for, those of most queries first, with examples."""
    state, search = request.GET.get("state", PROPOSED), text_of(request, "q")
    if state not in TABS:
        raise Http404
    rows = {row.pk: row for row in Category.objects.select_related("parent", "merged_into")}
    ends = roots(rows.values())
    within = defaultdict(list)
    for key, end in ends.items():
        within[end if state != MERGED else key].append(key)
    queries = defaultdict(set)
    named = Classification.objects.exclude(category__state=STANDARD).values_list("category", "query")
    for key, query in named.distinct():
        queries[key if state == MERGED else ends[key]].add(query)
    wanted = [row for row in rows.values() if row.state == state and search.casefold() in row.name.casefold()]
    wanted.sort(key=lambda row: (-len(queries[row.pk]), row.name.casefold()))
    shown = Paginator(wanted, CATEGORIES_A_PAGE).get_page(request.GET.get("page"))
    examples = _examples({key: row.pk for row in shown for key in within[row.pk]})
    states = [row.state for row in rows.values()]
    return {
        "state": state,
        "search": search,
        "tabs": [(value, words, states.count(value)) for value, words in TABS.items()],
        "page": shown,
        "rows": [
            (
                row,
                len(queries[row.pk]),
                examples[row.pk],
                [rows[key].name for key in within[row.pk] if key != row.pk],
            )
            for row in shown
        ],
        "names": sorted({row.name for row in rows.values() if row.state not in (MERGED, DROPPED)}),
    }


def _examples(of: dict[int, int]) -> Mapping[int, list[Classification]]:
    """The first queries of each category, by what it counts as."""
    ranked = Classification.objects.filter(category__in=of).annotate(
        place=Window(RowNumber(), partition_by=F("category"), order_by=F("pk").asc())
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for said in ranked.filter(place__lte=EXAMPLES).select_related("query").order_by("pk"):
        if len(found[of[said.category_id]]) < EXAMPLES:
            found[of[said.category_id]].append(said)
    return found


def _run(request: ConsoleRequest, name: str, runs: list[Run]) -> Run | None:
    return next((run for run in runs if str(run.pk) == request.GET.get(name)), None)


def _place(request: ConsoleRequest, standing: Standing) -> int | None:
    keys = [str(row.pk) for row in standing.categories]
    wanted = request.GET.get("category")
    return keys.index(wanted) if wanted in keys else None


def _groups(found: Counted) -> dict[str, Any]:
    """The rows of each top category together, each with its bar."""
    shares = [(row.share.value, row.share.low, row.share.high, row.published) for row in found.rows]
    bars = bars_of(shares)
    groups: list[list[tuple[Row, Bar]]] = []
    for row, bar in zip(found.rows, bars.rows, strict=True):
        if row.top:
            groups.append([])
        groups[-1].append((row, bar))
    return {"groups": groups, "ticks": bars.ticks, "last": bars.last}


def _queries(request: ConsoleRequest, run: Run, standing: Standing, place: int) -> dict[str, Any]:
    """A page of the run's queries that count as a category, each with why."""
    said = Classification.objects.filter(run=run, category__in=standing.under(place))
    found = Query.objects.filter(pk__in=said.values("query")).order_by("pk")
    shown = Paginator(found, QUERIES_A_PAGE).get_page(request.GET.get("page"))
    why = defaultdict(list)
    for one in said.filter(query__in=list(shown)).select_related("category").order_by("pk"):
        why[one.query_id].append(one)
    return {
        "chosen": standing.categories[place],
        "page": shown,
        "said": [(query, why[query.pk]) for query in shown],
    }


def _agreement(request: ConsoleRequest, run: Run, runs: list[Run], standing: Standing) -> dict[str, Any]:
    """How far another run agrees, where one was chosen."""
    others = [other for other in runs if other != run]
    other = _run(request, "with", others)
    if other is None:
        return {"others": others}
    found = agreed(run, other, standing)
    rows = zip(standing.categories, found.both, found.first, found.second, found.kappa, strict=True)
    said = [row for row in rows if any(row[1:4])]
    return {"others": others, "other": other, "agreement": found, "agreed_rows": said}
