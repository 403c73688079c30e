"""Pages of model servers: one's own, and those that others share."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from generation.forms.servers import ServerForm
from generation.models import ModelServer
from generation.pages import ConsoleRequest, page
from generation.servers import ServerError, delete_server, runs_of, servers_for, try_server


@login_required
@require_http_methods(["GET", "POST"])
def servers(request: ConsoleRequest) -> HttpResponse:
    """The servers that one may use, and the form of a new one; `next` leads back to where it is needed."""
    form = ServerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            new = form.save(by=request.user)
        except ServerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{new.name} is added.")
            return redirect(_back(request) or "servers")
    found = servers_for(request.user).select_related("owner")
    context = {
        "servers": [(one, _may_change(request, one)) for one in found],
        "form": form,
        "back": _back(request),
    }
    return page(request, "generation/servers.html", context, status=400 if request.method == "POST" else 200)


@login_required
@require_http_methods(["GET", "POST"])
def server(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One server, which its owner changes."""
    shown = _changeable(request, pk)
    form = ServerForm(request.POST or None, server=shown)
    if request.method == "POST" and form.is_valid():
        try:
            form.save(by=request.user)
        except ServerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The server is saved.")
            return redirect("server", pk=pk)
    context: dict[str, Any] = {"server": shown, "form": form, "runs": runs_of(shown)}
    return page(request, "generation/server.html", context, status=400 if request.method == "POST" else 200)


@login_required
@require_POST
def server_delete(request: ConsoleRequest, pk: int) -> HttpResponse:
    try:
        delete_server(server=_changeable(request, pk))
    except ServerError as error:
        messages.error(request, str(error))
        return redirect("server", pk=pk)
    messages.success(request, "The server is deleted, and its key with it.")
    return redirect("servers")


@login_required
@require_POST
def server_try(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Ask the server which models it has."""
    try:
        messages.success(request, try_server(server=_changeable(request, pk)))
    except ServerError as error:
        messages.error(request, str(error))
    return redirect("server", pk=pk)


def _changeable(request: ConsoleRequest, pk: int) -> ModelServer:
    """The server, for its owner and superusers; nobody else learns that it is there."""
    shown = get_object_or_404(servers_for(request.user), pk=pk)
    if not _may_change(request, shown):
        raise Http404
    return shown


def _may_change(request: ConsoleRequest, server: ModelServer) -> bool:
    """One that the command line made is changed there alone."""
    return server.owner_id is not None and (server.owner_id == request.user.pk or request.user.is_superuser)


def _back(request: ConsoleRequest) -> str:
    """Where to go on after a server was added: a page of this site."""
    to = request.GET.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, allowed_hosts=None) else ""
