"""Pages of encoders: what vectors there are, and the form of a run that makes more."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.encoders import EncoderError, delete_encoder, held
from generation.forms.embedding import EmbedForm
from generation.models import Collection, Encoder
from generation.pages import ConsoleRequest, page
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError

WAY = {
    "title": "Embed responses",
    "says": "An encoder turns each response into a vector; how alike responses are is measured between "
    "these. Only responses without one are sent. You see what is sent and what it costs before anything is "
    "asked.",
}


@login_required
@require_GET
def encoders(request: ConsoleRequest) -> HttpResponse:
    """Every encoder, with how many vectors there are of it."""
    context = {"encoders": list(held()), "collections": Collection.objects.exists()}
    return page(request, "generation/encoders.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def embedding_new(request: ConsoleRequest) -> HttpResponse:
    """The form of a run that embeds a collection's responses."""
    initial: dict[str, Any] = {"collection": request.GET.get("collection")}
    form = EmbedForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("asking-run", pk=form.save().pk)
        except (RunError, RecipeError) as error:
            form.add_error(None, str(error))
    status = 400 if request.method == "POST" else 200
    context = {"form": form, "way": WAY, "back": reverse("encoders")}
    return page(request, "generation/run_new.html", context, status=status)


@login_required
@require_POST
def encoder_delete(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Delete an encoder and its vectors, which may be everybody's: a superuser's act."""
    if not request.user.is_superuser:
        raise PermissionDenied
    encoder = get_object_or_404(Encoder, pk=pk)
    try:
        delete_encoder(encoder=encoder)
        messages.success(request, f"The vectors of {encoder.name} are deleted.")
    except EncoderError as error:
        messages.error(request, str(error))
    return redirect("encoders")
