"""The console's page of a study's texts in another language."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotation.forms.languages import TranslationForm
from annotation.forms.refusals import refusals_in
from annotation.languages import NAMES
from annotation.roles import role_to, study_for
from annotation.translations import translate
from generation.pages import ConsoleRequest, page


@login_required
@require_http_methods(["GET", "POST"])
def study_language(request: ConsoleRequest, slug: str, language: str) -> HttpResponse:
    """The texts side by side with the originals, which a viewer reads and an editor changes."""
    study = study_for(request.user, slug, role_to(request.method))
    if language not in NAMES or language == study.language:
        raise Http404
    form = TranslationForm(request.POST or None, study=study, language=language)
    if not study.may_edit:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            translate(study=study, language=language, texts=form.texts(), by=request.user)
            messages.success(request, "The texts are saved.")
            return redirect("study-language", slug=slug, language=language)
    status = 400 if request.method == "POST" else 200
    context = {"study": study, "form": form, "language": language, "language_name": NAMES[language]}
    return page(request, "annotation/study_language.html", context, status=status)
