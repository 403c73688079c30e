"""The page on which models are chosen that answer a collection's queries."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from generation.forms.sampling import SampleForm
from generation.models import Collection
from generation.pages import ConsoleRequest, page
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError

WAY = {
    "title": "Have models answer",
    "says": "One request a response, each with chances of its own. You see what is sent and what it costs "
    "before anything is asked; every response keeps its model, condition, seed and time.",
}


@login_required
@require_http_methods(["GET", "POST"])
def sampling_new(request: ConsoleRequest) -> HttpResponse:
    """The form of runs that sample, a draft a model."""
    about = Collection.objects.filter(name=request.GET.get("collection", "")).first()
    form = SampleForm(request.POST or None, user=request.user, initial={"collection": about})
    if request.method == "POST" and form.is_valid():
        try:
            made = form.save()
        except (RunError, RecipeError) as error:
            form.add_error(None, str(error))
        else:
            if len(made) == 1:
                return redirect("asking-run", pk=made[0].pk)
            messages.success(request, f"Made {len(made)} drafts, one a model: look at each, and start it.")
            return redirect(reverse("asking", query={"kind": SampleForm.kind}))
    back = reverse("queries") if about is None else reverse("collection", args=[about.name])
    context = {"form": form, "way": WAY, "back": back, "about": about}
    status = 400 if request.method == "POST" else 200
    return page(request, "generation/run_new.html", context, status=status)
