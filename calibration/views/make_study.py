"""The page that makes a study of a collection."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from annotation.forms.refusals import refusals_in
from generation.files import counted
from generation.models import Collection
from generation.pages import ConsoleRequest, page


@login_required
@require_http_methods(["GET", "POST"])
def study_make(request: ConsoleRequest, slug: str) -> HttpResponse:
    """A preview is made as the study would be, and kept nowhere."""
    from annotation.selected.shown import sample_of  # scipy starts slowly
    from calibration.forms.make_study import MakeStudyForm

    collection = get_object_or_404(Collection, name=slug)
    asked = {name: request.GET[name] for name in ("kind", "asks") if name in request.GET}
    initial = {"name": collection.name, **asked}
    form = MakeStudyForm(
        request.POST if request.method == "POST" else None, collection=collection, initial=initial
    )
    preview: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            if "make" in request.POST:
                study = form.save(owner=request.user)
                messages.success(
                    request,
                    f"Made {counted(study.items.count(), 'items')}. Look through them, then open the study.",
                )
                return redirect("study", study.slug)
            selection = form.choose()
            preview = {"selection": selection, "samples": sample_of(selection)}
    context = {"collection": collection, "form": form, **preview}
    return page(request, "calibration/make_study.html", context, status=400 if form.errors else 200)
