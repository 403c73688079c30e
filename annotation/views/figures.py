"""The files of a study's plots."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from annotation.figures import figure_named
from annotation.figures.files import as_csv, as_svg
from annotation.roles import study_for
from generation.pages import ConsoleRequest

FILES = {
    "svg": (as_svg, "image/svg+xml; charset=utf-8"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
}


@login_required
@require_GET
def figure(request: ConsoleRequest, slug: str, name: str, format: str) -> HttpResponse:
    """The plot or its numbers, as a file; not found where there is nothing to draw."""
    study = study_for(request.user, slug)
    found = figure_named(study, name, request.GET.dict()) if format in FILES else None
    if found is None:
        raise Http404
    write, content_type = FILES[format]
    response = HttpResponse(write(study, found), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-{name}.{format}"'
    return response
