"""Pages of minings: what each gate let through, and what became of which candidate."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.charts.funnel import Piece, pieces
from generation.forms.mining import DecisionForm, JudgingForm
from generation.mining.funnel import PAPER, PARTS, Funnel, Gate, funnel_of
from generation.mining.verdicts import DECISIONS, decide
from generation.mining.words import FATES, SCHEMAS, fate_of, gate_in_words, reason_of, remark
from generation.models import Candidate, Mining
from generation.pages import ConsoleRequest, page, text_of
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError

MININGS_A_PAGE, CANDIDATES_A_PAGE, EXAMPLES = 50, 25, 3
DROPPED = ("meaningless", "about_the_model")
DECISIONS_IN_WORDS = [(name, FATES[name]) for name in DECISIONS]
WAY = {
    "title": "Have a model judge them",
    "says": "One request a text: a minimal repair, whether it is meaningful, whether it is about the model, "
    "and whether good answers can differ. You see what is sent and what it costs before anything is asked.",
}


@login_required
@require_GET
def minings(request: ConsoleRequest) -> HttpResponse:
    """All minings, the newest first, with how many queries came of each."""
    found = Mining.objects.annotate(
        texts=Count("candidates"),
        open=Count("candidates", filter=Q(candidates__many_answers=True)),
        closed=Count("candidates", filter=Q(candidates__many_answers=False)),
    ).order_by("-pk")
    shown = Paginator(found, MININGS_A_PAGE).get_page(request.GET.get("page"))
    return page(request, "generation/minings.html", {"page": shown})


@login_required
@require_GET
def mining(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The funnel, what the model dropped and why, and all candidates."""
    shown = get_object_or_404(Mining.objects.select_related("collection"), name=slug)
    funnel = funnel_of(shown)
    context = {
        "mining": shown,
        "funnel": funnel,
        "schema": SCHEMAS[shown.specification["schema"]],
        "fates": [(name, words, funnel.parts[name]) for name, words in FATES.items()],
        **_candidates(request, shown),
    }
    if not request.htmx:
        context |= {
            "file_gates": _drawn(shown, funnel.file, funnel.rows),
            "model_gates": _drawn(shown, funnel.model, funnel.asked),
            "ends": _ends(funnel),
            "examples": [(name, FATES[name], funnel.parts[name], _examples(shown, name)) for name in DROPPED],
            "runs": shown.runs.select_related("created_by"),
        }
    return page(request, "generation/mining.html", context, "candidates")


@login_required
@require_http_methods(["GET", "POST"])
def mining_run_new(request: ConsoleRequest, slug: str) -> HttpResponse:
    """The form of a run that judges the candidates."""
    about = get_object_or_404(Mining, name=slug)
    form = JudgingForm(request.POST or None, user=request.user, mining=about)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("asking-run", pk=form.save().pk)
        except (RunError, RecipeError) as error:
            form.add_error(None, str(error))
    context = {"form": form, "way": WAY, "mining": about, "back": reverse("mining", args=[slug])}
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/mining_run_new.html", context, status=status)


@login_required
@require_POST
def mining_decide(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    """Write what a person says of a candidate, which stays whatever a model says."""
    found = get_object_or_404(Candidate, pk=pk, mining__name=slug, near=None)
    form = DecisionForm(request.POST)
    if form.is_valid():
        decide(candidate=found, decision=form.cleaned_data["decision"], by=request.user)
        messages.success(request, f"“{found}” is {FATES[form.cleaned_data['decision']]} now.")
    else:
        messages.error(request, f"Say what it is: {', '.join(words for _, words in DECISIONS_IN_WORDS)}.")
    return redirect("mining", slug=slug)


def _drawn(mining: Mining, gates: tuple[Gate, ...], of: int) -> list[tuple[str, str, Gate, Piece]]:
    drawn = pieces((gate.left for gate in gates), of=of)
    return [
        (gate_in_words(gate.gate, mining.specification), remark(gate.more), gate, piece)
        for gate, piece in zip(gates, drawn, strict=True)
    ]


def _ends(funnel: Funnel) -> list[tuple[str, int, float | None, int, float]]:
    """What became of those that were judged, here and in the paper: numbers, and shares of them."""
    parts, judged, asked = funnel.parts, funnel.judged, PAPER["asked about"]
    rows = [
        ("open-ended", parts["open"], PAPER["open-ended"]),
        ("closed-ended", parts["closed"], PAPER["closed-ended"]),
        ("dropped", parts["meaningless"] + parts["about_the_model"], PAPER["dropped"]),
    ]
    return [
        (words, here, here / judged if judged else None, there, there / asked) for words, here, there in rows
    ]


def _examples(mining: Mining, fate: str) -> list[tuple[Candidate, str]]:
    return [(one, reason_of(one)) for one in mining.candidates.filter(PARTS[fate])[:EXAMPLES]]


def _candidates(request: ConsoleRequest, mining: Mining) -> dict[str, Any]:
    search, fate = text_of(request, "q"), request.GET.get("fate", "")
    found = mining.candidates.select_related("near", "query")
    if fate in PARTS:
        found = found.filter(PARTS[fate])
    if search:
        found = found.filter(Q(text__icontains=search) | Q(revised__icontains=search))
    shown = Paginator(found, CANDIDATES_A_PAGE).get_page(request.GET.get("page"))
    rows = [(one, FATES[fate_of(one)], reason_of(one)) for one in shown]
    return {
        "page": shown,
        "rows": rows,
        "choices": DECISIONS_IN_WORDS,
        "search": search,
        "fate": fate if fate in PARTS else "",
    }
