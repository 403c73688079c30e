"""The console page that extends a study: choose, look at what it costs, say yes."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotation.choice import cost_of
from annotation.extension import add_labels, add_responses, new_items
from annotation.forms.extension import AddItemsForm, AddLabelsForm, ChooseForm, FileForm, ResponsesForm
from annotation.forms.refusals import refusals_in
from annotation.importers import import_items
from annotation.importers.items import read_items
from annotation.models import Item, Study
from annotation.roles import Role, study_for
from annotation.studies import StudyError
from annotation.waiting import forget, keep, waiting
from generation.files import FileError, counted
from generation.forms.files import lines
from generation.pages import ConsoleRequest, page

SHOWN = 10


@login_required
@require_http_methods(["GET", "POST"])
def extend(request: ConsoleRequest, slug: str) -> HttpResponse:
    study = study_for(request.user, slug, Role.EDITOR)
    if study.imported:
        messages.error(request, f"The labels of {slug} were imported, so it cannot be extended.")
        return redirect("study", slug=slug)
    act = STEPS.get(request.POST.get("do", "")) if request.method == "POST" else None
    return act(request, study) if act else _page(request, study)


def _page(request: ConsoleRequest, study: Study, *, status: int = 200, **context: Any) -> HttpResponse:
    forms = {"choose": ChooseForm(study), "upload": FileForm(), "responses": ResponsesForm()}
    return page(request, "annotation/extend.html", {"study": study, **forms, **context}, status=status)


def _choose(request: ConsoleRequest, study: Study) -> HttpResponse:
    form = ChooseForm(study, request.POST)
    if form.is_valid():
        with refusals_in(form):
            items = form.items()
            chosen = _chosen(study, items, form.cleaned_data["labels"])
            return _page(request, study, choose=form, chosen=chosen)
    return _page(request, study, status=400, choose=form)


def _chosen(study: Study, keys: list[int], labels: int) -> dict[str, Any]:
    """What a yes would add."""
    first = Item.objects.select_related("query").in_bulk(keys[:SHOWN])
    found = study.items.in_bulk(keys)
    forms = Counter(item.block for item in found.values())
    return {
        "items": len(keys),
        "first": [first[key] for key in keys[:SHOWN]],
        "each": labels,
        "labels": labels * len(keys),
        "cost": cost_of(study, labels * len(keys)),
        "form": AddLabelsForm.of(study, keys, labels),
        "forms": len(forms),
        "shortest": min(forms.values()),
        "longest": max(forms.values()),
    }


def _add_labels(request: ConsoleRequest, study: Study) -> HttpResponse:
    form = AddLabelsForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose the items again.")
        return redirect("extend", slug=study.slug)
    try:
        added = add_labels(study=study, by=request.user, **form.cleaned_data)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("extend", slug=study.slug)
    said = f"{counted(added, 'labels')} more of {counted(len(form.cleaned_data['items']), 'items')}"
    messages.success(request, f"The study asks for {said}.")
    return redirect("progress", slug=study.slug)


def _upload(request: ConsoleRequest, study: Study) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, study, status=400, upload=form)
    token = keep(study, form.cleaned_data["file"])
    path = waiting(study, token)
    try:
        with read_items(path, study, None) as found:
            labels = found.items * study.labels_per_item
            more = {"items": found.items, "name": path.name, "remarks": found.remarks, "labels": labels}
    except (FileError, StudyError) as error:
        forget(path)
        form.add_error("file", lines(error) if isinstance(error, FileError) else str(error))
        return _page(request, study, status=400, upload=form)
    more |= {"cost": cost_of(study, labels), "form": AddItemsForm(initial={"waiting": token})}
    return _page(request, study, more=more)


def _add_items(request: ConsoleRequest, study: Study) -> HttpResponse:
    form = AddItemsForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose the file again.")
        return redirect("extend", slug=study.slug)
    reopen = form.cleaned_data["reopen"]
    try:
        path = waiting(study, form.cleaned_data["waiting"])
        report = import_items(path=path, slug=study.slug, extend=True, owner=request.user, open_study=reopen)
    except (FileError, StudyError) as error:
        messages.error(request, str(error))
        return redirect("extend", slug=study.slug)
    forget(path)
    messages.success(request, report.sentence())
    return redirect("progress", slug=study.slug)


def _responses(request: ConsoleRequest, study: Study) -> HttpResponse:
    """What the chosen responses would add; then, with a yes, add them."""
    form = ResponsesForm(request.POST)
    if not form.is_valid():
        return _page(request, study, status=400, responses=form)
    with refusals_in(form):
        if request.POST["do"] == "responses":
            number = len(new_items(study, form.responses()))
            labels = number * study.labels_per_item
            more = {"items": number, "name": "the responses that are here", "labels": labels}
            return _page(request, study, more=more | {"cost": cost_of(study, labels), "chosen": form})
        reopen = form.cleaned_data["reopen"]
        added = add_responses(study=study, responses=form.responses(), by=request.user, reopen=reopen)
        messages.success(request, f"Added {counted(added, 'items')} to {study.slug}.")
        return redirect("progress", slug=study.slug)
    return _page(request, study, status=400, responses=form)


STEPS = {
    "choose": _choose,
    "add-labels": _add_labels,
    "upload": _upload,
    "add-items": _add_items,
    "responses": _responses,
    "add-responses": _responses,
}
