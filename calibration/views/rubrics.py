"""Pages of rubrics: the built-in ones and one's own, each version, and how it reads when it is sent."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from calibration.forms.rubrics import RubricForm
from calibration.models import Rubric as Row
from calibration.rubrics import newest, read_rubric, rubrics_of
from calibration.scorers.judges.judge import JudgeRecipe
from calibration.scorers.judges.rubrics import BUILT_IN, PLACEHOLDERS, Rubric, RubricError
from generation.pages import ConsoleRequest, page, text_of
from generation.recipes.recipe import Message, Subject

QUERY = "Write a metaphor about time."
RESPONSES = (
    "Time is a river: it carries everyone, and nobody steps into it twice.",
    "Time is a thief that leaves a small gift on the sill.",
)


@login_required
@require_http_methods(["GET", "POST"])
def rubrics(request: ConsoleRequest) -> HttpResponse:
    """The rubrics that one may use, and the form of a new one, which begins as the one in the address."""
    start = BUILT_IN.get(text_of(request, "from"))
    form = RubricForm(request.POST or None, start=start)
    if new := _written(request, form):
        return redirect("rubric", pk=new.pk)
    context: dict[str, Any] = {
        "rubrics": newest(rubrics_of(request.user)).select_related("owner"),
        "built_in": BUILT_IN.values(),
        "start": start,
    }
    return _page(request, "calibration/rubrics.html", form, shown=start, **context)


@login_required
@require_http_methods(["GET", "POST"])
def rubric(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One version of a rubric, and the form of the next."""
    shown = get_object_or_404(rubrics_of(request.user).select_related("owner"), pk=pk)
    rubric = read_rubric(shown)
    may_write = shown.owner_id == request.user.pk or request.user.is_superuser
    if request.method == "POST" and not may_write:
        raise PermissionDenied("Only the command line writes a new version of this rubric.")
    form = RubricForm(request.POST or None, start=rubric, name=shown.name)
    if new := _written(request, form):
        return redirect("rubric", pk=new.pk)
    versions = rubrics_of(request.user).filter(name=shown.name).order_by("-version")
    context = {"row": shown, "rubric": rubric, "versions": versions.defer("content"), "may_write": may_write}
    return _page(request, "calibration/rubric.html", form, shown=rubric, **context)


def _written(request: ConsoleRequest, form: RubricForm) -> Row | None:
    """What the form wrote; nothing where it is only looked at or has to be mended."""
    if request.method != "POST" or "preview" in request.POST or not form.is_valid():
        return None
    try:
        new = form.save(by=request.user)
    except RubricError as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, f"{new.name}, version {new.version}, is kept.")
    return new


def _page(
    request: ConsoleRequest, template: str, form: RubricForm, *, shown: Rubric | None, **context: Any
) -> HttpResponse:
    """The page with a rubric as it is sent: what the form has, or else `shown`."""
    looked_at = form.rubric if form.is_bound and form.is_valid() else shown
    context |= {
        "form": form,
        "placeholders": PLACEHOLDERS,
        "example": example(looked_at) if looked_at else None,
        "previewed": form.is_bound and "preview" in request.POST,
    }
    refused = request.method == "POST" and ("preview" not in request.POST or bool(form.errors))
    return page(request, template, context, status=400 if refused else 200)


def example(rubric: Rubric) -> list[Message]:
    """What a judge is sent about an example."""
    recipe = JudgeRecipe(model="a model", rubric=rubric)
    subject = Subject(query=QUERY, responses=RESPONSES if rubric.pairwise else RESPONSES[:1])
    return recipe.shown(subject, recipe.parts()[0])
