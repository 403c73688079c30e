"""Pages of panels: who is in them, files of personas, and personas drawn from a study."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.roles import studies_of
from calibration.charts.panels import margins_of
from calibration.forms.panels import PanelDrawForm, PanelFileForm
from calibration.models import Panel
from calibration.panels import PanelError, delete_panel, may_delete, panels_of, runs_of
from generation.files import FileError
from generation.forms.files import lines
from generation.pages import ConsoleRequest, page

PERSONAS_SHOWN = 12


@login_required
@require_http_methods(["GET", "POST"])
def panels(request: ConsoleRequest) -> HttpResponse:
    """The panels that one may ask, a form that takes a file, and one that draws from a study."""
    drawing = "draw" in request.POST
    file_form = PanelFileForm(*(() if drawing or not request.POST else (request.POST, request.FILES)))
    draw_form = PanelDrawForm(request.POST if drawing else None, user=request.user, prefix="draw")
    form = draw_form if drawing else file_form
    refused: list[str] = []
    if form.is_valid():
        try:
            new = form.save(by=request.user)
        except FileError as error:
            refused = lines(error)
        except PanelError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{new.name} is kept.")
            return redirect("panel", pk=new.pk)
    context = {
        "panels": panels_of(request.user).select_related("owner", "study"),
        "file_form": file_form,
        "draw_form": draw_form,
        "has_studies": draw_form.fields["study"].queryset.exists(),  # type: ignore[attr-defined]
        "refused": refused,
    }
    return page(request, "calibration/panels.html", context, status=400 if request.method == "POST" else 200)


@login_required
@require_GET
def panel(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Who is in a panel: the margins of what is known of them, and the first of them."""
    shown = _panel_for(request, pk)
    context: dict[str, Any] = {
        "panel": shown,
        "margins": margins_of(shown),
        "first": shown.personas[:PERSONAS_SHOWN],
        "alike": shown.size - len({one["description"] for one in shown.personas}),
        "study": studies_of(request.user).filter(panels=shown).first(),
        "mine": may_delete(shown, request.user),
        "runs": runs_of(shown).count(),
    }
    return page(request, "calibration/panel.html", context)


@login_required
@require_POST
def panel_delete(request: ConsoleRequest, pk: int) -> HttpResponse:
    shown = _panel_for(request, pk)
    if not may_delete(shown, request.user):
        raise PermissionDenied("Only its owner deletes a panel.")
    try:
        delete_panel(panel=shown)
    except PanelError as error:
        messages.error(request, str(error))
        return redirect("panel", pk=pk)
    messages.success(request, f"The panel {shown.name} is deleted.")
    return redirect("panels")


def _panel_for(request: ConsoleRequest, pk: int) -> Panel:
    return get_object_or_404(panels_of(request.user).select_related("owner", "study"), pk=pk)
